//! Index files, redirects, mounts, and what is passed on.

use std::fs;
use std::os::unix::fs::symlink;

use pauper_files::{Folder, Symlinks};
use pauper_message::Service as _;

use crate::tree::{Tree, get, request, send};

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("index.html", "start")
        .file("sub/index.html", "sub")
        .file("bare/file", "x")
        .file(".env", "hidden")
        .file(".git/config", "hidden")
        .file("sub/.hidden/file", "hidden");
    tree
}

#[track_caller]
fn check(folder: &Folder, target: &str, expected: Option<(u16, &str)>) {
    let answer = get(folder, target);
    let found = answer.as_ref().map(|answer| match answer.header("location") {
        Some(location) => (answer.status, location),
        None => (answer.status, answer.text()),
    });
    assert_eq!(found, expected, "{target}");
}

#[test]
fn index_files_stand_for_their_folder() {
    let tree = tree();
    let folder = tree.folder();
    check(&folder, "/", Some((200, "start")));
    check(&folder, "/?a=b", Some((200, "start")));
    check(&folder, "http://localhost", Some((200, "start")));
    check(&folder, "/sub/", Some((200, "sub")));
    check(&folder, "/sub", Some((308, "/sub/")));
    check(&folder, "/sub/index.html", Some((200, "sub")));
    check(&folder, "/sub/index.html/", None);
    check(&folder, "/bare/", None);
    check(&folder, "/bare", None);
    check(&folder, "/none", None);
    assert!(send(&folder, request("OPTIONS", "*", &[])).is_none());
    let answer = get(&folder, "/sub/").unwrap();
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

#[test]
fn the_first_index_file_that_exists_counts() {
    let tree = tree();
    fs::create_dir(tree.root().join("bare/first")).unwrap();
    let folder = tree.folder().index_files(["first", "file", "index.html"]);
    check(&folder, "/bare/", Some((200, "x")));
    check(&folder, "/sub/", Some((200, "sub")));
    check(&tree.folder().index_files([""; 0]), "/", None);
}

#[test]
#[should_panic(expected = "\"a/b\" is not the name of a file")]
fn an_index_file_is_a_name() {
    let _ = Tree::new().folder().index_files(["index.html", "a/b"]);
}

#[test]
fn dot_files_are_hidden_until_allowed() {
    let tree = tree();
    let hidden =
        ["/.env", "/.git/config", "/.git/", "/sub/.hidden/file", "/%2eenv", "/%2Egit/config"];
    for target in hidden {
        check(&tree.folder().index(true), target, None);
    }
    let open = tree.folder().index(true).dot_files(true);
    for target in ["/.env", "/.git/config", "/sub/.hidden/file", "/%2eenv"] {
        check(&open, target, Some((200, "hidden")));
    }
    let names = |folder: &Folder| get(folder, "/sub/.hidden/").map(|answer| answer.status);
    assert_eq!(names(&open), Some(200));
}

#[test]
fn a_mount_serves_below_its_path() {
    let tree = tree();
    for mount in ["/static", "static/", "/static/"] {
        let folder = tree.folder().mount(mount);
        check(&folder, "/static", Some((308, "/static/")));
        check(&folder, "/static?q=1", Some((308, "/static/?q=1")));
        check(&folder, "/static/", Some((200, "start")));
        check(&folder, "/st%61tic/sub/", Some((200, "sub")));
        check(&folder, "/static/sub", Some((308, "/static/sub/")));
        check(&folder, "/sub/", None);
        check(&folder, "/", None);
        check(&folder, "/static/../static/", None);
    }
    let deep = tree.folder().mount("/.well-known/käse");
    check(&deep, "/.well-known/k%C3%A4se/bare/file", Some((200, "x")));
    check(&deep, "/.well-known/k%C3%A4se/.env", None);
}

#[test]
fn links_below_the_root_are_followed_by_default() {
    let tree = tree();
    symlink("sub", tree.root().join("link")).unwrap();
    symlink("../index.html", tree.root().join("bare/link.html")).unwrap();
    let folder = tree.folder();
    let never = tree.folder().follow_symlinks(Symlinks::Never);
    check(&never, "/link/", None);
    check(&never, "/bare/link.html", None);
    check(&folder, "/link", Some((308, "/link/")));
    check(&folder, "/link/", Some((200, "sub")));
    check(&folder, "/bare/link.html", Some((200, "start")));
}

#[test]
fn the_root_stays_open_when_it_is_renamed() {
    let tree = tree();
    let folder = tree.folder();
    fs::rename(tree.root(), tree.root().with_extension("old")).unwrap();
    check(&folder, "/sub/", Some((200, "sub")));
}

#[test]
fn a_call_alone_looks_for_itself() {
    let tree = tree();
    let folder = tree.folder();
    for (target, status) in [("/", 200), ("/sub", 308), ("/none", 404), ("/%", 400)] {
        let response = folder.call(&mut request("GET", target, &[]));
        assert_eq!(response.status(), status, "{target}");
    }
}

#[test]
fn two_folders_stand_one_behind_the_other() {
    let (front, back) = (tree(), Tree::new());
    back.file("index.html", "back").file("only", "back");
    let folders = [front.folder(), back.folder()];
    let first = |target: &str| {
        let answer = folders.iter().find_map(|folder| send(folder, request("GET", target, &[])));
        answer.map(|answer| answer.text().to_owned())
    };
    assert_eq!(first("/").as_deref(), Some("start"));
    assert_eq!(first("/only").as_deref(), Some("back"));
    assert_eq!(first("/none"), None);
}
