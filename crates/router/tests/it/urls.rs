use pauper_router::{AboveRoot, InsertErrorKind, Kind, Methods, Router, UrlError, normalize};
use proptest::prelude::*;

fn url(pattern: &str, values: &[(&str, &str)]) -> Result<String, UrlError> {
    let mut router = Router::new();
    let id = router.insert(Methods::GET, pattern, ()).expect("valid pattern");
    router.set_name(id, "it").expect("a free name");
    router.url("it", values.iter().copied())
}

#[test]
fn values_are_encoded_and_checked() {
    let check = |pattern: &str, values: &[(&str, &str)], expected: &str| {
        assert_eq!(url(pattern, values).as_deref(), Ok(expected), "{pattern}");
    };
    check("/", &[], "/");
    check("/50% ü", &[], "/50%25%20%C3%BC");
    check("/a/<x>", &[("x", "b/c?d#e%20 ä")], "/a/b%2Fc%3Fd%23e%2520%20%C3%A4");
    check("/<y:int>-<x:word>.html", &[("x", "a"), ("y", "-3")], "/-3-a.html");
    check("/s/<rest:path>", &[("rest", "a b/c")], "/s/a%20b/c");
    check("/<x>", &[("x", "a:b@c!$&'()*+,;=~")], "/a:b@c!$&'()*+,;=~");

    let fails = |pattern: &str, values: &[(&str, &str)]| url(pattern, values).unwrap_err();
    assert_eq!(fails("/<x>", &[]), UrlError::Missing("x".into()));
    assert_eq!(fails("/<x>", &[("x", "1"), ("y", "2")]), UrlError::Unexpected("y".into()));
    assert_eq!(fails("/<x:int>", &[("x", "1.0")]).to_string(), "\"1.0\" does not fit <x:int>");
    assert!(matches!(fails("/<x>", &[("x", "")]), UrlError::Unfit { .. }));
    assert_eq!(fails("/a/<x>/b", &[("x", "..")]), UrlError::Dots);
    assert_eq!(fails("/a/<x:path>", &[("x", "b/../..")]), UrlError::Dots);
    let unknown = Router::<()>::new().url("it", []).unwrap_err();
    assert_eq!(unknown, UrlError::UnknownName("it".into()));
}

#[test]
fn names_are_given_once() {
    let mut router = Router::new();
    let first = router.insert(Methods::GET, "/a", ()).expect("valid");
    let second = router.mount("/b", ()).expect("valid");
    router.set_name(first, "one").expect("free");
    let error = router.set_name(second, "one").unwrap_err();
    assert_eq!(error.kind(), InsertErrorKind::RouteName);
    let told = error.to_string();
    assert!(told.contains("given at ") && told.contains("that of \"/a\" at "), "{told}");
    router.set_name(second, "two").expect("free");
    assert_eq!(router.url("two", []).as_deref(), Ok("/b"));
    assert_eq!(router.route(first).and_then(|route| route.name()), Some("one"));
}

#[test]
fn paths_without_needless_parts() {
    for (path, clean) in [
        ("/", Ok(None)),
        ("/a", Ok(None)),
        ("/a/", Ok(None)),
        ("/a.b/..c/...", Ok(None)),
        ("/a/./b", Ok(Some("/a/b"))),
        ("/a//b/", Ok(Some("/a/b/"))),
        ("/x/..", Ok(Some("/"))),
        ("/a/b/../c", Ok(Some("/a/c"))),
        ("/a/.", Ok(Some("/a"))),
        ("/a/x/..", Ok(Some("/a"))),
        ("/a/../", Ok(Some("/"))),
        ("//", Ok(Some("/"))),
        ("//evil.test/", Ok(Some("/evil.test/"))),
        ("/./ä b%2F%25?", Ok(Some("/%C3%A4%20b%2F%25%3F"))),
        ("/..", Err(AboveRoot)),
        ("/a/../..", Err(AboveRoot)),
        ("a", Err(AboveRoot)),
        ("", Err(AboveRoot)),
    ] {
        assert_eq!(normalize(path), clean.map(|clean| clean.map(String::from)), "{path}");
    }
}

/// What a client does with an URL before a router sees the path.
fn decoded(url: &str) -> String {
    let bytes = url.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| &url[at + 1..at + 3]);
        match hex.filter(|hex| !["2F", "25"].contains(hex)) {
            Some(hex) => {
                out.push(u8::from_str_radix(hex, 16).expect("two digits"));
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).expect("UTF-8")
}

proptest! {
    /// An URL leads back to its route, with the same values.
    #[test]
    fn urls_lead_back(text in "\\PC{0,12}", number in any::<i64>(), rest in "[ -~é/]{0,12}") {
        let mut router = Router::new();
        let pattern = "/a b%/<text>/<number:int>.x/<rest:path>";
        let id = router.insert(Methods::GET, pattern, ()).expect("valid");
        let number = number.to_string();
        let values = [("text", &*text), ("number", &*number), ("rest", &*rest)];
        let dots = |text: &str| text.split('/').any(|part| part == "." || part == "..");
        match router.route(id).expect("there").url(values) {
            Ok(url) => {
                prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()));
                let path = decoded(&url);
                let found = router.find("GET", &path).matched().expect("its route");
                let back = found.args(&path).map(|(_, text)| {
                    text.replace("%2F", "/").replace("%25", "%")
                });
                prop_assert_eq!(back.collect::<Vec<_>>(), [text, number, rest]);
            }
            Err(error) => prop_assert!(
                text.is_empty() || rest.is_empty() || dots(&text) || dots(&rest), "{}", error
            ),
        }
    }

    /// A clean path is clean, begins with one slash, and has no step upwards.
    #[test]
    fn normalizing_twice_changes_nothing(path in "/([a.]{0,3}/?|%2F|é| ){0,8}") {
        if let Ok(Some(clean)) = normalize(&path) {
            prop_assert!(!clean.starts_with("//") && !clean.contains("/../"));
            prop_assert_eq!(normalize(&decoded(&clean)), Ok(None));
        }
    }
}

#[test]
fn a_group_of_the_rest_may_have_slashes_in_an_expression_too() {
    if cfg!(feature = "regex") {
        assert_eq!(url("/<x:re:.*>", &[("x", "a/b")]).as_deref(), Ok("/a/b"));
        assert_eq!(url("/<x:re:.*>/c", &[("x", "a/b")]).as_deref(), Ok("/a%2Fb/c"));
    }
    let mut router = Router::new();
    let id = router.insert(Methods::GET, "/<u:uuid>", ()).expect("valid");
    assert_eq!(router.route(id).map(|route| route.params()[0].kind()), Some(Kind::Uuid));
}
