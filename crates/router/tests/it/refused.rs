use std::panic::Location;

use pauper_router::{
    InsertErrorKind as Kind, MAX_PARAMS, MAX_SEGMENTS, MethodSet, Methods, Router,
};

use crate::find;

/// The pattern is refused with this kind and a message that has all these pieces.
#[track_caller]
fn check(pattern: &str, kind: Kind, pieces: &[&str]) {
    let here = Location::caller();
    let mut router = Router::new();
    router.add_filter("even", |_| true).expect("valid filter");
    let error = router.insert(Methods::GET, pattern, 0).expect_err(pattern);
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    assert_eq!(error.pattern(), pattern);
    assert_eq!(error.location().file(), here.file());
    assert!(message.starts_with(&format!("invalid route \"{pattern}\" at ")), "{message}");
    for piece in pieces {
        assert!(message.contains(piece), "{piece:?} is missing in: {message}");
    }
    assert!(router.is_empty() && router.routes().next().is_none());
}

#[test]
fn spaces_in_groups() {
    for pattern in [
        "/< id>",
        "/<id >",
        "/<id :int>",
        "/<id: int>",
        "/<id:int >",
        "/<id:in t>",
        "/<i d:int>",
        "/<id\t:int>",
        "/<id:re: [a-z]>",
        "/<id:re:[a-z] >",
        "/< >",
        "/<id:re :x>",
    ] {
        check(pattern, Kind::Space, &["spaces", "<id:int>", "<name:word>", "<value:float>"]);
    }
}

#[test]
fn syntax() {
    for pattern in ["", "a", "<a>", " /a", "*"] {
        check(pattern, Kind::MissingSlash, &["starts with '/'"]);
    }
    check("/<a", Kind::Unbalanced, &["'<' has no '>'", "<id:int>"]);
    check("/a>", Kind::Unbalanced, &["'>' has no '<'"]);
    check("/<a>>", Kind::Unbalanced, &["'>' has no '<'"]);
    for pattern in ["/<>", "/<:int>", "/<a-b>", "/<a/b>", "/<<a>"] {
        check(pattern, Kind::Name, &["letters, digits and '_'"]);
    }
    check("/<a>/<b>/<a:int>", Kind::DuplicateName, &["two groups are named \"a\""]);
    check("/<a><b>", Kind::AdjacentGroups, &["before the group <b>"]);
    for pattern in ["/<a:path>/", "/<a:path>/b", "/<a:path>b", "/<a:path><b>", "/<a:path>%"] {
        check(pattern, Kind::PathNotLast, &["nothing can follow"]);
    }
}

#[test]
fn unknown_filters() {
    let known = "known are int, float, word, hex, uuid, path, re:EXPRESSION, even";
    check("/<a:odd>", Kind::UnknownFilter, &["no filter \"odd\"", known]);
    check("/<a:>", Kind::UnknownFilter, &["no filter \"\"", known]);
    check("/<a:int:5>", Kind::UnknownFilter, &["no filter \"int:5\"", known]);
    check("/<a:re>", Kind::Expression, &["<name:re:[a-z]+>"]);
    check("/<a:re:>", Kind::Expression, &["<name:re:[a-z]+>"]);
}

#[test]
fn too_many() {
    let groups: String = (0..=MAX_PARAMS).map(|index| format!("/<g{index}>")).collect();
    check(&groups, Kind::TooManyGroups, &["more than 12 groups"]);
    check(&"/x".repeat(MAX_SEGMENTS + 1), Kind::TooManySegments, &["more than 128 segments"]);
}

#[test]
fn methods() {
    let refuse = |methods: MethodSet, piece: &str| {
        let error = Router::new().insert(methods, "/", 0).expect_err(piece);
        assert_eq!(error.kind(), Kind::Method);
        assert!(error.to_string().contains(piece), "{error}");
    };
    refuse(Methods::EMPTY.into(), "needs a method");
    refuse([].into(), "needs a method");
    for name in ["", "GET, POST", "GET POST", "A/B", "É", "A\n"] {
        refuse(name.into(), &format!("\"{name}\" cannot be a method"));
    }
}

#[test]
fn filter_names() {
    let mut router = Router::<()>::new();
    for name in ["", ":", "a b", "a-b", "::a", "a:b"] {
        let error = router.add_filter(name, |_| true).expect_err(name);
        assert_eq!((error.kind(), error.pattern()), (Kind::FilterName, name));
        assert!(error.to_string().starts_with(&format!("invalid filter name \"{name}\" at ")));
    }
    for name in ["int", "Float", "word", "hex", "uuid", "path", "RE", ":int"] {
        let error = router.add_filter(name, |_| true).expect_err(name);
        assert!(error.to_string().contains("built-in"), "{error}");
    }
}

#[test]
fn a_filter_can_be_replaced_for_later_patterns() {
    let mut router = Router::new();
    router.add_filter(":Own", |text| text == "a").expect("valid filter");
    router.insert(Methods::GET, "/<x:own>", 0).expect("valid pattern");
    router.add_filter("own", |text| text == "b").expect("valid filter");
    router.insert(Methods::GET, "/<x:OWN>", 1).expect("another shape");
    assert_eq!(find(&router, "/a"), Some((0, vec!["a"])));
    assert_eq!(find(&router, "/b"), Some((1, vec!["b"])));
    assert_eq!(find(&router, "/c"), None);
}

#[test]
fn conflicts_name_both_places() {
    let mut router = Router::new();
    let first = line!() + 1;
    router.insert(["GET", "PURGE", "PUT"], "/a/<y>", 0).expect("valid pattern");
    let second = line!() + 1;
    let error = router.insert(["PURGE", "POST", "GET"], "/a/<x>", 1).expect_err("a conflict");
    let file = file!();
    assert_eq!(
        error.to_string(),
        format!(
            "\"/a/<x>\" (GET, PURGE) registered at {file}:{second} is already taken by \
             \"/a/<y>\" at {file}:{first}"
        )
    );
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(error.location().line(), second);
    assert_eq!(format!("{error:?}"), format!("InsertError(Conflict: {error})"));
    assert_eq!(router.len(), 1);
    assert!(router.find("POST", "/a/1").matched().is_none(), "nothing of it was registered");
}

#[test]
fn the_same_shape() {
    let conflict = |one: &str, other: &str| {
        let mut router = Router::new();
        router.add_filter("even", |_| true).expect("valid filter");
        router.insert(Methods::GET, one, 0).expect("valid pattern");
        router.insert(Methods::GET, other, 1).is_err()
    };
    for (one, other) in [
        ("/", "/"),
        ("/a/<x>", "/a/<y>"),
        ("/<x:int>", "/<y:INT>"),
        ("/<x:even>", "/<y:Even>"),
        ("/a<x>b<y>c", "/a<y>b<x>c"),
        ("/<x:path>", "/<y:path>"),
    ] {
        assert!(conflict(one, other), "{one} and {other}");
    }
    for (one, other) in [
        ("/a", "/a/"),
        ("/a", "/A"),
        ("/<x>", "/<x:int>"),
        ("/<x:int>", "/<x:float>"),
        ("/<x>", "/<x:path>"),
        ("/<x:even>", "/<x:int>"),
        ("/a<x>", "/<x>"),
        ("/<x>a", "/<x>b"),
        ("/<x>-<y>", "/<x>-<y:int>"),
        ("/<x>", "/<x>/"),
    ] {
        assert!(!conflict(one, other), "{one} and {other}");
    }
}
