use xtask::arrows::{self, ROOMS};
use xtask::workspace;

use crate::{none, read};

#[test]
fn only_allowed_arrows() {
    none(&arrows::mistakes(&workspace::packages().unwrap()));
}

#[test]
fn architecture_shows_the_table() {
    let table = arrows::table(&workspace::packages().unwrap());
    assert!(
        read("ARCHITECTURE.md").contains(&table),
        "ARCHITECTURE.md does not contain what `cargo xtask arrows --table` prints:\n{table}"
    );
}

#[test]
fn architecture_lists_the_plans() {
    let text = read("ARCHITECTURE.md");
    let packages = workspace::packages().unwrap();
    let exists = |name: &str| packages.iter().any(|package| package.short_name() == name);
    let (_, plans) = text.split_once("\n## Planned").expect("a heading `Planned`");
    let listed: Vec<&str> = plans
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let planned: Vec<&str> =
        ROOMS.iter().map(|room| room.name).filter(|name| !exists(name)).collect();
    assert_eq!(listed, planned);
}
