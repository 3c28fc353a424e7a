//! What a request found.

use std::fs::{File, Metadata};

use crate::root::Unopened;

/// What `begin` found and `call` sends; it travels in the extensions of the request.
pub(crate) enum Found {
    /// A file.
    File(FoundFile),
    /// A folder whose listing may be shown, with its names from the root of the site.
    Listing(Vec<Vec<u8>>),
}

/// A regular file, open, and its metadata as they were then.
pub(crate) struct FoundFile {
    pub(crate) name: Vec<u8>,
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
}

/// An open file of a kind that can be shown.
pub(crate) enum Entry {
    File(File, Metadata),
    Folder(Metadata),
}

impl Entry {
    /// Refuses whatever is neither a regular file nor a folder: pipes, sockets, devices.
    pub(crate) fn of(file: File) -> Result<Self, Unopened> {
        let metadata = file.metadata().map_err(Unopened::Failed)?;
        if metadata.is_file() {
            Ok(Self::File(file, metadata))
        } else if metadata.is_dir() {
            Ok(Self::Folder(metadata))
        } else {
            Err(Unopened::Missing)
        }
    }
}
