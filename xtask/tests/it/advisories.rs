//! `docs/advisories.md` names tests that exist and run.

use crate::contract::missing_test;
use crate::{none, read};

#[test]
fn every_flaw_is_tested_or_impossible() {
    let mut mistakes = Vec::new();
    let page = read("docs/advisories.md");
    let rows =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| elsewhere"));
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [elsewhere, _, shown] = cells[..] else {
            mistakes.push(format!("{row}: not three cells"));
            continue;
        };
        if shown.strip_prefix("by design: ").is_some_and(|reason| !reason.is_empty()) {
            continue;
        }
        for name in shown.split(", ") {
            let wrong = missing_test(name.trim_matches('`')).err();
            mistakes.extend(wrong.map(|wrong| format!("{elsewhere}: {wrong}")));
        }
    }
    assert!(count > 40, "{count} rows were read");
    none(&mistakes);
}
