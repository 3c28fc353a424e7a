use std::process::Command;

use pauper_benches::CASES;
use serde_json::Value;

/// Counts are of release builds, so the program is built as one.
#[test]
fn no_case_needs_more_instructions_than_are_kept() {
    let valgrind = Command::new("valgrind").arg("--version").output();
    if let Err(error) = valgrind {
        let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|it| it == "1");
        assert!(!required, "valgrind: {error}");
        return eprintln!("skipped: valgrind: {error}");
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--bin", "instructions"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if told.contains("nothing compared") {
        return eprintln!("skipped: {told}");
    }
    assert!(output.status.success(), "{told}");
}

#[test]
fn every_case_is_kept() {
    let kept = include_str!("../../../docs/benchmarks/instructions.json");
    let kept: Value = serde_json::from_str(kept).unwrap();
    for case in CASES {
        assert!(kept["instructions"][case.name()].is_u64(), "{}", case.name());
    }
}
