//! What is in a folder.

use std::time::SystemTime;

use rustix::fs::Dir;

use crate::component::{is_dot_file, is_usable};
use crate::entry::Entry;
use crate::folder::Rules;
use crate::root::{Root, Unopened};

/// One file or folder of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: Vec<u8>,
    /// The size of a file in bytes; folders have none.
    pub(crate) size: Option<u64>,
    pub(crate) modified: SystemTime,
}

impl Row {
    pub(crate) fn is_folder(&self) -> bool {
        self.size.is_none()
    }
}

/// Everything in a folder that a request could get, in no order. What is hidden, what no path can
/// name, pipes and devices, and links that are not followed are left out.
pub(crate) fn rows(root: &Root, path: &[u8], rules: Rules) -> Result<Vec<Row>, Unopened> {
    let folder = root.read(path, rules.symlinks)?;
    let dir = Dir::read_from(&folder)?;
    let mut rows = Vec::new();
    for item in dir {
        let item = item?;
        let name = item.file_name().to_bytes();
        if !is_usable(name) || (is_dot_file(name) && !rules.dot_files) {
            continue;
        }
        let full = if path.is_empty() { name.to_vec() } else { [path, name].join(&b'/') };
        // Opened as a request would open it, so that no row leads nowhere.
        let Ok(entry) = root.look(&full, rules.symlinks).and_then(Entry::of) else { continue };
        let (size, metadata) = match entry {
            Entry::File(_, metadata) => (Some(metadata.len()), metadata),
            Entry::Folder(metadata) => (None, metadata),
        };
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        rows.push(Row { name: name.to_vec(), size, modified });
    }
    Ok(rows)
}
