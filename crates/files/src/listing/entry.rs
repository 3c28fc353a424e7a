//! One line of a listing.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::escape::Segment;

/// A file or folder in a [`Listing`](super::Listing).
#[derive(Clone, Debug)]
pub struct ListingEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) size: Option<u64>,
    pub(crate) modified: SystemTime,
}

impl ListingEntry {
    /// The name as text, not escaped in any way; bytes that are not UTF-8 are shown as U+FFFD.
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The name as it is on the disk.
    pub fn name_bytes(&self) -> &[u8] {
        &self.name
    }

    /// A link to it, relative to the folder; it can stand in HTML as it is.
    pub fn href(&self) -> String {
        let slash = if self.is_folder() { "/" } else { "" };
        format!("{}{slash}", Segment(&self.name))
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.size.is_none()
    }

    /// The size of a file in bytes; folders have none.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// When it was changed last.
    pub fn modified(&self) -> SystemTime {
        self.modified
    }
}
