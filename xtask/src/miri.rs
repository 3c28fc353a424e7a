//! `cargo xtask miri`: runs the tests of the parser in Miri, which sees undefined behaviour where a
//! processor only does something.
//!
//! `unsafe` stands in `crates/wire/src/scan/` alone, so the unit tests of that crate are what is run:
//! all instruction sets against the table, and whole heads by each of them. Miri comes with nightly
//! toolchains only, and not with all of them.

use std::process::Command;

use crate::{Result, shell};

/// A way to run the tests. Miri tells the program that the processor has what the compiler was told.
struct Way {
    name: &'static str,
    about: &'static str,
    rustflags: &'static str,
    target: Option<&'static str>,
}

const WAYS: [Way; 4] = [
    Way { name: "sse2", about: "vectors of this machine", rustflags: "", target: None },
    Way {
        name: "swar",
        about: "eight bytes in a word",
        rustflags: "--cfg pauper_wire_portable",
        target: None,
    },
    Way {
        name: "avx2",
        about: "vectors of newer x86-64 processors",
        rustflags: "-Ctarget-feature=+ssse3,+avx2,+bmi1,+bmi2",
        target: Some("x86_64-unknown-linux-gnu"),
    },
    Way {
        name: "big-endian",
        about: "words whose first byte is the highest",
        rustflags: "",
        target: Some("s390x-unknown-linux-gnu"),
    },
];

#[derive(Debug, PartialEq)]
struct Options {
    toolchain: String,
    ways: Vec<&'static str>,
}

/// The command.
///
/// # Errors
/// When the toolchain has no Miri, which is said with the command that installs it; when Miri finds
/// something; or when the arguments are wrong.
pub fn run(args: &[String]) -> Result {
    let options = parse(args)?;
    find(&options.toolchain)?;
    for way in WAYS.iter().filter(|way| options.ways.contains(&way.name)) {
        println!("\n== {}: {}", way.name, way.about);
        let mut command = miri(&options.toolchain, &["test", "-p", "pauper-wire", "--lib"]);
        if let Some(target) = way.target {
            command.args(["--target", target]);
        }
        command.env("RUSTFLAGS", way.rustflags);
        // A folder for each way, so that none is built anew when another was run.
        command.env("CARGO_TARGET_DIR", shell::root().join("target/miri").join(way.name));
        println!("$ {}", shell::show(&command));
        shell::run(command)?;
    }
    Ok(())
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options { toolchain: "nightly".into(), ways: Vec::new() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match (arg.as_str(), WAYS.iter().find(|way| way.name == arg)) {
            ("--toolchain", _) => {
                options.toolchain = args.next().ok_or("--toolchain wants a name")?.clone();
            }
            (_, Some(way)) => options.ways.push(way.name),
            (other, None) => {
                let names = WAYS.map(|way| way.name).join(", ");
                return Err(format!("miri does not know `{other}`; there are {names}"));
            }
        }
    }
    if options.ways.is_empty() {
        options.ways = WAYS.map(|way| way.name).to_vec();
    }
    Ok(options)
}

/// Whether the toolchain has what is needed.
fn find(toolchain: &str) -> Result {
    let version = shell::output(miri(toolchain, &["--version"])).map_err(|error| {
        let why = error.lines().nth(1).unwrap_or(&error);
        format!(
            "no Miri in the toolchain `{toolchain}` ({why}). It comes with nightly ones: \
             rustup toolchain install nightly --component miri,rust-src"
        )
    })?;
    println!("{}", version.trim());
    Ok(())
}

fn miri(toolchain: &str, args: &[&str]) -> Command {
    let mut command = shell::command("rustup", &["run", toolchain, "cargo", "miri"]);
    // Those of the cargo that runs us would win over the toolchain that is asked for.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command.args(args);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_ways_are_taken_unless_some_are_named() {
        let all = parse(&[]).unwrap();
        assert_eq!((all.toolchain.as_str(), all.ways.len()), ("nightly", WAYS.len()));
        let some = parse(&words("swar --toolchain nightly-2026-01-01 sse2")).unwrap();
        assert_eq!(some.toolchain, "nightly-2026-01-01");
        assert_eq!(some.ways, ["swar", "sse2"]);
        for wrong in ["coffee", "--toolchain"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_toolchain_without_it_is_told() {
        let error = find("no-such-toolchain").unwrap_err();
        assert!(error.starts_with("no Miri in the toolchain `no-such-toolchain`"), "{error}");
        assert!(error.ends_with("--component miri,rust-src"), "{error}");
    }
}
