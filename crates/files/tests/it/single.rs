//! One file.

use std::fs;
use std::os::unix::fs::symlink;

use pauper_files::{Coding, SingleFile};

use crate::tree::{MODIFIED_DATE, Tree, get, request, send};

#[test]
fn one_file_answers_every_path() {
    let tree = Tree::new();
    tree.file("page", "0123456789").file("page.gz", "packed");
    let file = SingleFile::new(tree.root().join("page"))
        .named("page.html")
        .cache_control("max-age=5")
        .precompressed([Coding::Gzip]);
    let answer = get(&file, "/whatever").unwrap();
    assert_eq!((answer.status, answer.text()), (200, "0123456789"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("max-age=5"));
    let tag = answer.header("etag").unwrap();
    assert_eq!(send(&file, request("GET", "/", &[("If-None-Match", tag)])).unwrap().status, 304);
    // The same without variants, when the file need not be opened.
    let plain = SingleFile::new(tree.root().join("page")).cache_control("max-age=5");
    for condition in [("If-None-Match", tag), ("If-Modified-Since", MODIFIED_DATE)] {
        let unchanged = send(&plain, request("GET", "/", &[condition])).unwrap();
        assert_eq!((unchanged.status, unchanged.header("etag")), (304, Some(tag)));
        assert_eq!(unchanged.header("cache-control"), Some("max-age=5"));
        assert_eq!(unchanged.header("last-modified"), Some(MODIFIED_DATE));
        assert_eq!(unchanged.header("content-type"), None);
    }
    assert_eq!(
        send(&plain, request("GET", "/", &[("If-None-Match", "\"x\"")])).unwrap().status,
        200
    );
    let part = send(&file, request("GET", "/", &[("Range", "bytes=-2")])).unwrap();
    assert_eq!((part.status, part.text()), (206, "89"));
    let packed = send(&file, request("GET", "/", &[("Accept-Encoding", "gzip")])).unwrap();
    assert_eq!((packed.text(), packed.header("content-encoding")), ("packed", Some("gzip")));
    assert_eq!(send(&file, request("OPTIONS", "/", &[])).unwrap().status, 204);
    let refused = send(&file, request("POST", "/", &[])).unwrap();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[test]
fn it_is_opened_each_time() {
    let tree = Tree::new();
    let file = SingleFile::new(tree.root().join("later.txt"));
    assert_eq!(get(&file, "/").unwrap().status, 404);
    tree.file("later.txt", "here");
    assert_eq!(get(&file, "/").unwrap().text(), "here");
    fs::remove_file(tree.root().join("later.txt")).unwrap();
    symlink("../secret", tree.root().join("later.txt")).unwrap();
    assert_eq!(get(&file, "/").unwrap().text(), "outside", "whoever wrote the path meant it");
}

#[test]
fn only_files_are_sent() {
    let tree = Tree::new();
    for path in [tree.root(), "/dev/zero".into(), "".into()] {
        assert_eq!(get(&SingleFile::new(&path), "/").unwrap().status, 404, "{}", path.display());
    }
}
