//! `cargo xtask documents`: the daemon's man page, completions and tables of keys, made from the
//! definition that it reads its options by.

use std::fs;
use std::path::PathBuf;

use crate::{Result, shell};

/// Begins and ends what is made in the README of the daemon.
const BEGIN: &str = "<!-- begin: keys -->\n";
const END: &str = "<!-- end: keys -->";

/// Compares the files with what the definition makes, or writes them.
///
/// # Errors
/// When they differ, or cannot be made, read or written.
pub fn run(args: &[String]) -> Result {
    let write = match args {
        [] => false,
        [flag] if flag == "--write" => true,
        _ => return Err("documents takes --write or nothing".to_owned()),
    };
    let made = shell::root().join("target/documents");
    let folder = made.display().to_string();
    shell::run(shell::command(
        "cargo",
        &["run", "--quiet", "--package", "poorhttp", "--example", "documents", "--", &folder],
    ))?;
    let read = |path: PathBuf| {
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for name in [
        "man/poorhttp.8",
        "completions/poorhttp.bash",
        "completions/_poorhttp",
        "completions/poorhttp.fish",
    ] {
        files.push((shell::root().join("packaging").join(name), read(made.join(name))?));
    }
    let readme = shell::root().join("crates/poorhttp/README.md");
    let text = with_keys(&read(readme.clone())?, &read(made.join("keys.md"))?)?;
    files.push((readme, text));
    let mut old = Vec::new();
    for (path, text) in files {
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        if write {
            let written = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, text));
            written.map_err(|error| format!("{}: {error}", path.display()))?;
        } else {
            old.push(path.display().to_string());
        }
    }
    match old.is_empty() {
        true => Ok(()),
        false => Err(format!("old: {}; `cargo xtask documents --write`", old.join(", "))),
    }
}

/// The page with these tables in their place.
fn with_keys(page: &str, tables: &str) -> Result<String> {
    let place = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = place.ok_or("the README of the daemon has no place for the keys")?;
    Ok(format!("{before}{BEGIN}{tables}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_replace_tables() {
        let page = format!("a\n{BEGIN}old\n{END}\nb\n");
        let new = with_keys(&page, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}new\n{END}\nb\n"));
        assert_eq!(with_keys(&new, "new\n").unwrap(), new);
        assert!(with_keys("a", "new").is_err());
    }
}
