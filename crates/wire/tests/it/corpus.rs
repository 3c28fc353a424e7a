//! The seeds of the fuzz targets, and every input that ever broke one, replayed.

use std::path::Path;

/// Declares a target of `fuzz/targets`, and a test of the same name that feeds it its corpus.
macro_rules! replay {
    ($($(#[$attr:meta])* $name:ident = $path:literal;)+) => {$(
        $(#[$attr])*
        #[path = $path]
        mod $name;

        $(#[$attr])*
        #[test]
        fn $name() {
            replay(stringify!($name), $name::run);
        }
    )+};
}

replay! {
    head = "../../../../fuzz/targets/head.rs";
    response = "../../../../fuzz/targets/response.rs";
    chunks = "../../../../fuzz/targets/chunks.rs";
    connection = "../../../../fuzz/targets/connection.rs";
    proxy_protocol = "../../../../fuzz/targets/proxy_protocol.rs";
    differential = "../../../../fuzz/targets/differential.rs";
    #[cfg(feature = "alloc")]
    grammar = "../../../../fuzz/targets/grammar.rs";
    #[cfg(feature = "alloc")]
    round_trip = "../../../../fuzz/targets/round_trip.rs";
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
