use pauper_router::{Found, MAX_PARAMS, MAX_SEGMENTS, MAX_SPLIT};

use crate::{find, leaves, router, takes};

#[test]
fn text_is_exact() {
    takes("/", "/", &[]);
    takes("/a", "/a", &[]);
    takes("/a/", "/a/", &[]);
    takes("/a//b", "/a//b", &[]);
    takes("/é ?#", "/é ?#", &[]);
    for path in ["/a/", "/A", "/a/b", "//a", "/", "", "a", "*", "/a\n", "/ab"] {
        leaves("/a", path);
    }
    leaves("/a/", "/a");
    leaves("/", "");
    leaves("/", "//");
}

#[test]
fn text_is_no_expression() {
    leaves("/a.b", "/axb");
    takes("/a.*[b]$", "/a.*[b]$", &[]);
    leaves("/<x:int>.c", "/1xc");
}

#[test]
fn percent_signs_are_compared_encoded() {
    takes("/50%", "/50%25", &[]);
    leaves("/50%", "/50%");
    takes("/<n:int>%", "/50%25", &["50"]);
    takes("/%<n:int>", "/%2550", &["50"]);
    // A pattern is decoded text, so this is about a path that had %252F in it.
    takes("/a%2Fb", "/a%252Fb", &[]);
    leaves("/a%2Fb", "/a%2Fb");
    takes("/<name>", "/a%2Fb", &["a%2Fb"]);
    leaves("/<name:word>", "/a%2Fb");
}

#[test]
fn filters() {
    takes("/<a>", "/é.-%2F", &["é.-%2F"]);
    leaves("/<a>", "/");
    leaves("/<a>", "/a/");
    leaves("/<a>", "/a/b");
    takes("/<a:int>", "/-007", &["-007"]);
    leaves("/<a:int>", "/1\n");
    leaves("/<a:int>", "/1.0");
    takes("/<a:float>", "/-1.50", &["-1.50"]);
    takes("/<a:float>", "/1", &["1"]);
    leaves("/<a:float>", "/1.");
    takes("/<a:word>", "/Ünder_9", &["Ünder_9"]);
    leaves("/<a:word>", "/a-b");
    takes("/<a:hex>", "/00fF", &["00fF"]);
    leaves("/<a:hex>", "/fg");
    takes(
        "/<a:uuid>",
        "/01234567-89ab-cdef-0123-456789ABCDEF",
        &["01234567-89ab-cdef-0123-456789ABCDEF"],
    );
    leaves("/<a:uuid>", "/0123456789abcdef0123456789abcdef");
    takes("/<a:even>", "/x8", &["x8"]);
    leaves("/<a:even>", "/x9");
    takes("/<a:INT>/<b:Even>", "/1/2", &["1", "2"]);
}

#[test]
fn text_around_groups() {
    takes("/file-<id:int>.html", "/file-7.html", &["7"]);
    takes("/file-<id:int>.html", "/file--7.html", &["-7"]);
    leaves("/file-<id:int>.html", "/file-.html");
    leaves("/file-<id:int>.html", "/file-7.htm");
    leaves("/file-<id:int>.html", "/fil-7.html");
    // Text before and after must not share bytes of the path.
    leaves("/aba<x>aba", "/aba");
    leaves("/aba<x>aba", "/ababa");
    takes("/aba<x>aba", "/abababa", &["b"]);
    takes("/<name:word>.json", "/a.json", &["a"]);
    takes("/é<x>é", "/ééé", &["é"]);
}

#[test]
fn several_groups_in_a_segment_are_greedy() {
    takes("/<a>-<b>", "/x-y-z", &["x-y", "z"]);
    takes("/<a>-<b>", "/---", &["-", "-"]);
    leaves("/<a>-<b>", "/--");
    takes("/<slug>-<id:int>", "/a-b-7", &["a-b", "7"]);
    takes("/<slug>-<id:int>", "/a--7", &["a-", "7"]);
    takes("/<id:int>-<slug>", "/7-a-b", &["7", "a-b"]);
    leaves("/<id:int>-<slug>", "/a-b");
    takes("/<y:int>-<m:int>-<d:int>", "/2024-02-29", &["2024", "02", "29"]);
    takes("/<a:int>-<b:int>", "/-1--2", &["-1", "-2"]);
    takes("/<a>é<b>é<c>", "/éééééé", &["éé", "é", "é"]);
    takes("/v<a:int>.<b:int>-<c:word>!", "/v1.2-rc!", &["1", "2", "rc"]);
    takes("/<a:float>.<b>", "/1.2.3", &["1.2", "3"]);
    // The first choice for a (up to the last dash) leaves nothing for b and c.
    takes("/<a>-<b:int>.<c>", "/x-1.y-z", &["x", "1", "y-z"]);
}

#[test]
fn segments_to_divide_are_limited() {
    let path = |len: usize| format!("/x{}-1", "a".repeat(len - 2));
    takes("/x<a>-<b>", &path(MAX_SPLIT), &[&"a".repeat(MAX_SPLIT - 2), "1"]);
    leaves("/x<a>-<b>", &path(MAX_SPLIT + 1));
    // One group has no limit, nor has the rest of the path.
    takes("/x<a>-1", &path(9999), &[&"a".repeat(9997)]);
    let path = format!("/a-b/{}", "c".repeat(9999));
    takes("/<a>-<rest:path>", &path, &["a", &path[3..]]);
}

#[test]
fn path_takes_the_rest() {
    takes("/s/<rest:path>", "/s/a", &["a"]);
    takes("/s/<rest:path>", "/s/a/b/", &["a/b/"]);
    takes("/s/<rest:path>", "/s//", &["/"]);
    leaves("/s/<rest:path>", "/s/");
    leaves("/s/<rest:path>", "/s");
    takes("/<rest:path>", "/a/b", &["a/b"]);
    leaves("/<rest:path>", "/");
    takes("/v<rest:path>", "/v/b", &["/b"]);
    takes("/<a:int>-<rest:path>", "/1-2/-3", &["1", "2/-3"]);
    // The dash has to be in the segment of the first group.
    leaves("/<a>-<rest:path>", "/a/b-c");
}

#[test]
fn as_many_groups_and_segments_as_allowed() {
    let pattern: String = (0..MAX_PARAMS).map(|index| format!("/<g{index}>")).collect();
    let path = "/x".repeat(MAX_PARAMS);
    takes(&pattern, &path, &["x"; MAX_PARAMS]);
    takes(&"/x".repeat(MAX_SEGMENTS), &"/x".repeat(MAX_SEGMENTS), &[]);
}

#[test]
fn arguments_by_name() {
    let router = router(&["/<a>/<b:int>.<c>"]);
    let path = "/x/1.y";
    let found = router.find("GET", path).matched().expect("a match");
    assert_eq!(found.arg(path, "b"), Some("1"));
    assert_eq!(found.arg(path, "d"), None);
    let args: Vec<_> = found.args(path).collect();
    assert_eq!(args, [("a", "x"), ("b", "1"), ("c", "y")]);
    assert_eq!(found.params.len(), 3);
    assert_eq!(found.params.get(1), Some(3..4));
    assert_eq!(found.params.get(3), None);
    // Of another path there may be nothing at these places.
    assert_eq!(found.arg("/x", "b"), None);
}

#[test]
fn no_routes() {
    let router = router(&[]);
    assert!(matches!(router.find("GET", "/"), Found::NotFound));
    assert_eq!(find(&router, ""), None);
    assert!(router.allowed("/").is_empty());
}
