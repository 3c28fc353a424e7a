use std::fs;
use std::path::{Path, PathBuf};

use xtask::{shell, workspace};

use crate::none;

/// More than this is more than one topic.
const MOST_LINES: usize = 1200;

/// The Rust files below `src` of our library crates, with the short names of their crates.
fn sources() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for package in workspace::packages().unwrap().iter().filter(|package| package.is_crate()) {
        let mut folders = vec![package.folder().join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    found.push((package.short_name().to_owned(), path));
                }
            }
        }
    }
    assert!(found.len() > 10, "the sources are elsewhere: {found:?}");
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(shell::root()).unwrap_or(path).display().to_string()
}

#[test]
fn files_stay_small() {
    let mut mistakes = Vec::new();
    for (_, path) in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines >= MOST_LINES {
            mistakes.push(format!("{} has {lines} lines", relative(&path)));
        }
    }
    none(&mistakes);
}

/// Panics of users' code end in one place, which knows what else may panic on the way.
#[test]
fn panics_are_caught_in_one_place() {
    let mut places = Vec::new();
    for (_, path) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if code.contains("catch_unwind") {
            places.push(relative(&path));
        }
    }
    assert_eq!(places, ["crates/message/src/guard.rs"]);
}

/// Line ends of HTTP come out of one file of `wire`, whose one function refuses what would end a
/// line early; and responses are written by it in one file of `server`.
#[test]
fn one_function_writes_header_bytes() {
    // Neither is a head: parts of multipart bodies, which are content, and lines that `wire` checks
    // while the program is compiled.
    let others = [
        ("crates/fields/src/multipart/boundary.rs", "b\"\\r\\n--\""),
        ("crates/fields/src/multipart/transfer.rs", "b\"\\r\\n\""),
        ("crates/message/src/range.rs", "{boundary}"),
        ("crates/message/src/range.rs", "head.extend_from_slice(b\"\\r\\n\")"),
        ("crates/message/src/range.rs", "Content-Range: {place}"),
        // What is parsed when there is no request yet.
        ("crates/message/src/request.rs", "const BLANK: "),
        ("crates/server/src/exchange/answer.rs", "Lines = Lines::fixed("),
        // An answer in which nothing varies, to who does not encrypt.
        ("crates/server/src/tls/session.rs", ""),
        // Line ends that browsers put into texts, on their way out.
        ("crates/forms/src/element/entry.rs", ".replace(\"\\r\\n\", \"\\n\")"),
        ("crates/forms/src/lens/text.rs", ".replace(\"\\r\\n\", \"\\n\")"),
    ];
    let (mut mistakes, mut writers, mut used) = (Vec::new(), Vec::new(), vec![false; others.len()]);
    // Clients of tests read what a server sent, and tests write what a client sends.
    let is_test = |path: &Path| {
        path.ends_with("tests.rs") || path.components().any(|folder| folder.as_os_str() == "test")
    };
    for (crate_name, path) in sources().into_iter().filter(|(_, path)| !is_test(path)) {
        let (name, text) = (relative(&path), fs::read_to_string(&path).unwrap());
        if shipped(&text).any(|line| line.contains("HeadWriter::response(")) {
            writers.push(name.clone());
        }
        for line in shipped(&text).filter(|line| line.contains("\\r\\n")) {
            let known = others.iter().position(|(file, part)| *file == name && line.contains(part));
            match known {
                Some(known) => used[known] = true,
                None if crate_name == "wire" => {}
                None => mistakes.push(format!("{name} has a line end: {}", line.trim())),
            }
        }
    }
    assert_eq!(writers, ["crates/server/src/exchange/answer.rs"]);
    // Within `wire` the bytes between a name and its value stand once.
    let wire: Vec<String> = sources()
        .into_iter()
        .filter(|(crate_name, _)| crate_name == "wire")
        .flat_map(|(_, path)| {
            let text = fs::read_to_string(&path).unwrap();
            let lines = shipped(&text).filter(|line| line.contains("b\": \""));
            lines.map(|_| relative(&path)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(wire, ["crates/wire/src/writer.rs"]);
    for ((file, part), _) in others.iter().zip(used).filter(|(_, used)| !used) {
        mistakes.push(format!("{file} has no `{part}` any more"));
    }
    none(&mistakes);
}

/// Sockets, clocks, threads and the environment come in as arguments below the third layer, and
/// nobody but `server` opens a socket in the layers above.
#[test]
fn the_lower_layers_are_functions_of_their_arguments() {
    let sockets = ["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener"];
    let world =
        ["Instant::now", "SystemTime::now", "thread::spawn", "env::var", "env::args", "getrandom"];
    let low = ["wire", "iolist", "router", "fields", "template", "message"];
    let mut mistakes = Vec::new();
    for (crate_name, path) in sources() {
        let mut words = Vec::new();
        if low.contains(&&*crate_name) {
            words.extend(world);
        }
        if !["server", "poorhttp"].contains(&&*crate_name) {
            words.extend(sockets);
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in words.iter().filter(|word| shipped(&text).any(|line| line.contains(**word))) {
            mistakes.push(format!("{} speaks of {word}", relative(&path)));
        }
    }
    none(&mistakes);
}

/// `unsafe` stands in the scanner, and in the modules of the server that are named for forks and for
/// inherited descriptors; and each of its blocks says why it is sound.
#[test]
fn unsafe_stands_where_it_may() {
    let (mut mistakes, mut blocks) = (Vec::new(), 0);
    for (crate_name, path) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let may_be = match &*crate_name {
            "wire" => path.components().any(|folder| folder.as_os_str() == "scan"),
            "server" => path.ends_with("forking/fork.rs") || path.ends_with("listen/inherited.rs"),
            _ => false,
        };
        let allowed = shipped(&text).any(|line| line.contains("(unsafe_code"));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            blocks += 1;
            let reason = lines[..number].iter().rev().take_while(|line| line.starts_with("//"));
            if !reason.into_iter().any(|line| line.starts_with("// SAFETY: ")) {
                mistakes.push(format!("{} line {} has no reason", relative(&path), number + 1));
            }
        }
        if allowed && !may_be {
            mistakes.push(format!("{} allows unsafe", relative(&path)));
        }
    }
    assert!(blocks > 3, "the scanner has lost its `unsafe`, and this test its subject");
    none(&mistakes);
}

/// The lines of a file that are neither comments nor the tests at its end.
fn shipped(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    // Put together here, so that this file does not contain them.
    let paths = ["work/", "root/", "tmp/t-"].map(|folder| format!("/{folder}"));
    let tracked = shell::output(shell::command("git", &["ls-files", "-z"]));
    let tracked = match tracked {
        Ok(tracked) => tracked,
        Err(error) if std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some() => panic!("{error}"),
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let mut mistakes = Vec::new();
    for file in tracked.split_terminator('\0') {
        // A file that was deleted and not yet committed is still tracked.
        let Ok(bytes) = fs::read(shell::root().join(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for path in paths.iter().filter(|path| text.contains(*path)) {
            mistakes.push(format!("{file} contains {path}"));
        }
    }
    none(&mistakes);
}
