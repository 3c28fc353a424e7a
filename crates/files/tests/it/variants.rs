//! Compressed variants, Cache-Control, and the page of an application in the browser.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use pauper_files::{Coding, Folder};
use pauper_message::CacheControl;

use crate::tree::{MODIFIED, Tree, get, request, send};

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("app.js", "plain plain plain")
        .file("app.js.gz", "GZIP variant")
        .file("app.js.br", "BROTLI")
        .file("only.css", "plain")
        .file("alone.txt.gz", "alone")
        .file("index.html", "start")
        .file("index.html.zst", "ZSTD");
    tree
}

fn folder(tree: &Tree) -> Folder {
    tree.folder().precompressed(Coding::ALL)
}

#[track_caller]
fn check(folder: &Folder, target: &str, accept: &str, coding: Option<&str>, body: &str) {
    let answer = send(folder, request("GET", target, &[("Accept-Encoding", accept)])).unwrap();
    assert_eq!((answer.status, answer.text()), (200, body), "{target} {accept}");
    assert_eq!(answer.header("content-encoding"), coding, "{target} {accept}");
    assert_eq!(answer.header("vary"), Some("accept-encoding"), "{target} {accept}");
}

#[test]
fn clients_get_the_variant_they_like_best() {
    let tree = tree();
    let folder = folder(&tree);
    check(&folder, "/app.js", "gzip, deflate, br, zstd", Some("br"), "BROTLI");
    check(&folder, "/app.js", "gzip", Some("gzip"), "GZIP variant");
    check(&folder, "/app.js", "br;q=0.1, gzip", Some("gzip"), "GZIP variant");
    check(&folder, "/app.js", "zstd, gzip;q=0.5", Some("gzip"), "GZIP variant");
    check(&folder, "/app.js", "zstd", None, "plain plain plain");
    check(&folder, "/app.js", "gzip;q=0, identity", None, "plain plain plain");
    check(&folder, "/", "zstd", Some("zstd"), "ZSTD");
    check(&folder, "/only.css", "gzip, br", None, "plain");
    // What stands there itself is a file like others, and of its own type.
    check(&folder, "/app.js.gz", "gzip", None, "GZIP variant");
    check(&folder, "/alone.txt.gz", "gzip", None, "alone");
    assert!(get(&folder, "/alone.txt").is_none());
    let answer = send(&folder, request("GET", "/app.js", &[("Accept-Encoding", "br")])).unwrap();
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    let none = send(&tree.folder(), request("GET", "/app.js", &[("Accept-Encoding", "br")]));
    assert_eq!(none.as_ref().unwrap().header("content-encoding"), None);
    assert_eq!(none.unwrap().header("vary"), None);
}

#[test]
fn each_variant_has_its_own_tag_and_ranges() {
    let tree = tree();
    let folder = folder(&tree);
    let with =
        |headers: &[(&str, &str)]| send(&folder, request("GET", "/app.js", headers)).unwrap();
    let plain = with(&[]);
    let packed = with(&[("Accept-Encoding", "gzip")]);
    let (plain_tag, packed_tag) = (plain.header("etag").unwrap(), packed.header("etag").unwrap());
    assert_ne!(plain_tag, packed_tag);
    let part = [("Accept-Encoding", "gzip"), ("Range", "bytes=0-3"), ("If-Range", packed_tag)];
    let answer = with(&part);
    assert_eq!((answer.status, answer.text()), (206, "GZIP"));
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("content-range"), Some("bytes 0-3/12"));
    // The tag of one is none of the other.
    let foreign = [("Accept-Encoding", "gzip"), ("If-None-Match", plain_tag)];
    assert_eq!(with(&foreign).status, 200);
    let own = with(&[("Accept-Encoding", "gzip"), ("If-None-Match", packed_tag)]);
    assert_eq!((own.status, own.header("vary")), (304, Some("accept-encoding")));
}

#[test]
fn a_variant_that_is_older_than_its_file_is_not_sent() {
    let tree = tree();
    let folder = folder(&tree);
    fs::write(tree.root().join("app.js"), "new").unwrap();
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED + 1);
    let file = File::options().append(true).open(tree.root().join("app.js")).unwrap();
    file.set_modified(later).unwrap();
    check(&folder, "/app.js", "gzip, br", None, "new");
    let file = File::options().append(true).open(tree.root().join("app.js.gz")).unwrap();
    file.set_modified(later).unwrap();
    check(&folder, "/app.js", "gzip, br", Some("gzip"), "GZIP variant");
}

#[test]
fn a_variant_is_a_file_inside() {
    use std::os::unix::fs::symlink;
    let tree = tree();
    tree.file("a.txt", "plain").file("b.txt", "plain");
    symlink("../secret", tree.root().join("a.txt.gz")).unwrap();
    fs::create_dir(tree.root().join("b.txt.gz")).unwrap();
    check(&folder(&tree), "/a.txt", "gzip", None, "plain");
    check(&folder(&tree), "/b.txt", "gzip", None, "plain");
}

#[test]
fn rules_say_how_long_files_are_kept() {
    let tree = tree();
    tree.file("assets/x.0123abcd.js", "x").file("assets/deep/y.txt", "y");
    let folder = tree
        .folder()
        .index(true)
        .precompressed([Coding::Gzip])
        .cache_control("/index.html", "no-cache")
        .cache_control("*.????????.js", CacheControl::new().max_age(Duration::from_secs(9)))
        .cache_control("assets/**", "private");
    let value = |target: &str| {
        let answer = send(&folder, request("GET", target, &[("Accept-Encoding", "gzip")]));
        answer.unwrap().header("cache-control").map(String::from)
    };
    assert_eq!(value("/").as_deref(), Some("no-cache"));
    assert_eq!(value("/index.html").as_deref(), Some("no-cache"));
    assert_eq!(value("/assets/x.0123abcd.js").as_deref(), Some("max-age=9"));
    assert_eq!(value("/assets/deep/y.txt").as_deref(), Some("private"));
    assert_eq!(value("/app.js"), None);
    assert_eq!(value("/assets/").as_deref(), Some("no-cache"), "a listing is no file");
    let tag = get(&folder, "/").unwrap().header("etag").unwrap().to_owned();
    let unchanged = send(&folder, request("GET", "/", &[("If-None-Match", &tag)])).unwrap();
    assert_eq!((unchanged.status, unchanged.header("cache-control")), (304, Some("no-cache")));
}

#[test]
#[should_panic(expected = "cannot be the value of Cache-Control")]
fn a_rule_has_a_value_that_can_be_sent() {
    let _ = Tree::new().folder().cache_control("*", "a\r\nb");
}

#[test]
fn the_page_of_an_application_answers_where_nothing_is() {
    let tree = tree();
    let folder = tree.folder().fallback("/index.html");
    let html = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let status = |method: &str, target: &str, headers: &[(&str, &str)]| {
        send(&folder, request(method, target, headers)).map(|answer| answer.status)
    };
    for target in ["/users/7", "/a/b/", "/x?y=1"] {
        let answer = send(&folder, request("GET", target, &[html])).unwrap();
        assert_eq!((answer.status, answer.text()), (200, "start"), "{target}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(status("HEAD", target, &[html]), Some(200));
        assert_eq!(status("POST", target, &[html]), None);
        assert_eq!(status("GET", target, &[("Accept", "*/*")]), None, "{target}");
    }
    for target in ["/gone.js", "/a/gone.png", "/.env", "/../secret", "/%2e%2e/", "//x"] {
        assert_eq!(status("GET", target, &[html]), None, "{target}");
    }
    assert_eq!(status("GET", "/%zz", &[html]), Some(400));
    assert_eq!(status("GET", "/app.js", &[html]), Some(200));
    let mounted = tree.folder().mount("/app").fallback("index.html");
    assert!(send(&mounted, request("GET", "/other", &[html])).is_none());
    assert_eq!(send(&mounted, request("GET", "/app/x", &[html])).unwrap().text(), "start");
}

#[test]
#[should_panic(expected = "is not the path of a file")]
fn the_page_of_an_application_is_inside() {
    let _ = Tree::new().folder().fallback("../secret");
}
