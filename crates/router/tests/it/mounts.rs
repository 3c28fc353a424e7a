use pauper_router::{Found, InsertErrorKind, Methods, Router};
use proptest::prelude::*;
use proptest::sample::select;

/// Mounts and routes (with a star in front) under their own patterns.
fn router(patterns: &[&'static str]) -> Router<&'static str> {
    let mut router = Router::new();
    for pattern in patterns {
        match pattern.strip_prefix('*') {
            Some(route) => router.insert(Methods::GET, route, *pattern),
            None => router.mount(pattern, *pattern),
        }
        .expect("valid pattern");
    }
    router
}

/// The mount or route, its groups, and what is left of the path.
#[track_caller]
fn check(router: &Router<&str>, path: &str, value: &str, groups: &[&str], suffix: &str) {
    let found = router.find("GET", path).matched().expect(path);
    let texts: Vec<_> = found.params.iter().map(|range| &path[range]).collect();
    assert_eq!((*found.value, &*texts, found.suffix(path)), (value, groups, suffix), "{path}");
    assert_eq!(&path[found.suffix_start()..], suffix, "{path}");
    assert_eq!(found.route.is_mount(), !value.starts_with('*'));
}

/// The mounts of kali's own tests: those that end in a slash are its folder indices, which are
/// routes here.
#[test]
fn the_deepest_mount_wins() {
    let router =
        router(&["", "*/", "/a", "*/a/", "/a/<x>", "*/a/new", "/a/<x>/x", "/<x>/b/c", "/static"]);
    check(&router, "/", "*/", &[], "");
    check(&router, "/a", "/a", &[], "");
    check(&router, "/a/", "*/a/", &[], "");
    check(&router, "/a/new", "*/a/new", &[], "");
    check(&router, "/a/7", "/a/<x>", &["7"], "");
    check(&router, "/a/7/x", "/a/<x>/x", &["7"], "");
    check(&router, "/a/b/c", "/<x>/b/c", &["a"], "");
    check(&router, "/a/b/d", "/a/<x>", &["b"], "/d");
    check(&router, "/q", "", &[], "/q");
    check(&router, "/static/x/y", "/static", &[], "/x/y");
}

#[test]
fn a_mount_ends_between_segments() {
    let mounts = router(&["/ab", "/ab/c/", "/<x:int>/d"]);
    check(&mounts, "/ab", "/ab", &[], "");
    check(&mounts, "/ab/", "/ab", &[], "/");
    check(&mounts, "/ab/c", "/ab", &[], "/c");
    check(&mounts, "/ab/c/", "/ab/c/", &[], "");
    check(&mounts, "/ab/c/d", "/ab/c/", &[], "d");
    check(&mounts, "/7/d/e", "/<x:int>/d", &["7"], "/e");
    for path in ["/abc", "/a", "/x/d", "/7", "", "ab"] {
        assert!(matches!(mounts.find("GET", path), Found::NotFound), "{path}");
    }
    check(&router(&[""]), "/", "", &[], "/");
}

#[test]
fn text_comes_before_groups_that_match_as_much() {
    for patterns in [["/a/b", "/<x>/b"], ["/<x>/b", "/a/b"]] {
        check(&router(&patterns), "/a/b/c", "/a/b", &[], "/c");
        check(&router(&patterns), "/x/b/c", "/<x>/b", &["x"], "/c");
    }
}

#[test]
fn routes_come_before_mounts_even_with_another_method() {
    let router = router(&["/a", "*/a/<rest:path>"]);
    check(&router, "/a/b", "*/a/<rest:path>", &["b"], "");
    check(&router, "/a", "/a", &[], "");
    let Found::MethodNotAllowed(allow) = router.find("POST", "/a/b") else { panic!("not 405") };
    assert_eq!(allow.to_string(), "GET, HEAD");
    let found = router.find("BREW", "/a").matched().expect("every method");
    assert_eq!(*found.value, "/a");
}

#[test]
fn mounts_that_cannot_be() {
    let mut router = router(&["/a/<x>"]);
    let error = router.mount("/a/<y>", "").unwrap_err();
    assert_eq!(error.kind(), InsertErrorKind::Conflict);
    let told = error.to_string();
    assert!(
        told.contains("\"/a/<y>\" registered at ") && told.contains("by \"/a/<x>\" at "),
        "{told}"
    );
    let error = router.mount("/<rest:path>", "").unwrap_err();
    assert_eq!(error.kind(), InsertErrorKind::PathNotLast);
    assert_eq!(router.mount("a", "").unwrap_err().kind(), InsertErrorKind::MissingSlash);
    assert_eq!(router.len(), 1);
}

#[test]
fn the_other_slash() {
    let router = router(&["*/a", "*/b/", "/c", "/d/", "*/<x:int>/e", "*/"]);
    for (path, other) in [
        ("/a/", Some("/a")),
        ("/b", Some("/b/")),
        ("/d", Some("/d/")),
        ("/7/e/", Some("/7/e")),
        ("/a", None),
        ("/x", None),
        ("/x/e/", None),
        ("", Some("/")),
    ] {
        assert_eq!(router.other_slash(path).as_deref(), other, "{path}");
    }
}

/// The segments of the mounts that are tried at random.
const SEGMENTS: [&str; 4] = ["a", "ab", "<>", "<:int>"];

/// Whether one segment of a mount takes one of a path.
fn takes(segment: &str, text: &str) -> bool {
    match segment {
        "<>" => !text.is_empty(),
        "<:int>" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        literal => literal == text,
    }
}

/// The mount that a slow list finds: the longest that matches, and among equally long ones, segment
/// by segment, text before groups and groups in the order in which they appeared.
fn slowly(mounts: &[Vec<&str>], path: &[&str]) -> Option<usize> {
    let rank = |mount: &[&str], depth: usize| match mount[depth].starts_with('<') {
        false => 0,
        true => {
            1 + mounts
                .iter()
                .position(|other| other.get(..=depth) == Some(&mount[..=depth]))
                .unwrap()
        }
    };
    let key = |mount: &[&str]| {
        let ranks: Vec<_> = (0..mount.len()).map(|depth| rank(mount, depth)).collect();
        (std::cmp::Reverse(mount.len()), ranks)
    };
    let fits = |mount: &[&str]| {
        mount.len() <= path.len() && mount.iter().zip(path).all(|(own, text)| takes(own, text))
    };
    (0..mounts.len()).filter(|index| fits(&mounts[*index])).min_by_key(|index| key(&mounts[*index]))
}

proptest! {
    #[test]
    fn the_tree_of_mounts_agrees_with_a_list(
        mounts in prop::collection::vec(prop::collection::vec(select(&SEGMENTS[..]), 1..4), 0..12),
        paths in prop::collection::vec(prop::collection::vec(select(&["a", "ab", "abc", "7", ""][..]), 1..5), 1..20),
    ) {
        let (mut router, mut known) = (Router::new(), Vec::<Vec<&str>>::new());
        for mount in mounts {
            let named = |(index, segment): (usize, &&str)| segment.replace('<', &format!("/<g{index}"));
            let pattern: String = mount.iter().enumerate().map(named).map(|segment| {
                if segment.starts_with('/') { segment } else { format!("/{segment}") }
            }).collect();
            let added = router.mount(&pattern, known.len());
            prop_assert_eq!(added.is_err(), known.contains(&mount), "{}", pattern);
            if added.is_ok() {
                known.push(mount);
            }
        }
        for segments in paths {
            let path: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
            let found = router.find("PURGE", &path).matched();
            let expected = slowly(&known, &segments);
            prop_assert_eq!(found.map(|found| *found.value), expected, "{} in {:?}", path, router);
            if let (Some(found), Some(index)) = (found, expected) {
                let depth = known[index].len();
                let rest: String = segments[depth..].iter().flat_map(|segment| ["/", segment]).collect();
                prop_assert_eq!(found.suffix(&path), rest);
                let groups = known[index].iter().filter(|segment| segment.starts_with('<')).count();
                prop_assert_eq!(found.args(&path).count(), groups);
            }
        }
    }
}
