//! What tells one state of a file from another.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use pauper_message::conditional::http_date;
use pauper_message::{Request, Response};

/// The entity tag and time of a file.
pub(crate) struct Validators {
    pub(crate) etag: String,
    pub(crate) last_modified: Option<SystemTime>,
}

impl Validators {
    /// The tag is made of the time of the last change in nanoseconds, the size and the inode. So
    /// a file that is rolled back to an older version, and one that is replaced within a second
    /// by another of the same size, get another tag.
    ///
    /// The time is left out when it is yet to come at `req.received()` (RFC 9110, section
    /// 8.8.2.1), and when no header can hold it.
    pub(crate) fn of(metadata: &Metadata, req: &Request) -> Self {
        let nanos =
            i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        let etag = format!("\"{nanos:x}-{:x}-{:x}\"", metadata.len(), metadata.ino());
        let last_modified = metadata
            .modified()
            .ok()
            .filter(|time| *time <= req.received() && http_date(*time).is_some());
        Self { etag, last_modified }
    }

    /// The response with ETag and Last-Modified.
    pub(crate) fn add_to(&self, response: Response) -> Response {
        let response = response.with_header("etag", &self.etag);
        match self.last_modified.and_then(http_date) {
            Some(date) => response.with_header("last-modified", date),
            None => response,
        }
    }
}
