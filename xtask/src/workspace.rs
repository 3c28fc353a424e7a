//! What `cargo metadata` knows about our packages.

use std::path::PathBuf;

use serde_json::Value;

use crate::{Result, shell};

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name, as in `pauper-wire`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The path of its Cargo.toml.
    pub manifest: PathBuf,
    /// Whether it may be published.
    pub public: bool,
    /// Whether it is among `default-members`.
    pub default_member: bool,
    /// Whether it has a library.
    pub library: bool,
    /// Its binaries.
    pub binaries: Vec<String>,
    /// What its manifest names, of all kinds and for all targets.
    pub dependencies: Vec<Dependency>,
}

/// A line under `[dependencies]`, `[dev-dependencies]` or `[build-dependencies]`.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name of the package depended on.
    pub name: String,
    /// Which heading it stands under.
    pub kind: Kind,
    /// Whether it comes only with a feature.
    pub optional: bool,
    /// Whether it is found by a path, so is ours.
    pub ours: bool,
    /// The version required; `*` if the manifest says none.
    pub requirement: String,
}

/// The heading a dependency stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[dependencies]`
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
}

impl Package {
    /// The folder of the package.
    pub fn folder(&self) -> PathBuf {
        self.manifest.parent().map(PathBuf::from).unwrap_or_default()
    }

    /// The name without the project's: `wire` for `pauper-wire`.
    pub fn short_name(&self) -> &str {
        short(&self.name)
    }

    /// Whether this is one of the library crates under `crates/`.
    pub fn is_crate(&self) -> bool {
        self.library && self.folder().parent() == Some(&*shell::root().join("crates"))
    }
}

/// A package's name without the project's prefix.
pub fn short(name: &str) -> &str {
    name.strip_prefix("pauper-").unwrap_or(name)
}

/// The packages of the workspace, by name.
///
/// # Errors
/// When `cargo metadata` fails.
pub fn packages() -> Result<Vec<Package>> {
    let metadata = metadata(&["--no-deps"])?;
    let defaults = strings(&metadata["workspace_default_members"]);
    let mut packages: Vec<_> = array(&metadata["packages"])
        .iter()
        .map(|package| Package {
            name: string(&package["name"]),
            version: string(&package["version"]),
            manifest: string(&package["manifest_path"]).into(),
            // `null` is "anywhere", a list "only there".
            public: package["publish"].as_array().is_none_or(|list| !list.is_empty()),
            default_member: defaults.contains(&string(&package["id"])),
            library: targets(package, "lib").next().is_some(),
            binaries: targets(package, "bin").collect(),
            dependencies: array(&package["dependencies"]).iter().map(dependency).collect(),
        })
        .collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

/// What `cargo metadata` says, with some more arguments.
///
/// # Errors
/// When it fails.
pub fn metadata(args: &[&str]) -> Result<Value> {
    let mut command = shell::command("cargo", &["metadata", "--format-version", "1"]);
    command.args(args);
    serde_json::from_str(&shell::output(command)?)
        .map_err(|error| format!("cargo metadata wrote something else than JSON: {error}"))
}

/// The target triple of this machine, as rustc names it.
///
/// # Errors
/// When rustc cannot be asked.
pub fn host() -> Result<String> {
    let told = shell::output(shell::command("rustc", &["-vV"]))?;
    told.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(String::from)
        .ok_or_else(|| "`rustc -vV` names no host".into())
}

/// A value's text; empty if it is none.
pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

/// A value's elements; none if it is no array.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<String> {
    array(value).iter().map(string).collect()
}

fn targets<'a>(package: &'a Value, kind: &'a str) -> impl Iterator<Item = String> + 'a {
    array(&package["targets"])
        .iter()
        .filter(move |target| strings(&target["kind"]).iter().any(|it| it == kind))
        .map(|target| string(&target["name"]))
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: string(&value["name"]),
        kind: match value["kind"].as_str() {
            Some("dev") => Kind::Dev,
            Some("build") => Kind::Build,
            _ => Kind::Normal,
        },
        optional: value["optional"].as_bool().unwrap_or(false),
        ours: value["path"].is_string(),
        requirement: string(&value["req"]),
    }
}
