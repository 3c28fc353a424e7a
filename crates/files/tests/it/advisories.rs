//! What other servers got wrong with static files, one test for each, named by who it was.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant, SystemTime};

use pauper_files::{Folder, Symlinks};

use crate::tree::{Tree, get, now, request, send};

/// None of these may be answered, and above all not with the secret.
#[track_caller]
fn check_passed(folder: &Folder, targets: &[&str]) {
    for target in targets {
        if let Some(answer) = get(folder, target) {
            panic!("{target} was answered with {}: {:?}", answer.status, answer.body);
        }
    }
}

/// CVE-2006-0847 (CherryPy), CVE-2022-41720 (Go), RUSTSEC-2021-0135 and 2022-0043 (tower-http),
/// RUSTSEC-2022-0082 (warp), RUSTSEC-2022-0069 (hyper-staticfile).
#[test]
fn no_spelling_of_a_path_leads_out() {
    let tree = Tree::new();
    tree.file("a/file", "inside");
    // On Unix these are names like others; they are refused all the same.
    for name in ["c:", "..\\secret", "a\\file", "C:file"] {
        tree.file(name, "odd");
    }
    let folder = tree.folder().index(true).dot_files(true).follow_symlinks(Symlinks::Anywhere);
    check_passed(
        &folder,
        &[
            "/../secret",
            "/a/../../secret",
            "/a/../a/file",
            "/%2e%2e/secret",
            "/.%2e/secret",
            "/%2E./secret",
            "/..%2fsecret",
            "/..%2Fsecret",
            "/..%5csecret",
            "/..%5Csecret",
            "/a%5cfile",
            "/a%2ffile",
            "/%2fetc/passwd",
            "/%2fetc%2fpasswd",
            "//etc/passwd",
            "/a//file",
            "/./a/file",
            "/a/./file",
            "/c:",
            "/c%3A",
            "/C:file",
            "/c:/windows/win.ini",
            "/file:///etc/passwd",
            "/%00",
            "/a/file%00.png",
            "/a/file%0a",
        ],
    );
    assert_eq!(get(&folder, "/a/file").unwrap().body, b"inside");
}

/// GHSA-hgf8-39gv-g3f2, GHSA-87hc-h4r5-73f7, GHSA-29vq-49wr-vm6x (Werkzeug).
#[test]
fn devices_of_windows_are_no_names() {
    let tree = Tree::new();
    for name in ["CON", "aux.txt", "nul ", "COM¹", "a/CON/b", "conin$", "Lpt1.tar.gz"] {
        tree.file(name, "odd");
    }
    let targets = [
        "/CON",
        "/aux.txt",
        "/nul%20",
        "/COM%C2%B9",
        "/a/CON/b",
        "/a/CON/",
        "/conin$",
        "/Lpt1.tar.gz",
    ];
    check_passed(&tree.folder().index(true), &targets);
}

/// CVE-2023-29159 (Starlette), CVE-2026-22860 (rack).
#[test]
fn a_sibling_with_the_same_beginning_is_another_folder() {
    let tree = Tree::new();
    tree.file("file", "inside");
    check_passed(&tree.folder(), &["/../root-secret/file", "/-secret/file"]);
    let mounted = tree.folder().mount("/static").index(true);
    check_passed(&mounted, &["/static-secret/file", "/staticfile", "/static-secret", "/file", "/"]);
    assert_eq!(get(&mounted, "/static/file").unwrap().body, b"inside");
}

/// CVE-2024-23334 (aiohttp), RUSTSEC-2021-0126 (rust-embed). That links swapped in between check
/// and use lead nowhere is tested beside the code that opens.
#[test]
fn links_lead_out_only_when_told() {
    let tree = Tree::new();
    tree.file("real/file", "inside");
    symlink("../secret", tree.root().join("out")).unwrap();
    symlink("..", tree.root().join("up")).unwrap();
    symlink("/etc", tree.root().join("etc")).unwrap();
    symlink("/proc/self/root", tree.root().join("magic")).unwrap();
    symlink("nowhere", tree.root().join("dangling")).unwrap();
    symlink("real", tree.root().join("in")).unwrap();
    let outside = ["/out", "/up/secret", "/up/", "/etc/passwd", "/magic/etc/passwd", "/dangling"];
    for policy in [Symlinks::default(), Symlinks::Never] {
        check_passed(&tree.folder().index(true).follow_symlinks(policy), &outside);
    }
    check_passed(&tree.folder().follow_symlinks(Symlinks::Never), &["/in/file"]);
    let anywhere = tree.folder().follow_symlinks(Symlinks::Anywhere);
    assert_eq!(get(&anywhere, "/out").unwrap().body, b"outside");
    assert_eq!(get(&anywhere, "/in/file").unwrap().body, b"inside");
    check_passed(&anywhere, &["/magic/../etc/passwd", "/dangling"]);
}

/// Two advisories of actix-files 0.6.10: a root that did not exist served the working directory,
/// and an empty Range panicked.
#[test]
fn the_root_has_to_exist() {
    let tree = Tree::new();
    tree.file("file", "x");
    for path in ["", "none", "file", "file/below"] {
        let path = if path.is_empty() { path.into() } else { tree.root().join(path) };
        assert!(Folder::new(&path).is_err(), "{}", path.display());
    }
    for range in ["", "bytes", "bytes=", "bytes=-", "="] {
        let answer = send(&tree.folder(), request("GET", "/file", &[("Range", range)]));
        assert_eq!(answer.unwrap().status, 200, "{range:?}");
    }
}

/// actix-files 0.7.0 panicked for times before 1970.
#[test]
fn odd_times_are_times() {
    let tree = Tree::new();
    let epoch = SystemTime::UNIX_EPOCH;
    let mut tags = Vec::new();
    for (name, time, date) in [
        ("before", epoch - Duration::from_secs(1), None),
        ("long-before", epoch - Duration::from_millis(1_000_000_500), None),
        ("zero", epoch, Some("Thu, 01 Jan 1970 00:00:00 GMT")),
        ("later", epoch + Duration::from_secs(1 << 33), None),
    ] {
        tree.file(name, "x");
        let file = File::options().append(true).open(tree.root().join(name)).unwrap();
        file.set_modified(time).unwrap();
        let headers = [("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")];
        let answer = send(&tree.folder(), request("GET", &format!("/{name}"), &headers)).unwrap();
        assert_eq!(answer.header("last-modified"), date, "{name}");
        assert_eq!(answer.status, if date.is_some() { 304 } else { 200 }, "{name}");
        tags.push(answer.header("etag").unwrap().to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    let listing = get(&tree.folder().index(true), "/").unwrap();
    for date in ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2242-03-16T12:56:32Z"] {
        assert!(listing.text().contains(date), "{date}");
    }
}

/// CVE-2011-3192 (Apache): many overlapping ranges multiplied the body.
#[test]
fn ranges_never_make_a_file_larger() {
    let tree = Tree::new();
    tree.file("file", "0123456789");
    for range in [
        format!("bytes={}", ["0-"; 1000].join(",")),
        format!("bytes={}", (0..500).map(|n| format!("{n}-")).collect::<Vec<_>>().join(",")),
        "bytes=0-0,-1".to_owned(),
        "bytes=0-99999999999999999999999".to_owned(),
    ] {
        let answer = send(&tree.folder(), request("GET", "/file", &[("Range", &range)])).unwrap();
        assert_eq!(answer.body, b"0123456789", "{}", &range[..20.min(range.len())]);
        assert!(matches!(answer.status, 200 | 206));
    }
}

/// CVE-2026-22256 and CVE-2026-22257 (salvo), CVE-2026-25500 (rack).
#[test]
fn names_cannot_write_the_listing() {
    let long = [b'n'; 255];
    let names: [&[u8]; 14] = [
        b"<img src=x onerror=alert(1)>",
        b"\" onclick=\"alert(1)",
        b"' onclick='alert(1)",
        b"javascript:alert(1)",
        b"a%2fb",
        b"a b?c#d&e;",
        b"-rf",
        b"<title><script>",
        "\u{202e}gpj.exe".as_bytes(),
        b"\xff\xfe.txt",
        b"data:text",
        b"&lt;",
        &long,
        b"%2e%2e",
    ];
    let tree = Tree::new();
    for name in names {
        tree.file(OsStr::from_bytes(name), name);
        // In the path of the page, too.
        tree.file(std::path::Path::new("dir").join(OsStr::from_bytes(name)).join("in"), name);
    }
    let folder = tree.folder().index(true);
    let check_page = |path: &str| {
        let answer = get(&folder, path).unwrap();
        assert_eq!(answer.status, 200, "{path}");
        let html = answer.text().to_owned();
        for bad in ["<img", "<script", "onclick=\"", "onclick='", "<title><"] {
            assert!(!html.contains(bad), "{bad} in {path}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        html
    };
    let html = check_page("/");
    assert_eq!(html.matches("<bdi>").count(), names.len() + 2, "each name by itself");
    assert!(html.contains("\u{fffd}gpj.exe") && !html.contains('\u{202e}'), "read as it is");
    // Every link leads to the file whose name is also its text.
    let mut found = 0;
    for link in links(&html).filter(|link| !link.starts_with('?') && !link.ends_with('/')) {
        assert!(!link.contains([':', '<', '"', '\'', '&', '#', '?']), "{link}");
        let answer = get(&folder, &format!("/{link}")).unwrap();
        assert!(names.contains(&answer.body.as_slice()), "{link}");
        found += 1;
    }
    assert_eq!(found, names.len());
    for link in links(&check_page("/dir/")).filter(|link| link.ends_with('/') && *link != "../") {
        let page = check_page(&if link == "/" { link.to_owned() } else { format!("/dir/{link}") });
        assert!(page.contains("Index of /"));
    }
}

/// Where the links of the page's body lead.
fn links(html: &str) -> impl Iterator<Item = &str> {
    let (_, body) = html.split_once("<body>").unwrap();
    body.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
}

/// CVE-2017-7234 (Django), CVE-2021-21330 (aiohttp), CVE-2020-28724 (Werkzeug).
#[test]
fn the_redirect_to_a_folder_stays_here() {
    let tree = Tree::new();
    for name in ["evil.com/in", "a/b/in", "ä b/in", "q?#/in"] {
        tree.file(name, "x");
    }
    let folder = tree.folder().index(true);
    for (target, location) in [
        ("/evil.com", "/evil.com/"),
        ("/a/b", "/a/b/"),
        ("/a/b?x=1&y=//evil.com", "/a/b/?x=1&y=//evil.com"),
        ("/a/b?", "/a/b/?"),
        ("/%C3%A4%20b", "/%C3%A4%20b/"),
        ("/q%3f%23", "/q%3F%23/"),
        ("http://evil.com/a", "/a/"),
    ] {
        let answer = get(&folder, target).unwrap();
        assert_eq!((answer.status, answer.header("location")), (308, Some(location)), "{target}");
        assert!(!location.starts_with("//"));
    }
    check_passed(
        &folder,
        &[
            "//evil.com",
            "//evil.com/..",
            "//evil.com/%2e%2e",
            "/%2fevil.com",
            "/%5cevil.com",
            "/%5c%5cevil.com/..",
            "///evil.com",
            "/.//evil.com",
        ],
    );
}

/// Double decoding, in general.
#[test]
fn escapes_are_decoded_once() {
    let tree = Tree::new();
    tree.file("%2e%2e", "an odd name").file("100%", "full").file("a/b", "inside");
    let folder = tree.folder();
    check_passed(&folder, &["/%252e%252e/secret", "/%25252e", "/a%252fb", "/a%2fb"]);
    assert_eq!(get(&folder, "/%252e%252e").unwrap().body, b"an odd name");
    assert_eq!(get(&folder, "/100%25").unwrap().body, b"full");
}

/// CVE-2022-31799 (Bottle): an error in the path escaped all error handlers.
#[test]
fn a_malformed_path_is_an_ordinary_error() {
    let tree = Tree::new();
    tree.file("file", "x").file(OsStr::from_bytes(b"\xff"), "odd");
    let folder = tree.folder();
    for target in ["/%", "/%2", "/%zz", "/file%", "/a/%g1/b"] {
        assert_eq!(get(&folder, target).unwrap().status, 400, "{target}");
    }
    check_passed(&folder, &["/%fe", "/%C3"]);
    assert_eq!(get(&folder, "/%ff").unwrap().body, b"odd", "a name need not be UTF-8");
}

/// tower-http#691: after the roll-back of a deployment clients kept the newer files.
#[test]
fn a_rolled_back_file_has_another_tag() {
    let tree = Tree::new();
    let folder = tree.folder();
    let tag_at = |text: &str, time: SystemTime| {
        let path = tree.root().join("file");
        let fresh = tree.root().join("fresh");
        fs::write(&fresh, text).unwrap();
        File::options().append(true).open(&fresh).unwrap().set_modified(time).unwrap();
        fs::rename(fresh, path).unwrap();
        get(&folder, "/file").unwrap().header("etag").unwrap().to_owned()
    };
    let new = now() - Duration::from_secs(10);
    let old = now() - Duration::from_secs(1000);
    let newer = tag_at("new", new);
    let older = tag_at("old", old);
    assert_ne!(newer, older);
    let headers =
        [("If-None-Match", &*newer), ("If-Modified-Since", "Wed, 01 May 2024 13:29:55 GMT")];
    let answer = send(&folder, request("GET", "/file", &headers)).unwrap();
    assert_eq!((answer.status, answer.text()), (200, "old"), "the tag decides, not the time");
    // The same second, the same size.
    assert_ne!(tag_at("one", old), tag_at("two", old + Duration::from_nanos(1)));
}

/// A pipe must not hold a thread, and a device must not be read.
#[test]
fn special_files_are_no_files() {
    let tree = Tree::new();
    tree.file("file", "x");
    let pipe = tree.root().join("pipe");
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o644));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.root().join("socket")).unwrap();
    symlink("/dev/zero", tree.root().join("zero")).unwrap();
    let folder = tree.folder().index(true).follow_symlinks(Symlinks::Anywhere);
    let start = Instant::now();
    check_passed(&folder, &["/pipe", "/socket", "/zero"]);
    let listing = get(&folder, "/").unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(listing.text().contains("href=\"file\""));
    for name in ["pipe", "socket", "zero"] {
        assert!(!listing.text().contains(&format!("href=\"{name}\"")), "{name}");
    }
}
