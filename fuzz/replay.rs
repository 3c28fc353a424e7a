//! The seeds of the fuzz targets, and every input that ever broke one, replayed by ordinary tests.
//! The crates' tests share this file.

use std::path::Path;

/// Declares targets of `fuzz/targets`, and for each a test of the same name that feeds it its corpus.
macro_rules! replay {
    ($($(#[$attr:meta])* $name:ident = $path:literal;)+) => {$(
        $(#[$attr])*
        #[path = $path]
        pub(crate) mod $name;

        $(#[$attr])*
        #[test]
        fn $name() {
            crate::replay::feed(stringify!($name), $name::run);
        }
    )+};
}

pub(crate) use replay;

/// Runs a target on each file of its corpus, and on many a prefix of it.
pub(crate) fn feed(name: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let data = std::fs::read(&path).expect("a seed");
        // What a failing target says does not name the file.
        println!("{}", path.display());
        run(&data);
        for end in (0..data.len().min(64)).chain((64..data.len().min(300)).step_by(3)) {
            run(&data[..end]);
        }
        files += 1;
    }
    assert!(files >= 4, "{} has {files} seeds", folder.display());
}
