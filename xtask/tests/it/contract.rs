//! `docs/contract.md` has every number once, and names tests that exist and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use xtask::shell;

use crate::{none, read};

/// How many numbers each of the four systems has.
const NUMBERS: [(&str, u32); 4] = [("PW", 207), ("PH", 68), ("PI", 36), ("KA", 77)];

/// Why a behaviour may have no place here; explained on the page.
const REASONS: [&str; 5] = ["choice", "defect", "deprecated", "interface", "types"];

/// The crates that a behaviour may be planned for.
const AREAS: [&str; 11] = [
    "app",
    "auth",
    "fields",
    "files",
    "forms",
    "message",
    "openapi",
    "poorhttp",
    "server",
    "template",
    "websocket",
];

/// The rows of the page: number, and what shows it.
fn rows() -> Vec<(String, String)> {
    let page = read("docs/contract.md");
    let cells = |line: &str| -> Option<(String, String)> {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split(" | ").collect();
        let id = cells.first()?.trim();
        let is_number = id.len() == 6 && id.as_bytes().get(2) == Some(&b'-');
        is_number.then(|| (id.to_owned(), cells.last().unwrap_or(&"").trim().to_owned()))
    };
    page.lines().filter_map(cells).collect()
}

#[test]
fn every_number_stands_once() {
    let mut times: BTreeMap<String, usize> = NUMBERS
        .iter()
        .flat_map(|(system, last)| (1..=*last).map(move |number| format!("{system}-{number:03}")))
        .map(|id| (id, 0))
        .collect();
    let mut mistakes = Vec::new();
    for (id, _) in rows() {
        match times.get_mut(&id) {
            Some(times) => *times += 1,
            None => mistakes.push(format!("{id} is no number of the contract")),
        }
    }
    for (id, times) in times.iter().filter(|(_, times)| **times != 1) {
        mistakes.push(format!("{id} stands there {times} times"));
    }
    none(&mistakes);
}

#[test]
fn every_number_is_shown_planned_or_explained() {
    let mut mistakes = Vec::new();
    for (id, shown) in rows() {
        let wrong = if let Some(reason) = shown.strip_prefix("does not apply: ") {
            (!REASONS.contains(&reason)).then(|| format!("{reason:?} is none of the reasons"))
        } else if let Some(area) = shown.strip_prefix("planned: ") {
            let area = area.trim_matches('`');
            (!AREAS.contains(&area)).then(|| format!("{area:?} is no crate of ours"))
        } else {
            missing_test(shown.trim_matches('`')).err()
        };
        mistakes.extend(wrong.map(|wrong| format!("{id}: {wrong}")));
    }
    none(&mistakes);
}

/// Whether the test of this name is there and runs.
pub(crate) fn missing_test(name: &str) -> Result<(), String> {
    let (place, function) = name.split_once("::").ok_or_else(|| format!("{name:?} is no test"))?;
    let file = file_of(place).ok_or_else(|| format!("{place:?} is no place of tests"))?;
    let text = fs::read_to_string(shell::root().join(&file))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    runs(&text, function).then_some(()).ok_or_else(|| format!("there is no test {name}"))
}

/// `app/routing` is a module of the integration tests of `app`, `message/src/range` a file with
/// tests in it, `examples/ports` a test of the examples.
fn file_of(place: &str) -> Option<PathBuf> {
    let (room, rest) = place.split_once('/')?;
    let path = match (room, rest.strip_prefix("src/")) {
        ("examples", _) => format!("examples/tests/{rest}.rs"),
        (_, Some(source)) => format!("crates/{room}/src/{source}.rs"),
        (_, None) => format!("crates/{room}/tests/it/{rest}.rs"),
    };
    Some(path.into())
}

/// Whether the text has a test of this name that is not ignored: attributes stand between the mark
/// and the function, and nothing else does.
fn runs(text: &str, function: &str) -> bool {
    let head = format!("fn {function}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(number, line)| {
        let attributes = || lines[..number].iter().rev().take_while(|line| line.starts_with("#["));
        line.starts_with(&head)
            && attributes().any(|line| *line == "#[test]")
            && !attributes().any(|line| line.starts_with("#[ignore"))
    })
}

#[test]
fn a_test_has_to_be_marked_and_not_ignored() {
    let text = "#[test]\nfn one() {\n}\n#[test]\n#[ignore]\nfn two() {}\nfn three() {}\n\
                #[test]\n#[cfg(unix)]\n    fn four() {\n}";
    for (name, expected) in
        [("one", true), ("two", false), ("three", false), ("four", true), ("on", false)]
    {
        assert_eq!(runs(text, name), expected, "{name}");
    }
    assert!(missing_test("app/nowhere::x").is_err() && missing_test("x").is_err());
}

#[test]
fn the_page_explains_its_reasons() {
    let page = read("docs/contract.md");
    for reason in REASONS {
        assert!(page.contains(&format!("\n  - *{reason}*: ")), "{reason} is not explained");
    }
}
