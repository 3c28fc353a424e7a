#![cfg(feature = "folder")]

use std::fs;

use pauper_template::{ErrorKind, Settings, Templates, values};

#[test]
fn files_are_kept_unless_debugging() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("base.tpl", "{#include part}[{#block b}{/block}]");
    write("part.tpl", "one");
    write("page.tpl", "<extend>base<?b?>{x}");
    let kept = Templates::folder(Settings::new(), folder.path()).unwrap();
    let fresh = Templates::folder(Settings::new().with_debug(true), folder.path()).unwrap();
    let page = |templates: &Templates| {
        let page = templates.get("page").unwrap();
        String::from_utf8(page.render(&values! { x: 7 }).unwrap().0.to_vec()).unwrap()
    };
    assert_eq!((page(&kept), page(&fresh)), ("one[7]".into(), "one[7]".into()));
    // Of the same length, and within the grain of any clock.
    write("part.tpl", "two");
    assert_eq!((page(&kept), page(&fresh)), ("one[7]".into(), "two[7]".into()));
    write("base.tpl", "({b})");
    assert_eq!((page(&kept), page(&fresh)), ("one[7]".into(), "(7)".into()));
    kept.forget();
    assert_eq!(page(&kept), "(7)");
    write("page.tpl", "{#if");
    assert!(fresh.get("page").is_err());
    write("page.tpl", "again {x}");
    assert_eq!((page(&kept), page(&fresh)), ("(7)".into(), "again 7".into()));
    fs::remove_file(folder.path().join("page.tpl")).unwrap();
    assert_eq!(fresh.get("page").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_whole_folder_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("parts")).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (name, text) in [
        ("a.tpl", "{#include parts/b}"),
        ("parts/b.tpl", "\u{feff}b"),
        ("c.tpl", "<loop><?begin?>{x}"),
        (".hidden.tpl", "{#if"),
        (".git/d.tpl", "{#if"),
        ("e.txt", "{#if"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let templates = Templates::folder(Settings::new(), folder.path()).unwrap();
    assert_eq!(templates.names().unwrap(), ["a", "c", "parts/b"]);
    assert_eq!(templates.check().unwrap(), 3);
    assert_eq!(templates.get("a").unwrap().render(&()).unwrap().0, "b");
    fs::write(folder.path().join("d.tpl"), "<p\n {x}>").unwrap();
    fs::write(folder.path().join("parts/f.tpl"), b"abc\xff").unwrap();
    let errors = templates.check().unwrap_err();
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 2, "{told:?}");
    assert!(told[0].starts_with("d.tpl:2:2: no value can be put into the tag `<p>`"), "{told:?}");
    assert!(told[1].contains("f.tpl: the file is not UTF-8, from byte 3 on"), "{told:?}");
    let other = Templates::folder_with(Settings::new(), folder.path(), ".txt").unwrap();
    assert_eq!(other.names().unwrap(), ["e"]);
    assert!(Templates::folder(Settings::new(), folder.path().join("none")).is_err());
    let small = Templates::folder(Settings::new().with_max_size(5), folder.path()).unwrap();
    assert_eq!(small.get("a").unwrap_err().kind(), ErrorKind::Limit);
}

/// The example is a program that others put into their builds, so its exit status matters.
#[test]
fn the_check_command_reads_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let check = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--example", "check", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--")
            .arg(folder.path())
            .args(more)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    write("a.tpl", "<p>{x}</p>");
    write("b.tpl", "<extend>a<?x?>y");
    write("c.txt", "{x:mine}");
    assert_eq!(check(&[]), (Some(0), "2 templates are right\n".into(), String::new()));
    let (status, _, told) = check(&[".txt"]);
    assert_eq!(status, Some(1));
    assert!(told.contains("c.txt:1:1: ") && told.contains("1 mistakes"), "{told}");
    assert_eq!(check(&[".txt", "mine"]).0, Some(0));
    write("d.tpl", "<p>\n<p onclick=\"{x}\">");
    write("e.tpl", "{#include f}");
    let (status, _, told) = check(&[]);
    assert_eq!(status, Some(1));
    for words in ["d.tpl:2:13: ", "<p onclick=\"{x}\">", "e.tpl:1:1: ", "2 mistakes"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
