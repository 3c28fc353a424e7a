//! For build scripts: a whole folder as part of the program, compressed while it is built.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::coding::Coding;
use crate::component::is_usable;

/// Writes a Rust expression to `target` that has all files below `folder`, for
/// [`Embedded::new`](crate::Embedded::new), and beside it a variant compressed with gzip of each
/// file that becomes smaller by a tenth. Variants that stand in the folder (`app.js.br` beside
/// `app.js`) are variants here, too, and none is made of its kind.
///
/// Dot files are left out, and so are links and whatever is neither file nor folder. Tells Cargo to
/// run the build script again when something in the folder changes.
///
/// ```no_run
/// // build.rs
/// fn main() -> std::io::Result<()> {
///     let target = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("site.rs");
///     pauper_files::build::embed_folder("site", target)
/// }
/// ```
/// ```ignore
/// // main.rs
/// let site = Embedded::new(include!(concat!(env!("OUT_DIR"), "/site.rs")));
/// ```
///
/// # Errors
/// When the folder cannot be read or the target not written, and when a name is not UTF-8 or can
/// stand in no path.
pub fn embed_folder(folder: impl AsRef<Path>, target: impl AsRef<Path>) -> io::Result<()> {
    let (folder, target) = (folder.as_ref().canonicalize()?, target.as_ref());
    let mut files = Vec::new();
    collect(&folder, "", &mut files)?;
    files.sort();
    let known = |path: &str| files.iter().any(|(other, _)| other == path);
    let mut text = String::from("&[");
    for (path, real) in &files {
        let plain_of = |coding: &Coding| path.strip_suffix(coding.suffix()).is_some_and(known);
        if Coding::ALL.iter().any(plain_of) {
            continue;
        }
        let mut variants = Vec::new();
        for coding in Coding::ALL {
            let beside = format!("{path}{}", coding.suffix());
            let found = files.iter().find(|(other, _)| *other == beside);
            match found {
                Some((_, variant)) => variants.push((coding, variant.clone())),
                None if coding == Coding::Gzip => {
                    variants.extend(compressed(path, real, target)?.map(|file| (coding, file)));
                }
                None => {}
            }
        }
        let _ = write!(text, "\n({path:?}, include_bytes!({:?}) as &[u8], &[", absolute(real)?);
        for (coding, file) in variants {
            let name = coding.name();
            let _ = write!(text, "({name:?}, include_bytes!({:?}) as &[u8]),", absolute(&file)?);
        }
        text.push_str("]),");
    }
    text.push_str("\n]\n");
    println!("cargo::rerun-if-changed={}", folder.display());
    fs::write(target, text)
}

/// Finds the files below a folder, with their paths as they are served.
fn collect(folder: &Path, path: &str, out: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_usable(name.as_bytes())) else {
            let text = format!("{}: this name can stand in no path", entry.path().display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        };
        if name.starts_with('.') {
            continue;
        }
        let full = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &full, out)?;
        } else if kind.is_file() {
            out.push((full, entry.path()));
        }
    }
    Ok(())
}

/// The file that has this one compressed, if that is worth it.
fn compressed(path: &str, real: &Path, target: &Path) -> io::Result<Option<PathBuf>> {
    let bytes = fs::read(real)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let packed = encoder.finish()?;
    if packed.len() >= bytes.len() - bytes.len() / 10 {
        return Ok(None);
    }
    // Each under a name of its own beside the target, whatever folders its path has.
    let mut name = target.file_stem().unwrap_or_default().to_os_string();
    name.push("-");
    name.push(path.replace('%', "%25").replace('/', "%2F"));
    name.push(".gz");
    let file = target.with_file_name(name);
    fs::write(&file, packed)?;
    Ok(Some(file))
}

fn absolute(path: &Path) -> io::Result<String> {
    let path = path.canonicalize()?;
    path.into_os_string().into_string().map_err(|path| {
        let text = format!("{}: a path that is not UTF-8", Path::new(&path).display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}
