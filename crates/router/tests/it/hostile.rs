//! Each of these would run for ages, or overflow the stack, if the work were not bounded. There
//! is no clock here: the tests end, which is what they check.

use pauper_router::{Found, MAX_PARAMS, Methods, Router};

use crate::{leaves, router};

#[test]
fn slashes() {
    let path = "/".repeat(8192);
    for pattern in ["/a", "/", "/<x>", "//", "/<x>/<y>"] {
        leaves(pattern, &path);
    }
    let router = router(&["/<rest:path>"]);
    let found = router.find("GET", &path).matched().expect("a match");
    assert_eq!(found.params.get(0), Some(1..8192));
}

#[test]
fn deep_paths() {
    let path = "/a".repeat(100_000);
    let router = router(&["/a/<x>/b", "/<x>/a/b", "/<x>/<y>/b", "/a/a/<z:int>"]);
    assert!(matches!(router.find("GET", &path), Found::NotFound));
}

/// With text and a group at each of twelve segments there are 4096 ways through the tree, and
/// none of them fits. Each branch is seen once.
#[test]
fn many_ways() {
    let mut router = Router::new();
    for number in 0..4096_u32 {
        let pattern: String = (0..12)
            .map(|bit| if number >> bit & 1 == 1 { "/a".into() } else { format!("/<x{bit}>") })
            .collect();
        router.insert(Methods::GET, &format!("{pattern}/end"), number).expect("valid");
    }
    assert!(matches!(router.find("GET", &format!("{}/no", "/a".repeat(12))), Found::NotFound));
    let path = format!("{}/end", "/a".repeat(12));
    let found = router.find("GET", &path).matched().expect("a match");
    assert_eq!(*found.value, 4095);
    let Found::MethodNotAllowed(allow) = router.find("PUT", &path) else { panic!("not 405") };
    assert_eq!(allow.to_string(), "GET, HEAD");
}

/// As many groups as can be share 256 dashes in astronomically many ways, and the end never fits.
#[test]
fn segments_that_can_be_divided_in_many_ways() {
    let groups: Vec<_> = (0..MAX_PARAMS).map(|index| format!("<g{index}>")).collect();
    let pattern = format!("/{}!", groups.join("-"));
    leaves(&pattern, &format!("/{}", "-".repeat(256)));
    leaves(&pattern, &format!("/{}", "a-".repeat(128)));
    let words: Vec<_> = (0..MAX_PARAMS).map(|index| format!("<g{index}:word>")).collect();
    leaves(&format!("/{}!", words.join("x")), &format!("/{}", "x".repeat(256)));
}

#[test]
fn odd_paths() {
    let router = router(&["/", "/<a>", "/<a>-<b>", "/<rest:path>"]);
    for path in ["", "a", "*", "\0", "http://a/", "é/"] {
        assert!(matches!(router.find("GET", path), Found::NotFound), "{path:?}");
        assert!(router.allowed(path).is_empty(), "{path:?}");
    }
    for path in ["/\0", "/é", "/\u{10ffff}-\u{10ffff}", "/%", "/%2", "/<a>"] {
        assert!(router.find("GET", path).matched().is_some(), "{path:?}");
    }
}

/// Texts that begin alike make a long chain of nodes; going down it takes no stack.
#[test]
fn long_chains_of_text() {
    let mut router = Router::new();
    for length in 1..1000 {
        let pattern = format!("/{}", "a".repeat(length));
        router.insert(Methods::GET, &pattern, length).expect("valid");
        router.mount(&format!("/m{pattern}"), length).expect("valid");
    }
    let value = |path: &str| router.find("GET", path).matched().map(|found| *found.value);
    let long = "a".repeat(999);
    assert_eq!(value(&format!("/{long}")), Some(999));
    assert_eq!(value(&format!("/m/{long}/b")), Some(999));
    assert_eq!(value(&format!("/{long}b")), None);
}
