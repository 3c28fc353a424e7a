//! The seeds of the fuzz targets, and every input that ever broke one, replayed.

use std::path::Path;

#[path = "../../../../fuzz/targets/lenses.rs"]
pub(crate) mod lenses;

#[test]
fn lenses() {
    replay("lenses", lenses::run);
}

/// Runs a target on each file of its corpus, and on each prefix of it.
fn replay(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let data = std::fs::read(&path).expect("a seed");
        // What a failing target says does not name the file.
        println!("{}", path.display());
        run(&data);
        for end in 0..data.len().min(64) {
            run(&data[..end]);
        }
        files += 1;
    }
    assert!(files >= 4, "{} has {files} seeds", folder.display());
}
