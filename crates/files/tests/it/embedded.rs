//! Files that are part of the program, and what a build script makes of a folder.

use pauper_files::{Embedded, EmbeddedFile, embed};

use crate::tree::{get, request, send};

const FILES: &[EmbeddedFile] = &[
    ("index.html", b"<p>start", &[]),
    ("sub/index.html", b"<p>sub", &[]),
    ("a/app.js", b"0123456789", &[("gzip", b"gz"), ("br", b"b"), ("zstd", b"longer than it")]),
];

#[test]
fn they_are_sent_as_files_are() {
    let site = Embedded::new(FILES).cache_control("*.js", "immutable");
    let check = |target: &str, status: u16, text: &str| {
        let answer = get(&site, target).unwrap();
        assert_eq!(answer.status, status, "{target}");
        match answer.header("location") {
            Some(location) => assert_eq!(location, text),
            None => assert_eq!(answer.text(), text, "{target}"),
        }
    };
    check("/", 200, "<p>start");
    check("/sub/", 200, "<p>sub");
    check("/sub?x=1", 308, "/sub/?x=1");
    check("/a/app.js", 200, "0123456789");
    for target in ["/a", "/a/", "/none", "/../a", "/a/app.js/", "//", "/a%2fapp.js"] {
        assert!(get(&site, target).is_none(), "{target}");
    }
    assert_eq!(get(&site, "/%zz").unwrap().status, 400);
    let answer = get(&site, "/a/app.js").unwrap();
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("immutable"));
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    assert_eq!(get(&site, "/").unwrap().header("vary"), None);
    let tag = answer.header("etag").unwrap();
    let with =
        |headers: &[(&str, &str)]| send(&site, request("GET", "/a/app.js", headers)).unwrap();
    assert_eq!(with(&[("If-None-Match", tag)]).status, 304);
    let part = with(&[("Range", "bytes=2-4"), ("If-Range", tag)]);
    assert_eq!((part.status, part.text()), (206, "234"));
    let packed = with(&[("Accept-Encoding", "gzip, br")]);
    assert_eq!((packed.text(), packed.header("content-encoding")), ("b", Some("br")));
    assert_ne!(packed.header("etag"), Some(tag));
    assert_eq!(with(&[("Accept-Encoding", "gzip")]).text(), "gz");
    assert_eq!(with(&[("Accept-Encoding", "zstd")]).text(), "0123456789", "it is no smaller");
    let refused = send(&site, request("DELETE", "/a/app.js", &[])).unwrap();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert!(send(&site, request("DELETE", "/none", &[])).is_none());
}

#[test]
fn they_can_be_an_application_below_a_path() {
    let site = Embedded::new(FILES).mount("/app").fallback("index.html");
    let html = [("Accept", "text/html")];
    assert_eq!(send(&site, request("GET", "/app/users/7", &html)).unwrap().text(), "<p>start");
    assert!(send(&site, request("GET", "/app/gone.js", &html)).is_none());
    assert!(send(&site, request("GET", "/users", &html)).is_none());
    assert!(get(&site, "/app/users").is_none());
}

#[test]
fn the_macro_takes_files_beside_the_source() {
    let site = Embedded::new(embed! {
        "main.rs" => "main.rs" ["gzip" => "single.rs"],
        "deep/tree.rs" => "tree.rs",
    });
    assert_eq!(get(&site, "/main.rs").unwrap().body, include_bytes!("main.rs"));
    assert_eq!(get(&site, "/deep/tree.rs").unwrap().body, include_bytes!("tree.rs"));
}

#[test]
#[should_panic(expected = "\"../x\" is not the path of a file")]
fn paths_are_paths() {
    let _ = Embedded::new(&[("../x", b"", &[])]);
}

#[test]
#[should_panic(expected = "is none of the files")]
fn the_fallback_is_one_of_them() {
    let _ = Embedded::new(FILES).fallback("none.html");
}

/// What is written is compiled, too, since it is Rust that a program includes.
#[cfg(feature = "build")]
#[test]
fn a_build_script_takes_a_whole_folder() {
    use std::fs;
    use std::process::Command;
    let outer = tempfile::tempdir().unwrap();
    let (site, out) = (outer.path().join("site"), outer.path().join("out"));
    fs::create_dir_all(site.join("a b")).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(site.join("long.txt"), "text ".repeat(1000)).unwrap();
    fs::write(site.join("a b/\"q\".txt"), "short").unwrap();
    fs::write(site.join("app.js"), "plain").unwrap();
    fs::write(site.join("app.js.br"), "br").unwrap();
    fs::write(site.join(".secret"), "hidden").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", site.join("link")).unwrap();
    let target = out.join("site.rs");
    pauper_files::build::embed_folder(&site, &target).unwrap();
    let text = fs::read_to_string(&target).unwrap();
    assert!(!text.contains("secret") && !text.contains("link"), "{text}");
    let packed = fs::read(out.join("site-long.txt.gz")).unwrap();
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*packed), &mut plain).unwrap();
    assert_eq!(plain, fs::read(site.join("long.txt")).unwrap());
    let main = out.join("main.rs");
    fs::write(
        &main,
        "type File = (&'static str, &'static [u8], &'static [(&'static str, &'static [u8])]);\n\
         static FILES: &[File] = include!(\"site.rs\");\n\
         fn main() {\n\
             for (path, bytes, variants) in FILES {\n\
                 println!(\"{path} {}\", bytes.len());\n\
                 for (coding, variant) in *variants { println!(\" {coding} {}\", variant.len()); }\n\
             }\n\
         }\n",
    )
    .unwrap();
    let program = out.join("main");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(rustc).arg(&main).arg("-o").arg(&program).status().unwrap();
    assert!(compiled.success());
    let told = Command::new(program).output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    let expected =
        format!("a b/\"q\".txt 5\napp.js 5\n br 2\nlong.txt 5000\n gzip {}\n", packed.len());
    assert_eq!(told, expected);
}
