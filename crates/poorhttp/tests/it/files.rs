use std::fs;
use std::path::PathBuf;

use crate::daemon::Daemon;

/// A folder of this test's own with a file and a folder in it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("pots & pans")).unwrap();
    fs::write(folder.join("price list.txt"), "a pot: 3\n").unwrap();
    fs::write(folder.join("pots & pans/lid.html"), "<p>a lid").unwrap();
    fs::write(folder.join("pots & pans/large.bin"), vec![0; 2_500_000]).unwrap();
    folder
}

#[test]
fn root_is_served_with_the_demo_beside_it() {
    let folder = folder("root");
    let daemon = Daemon::start(&["--root", folder.to_str().unwrap(), "--index"]);
    let greeting = format!(" serving {} and the demo at /_demo/ on http", folder.display());
    assert!(daemon.greeting.contains(&greeting), "{}", daemon.greeting);

    let listing = daemon.get("/");
    assert!(listing.starts_with("HTTP/1.1 200 OK\r\n"), "{listing}");
    assert!(listing.contains("price list.txt") && listing.contains("pots &amp; pans"), "{listing}");
    assert!(daemon.get("/price%20list.txt").ends_with("\r\n\r\na pot: 3\n"));
    assert!(daemon.get("/pots%20&%20pans/lid.html").ends_with("<p>a lid"));
    assert!(daemon.get("/none").starts_with("HTTP/1.1 404 "));
    assert!(daemon.get("/../Cargo.toml").starts_with("HTTP/1.1 40"));

    let demo = daemon.get("/_demo/");
    assert!(demo.starts_with("HTTP/1.1 200 OK\r\n") && demo.contains("Hello, world!"));
    assert!(daemon.get("/_demo/json").ends_with("{\"message\":\"Hello, World!\"}"));
}

#[test]
fn without_index_nothing_is_listed() {
    let folder = folder("unlisted");
    let daemon = Daemon::start(&["--root", folder.to_str().unwrap()]);
    assert!(daemon.get("/").starts_with("HTTP/1.1 404 "));
    assert!(daemon.get("/price%20list.txt").starts_with("HTTP/1.1 200 "));
}
