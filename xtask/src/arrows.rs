//! `cargo xtask arrows`: which of our crates may depend on which.

use crate::workspace::{self, Dependency, Kind, Package};
use crate::{Result, shell};

/// What one of our packages may depend on.
///
/// Names are short: `wire` is the package `pauper-wire`.
#[derive(Debug)]
pub struct Room {
    /// The package.
    pub name: &'static str,
    /// The layer it lives in. Arrows go to lower layers only.
    pub layer: u8,
    /// What it may depend on.
    pub may_use: Allowed,
    /// What it may depend on behind a feature only.
    pub with_feature: &'static [&'static str],
    /// What its tests may use beyond that.
    pub in_tests: &'static [&'static str],
}

/// A set of our packages.
#[derive(Debug)]
pub enum Allowed {
    /// These.
    These(&'static [&'static str]),
    /// All packages of lower layers.
    Below,
}

use Allowed::{Below, These};

/// The table, from the bottom up. A row of a package that does not exist yet is a plan.
///
/// A new arrow is a decision about the whole project: it is discussed, then written here, and
/// `cargo xtask arrows --table` gives the lines for ARCHITECTURE.md.
pub const ROOMS: &[Room] = &[
    room("wire", 0, These(&[])),
    room("iolist", 0, These(&[])),
    room("router", 0, These(&[])),
    Room { with_feature: &["wire"], ..room("fields", 1, These(&[])) },
    room("template", 1, These(&["iolist"])),
    room("message", 2, These(&["wire", "iolist", "fields"])),
    room("app", 3, These(&["message", "router", "iolist"])),
    room("server", 3, These(&["message", "iolist", "wire"])),
    room("files", 3, These(&["message", "fields", "iolist", "wire"])),
    room("auth", 3, These(&["message", "fields", "iolist", "wire"])),
    room("websocket", 3, These(&["message", "fields", "iolist", "wire"])),
    room("forms", 4, These(&["message", "fields", "template"])),
    room("openapi", 4, These(&["message", "app"])),
    room("pauper", 5, Below),
    room("poorhttp", 6, Below),
    room("examples", 7, These(&["pauper", "poorhttp"])),
    room("xtask", 7, These(&[])),
];

const fn room(name: &'static str, layer: u8, may_use: Allowed) -> Room {
    Room { name, layer, may_use, with_feature: &[], in_tests: &[] }
}

impl Room {
    /// The row of a package, by its short name.
    pub fn find(name: &str) -> Option<&'static Self> {
        ROOMS.iter().find(|room| room.name == name)
    }

    /// Why this dependency is not allowed; `None` if it is.
    pub fn objection(&self, dependency: &Dependency) -> Option<&'static str> {
        let target = workspace::short(&dependency.name);
        let listed = match self.may_use {
            These(names) => names.contains(&target),
            Below => Self::find(target).is_some_and(|room| room.layer < self.layer),
        };
        let tests = dependency.kind == Kind::Dev;
        if listed || (tests && self.in_tests.contains(&target)) {
            return None;
        }
        if self.with_feature.contains(&target) {
            let fine = tests || dependency.optional;
            return (!fine).then_some("it may do so behind a feature only");
        }
        Some("the table in xtask/src/arrows.rs does not allow it")
    }

    /// What it may depend on, in words.
    fn allowance(&self) -> String {
        let mut parts: Vec<String> = match self.may_use {
            These(names) => names.iter().map(|name| format!("`{name}`")).collect(),
            Below => vec!["everything above this line".into()],
        };
        parts.extend(self.with_feature.iter().map(|name| format!("`{name}` (behind a feature)")));
        parts.extend(self.in_tests.iter().map(|name| format!("`{name}` (in tests)")));
        if parts.is_empty() { "none of ours".into() } else { parts.join(", ") }
    }
}

/// What is wrong with the dependencies between these packages, a sentence for each.
pub fn mistakes(packages: &[Package]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for package in packages {
        let Some(room) = Room::find(package.short_name()) else {
            mistakes.push(format!("{} has no row in xtask/src/arrows.rs", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.ours) {
            if let Some(why) = room.objection(dependency) {
                let from = &package.name;
                mistakes.push(format!("{from} depends on {}, but {why}", dependency.name));
            }
        }
    }
    mistakes
}

/// The table as Markdown, of the packages that exist.
pub fn table(packages: &[Package]) -> String {
    let mut text = String::from("| layer | crate | may depend on |\n|---|---|---|\n");
    for room in ROOMS {
        if packages.iter().any(|package| package.short_name() == room.name) {
            let Room { name, layer, .. } = room;
            text.push_str(&format!("| {layer} | `{name}` | {} |\n", room.allowance()));
        }
    }
    text
}

/// The command.
///
/// # Errors
/// When an arrow is not allowed, or the arguments are wrong.
pub fn run(args: &[String]) -> Result {
    let packages = workspace::packages()?;
    match args {
        [] => {}
        [only] if only == "--table" => {
            print!("{}", table(&packages));
            return Ok(());
        }
        _ => return Err("arrows takes --table or nothing".into()),
    }
    let mistakes = mistakes(&packages);
    if !mistakes.is_empty() {
        return Err(format!("arrows that must not be:\n  {}", mistakes.join("\n  ")));
    }
    for package in &packages {
        let ours: Vec<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.ours && dependency.kind != Kind::Dev)
            .map(|dependency| workspace::short(&dependency.name))
            .collect();
        println!("{:9} → {}", package.short_name(), ours.join(" "));
    }
    println!("all allowed ({})", shell::root().join("xtask/src/arrows.rs").display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: Kind, optional: bool) -> Dependency {
        Dependency { name: name.into(), kind, optional, ours: true, requirement: "^0.1.0".into() }
    }

    #[track_caller]
    fn check(from: &str, to: &str, kind: Kind, optional: bool, allowed: bool) {
        let room = Room::find(from).unwrap();
        let objection = room.objection(&dependency(to, kind, optional));
        assert_eq!(objection.is_none(), allowed, "{from} → {to}: {objection:?}");
    }

    #[test]
    fn arrows_are_judged_by_the_table() {
        check("message", "pauper-wire", Kind::Normal, false, true);
        check("message", "pauper-server", Kind::Normal, false, false);
        check("message", "pauper-router", Kind::Build, false, false);
        check("wire", "pauper-iolist", Kind::Normal, true, false);
        check("wire", "pauper-iolist", Kind::Dev, false, false);
        // Siblings do not know each other.
        check("app", "pauper-server", Kind::Normal, false, false);
        check("server", "pauper-router", Kind::Normal, false, false);
        // Behind a feature only.
        check("fields", "pauper-wire", Kind::Normal, true, true);
        check("fields", "pauper-wire", Kind::Normal, false, false);
        // Everything below, nothing beside or above.
        check("pauper", "pauper-wire", Kind::Normal, false, true);
        check("pauper", "poorhttp", Kind::Normal, false, false);
        check("pauper", "pauper", Kind::Normal, false, false);
        check("xtask", "pauper", Kind::Dev, false, false);
    }

    #[test]
    fn the_table_itself_goes_down() {
        for room in ROOMS {
            let mut names = room.with_feature.to_vec();
            if let These(these) = room.may_use {
                names.extend(these);
            }
            for name in names {
                let below = Room::find(name).unwrap_or_else(|| panic!("no row for {name}"));
                assert!(below.layer < room.layer, "{} → {name} does not go down", room.name);
            }
        }
    }

    #[test]
    fn an_unknown_package_is_a_mistake() {
        let package = Package {
            name: "pauper-attic".into(),
            version: "0.1.0".into(),
            manifest: "attic/Cargo.toml".into(),
            public: true,
            default_member: false,
            library: true,
            binaries: Vec::new(),
            dependencies: Vec::new(),
        };
        let found = mistakes(&[package]);
        assert_eq!(found, ["pauper-attic has no row in xtask/src/arrows.rs"]);
    }
}
