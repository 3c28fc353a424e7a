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
    for (manifest, binary, words) in targets(&words) {
        let mut command = shell::command("cargo", &["run", "--quiet", "--release", "--locked"]);
        command.args(["--manifest-path", manifest, "--bin", binary, "--"]).args(words);
        shell::run(command)?;
    }
    Ok(())
}

/// The manifests, the programs and their arguments for these words.
fn targets<'a>(words: &[&'a str]) -> Vec<(&'static str, &'static str, Vec<&'a str>)> {
    let tool = "pauper-bench-tool";
    match words {
        // Both keep their counts in one file, each its own.
        ["instructions", rest @ ..] => {
            let server = [&["server-instructions"], rest].concat();
            vec![(MICRO, "instructions", rest.to_vec()), (TOOL, tool, server)]
        }
        all => vec![(TOOL, tool, all.to_vec())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_their_program() {
        let both = targets(&["instructions", "--write"]);
        assert_eq!(both[0], (MICRO, "instructions", vec!["--write"]));
        assert_eq!(both[1], (TOOL, "pauper-bench-tool", vec!["server-instructions", "--write"]));
        let one = targets(&["--quick"]);
        assert_eq!(one, [(TOOL, "pauper-bench-tool", vec!["--quick"])]);
        assert_eq!(targets(&[])[0].0, TOOL);
        for manifest in [TOOL, MICRO] {
            assert!(shell::root().join(manifest).is_file(), "{manifest}");
        }
    }
}
