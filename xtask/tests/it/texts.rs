use xtask::workspace;

use crate::{none, read};

/// What stands between the first heading of the second level and the next one.
fn first_section(readme: &str) -> &str {
    let (_, section) = readme.split_once("\n## ").expect("a heading");
    section.split("\n## ").next().unwrap_or(section)
}

/// The insides of fenced code blocks in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    text.split(&*fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn readme_begins_with_the_commands_that_work() {
    let readme = read("README.md");
    let commands: Vec<&str> = blocks(first_section(&readme), "sh")
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.split('#').next())
        .map(str::trim)
        .collect();
    assert_eq!(commands, ["cargo run --release", "cargo test --workspace"]);
    // The machine that checks every change types the same.
    assert!(read(".ci/run").lines().any(|line| line.ends_with("cargo test --workspace")));
}

/// The program in the README is the example that is compiled, without its comment at the top.
#[test]
fn readme_shows_the_hello_that_is_compiled() {
    let hello = read("examples/hello.rs");
    let code: Vec<&str> =
        hello.lines().skip_while(|line| line.starts_with("//") || line.is_empty()).collect();
    let readme = read("README.md");
    let shown = blocks(&readme, "rust");
    assert!(
        shown.contains(&&*code.join("\n")),
        "README.md does not show examples/hello.rs, which is\n{hello}"
    );
}

#[test]
fn changelog_has_the_current_version() {
    let changelog = read("CHANGELOG.md");
    let mut mistakes = Vec::new();
    for package in workspace::packages().unwrap() {
        let heading = format!("\n## [{}]", package.version);
        if !changelog.contains(&heading) {
            mistakes.push(format!("CHANGELOG.md knows nothing of {}", package.version));
        }
    }
    mistakes.dedup();
    none(&mistakes);
}

/// Each crate stands in the README's table and has a paragraph in ARCHITECTURE.md.
#[test]
fn every_public_crate_is_described() {
    let (readme, architecture) = (read("README.md"), read("ARCHITECTURE.md"));
    let mut mistakes = Vec::new();
    for package in workspace::packages().unwrap().iter().filter(|package| package.public) {
        let folder = package.folder();
        let folder = folder.file_name().unwrap_or_default().to_string_lossy();
        if !readme.contains(&format!("| [`{}`](crates/{folder}) |", package.name)) {
            mistakes.push(format!("README.md has no row for {}", package.name));
        }
        if !architecture.contains(&format!("\n**`{}`**", package.short_name())) {
            mistakes.push(format!("ARCHITECTURE.md has no paragraph on {}", package.short_name()));
        }
    }
    none(&mistakes);
}

#[test]
fn both_licences_are_there() {
    assert!(read("LICENSE-MIT").contains("Permission is hereby granted, free of charge"));
    let apache = read("LICENSE-APACHE");
    assert!(apache.contains("Version 2.0, January 2004") && apache.contains("9. Accepting"));
}
