//! The project's own commands: `cargo xtask help` lists them.

use std::process::ExitCode;

const HELP: &str = "\
The project's own commands.

Usage: cargo xtask COMMAND [OPTIONS]

  ci [--skip STEP]... [--list]
        everything that has to hold before a change is merged; stops at the
        first step that fails. --list names the steps.
  budget [--write [--date YYYY-MM-DD]] [--runs N] [--crates-only] [--against-axum]
        what the default facade costs: outside crates, seconds of a clean
        build. Compares with docs/budget.json, or writes it.
  arrows [--table]
        compares the dependencies between our crates with the allowed ones.
        --table prints the table that ARCHITECTURE.md shows.
  bench [OPTIONS] | render | instructions | list
        measures our server beside others and keeps the figures, makes pages of
        them, counts instructions; `cargo xtask bench --help` says more.
  documents [--write]
        compares the daemon's man page, shell completions and tables of keys with
        the definition of its options, or makes them.
  soak [--minutes N] [--no-sanitizer] [TARGET]...
        runs the fuzz targets, all of them or these, N minutes each (default 1).
  miri [--toolchain NAME] [sse2 | swar | avx2 | big-endian]...
        runs the parser's unit tests in Miri, which a nightly toolchain may have.
  help
        this text
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let done = match command.as_deref() {
        Some("ci") => xtask::ci::run(&rest),
        Some("budget") => xtask::budget::run(&rest),
        Some("arrows") => xtask::arrows::run(&rest),
        Some("bench") => xtask::bench::run(&rest),
        Some("documents") => xtask::documents::run(&rest),
        Some("soak") => xtask::soak::run(&rest),
        Some("miri") => xtask::miri::run(&rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("no command `{other}`; `cargo xtask help` lists them")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
