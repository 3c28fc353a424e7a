use pauper_router::{Found, Methods, Router};

#[test]
fn a_removed_route_is_gone_and_its_number_too() {
    let mut router = Router::new();
    let first = router.insert(Methods::GET, "/a/<x>", "first").expect("valid");
    let second = router.insert(Methods::POST, "/a/<x>", "second").expect("valid");
    let mount = router.mount("/a", "mount").expect("valid");
    assert_eq!(router.remove(first), Some("first"));
    assert_eq!(router.remove(first), None);
    assert!(router.get(first).is_none() && router.route(first).is_none());
    assert_eq!(router.routes().count(), 2);
    let Found::MethodNotAllowed(allow) = router.find("GET", "/a/1") else { panic!("not 405") };
    assert_eq!(allow.to_string(), "POST");
    assert_eq!(router.remove(second), Some("second"));
    assert_eq!(router.find("GET", "/a/1").matched().map(|found| *found.value), Some("mount"));
    assert_eq!(router.remove(mount), Some("mount"));
    assert!(router.is_empty() && matches!(router.find("GET", "/a/1"), Found::NotFound));

    let again = router.insert(Methods::GET, "/a/<y>", "again").expect("the place is free");
    assert_ne!(again, first);
    assert_eq!(router.find("GET", "/a/1").matched().map(|found| *found.value), Some("again"));
}

#[test]
fn methods_are_removed_one_by_one() {
    let mut router = Router::new();
    let id = router.insert(["GET", "PURGE", "ACL"], "/a", 1).expect("valid");
    assert_eq!(router.remove_methods(id, "PURGE"), None);
    assert!(router.find("PURGE", "/a").matched().is_none());
    assert!(router.find("ACL", "/a").matched().is_some());
    assert_eq!(router.allowed("/a").to_string(), "GET, HEAD, ACL");
    assert!(router.route_of(Some("PURGE"), "/a").is_none());
    assert_eq!(router.route_of(Some("GET"), "/a").map(|route| route.id()), Some(id));
    assert_eq!(router.remove_methods(id, ["GET", "ACL", "PUT"]), Some(1));
    assert!(router.route_of(None, "/a").is_none());
    assert_eq!(router.remove_methods(id, "GET"), None);
}
