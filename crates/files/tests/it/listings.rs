//! Pages and JSON of folders.

use std::fs;
use std::os::unix::fs::symlink;

use pauper_files::{Folder, Symlinks};

use crate::tree::{Tree, get, request, send};

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("b.txt", vec![b'x'; 1536])
        .file("A.txt", "x")
        .file("Sub/in", "x")
        .file("z/index.html", "page")
        .file(".hidden", "x");
    fs::create_dir(tree.root().join("empty")).unwrap();
    tree
}

/// The links of the rows, in their order.
fn rows(folder: &Folder, target: &str) -> Vec<String> {
    let answer = get(folder, target).unwrap();
    assert_eq!(answer.status, 200, "{target}");
    let body = answer.text().split("<tbody>").nth(1).unwrap_or_default();
    let links = body.split(" href=\"").skip(1);
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn a_page_with_landmarks() {
    let tree = tree();
    let answer = get(&tree.folder().index(true), "/").unwrap();
    let html = answer.text();
    for part in [
        "<title>Index of /</title>",
        "<h1>Index of /</h1>",
        "<nav class=\"mono\" aria-label=\"Path\">",
        "<main>",
        "<caption>3 folders, 2 files, 1.5 KiB</caption>",
        "<th scope=\"col\" aria-sort=\"ascending\"><a href=\"?sort=name&amp;order=desc\">Name</a>",
        "<a href=\"?sort=size&amp;order=asc\">Size</a>",
        "title=\"1,536 bytes\">1.5 KiB<",
        "title=\"1 byte\">1 B<",
        "<time datetime=\"2024-05-01T12:30:05Z\" title=\"2024-05-01 12:30:05 UTC\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(html.matches("<h1>").count(), 1);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("vary"), Some("accept"));
}

#[test]
fn rows_sort_by_links() {
    let tree = tree();
    let folder = tree.folder().index(true);
    let by_name = ["empty/", "Sub/", "z/", "A.txt", "b.txt"];
    assert_eq!(rows(&folder, "/"), by_name);
    assert_eq!(rows(&folder, "/?sort=name"), by_name);
    assert_eq!(rows(&folder, "/?sort=name&order=desc"), ["z/", "Sub/", "empty/", "b.txt", "A.txt"]);
    assert_eq!(rows(&folder, "/?sort=size&order=desc")[3..], ["b.txt", "A.txt"]);
    assert_eq!(rows(&folder, "/?sort=size&order=asc")[3..], ["A.txt", "b.txt"]);
    assert_eq!(rows(&folder, "/?sort=%22%3E&order=x"), by_name);
    let html = get(&folder, "/?sort=size&order=desc").unwrap();
    assert!(html.text().contains("aria-sort=\"descending\"><a href=\"?sort=size&amp;order=asc\">"));
}

#[test]
fn the_way_up() {
    let tree = tree();
    tree.file("Sub/a b/in", "x");
    let folder = tree.folder().index(true);
    assert_eq!(rows(&folder, "/Sub/"), ["../", "a%20b/", "in"]);
    assert_eq!(rows(&folder, "/")[0], "empty/", "nothing is above the root");
    let html = get(&folder, "/Sub/a%20b/").unwrap();
    assert!(html.text().contains(
        "<a href=\"/\"><bdi>/</bdi></a> <a href=\"/Sub/\"><bdi>Sub/</bdi></a> \
         <span aria-current=\"page\"><bdi>a b/</bdi></span>"
    ));
    let mounted = tree.folder().index(true).mount("/m/n");
    assert_eq!(rows(&mounted, "/m/n/")[0], "empty/");
    let html = get(&mounted, "/m/n/Sub/").unwrap();
    assert!(
        html.text().contains("<a href=\"/m/n/\"><bdi>/m/n/</bdi></a> <span"),
        "{}",
        html.text()
    );
    assert!(html.text().contains("<h1>Index of /m/n/Sub/</h1>"));
}

#[test]
fn an_empty_folder_says_so() {
    let tree = tree();
    let html = get(&tree.folder().index(true), "/empty/").unwrap();
    assert!(html.text().contains("This folder is empty."));
    assert!(html.text().contains("href=\"../\"") && !html.text().contains("<table>"));
}

#[test]
fn an_index_file_goes_before_the_listing() {
    let tree = tree();
    assert_eq!(get(&tree.folder().index(true), "/z/").unwrap().text(), "page");
    assert!(get(&tree.folder(), "/Sub/").is_none(), "off if not asked for");
}

#[test]
fn every_row_can_be_fetched() {
    let tree = tree();
    symlink("../secret", tree.root().join("out")).unwrap();
    symlink("/etc", tree.root().join("etc")).unwrap();
    symlink("gone", tree.root().join("dangling")).unwrap();
    symlink("b.txt", tree.root().join("link")).unwrap();
    tree.file("con", "x").file("back\\slash", "x").file("line\nend", "x");
    let folder = tree.folder().index(true);
    let all = rows(&folder, "/");
    assert_eq!(all, ["empty/", "Sub/", "z/", "A.txt", "b.txt", "link"]);
    for row in all {
        assert_eq!(get(&folder, &format!("/{row}")).unwrap().status, 200, "{row}");
    }
    let never = tree.folder().index(true).follow_symlinks(Symlinks::Never);
    assert!(!rows(&never, "/").contains(&"link".to_owned()));
    let anywhere = tree.folder().index(true).follow_symlinks(Symlinks::Anywhere).dot_files(true);
    let all = rows(&anywhere, "/");
    for name in ["out", "etc/", "link", ".hidden"] {
        assert!(all.contains(&name.to_owned()), "{name}");
    }
}

#[test]
fn json_for_who_prefers_it() {
    let tree = tree();
    let folder = tree.folder().index(true);
    let with = |accept| send(&folder, request("GET", "/", &[("Accept", accept)])).unwrap();
    let answer = with("application/json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.text().matches("\"name\":").count(), 5);
    assert!(answer.text().starts_with("{\"path\":\"/\",\"entries\":[\n{\"name\":\"empty\","));
    assert!(answer.text().contains(
        "{\"name\":\"b.txt\",\"href\":\"b.txt\",\"kind\":\"file\",\"size\":1536,\
         \"modified\":\"2024-05-01T12:30:05Z\"}"
    ));
    assert!(with("text/html, */*;q=0.1").text().contains("<table>"));
    assert_eq!(with("image/png").status, 406);
}

#[test]
fn a_page_of_ones_own() {
    let tree = tree();
    let folder = tree.folder().listing(|_, listing| {
        let names: Vec<_> = listing.entries().iter().map(|entry| entry.href()).collect();
        let text = format!("{} {} {}", listing.path(), listing.has_parent(), names.join(" "));
        pauper_message::Response::text(text)
    });
    let answer = get(&folder, "/?sort=size&order=desc").unwrap();
    assert_eq!(answer.text(), "/ false empty/ Sub/ z/ b.txt A.txt");
    assert_eq!(answer.header("vary"), Some("accept"));
    assert_eq!(get(&folder, "/Sub/").unwrap().text(), "/Sub/ true in");
    let json = send(&folder, request("GET", "/", &[("Accept", "application/json")])).unwrap();
    assert_eq!(json.header("content-type"), Some("application/json"));
}

#[test]
fn ten_thousand_entries_are_made_while_they_are_sent() {
    use pauper_message::{BodyKind, Service as _};
    let tree = Tree::new();
    for number in 0..10_000 {
        fs::write(tree.root().join(format!("file-{number:05}")), "").unwrap();
    }
    let folder = tree.folder().index(true);
    for accept in ["text/html", "application/json"] {
        let body = folder.call(&mut request("GET", "/", &[("Accept", accept)])).take_body();
        assert_eq!(body.len(), None);
        let BodyKind::Pieces { pieces, .. } = body.into_kind() else { panic!("no pieces") };
        let mut all = Vec::new();
        for piece in pieces {
            let piece = piece.unwrap().to_vec();
            assert!(piece.len() < 64 * 1024, "{}", piece.len());
            all.extend(piece);
        }
        let text = String::from_utf8(all).unwrap();
        let mark = if accept == "text/html" { "<bdi>file-" } else { "\"name\":\"file-" };
        assert_eq!(text.matches(mark).count(), 10_000);
        assert!(text.find("file-00099").unwrap() < text.find("file-09999").unwrap());
        assert!(text.ends_with(if accept == "text/html" { "</html>\n" } else { "\n]}\n" }));
        assert!(!text.contains(",,") && !text.contains("[,"));
    }
}
