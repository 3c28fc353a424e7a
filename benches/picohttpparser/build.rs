//! Builds `picohttpparser.c`, when `PICOHTTPPARSER_DIR` names the folder that holds it and its header
//! and there is a C compiler (`$CC`, or `cc`): once as any processor takes it, and on x86-64 once
//! with SSE4.2. Without, the crate has no parsers.

use std::path::Path;
use std::process::Command;

const FUNCTIONS: [&str; 5] = [
    "parse_request",
    "parse_response",
    "parse_headers",
    "decode_chunked",
    "decode_chunked_is_in_data",
];

fn main() {
    println!("cargo::rustc-check-cfg=cfg(picohttpparser, picohttpparser_sse42)");
    println!("cargo::rerun-if-env-changed=PICOHTTPPARSER_DIR");
    println!("cargo::rerun-if-env-changed=CC");
    println!("cargo::rerun-if-changed=build.rs");
    let Some(folder) = std::env::var_os("PICOHTTPPARSER_DIR") else { return };
    let source = Path::new(&folder).join("picohttpparser.c");
    println!("cargo::rerun-if-changed={}", source.display());
    if let Err(why) = build(&source, "pico_plain", &[]) {
        println!("cargo::warning=without picohttpparser: {why}");
        return;
    }
    println!("cargo::rustc-cfg=picohttpparser");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        match build(&source, "pico_sse42", &["-msse4.2"]) {
            Ok(()) => println!("cargo::rustc-cfg=picohttpparser_sse42"),
            Err(why) => println!("cargo::warning=without picohttpparser for SSE4.2: {why}"),
        }
    }
}

/// A library of this name, whose functions have it in front instead of `phr`, so that two can stand
/// in one program.
fn build(source: &Path, name: &str, flags: &[&str]) -> Result<(), String> {
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    let (object, library) = (format!("{out}/{name}.o"), format!("{out}/lib{name}.a"));
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    cc.args(["-O3", "-fPIC", "-c", "-o", &object]).args(flags);
    cc.args(FUNCTIONS.map(|function| format!("-Dphr_{function}={name}_{function}")));
    run(cc.arg(source))?;
    let _ = std::fs::remove_file(&library);
    run(Command::new("ar").args(["crs", &library, &object]))?;
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static={name}");
    Ok(())
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} {status}", command.get_program().display())),
        Err(error) => Err(format!("{}: {error}", command.get_program().display())),
    }
}
