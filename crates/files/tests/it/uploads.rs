//! Files that clients store.

use std::fs;
use std::os::unix::fs::symlink;

use pauper_files::Folder;
use pauper_message::Request;

use crate::tree::{Answer, Tree, get, request, send, send_pieces};

fn put(folder: &Folder, target: &str, headers: &[(&str, &str)], body: &[&[u8]]) -> Answer {
    send_pieces(folder, request("PUT", target, headers), body).unwrap()
}

/// Everything in the folder, the hidden names of unfinished uploads too.
fn names(tree: &Tree) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(tree.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_stored_and_replaced() {
    let tree = Tree::new();
    tree.file("sub/x", "x");
    let folder = tree.folder().uploads(10);
    let created = put(&folder, "/sub/a%20b", &[], &[b"01234", b"56789"]);
    assert_eq!((created.status, created.header("location")), (201, Some("/sub/a%20b")));
    let found = get(&folder, "/sub/a%20b").unwrap();
    assert_eq!(found.text(), "0123456789");
    assert_eq!(found.header("etag"), created.header("etag"));
    let replaced = put(&folder, "/sub/a%20b", &[], &[]);
    assert_eq!((replaced.status, replaced.header("location")), (204, None));
    assert_eq!(get(&folder, "/sub/a%20b").unwrap().text(), "");
    assert_eq!(names(&tree), ["sub"]);
    let mounted = tree.folder().mount("/m").uploads(10);
    assert_eq!(put(&mounted, "/m/y", &[], &[b"y"]).header("location"), Some("/m/y"));
    assert_eq!(names(&tree), ["sub", "y"]);
}

#[test]
fn what_is_too_long_leaves_nothing() {
    let tree = Tree::new();
    tree.file("old", "old");
    let folder = tree.folder().uploads(10);
    for target in ["/new", "/old"] {
        let req = Request::builder().method("PUT").target(target).body(vec![b'x'; 11]);
        let told = send_pieces(&folder, req.build().unwrap(), &[]).unwrap();
        assert_eq!(told.status, 413, "before anything is sent");
        assert!(told.text().contains("10 bytes"), "{}", told.text());
        let counted = put(&folder, target, &[], &[b"0123456789", b"x"]);
        assert_eq!(counted.status, 413);
    }
    assert_eq!(names(&tree), ["old"]);
    assert_eq!(get(&folder, "/old").unwrap().text(), "old");
}

#[test]
fn an_upload_that_breaks_leaves_what_was_there() {
    use pauper_message::{BodyPlan, Service as _};
    let tree = Tree::new();
    tree.file("file", "old");
    let folder = tree.folder().uploads(100).dot_files(true).index(true);
    let mut req = request("PUT", "/file", &[]);
    let BodyPlan::Sink(mut sink) = folder.begin(&mut req).body else { panic!("no sink") };
    sink.write(b"half").unwrap();
    // Meanwhile nobody sees it, not even who may see dot files.
    assert_eq!(names(&tree).len(), 2);
    let hidden = names(&tree).into_iter().find(|name| name.starts_with('.')).unwrap();
    assert!(get(&folder, &format!("/{hidden}")).is_none());
    assert!(send_pieces(&folder, request("PUT", &format!("/{hidden}"), &[]), &[]).is_none());
    assert!(!get(&folder, "/").unwrap().text().contains("upload"));
    assert_eq!(get(&folder, "/file").unwrap().text(), "old");
    drop(sink);
    assert_eq!(names(&tree), ["file"]);
    assert_eq!(get(&folder, "/file").unwrap().text(), "old");
}

#[test]
fn only_files_are_replaced_and_only_inside() {
    let tree = Tree::new();
    tree.file("sub/x", "x").file(".hidden", "h");
    symlink("../secret", tree.root().join("link")).unwrap();
    symlink("..", tree.root().join("up")).unwrap();
    let folder = tree.folder().uploads(100);
    let before = names(&tree);
    for (target, status) in [
        ("/sub", 409),
        ("/link", 409),
        ("/none/x", 409),
        ("/sub/x/y", 409),
        ("/up/x", 409),
        ("/sub/", 405),
        ("/", 405),
        ("/%zz", 400),
    ] {
        assert_eq!(put(&folder, target, &[], &[b"new"]).status, status, "{target}");
    }
    for target in ["/.hidden", "/../x", "/%2e%2e/x", "/a%2fb", "/a%5cb", "/con", "/a%00", "//x"] {
        let answer = send_pieces(&folder, request("PUT", target, &[]), &[b"new"]);
        assert!(answer.is_none(), "{target}");
    }
    let long = format!("/{}", "x".repeat(256));
    assert!(put(&folder, &long, &[], &[b"x"]).status >= 400);
    for (name, value, status) in
        [("Content-Range", "bytes 0-1/2", 400), ("Content-Encoding", "gzip", 415)]
    {
        assert_eq!(put(&folder, "/x", &[(name, value)], &[b"x"]).status, status);
    }
    assert_eq!(names(&tree), before);
    let secret = fs::read_to_string(tree.root().parent().unwrap().join("secret")).unwrap();
    assert_eq!(secret, "outside");
    // The longest name that there is.
    assert_eq!(put(&folder, &long[..256], &[], &[b"x"]).status, 201);
}

#[test]
fn conditions_are_obeyed() {
    let tree = Tree::new();
    let folder = tree.folder().uploads(100);
    let absent = put(&folder, "/f", &[("If-Match", "*")], &[b"x"]);
    assert_eq!(absent.status, 412);
    let only_new = [("If-None-Match", "*")];
    let created = put(&folder, "/f", &only_new, &[b"one"]);
    assert_eq!(created.status, 201);
    assert_eq!(put(&folder, "/f", &only_new, &[b"two"]).status, 412);
    let tag = created.header("etag").unwrap();
    assert_eq!(put(&folder, "/f", &[("If-Match", tag)], &[b"two"]).status, 204);
    assert_eq!(put(&folder, "/f", &[("If-Match", tag)], &[b"three"]).status, 412);
    assert_eq!(get(&folder, "/f").unwrap().text(), "two");
}

/// Two at once that may both only create: the second to finish is refused.
#[test]
fn who_may_only_create_never_replaces() {
    use pauper_message::{BodyPlan, Service as _};
    let tree = Tree::new();
    let folder = tree.folder().uploads(100);
    let start = |text: &[u8]| {
        let mut req = request("PUT", "/f", &[("If-None-Match", "*")]);
        let BodyPlan::Sink(mut sink) = folder.begin(&mut req).body else { panic!("no sink") };
        sink.write(text).unwrap();
        (sink, req)
    };
    let (first, mut first_req) = start(b"first");
    let (second, mut second_req) = start(b"second");
    second.finish(&mut second_req).unwrap();
    assert_eq!(first.finish(&mut first_req).unwrap_err().status().unwrap(), 412);
    assert_eq!(get(&folder, "/f").unwrap().text(), "second");
    assert_eq!(names(&tree), ["f"]);
}

#[test]
fn nothing_is_stored_unless_allowed() {
    let tree = Tree::new();
    tree.file("f", "old");
    let folder = tree.folder();
    assert_eq!(put(&folder, "/f", &[], &[b"x"]).status, 405);
    assert!(send(&folder, request("PUT", "/new", &[])).is_none());
    let open = tree.folder().uploads(1);
    let options = send(&open, request("OPTIONS", "/f", &[])).unwrap();
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS, PUT"));
}
