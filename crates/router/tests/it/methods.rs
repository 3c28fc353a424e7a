use pauper_router::{Found, MethodSet, Methods, Router};

/// Registers patterns under their numbers.
fn router(routes: &[(&[&str], &str)]) -> Router<usize> {
    let mut router = Router::new();
    for (value, (methods, pattern)) in routes.iter().enumerate() {
        router.insert(*methods, pattern, value).expect("valid pattern");
    }
    router
}

/// The number of the route, or the `Allow` header, or `404`.
#[track_caller]
fn check(router: &Router<usize>, method: &str, path: &str, expected: &str) {
    let found = match router.find(method, path) {
        Found::Match(found) => found.value.to_string(),
        Found::MethodNotAllowed(allow) => {
            assert_eq!(allow, router.allowed(path), "{method} {path}");
            format!("Allow: {allow}")
        }
        Found::NotFound => "404".into(),
    };
    assert_eq!(found, expected, "{method} {path}");
}

#[test]
fn routes_of_one_pattern() {
    let router = router(&[(&["GET"], "/a/<x>"), (&["POST", "PURGE"], "/a/<y>")]);
    check(&router, "GET", "/a/1", "0");
    check(&router, "HEAD", "/a/1", "0");
    check(&router, "POST", "/a/1", "1");
    check(&router, "PURGE", "/a/1", "1");
    check(&router, "PUT", "/a/1", "Allow: GET, HEAD, POST, PURGE");
    check(&router, "BREW", "/a/1", "Allow: GET, HEAD, POST, PURGE");
    check(&router, "PUT", "/b", "404");
    let names = |method| {
        let found = router.find(method, "/a/1").matched().expect("a match");
        found.args("/a/1").map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!((names("GET"), names("POST")), (vec!["x"], vec!["y"]));
}

#[test]
fn case_matters() {
    let router = router(&[(&["GET", "Purge"], "/")]);
    for method in ["get", "Get", "PURGE", "purge", "", "GET ", "GETGET"] {
        check(&router, method, "/", "Allow: GET, HEAD, Purge");
    }
    check(&router, "Purge", "/", "0");
}

#[test]
fn head_has_get_as_stand_in() {
    let own = router(&[(&["GET"], "/"), (&["HEAD"], "/")]);
    check(&own, "HEAD", "/", "1");
    check(&own, "GET", "/", "0");
    let first = router(&[(&["HEAD"], "/"), (&["GET"], "/")]);
    check(&first, "HEAD", "/", "0");
    let none = router(&[(&["POST"], "/")]);
    check(&none, "HEAD", "/", "Allow: POST");
    // The better pattern's GET comes before the other's HEAD.
    let both = router(&[(&["HEAD"], "/<x>"), (&["GET"], "/a")]);
    check(&both, "HEAD", "/a", "1");
    // HEAD does not stand in for GET.
    let only = router(&[(&["HEAD"], "/")]);
    check(&only, "GET", "/", "Allow: HEAD");
}

#[test]
fn other_patterns_are_tried_for_the_method() {
    let router = router(&[
        (&["GET"], "/a/b"),
        (&["POST"], "/a/<x>"),
        (&["DELETE"], "/a/<x:word>"),
        (&["OPTIONS", "PATCH"], "/<rest:path>"),
    ]);
    check(&router, "GET", "/a/b", "0");
    check(&router, "POST", "/a/b", "1");
    check(&router, "DELETE", "/a/b", "2");
    check(&router, "PATCH", "/a/b", "3");
    check(&router, "PUT", "/a/b", "Allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS");
    check(&router, "PUT", "/a/-", "Allow: POST, PATCH, OPTIONS");
    check(&router, "PUT", "/b", "Allow: PATCH, OPTIONS");
    check(&router, "PUT", "/", "404");
}

#[test]
fn groups_of_the_found_route_only() {
    let router = router(&[(&["GET"], "/<a>/<b>/<c>"), (&["POST"], "/<x>/<rest:path>")]);
    let found = router.find("POST", "/1/2/3").matched().expect("a match");
    assert_eq!(found.params.iter().collect::<Vec<_>>(), [1..2, 3..6]);
}

#[test]
fn allow() {
    let router = router(&[(&["ZAP", "BREW", "CONNECT"], "/"), (&["TRACE", "ACL"], "/")]);
    let allow = router.allowed("/");
    assert_eq!(allow.to_string(), "TRACE, CONNECT, ACL, BREW, ZAP");
    assert_eq!(allow.iter().collect::<Vec<_>>(), ["TRACE", "CONNECT", "ACL", "BREW", "ZAP"]);
    assert!(allow.contains("ZAP") && allow.contains("TRACE") && !allow.contains("GET"));
    let more = allow.with(Methods::GET | Methods::OPTIONS);
    assert_eq!(more.known(), Methods::from_bits_truncate(1 | 2 | 32 | 64 | 128));
    assert_eq!(more.to_string(), "GET, HEAD, OPTIONS, TRACE, CONNECT, ACL, BREW, ZAP");
    assert!(router.allowed("/x").is_empty());
    assert_eq!(router.allowed("/x").to_string(), "");
}

#[test]
fn bits_are_fixed() {
    let bits = [
        (1, Methods::HEAD),
        (2, Methods::GET),
        (4, Methods::POST),
        (8, Methods::PUT),
        (16, Methods::DELETE),
        (32, Methods::TRACE),
        (64, Methods::OPTIONS),
        (128, Methods::CONNECT),
        (256, Methods::PATCH),
        (511, Methods::ALL),
        (0, Methods::EMPTY),
    ];
    for (bits, methods) in bits {
        assert_eq!(methods.bits(), bits, "{methods}");
    }
    assert_eq!(
        Methods::ALL.to_string(),
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT"
    );
    assert_eq!(format!("{:?}", Methods::GET | Methods::HEAD), "Methods(GET, HEAD)");
}

#[test]
fn sets() {
    let set = MethodSet::from(["PURGE", "GET", "ACL", "PURGE", "GET"]);
    assert_eq!(set.to_string(), "GET, ACL, PURGE");
    assert_eq!(set.known(), Methods::GET);
    assert_eq!(set.extensions().collect::<Vec<_>>(), ["ACL", "PURGE"]);
    assert_eq!(MethodSet::from("PURGE") | "ACL" | Methods::GET, set);
    assert!(!set.contains("HEAD"), "only the router lets GET stand in");
    assert!(MethodSet::from(Methods::EMPTY).is_empty());
    assert!(!MethodSet::from("X").is_empty());
}
