//! Converters, UUIDs and hosts.

use std::any::TypeId;

use pauper_router::{Hosts, InsertErrorKind, Methods, Router, Uuid};

fn even(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| number % 2 == 0)
}

#[test]
fn what_cannot_be_converted_goes_to_the_next_route() {
    let mut router = Router::new();
    router.add_converter("even", even).expect("valid");
    router.insert(Methods::GET, "/<n:even>", "even").expect("valid");
    router.insert(Methods::GET, "/<n>", "other").expect("valid");

    let found = router.find("GET", "/12").matched().expect("a match");
    assert_eq!((*found.value, found.convert::<u32>("/12", "n")), ("even", Some(12)));
    assert_eq!(found.convert::<u64>("/12", "n"), None, "another type");
    assert_eq!(found.convert::<u32>("/12", "m"), None, "another group");
    assert_eq!(found.route.params()[0].converts_to(), Some(TypeId::of::<u32>()));

    let found = router.find("GET", "/13").matched().expect("a match");
    assert_eq!((*found.value, found.convert::<u32>("/13", "n")), ("other", None));
    assert_eq!(router.filters().collect::<Vec<_>>(), ["even"]);
    assert!(router.add_converter("int", even).is_err());
}

#[test]
fn filters_may_be_expressions() {
    let mut router = Router::new();
    let added = router.add_expression("email", r"[\w.-]+@[\w.-]+");
    if cfg!(feature = "regex") {
        added.expect("valid");
        router.insert(Methods::GET, "/<x:email>", 1).expect("valid");
        assert!(router.find("GET", "/tester@example.net").matched().is_some());
        assert!(router.find("GET", "/tester").matched().is_none());
        let error = router.add_expression("broken", "(").unwrap_err();
        assert_eq!(error.kind(), InsertErrorKind::Expression);
    } else {
        assert_eq!(added.unwrap_err().kind(), InsertErrorKind::ExpressionsOff);
    }
}

#[test]
fn uuids() {
    let text = "f47ac10b-58cc-4372-A567-0e02b2c3d479";
    let uuid: Uuid = text.parse().unwrap();
    assert_eq!(uuid.to_string(), text.to_lowercase());
    assert_eq!(Uuid(0).to_string(), "00000000-0000-0000-0000-000000000000");
    assert_eq!(Uuid(u128::MAX).to_string(), "ffffffff-ffff-ffff-ffff-ffffffffffff");
    for wrong in ["", "f47ac10b58cc4372a5670e02b2c3d479", "f47ac10b-58cc-4372-a567-0e02b2c3d47g"] {
        assert!(wrong.parse::<Uuid>().is_err(), "{wrong}");
    }
}

#[test]
fn hosts() {
    let mut hosts = Hosts::new();
    for host in ["example.org", "*.example.org", "*.b.Example.org", "[::1]", "127.0.0.1"] {
        hosts.insert(host, host).unwrap();
    }
    let find = |authority: &'static str| hosts.find(Some(authority)).copied();
    for (authority, host) in [
        ("example.org", Some("example.org")),
        ("EXAMPLE.ORG:8080", Some("example.org")),
        ("example.org.", Some("example.org")),
        ("a.example.org", Some("*.example.org")),
        ("a.b.example.org:1", Some("*.b.Example.org")),
        ("xexample.org", None),
        (".example.org", None),
        ("[::1]:80", Some("[::1]")),
        ("[::1]", Some("[::1]")),
        ("[::2]", None),
        ("127.0.0.1:8080", Some("127.0.0.1")),
        ("", None),
    ] {
        assert_eq!(find(authority), host, "{authority}");
    }
    assert_eq!(hosts.find(None), None);
    for wrong in ["", "a:80", "a/b", "*.*.a", "a..b", "*a", "[::1", "EXAMPLE.org"] {
        assert!(hosts.insert(wrong, wrong).is_err(), "{wrong}");
    }
    hosts.insert("*", "*").unwrap();
    assert_eq!(hosts.find(None), Some(&"*"));
    assert_eq!(hosts.find(Some("other")), Some(&"*"));
}
