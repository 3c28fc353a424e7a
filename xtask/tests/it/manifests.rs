use xtask::msrv::{self, Graph};
use xtask::workspace::{self, Kind, Package};

use crate::{none, read};

fn packages() -> Vec<Package> {
    workspace::packages().unwrap()
}

/// Otherwise it could not be published: a path means nothing elsewhere.
#[test]
fn public_crates_name_versions_beside_paths() {
    let mut mistakes = Vec::new();
    for package in packages().iter().filter(|package| package.public) {
        // Cargo leaves out tests' dependencies without a version when it publishes.
        let published = package.dependencies.iter().filter(|it| it.kind != Kind::Dev);
        for dependency in published.filter(|it| it.ours && it.requirement == "*") {
            mistakes.push(format!("{} → {} has no version", package.name, dependency.name));
        }
    }
    none(&mistakes);
}

#[test]
fn every_package_inherits_from_the_workspace() {
    let mut mistakes = Vec::new();
    for package in packages() {
        let text = read(&package.manifest);
        for key in ["version", "edition", "rust-version", "license"] {
            if !text.lines().any(|line| line == format!("{key}.workspace = true")) {
                mistakes.push(format!("{}: {key} is not the workspace's", package.name));
            }
        }
        let inherited = text.contains("\n[lints]\nworkspace = true\n")
            || text.ends_with("\n[lints]\nworkspace = true");
        if !inherited && !MAY_BE_UNSAFE.contains(&package.short_name()) {
            mistakes.push(format!("{}: lints are not the workspace's", package.name));
        }
    }
    none(&mistakes);
}

/// The crates with lints of their own; `sources` says in which of their files `unsafe` may stand.
const MAY_BE_UNSAFE: [&str; 2] = ["wire", "server"];

/// The lines of a table of a manifest.
fn table<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| line.contains(" = ")).collect()
}

#[test]
fn unsafe_is_forbidden_everywhere_but_in_two_crates_that_have_to_ask() {
    for name in MAY_BE_UNSAFE {
        check_lints_but_for_unsafe(name);
    }
}

fn check_lints_but_for_unsafe(name: &str) {
    let (ours, theirs) = (read("Cargo.toml"), read(format!("crates/{name}/Cargo.toml")));
    let workspace = table(&ours, "workspace.lints.rust");
    assert!(workspace.contains(&"unsafe_code = \"forbid\""));
    let mut expected = vec!["unsafe_code = \"deny\"", "unsafe_op_in_unsafe_fn = \"deny\""];
    expected.extend(workspace.iter().filter(|line| !line.starts_with("unsafe_code")));
    // Which names of its own it asks the compiler about is its own affair.
    let mut lints = table(&theirs, "lints.rust");
    lints.retain(|line| !line.starts_with("unexpected_cfgs"));
    assert_eq!(lints, expected, "{name}");
    assert_eq!(table(&theirs, "lints.clippy"), table(&ours, "workspace.lints.clippy"));
}

#[test]
fn every_public_crate_has_a_readme_that_begins_with_its_name() {
    let mut mistakes = Vec::new();
    for package in packages().iter().filter(|package| package.public) {
        let path = package.folder().join("README.md");
        match std::fs::read_to_string(&path) {
            Ok(text) if text.starts_with(&format!("# {}\n", package.name)) => {}
            Ok(_) => mistakes.push(format!("{} has another heading", path.display())),
            Err(error) => mistakes.push(format!("{}: {error}", path.display())),
        }
    }
    none(&mistakes);
}

/// A plain `cargo run` is the first thing a newcomer types.
#[test]
fn cargo_run_has_one_binary_to_run() {
    let packages = packages();
    let binaries: Vec<&String> = packages
        .iter()
        .filter(|package| package.default_member)
        .flat_map(|package| &package.binaries)
        .collect();
    assert_eq!(binaries, ["poorhttp"]);
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    none(&msrv::too_new(Graph::Present).unwrap());
}
