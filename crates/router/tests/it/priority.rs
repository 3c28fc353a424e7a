use crate::{find, router};

/// Of these patterns the path finds the one of this number.
#[track_caller]
fn check(patterns: &[&str], path: &str, expected: usize, groups: &[&str]) {
    assert_eq!(find(&router(patterns), path), Some((expected, groups.to_vec())), "{path}");
}

#[test]
fn text_before_groups_before_catch_alls() {
    for patterns in [["/<rest:path>", "/<a>", "/x"], ["/x", "/<a>", "/<rest:path>"]] {
        let position = |pattern| patterns.iter().position(|own| *own == pattern).expect("there");
        check(&patterns, "/x", position("/x"), &[]);
        check(&patterns, "/y", position("/<a>"), &["y"]);
        check(&patterns, "/y/z", position("/<rest:path>"), &["y/z"]);
    }
}

#[test]
fn groups_in_order_of_registration() {
    check(&["/<a:int>", "/<b>"], "/1", 0, &["1"]);
    check(&["/<b>", "/<a:int>"], "/1", 0, &["1"]);
    check(&["/<a:int>", "/<b>"], "/x", 1, &["x"]);
    // Text around a group does not make it stronger.
    check(&["/<a>", "/x-<b>"], "/x-1", 0, &["x-1"]);
    check(&["/x-<b>", "/<a>"], "/x-1", 0, &["1"]);
    check(&["/<r:path>", "/v<r:path>"], "/v1", 0, &["v1"]);
    check(&["/v<r:path>", "/<r:path>"], "/v1", 0, &["1"]);
}

#[test]
fn segment_by_segment_from_the_left() {
    check(&["/<a>/b", "/a/<b>"], "/a/b", 1, &["b"]);
    // A branch has the rank of its first pattern.
    check(&["/<a:int>/x", "/<b>/y", "/<c:int>/y"], "/1/y", 2, &["1"]);
}

#[test]
fn a_wrong_choice_is_taken_back() {
    check(&["/a/<b>/x", "/<a>/b/y"], "/a/b/y", 1, &["a"]);
    check(&["/<a:int>/<b:int>/x", "/<a:int>/<b>/y", "/<rest:path>"], "/1/2/y", 1, &["1", "2"]);
    check(&["/<a:int>/<b:int>/x", "/<a:int>/<b>/y", "/<rest:path>"], "/1/2/z", 2, &["1/2/z"]);
    check(&["/a/b/c", "/<rest:path>"], "/a/b/d", 1, &["a/b/d"]);
    check(&["/a/b/c", "/<rest:path>"], "/a/b", 1, &["a/b"]);
    check(&["/<a>-<b>/x", "/<c>/y"], "/1-2/y", 1, &["1-2"]);
}
