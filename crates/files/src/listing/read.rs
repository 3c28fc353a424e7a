//! What is in a folder.

use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, Stat};

use super::ListingEntry;
use crate::component::{is_hidden, is_usable};
use crate::entry::Entry;
use crate::folder::Rules;
use crate::root::{Root, Unopened};

/// Everything in a folder that a request could get, in no order. What is hidden, what no path can
/// name, pipes and devices, and links that are not followed are left out.
pub(crate) fn entries(
    root: &Root,
    path: &[u8],
    rules: Rules,
) -> Result<Vec<ListingEntry>, Unopened> {
    let folder = root.read(path, rules.symlinks)?;
    let dir = Dir::read_from(&folder)?;
    let mut entries = Vec::new();
    for item in dir {
        let item = item?;
        let name = item.file_name();
        let bytes = name.to_bytes();
        if !is_usable(bytes) || is_hidden(bytes, rules.dot_files) {
            continue;
        }
        let Ok(stat) = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let found = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Some((Some(stat.st_size as u64), modified(&stat))),
            FileType::Directory => Some((None, modified(&stat))),
            // Opened as a request would open it, so that no row leads nowhere.
            FileType::Symlink => linked(root, path, bytes, rules),
            _ => None,
        };
        if let Some((size, modified)) = found {
            entries.push(ListingEntry { name: bytes.to_vec(), size, modified });
        }
    }
    Ok(entries)
}

/// The size and time of what a link leads to, if a request would follow it.
fn linked(
    root: &Root,
    path: &[u8],
    name: &[u8],
    rules: Rules,
) -> Option<(Option<u64>, SystemTime)> {
    let full = if path.is_empty() { name.to_vec() } else { [path, name].join(&b'/') };
    let (size, metadata) = match root.look(&full, rules.symlinks).and_then(Entry::of).ok()? {
        Entry::File(_, metadata) => (Some(metadata.len()), metadata),
        Entry::Folder(metadata) => (None, metadata),
    };
    Some((size, metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
}

#[allow(clippy::unnecessary_cast, reason = "the types of these fields differ between systems")]
fn modified(stat: &Stat) -> SystemTime {
    let epoch = SystemTime::UNIX_EPOCH;
    let seconds = Duration::from_secs((stat.st_mtime as i64).unsigned_abs());
    let whole =
        if stat.st_mtime < 0 { epoch.checked_sub(seconds) } else { epoch.checked_add(seconds) };
    let nanos = Duration::from_nanos(stat.st_mtime_nsec as u64);
    whole.and_then(|whole| whole.checked_add(nanos)).unwrap_or(epoch)
}
