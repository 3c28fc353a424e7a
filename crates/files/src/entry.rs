//! What a request found.

use std::fs::{File, Metadata};

use pauper_message::Request;
use pauper_message::http::HeaderValue;

use crate::coding::Coding;
use crate::root::Unopened;

/// What `begin` found and `call` sends; it travels in the extensions of the request.
#[allow(clippy::large_enum_variant, reason = "it is boxed there, whichever it is")]
pub(crate) enum Found {
    /// A file.
    File(FoundFile),
    /// A folder whose listing may be shown, with its names from the root of the site.
    Listing(Vec<Vec<u8>>),
}

/// A regular file, open, and its metadata as they were then.
pub(crate) struct FoundFile {
    /// The name that tells its type; that of the plain file where this is a variant of it.
    pub(crate) name: Vec<u8>,
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
    pub(crate) how: Sending,
}

/// What else is said of a file that is sent.
#[derive(Default)]
pub(crate) struct Sending {
    /// The coding that it is in.
    pub(crate) coding: Option<Coding>,
    /// Whether another client might have got another variant.
    pub(crate) negotiated: bool,
    /// Cache-Control.
    pub(crate) cache: Option<HeaderValue>,
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

impl FoundFile {
    /// The variant of this file that the client likes best, or the file itself.
    ///
    /// A variant counts when it is a regular file and no older than the plain one: after a change of
    /// that nobody gets the compressed form of what was there before.
    pub(crate) fn or_variant(
        self,
        req: &Request,
        codings: &[Coding],
        open: impl Fn(Coding) -> Result<File, Unopened>,
    ) -> Self {
        for coding in Coding::accepted(req, codings) {
            let Ok(Entry::File(file, metadata)) = open(coding).and_then(Entry::of) else {
                continue;
            };
            let fresh = match (metadata.modified(), self.metadata.modified()) {
                (Ok(variant), Ok(plain)) => variant >= plain,
                _ => false,
            };
            if fresh {
                let how = Sending { coding: Some(coding), ..self.how };
                return Self { file, metadata, how, name: self.name };
            }
        }
        self
    }
}
