//! Writes the man page, the completions of shells and the tables of keys to a folder:
//! `cargo run --example documents -- FOLDER`.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder: PathBuf = env::args_os().nth(1).unwrap_or_else(|| ".".into()).into();
    fs::create_dir_all(folder.join("man"))?;
    fs::create_dir_all(folder.join("completions"))?;
    fs::write(folder.join("man/poorhttp.8"), poorhttp::man_page())?;
    fs::write(folder.join("keys.md"), poorhttp::key_tables())?;
    for (name, text) in poorhttp::completions() {
        fs::write(folder.join("completions").join(name), text)?;
    }
    Ok(())
}
