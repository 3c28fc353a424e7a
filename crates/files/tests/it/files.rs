//! Headers, conditions and ranges of files.

use std::fs;

use crate::tree::{MODIFIED_DATE, Tree, get, request, send};

const TEXT: &str = "0123456789";

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("a/file.txt", TEXT).file("empty", "");
    tree
}

#[test]
fn a_file_comes_with_its_headers() {
    let tree = tree();
    let answer = get(&tree.folder(), "/a/file.txt?query=ignored").unwrap();
    assert_eq!((answer.status, answer.text()), (200, TEXT));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("last-modified"), Some(MODIFIED_DATE));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let etag = answer.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with("\"") && etag.len() > 10, "{etag}");
}

#[test]
fn head_has_the_headers_of_get_whatever_range_it_asks_for() {
    let tree = tree();
    let folder = tree.folder();
    let of_get = get(&folder, "/a/file.txt").unwrap();
    for headers in [&[][..], &[("Range", "bytes=0-1")], &[("Range", "bytes=99-")]] {
        let of_head = send(&folder, request("HEAD", "/a/file.txt", headers)).unwrap();
        assert_eq!((of_head.status, of_head.headers()), (200, of_get.headers()));
        assert_eq!(of_head.body.len(), TEXT.len(), "the server takes the length from it");
    }
}

#[test]
fn other_methods_are_refused_where_get_would_answer() {
    let tree = tree();
    let folder = tree.folder().index(true);
    for target in ["/a/file.txt", "/a/", "/a"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
            let answer = send(&folder, request(method, target, &[])).unwrap();
            assert_eq!(answer.status, 405, "{method} {target}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        }
        let answer = send(&folder, request("OPTIONS", target, &[])).unwrap();
        assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    }
    for method in ["POST", "OPTIONS"] {
        assert!(send(&folder, request(method, "/none", &[])).is_none());
        assert!(send(&tree.folder(), request(method, "/a/", &[])).is_none());
    }
}

#[test]
fn ranges() {
    let tree = tree();
    let folder = tree.folder();
    let whole = get(&folder, "/a/file.txt").unwrap();
    for (range, status, content_range, body) in [
        ("bytes=0-0", 206, Some("bytes 0-0/10"), "0"),
        ("bytes=0-", 206, Some("bytes 0-9/10"), TEXT),
        ("bytes=3-5", 206, Some("bytes 3-5/10"), "345"),
        ("bytes=8-99", 206, Some("bytes 8-9/10"), "89"),
        ("bytes=-3", 206, Some("bytes 7-9/10"), "789"),
        ("bytes=-99", 206, Some("bytes 0-9/10"), TEXT),
        ("bytes=5-2", 200, None, TEXT),
        // With their headers they would be longer than the whole.
        ("bytes=0-1,3-4", 200, None, TEXT),
        ("lines=0-1", 200, None, TEXT),
    ] {
        let answer = send(&folder, request("GET", "/a/file.txt", &[("Range", range)])).unwrap();
        assert_eq!((answer.status, answer.text()), (status, body), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        for name in ["etag", "last-modified", "content-type", "accept-ranges"] {
            assert_eq!(answer.header(name), whole.header(name), "{range} {name}");
        }
    }
    for (target, range, content_range) in [
        ("/a/file.txt", "bytes=10-", "bytes */10"),
        ("/a/file.txt", "bytes=-0", "bytes */10"),
        ("/empty", "bytes=0-99", "bytes */0"),
    ] {
        let answer = send(&folder, request("GET", target, &[("Range", range)])).unwrap();
        assert_eq!((answer.status, answer.header("content-range")), (416, Some(content_range)));
        assert!(!answer.text().contains(TEXT));
    }
    let twice = [("Range", "bytes=0-0"), ("Range", "bytes=1-1")];
    assert_eq!(send(&folder, request("GET", "/a/file.txt", &twice)).unwrap().status, 200);
    let empty = send(&folder, request("GET", "/empty", &[("Range", "bytes=-5")])).unwrap();
    assert_eq!((empty.status, empty.text()), (200, ""));
}

#[test]
fn conditions() {
    const LATER: &str = "Wed, 01 May 2024 12:30:06 GMT";
    const EARLIER: &str = "Wed, 01 May 2024 12:30:04 GMT";
    let tree = tree();
    let folder = tree.folder();
    let etag = get(&folder, "/a/file.txt").unwrap().header("etag").unwrap().to_owned();
    let weak = format!("W/{etag}");
    let check = |headers: &[(&str, &str)], status: u16, body: &str| {
        let answer = send(&folder, request("GET", "/a/file.txt", headers)).unwrap();
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.header("etag"), Some(&*etag), "{headers:?}");
        assert_eq!(answer.header("last-modified"), Some(MODIFIED_DATE), "{headers:?}");
        if status < 400 {
            assert_eq!(answer.text(), body, "{headers:?}");
        }
        if status == 304 {
            assert_eq!(answer.header("content-type"), None);
        }
    };
    check(&[("If-None-Match", &etag)], 304, "");
    check(&[("If-None-Match", &weak)], 304, "");
    check(&[("If-None-Match", "\"x\""), ("If-Modified-Since", LATER)], 200, TEXT);
    check(&[("If-Modified-Since", MODIFIED_DATE)], 304, "");
    check(&[("If-Modified-Since", EARLIER)], 200, TEXT);
    check(&[("If-Match", &etag)], 200, TEXT);
    check(&[("If-Match", &weak)], 412, "");
    check(&[("If-Unmodified-Since", EARLIER)], 412, "");
    // A range is looked at last.
    let range = ("Range", "bytes=0-1");
    check(&[range, ("If-None-Match", &etag)], 304, "");
    check(&[("Range", "bytes=99-"), ("If-None-Match", &etag)], 304, "");
    check(&[range, ("If-Range", &etag)], 206, "01");
    check(&[range, ("If-Range", &weak)], 200, TEXT);
    check(&[range, ("If-Range", "\"x\"")], 200, TEXT);
    check(&[range, ("If-Range", MODIFIED_DATE)], 206, "01");
    check(&[range, ("If-Range", LATER)], 200, TEXT);
    check(&[("Range", "bytes=99-"), ("If-Range", "\"x\"")], 200, TEXT);
    check(&[("If-Range", "\"x\"")], 200, TEXT);
}

#[test]
fn a_time_to_come_is_no_validator() {
    let tree = tree();
    let req = pauper_message::Request::builder().target("/a/file.txt");
    // Received in 1970.
    let answer = send(&tree.folder(), req.build().unwrap()).unwrap();
    assert_eq!((answer.status, answer.header("last-modified")), (200, None));
    assert!(answer.header("etag").is_some());
}

#[test]
fn what_was_opened_is_what_is_sent() {
    use pauper_message::Service as _;
    let tree = tree();
    let folder = tree.folder();
    let mut req = request("GET", "/a/file.txt", &[]);
    folder.begin(&mut req);
    tree.file("new", "other");
    fs::rename(tree.root().join("new"), tree.root().join("a/file.txt")).unwrap();
    let body = folder.call(&mut req).into_parts().unwrap().body;
    assert_eq!(body.into_bytes(99).unwrap(), TEXT);
    // The next request sees the other file.
    assert_eq!(get(&folder, "/a/file.txt").unwrap().text(), "other");
}

/// The super-user may read everything, so this one is quiet there.
#[test]
fn what_the_system_forbids_is_403() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = tree();
    let path = tree.root().join("a/file.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let answer = get(&tree.folder(), "/a/file.txt").unwrap();
    let expected = if fs::read(&path).is_ok() { 200 } else { 403 };
    assert_eq!(answer.status, expected);
}

#[test]
fn several_ranges_of_a_file() {
    let tree = tree();
    tree.file("long.txt", TEXT.repeat(1000));
    let range = [("Range", "bytes=0-4,9998-")];
    let answer = send(&tree.folder(), request("GET", "/long.txt", &range)).unwrap();
    assert_eq!(answer.status, 206);
    let kind = answer.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    assert_eq!(
        answer.text(),
        format!(
            "\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Range: bytes 0-4/10000\r\n\r\n01234\
             \r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Range: bytes 9998-9999/10000\r\n\r\n89\r\n--{boundary}--\r\n"
        )
    );
}

/// Small files are read before their head is sent, large ones are sent by the system: both as they
/// are when it is their turn.
#[test]
fn a_file_that_became_shorter_is_never_sent_as_if_whole() {
    use pauper_message::Service as _;
    let tree = tree();
    for size in [1000, 100_000] {
        tree.file("shrinks", vec![b'x'; size]);
        let folder = tree.folder();
        let mut req = request("GET", "/shrinks", &[]);
        folder.begin(&mut req);
        let file = fs::File::options().write(true).open(tree.root().join("shrinks")).unwrap();
        file.set_len(10).unwrap();
        match folder.call(&mut req).into_result() {
            Ok(response) => assert_eq!(response.body().len(), Some(size as u64), "breaks off"),
            Err(error) => assert_eq!(error.status().unwrap(), 500),
        }
    }
}
