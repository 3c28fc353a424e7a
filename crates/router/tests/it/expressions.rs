#[cfg(not(feature = "regex"))]
#[test]
fn off() {
    use pauper_router::{InsertErrorKind, Methods, Router};

    let mut router = Router::new();
    let error = router.insert(Methods::GET, "/<x:re:[a-z]+>", 0).expect_err("the feature is off");
    assert_eq!(error.kind(), InsertErrorKind::ExpressionsOff);
    assert!(error.to_string().contains("feature \"regex\""), "{error}");
}

#[cfg(feature = "regex")]
mod on {
    use pauper_router::{InsertErrorKind, Kind, Methods, Router};

    use crate::{find, leaves, router, takes};

    #[test]
    fn the_whole_text_has_to_match() {
        takes("/<x:re:[a-z]+>", "/abc", &["abc"]);
        leaves("/<x:re:[a-z]+>", "/abc1");
        leaves("/<x:re:[a-z]+>", "/1abc");
        leaves("/<x:re:[a-z]+>", "/a\n");
        takes("/<x:re:a|ab>/c", "/ab/c", &["ab"]);
        takes("/<x:re:a|ab>", "/ab", &["ab"]);
    }

    #[test]
    fn case_is_kept() {
        takes("/<x:RE:[A-Z]+>", "/ABC", &["ABC"]);
        leaves("/<x:re:[A-Z]+>", "/abc");
        takes("/<x:re:\\D+>", "/abc", &["abc"]);
        takes("/<x:re:(?i)[A-Z]+>", "/abc", &["abc"]);
    }

    #[test]
    fn inner_groups_are_not_counted() {
        takes("/<a:re:(a(b)?)+>/<b:int>", "/aab/7", &["aab", "7"]);
    }

    #[test]
    fn the_last_takes_the_rest() {
        takes("/s/<rest:re:.*>", "/s/a/b", &["a/b"]);
        takes("/s/<rest:re:.*>", "/s/", &[""]);
        leaves("/s/<rest:re:.*>", "/s");
        takes("/s/<a:re:[^/]+>", "/s/a", &["a"]);
        leaves("/s/<a:re:[^/]+>", "/s/a/b");
        takes("/<name>.<ext:re:html|txt>", "/a.b.txt", &["a.b", "txt"]);
        leaves("/<name>.<ext:re:html|txt>", "/a/b.txt");
        takes("/<a>-<rest:re:.*c>", "/a-b/c", &["a", "b/c"]);
    }

    #[test]
    fn others_stay_in_their_segment() {
        takes("/<a:re:.*>/b", "/a/b", &["a"]);
        takes("/<a:re:.*>/b", "//b", &[""]);
        leaves("/<a:re:.*>/b", "/a/a/b");
        takes("/<a:re:.*>.x", "/a.x", &["a"]);
        leaves("/<a:re:.*>.x", "/a/b.x");
        takes("/<a:re:[ab]*>-<b:re:[^/]*>", "/-", &["", ""]);
        takes("/<y:re:\\d{4}>-<m:re:\\d{2}>/", "/2024-02/", &["2024", "02"]);
    }

    #[test]
    fn spaces_inside_are_fine() {
        takes("/<x:re:a b>", "/a b", &["a b"]);
    }

    #[test]
    fn order_of_registration() {
        let patterns = ["/<a:re:[0-9]+>", "/<b>", "/<rest:re:.*>", "/<rest:path>", "/x"];
        let router = router(&patterns);
        for (path, expected) in [("/1", 0), ("/a", 1), ("/a/b", 2), ("/", 2), ("/x", 4)] {
            assert_eq!(find(&router, path).map(|found| found.0), Some(expected), "{path}");
        }
    }

    #[test]
    fn shapes_are_compared_by_spelling() {
        let mut router = Router::new();
        router.insert(Methods::GET, "/<x:re:a+>", 0).expect("valid");
        router.insert(Methods::GET, "/<x:re:aa*>", 1).expect("another spelling");
        let error = router.insert(Methods::GET, "/<y:re:a+>", 2).expect_err("the same");
        assert_eq!(error.kind(), InsertErrorKind::Conflict);
        let route = router.routes().next().expect("there");
        assert_eq!(route.params()[0].kind(), Kind::Regex);
        assert_eq!(route.params()[0].filter(), Some("re:a+"));
    }

    #[test]
    fn invalid_ones_are_refused() {
        for expression in ["(", "a)|(b", "[", "*", "(?P<n>a)", "(?x)a # b"] {
            let pattern = format!("/<x:re:{expression}>");
            let error = Router::new().insert(Methods::GET, &pattern, 0).expect_err(expression);
            assert_eq!(error.kind(), InsertErrorKind::Expression, "{error}");
            assert!(error.to_string().contains("is not valid"), "{error}");
        }
        takes("/<x:re:\\x3E+>", "/>>", &[">>"]);
    }

    #[test]
    fn hostile_text_is_linear() {
        let path = format!("/{}!", "a".repeat(8192));
        leaves("/<x:re:(a+)+>", &path);
        leaves("/<x:re:(a|a)*>/b", &path);
    }
}
