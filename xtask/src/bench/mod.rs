//! `cargo xtask bench`: hands over to the packages under `benches/`, which have more dependencies
//! than `cargo xtask ci` should wait for.

use crate::{Result, shell};

/// The package that measures servers and renders figures; in a workspace of its own.
const TOOL: &str = "benches/tool/Cargo.toml";

/// The package of micro benchmarks, with the program that counts instructions.
const MICRO: &str = "benches/Cargo.toml";

/// The command.
///
/// # Errors
/// When what it hands over to fails, having said why.
pub fn run(args: &[String]) -> Result {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (manifest, binary, rest) = target(&words);
    let mut command = shell::command("cargo", &["run", "--quiet", "--release", "--locked"]);
    command.args(["--manifest-path", manifest, "--bin", binary, "--"]).args(rest);
    shell::run(command)
}

/// The manifest, the program and its arguments for these words.
fn target<'a>(words: &'a [&'a str]) -> (&'static str, &'static str, &'a [&'a str]) {
    match words {
        ["instructions", rest @ ..] => (MICRO, "instructions", rest),
        all => (TOOL, "pauper-bench-tool", all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_their_program() {
        let (manifest, binary, rest) = target(&["instructions", "--write"]);
        assert_eq!((manifest, binary, rest), (MICRO, "instructions", &["--write"][..]));
        let (manifest, binary, rest) = target(&["--quick"]);
        assert_eq!((manifest, binary, rest), (TOOL, "pauper-bench-tool", &["--quick"][..]));
        assert_eq!(target(&[]).0, TOOL);
        for manifest in [TOOL, MICRO] {
            assert!(shell::root().join(manifest).is_file(), "{manifest}");
        }
    }
}
