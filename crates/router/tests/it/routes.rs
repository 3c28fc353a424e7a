use pauper_router::{Kind, Methods, Router};

#[test]
fn routes_describe_themselves() {
    let mut router = Router::new();
    let line = line!() + 1;
    let first = router.insert(Methods::GET, "/<a>/<b:Int>-<c:word>", "one").expect("valid");
    let second = router.insert("PURGE", "/x/<rest:path>", "two").expect("valid");
    assert_eq!((first.index(), second.index(), router.len()), (0, 1, 2));

    let route = router.route(first).expect("there");
    assert_eq!(route.pattern(), "/<a>/<b:Int>-<c:word>");
    assert_eq!(route.id(), first);
    assert_eq!(route.methods().to_string(), "GET");
    assert_eq!((route.location().file(), route.location().line()), (file!(), line));
    let params: Vec<_> =
        route.params().iter().map(|param| (param.name(), param.kind(), param.filter())).collect();
    assert_eq!(
        params,
        [("a", Kind::Text, None), ("b", Kind::Int, Some("Int")), ("c", Kind::Word, Some("word"))]
    );
    let written: Vec<_> = route.params().iter().map(ToString::to_string).collect();
    assert_eq!(written, ["<a>", "<b:Int>", "<c:word>"]);

    let patterns: Vec<_> = router.routes().map(|route| route.pattern()).collect();
    assert_eq!(patterns, ["/<a>/<b:Int>-<c:word>", "/x/<rest:path>"]);
    assert_eq!(
        format!("{router:?}"),
        r#"{"GET /<a>/<b:Int>-<c:word>": "one", "PURGE /x/<rest:path>": "two"}"#
    );
}

#[test]
fn values_can_be_changed() {
    let mut router = Router::default();
    let id = router.insert(Methods::GET, "/", 1).expect("valid");
    *router.get_mut(id).expect("there") += 1;
    assert_eq!(router.get(id), Some(&2));
    assert_eq!(router.find("GET", "/").matched().map(|found| *found.value), Some(2));
}

#[test]
fn numbers_of_other_routers() {
    let mut large = Router::new();
    let id = large.insert(Methods::GET, "/", ()).expect("valid");
    let small = Router::<()>::new();
    assert!(small.get(id).is_none() && small.route(id).is_none());
}

#[test]
fn shared_between_threads() {
    fn is_shareable<T: Send + Sync + 'static>(_: &T) {}
    let mut router = Router::new();
    router.add_filter("own", |_| true).expect("valid");
    router.insert(Methods::GET, "/<x:own>", 1).expect("valid");
    is_shareable(&router);
}
