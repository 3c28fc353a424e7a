//! The files that servers serve.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::Result;

/// How many bytes the file has that is served where it does not matter, and that answers are
/// compared with.
pub(crate) const USUAL: usize = 1 << 20;

/// Where the file of so many bytes is.
pub(crate) fn path(folder: &Path, bytes: usize) -> PathBuf {
    folder.join(format!("file-{bytes}"))
}

/// Writes the file of so many bytes, if it is not there.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(folder: &Path, bytes: usize) -> Result {
    let path = path(folder, bytes);
    if path.exists() {
        return Ok(());
    }
    // To the disk, so that whoever serves it first does not share the kernel with that.
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(&content(bytes))?;
        file.sync_all()
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

/// So many bytes that could neither be compressed nor guessed, but for repeating after the usual
/// length.
pub(crate) fn content(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let block: Vec<u8> = std::iter::repeat_with(next).take(USUAL.min(bytes)).collect();
    let mut content = Vec::with_capacity(bytes);
    while content.len() < bytes {
        content.extend_from_slice(&block[..block.len().min(bytes - content.len())]);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_the_length_that_was_asked_for() {
        for bytes in [0, 1, 1000, USUAL, USUAL + 1, 3 * USUAL] {
            assert_eq!(content(bytes).len(), bytes);
        }
        assert_ne!(content(1000)[..500], content(1000)[500..]);
    }
}
