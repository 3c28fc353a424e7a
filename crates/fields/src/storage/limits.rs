//! How much of a form is accepted, and how much of it is kept in memory.

use crate::{Options, multipart};

/// How much of a form is accepted, and how much of it is kept in memory.
///
/// ```
/// use pauper_fields::FormLimits;
///
/// // Photos: some files of some megabytes.
/// let limits = FormLimits::new().max_body(200 << 20).max_fields(50);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    pub(super) multipart: multipart::Limits,
    pub(super) options: Options,
    pub(super) max_memory: usize,
    pub(super) file_memory: usize,
}

impl FormLimits {
    /// The defaults, which the methods document.
    pub const fn new() -> Self {
        Self {
            multipart: multipart::Limits::new(),
            options: Options::new().max_field(1024 * 1024),
            max_memory: 1024 * 1024,
            file_memory: 8 * 1024,
        }
    }

    /// Bytes of the whole body. Default: 64 MiB, which multipart bodies with files may have.
    ///
    /// An urlencoded body is kept in memory, so [`max_memory`](Self::max_memory) ends it earlier.
    #[must_use]
    pub const fn max_body(mut self, bytes: u64) -> Self {
        self.multipart.max_body = bytes;
        self
    }

    /// Bytes of one part. Default: 64 MiB.
    #[must_use]
    pub const fn max_part(mut self, bytes: u64) -> Self {
        self.multipart.max_part = bytes;
        self
    }

    /// Fields, be they parts or urlencoded. Default: 1,000.
    #[must_use]
    pub const fn max_fields(mut self, fields: usize) -> Self {
        self.multipart.max_parts = fields;
        self.options = self.options.max_fields(fields);
        self
    }

    /// Bytes in memory of all fields together: names, headers, texts, and files that were not
    /// moved to a temporary file, which have one half of it. Default: 1 MiB; at most 4 GiB. Texts
    /// beyond it are refused with 413. Besides there are 80 bytes of bookkeeping for
    /// each field.
    #[must_use]
    pub const fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = if bytes > u32::MAX as usize { u32::MAX as usize } else { bytes };
        self.options = self.options.max_field(self.max_memory);
        self
    }

    /// Bytes of a file that are kept in memory; one that is longer moves to a temporary file, if
    /// the feature `tempfile` is there. Default: 8 KiB. This is also the size of the pieces in
    /// which slowly arriving data is written.
    #[must_use]
    pub const fn file_memory(mut self, bytes: usize) -> Self {
        self.file_memory = bytes;
        self
    }

    /// All limits of multipart bodies.
    #[must_use]
    pub const fn multipart(mut self, limits: multipart::Limits) -> Self {
        self.multipart = limits;
        self
    }

    /// How urlencoded bodies are read. A field of them is collected up to
    /// [`max_memory`](Self::max_memory), whatever [`Options::max_field`] says.
    #[must_use]
    pub const fn urlencoded(mut self, options: Options) -> Self {
        self.options = options.max_field(self.max_memory);
        self
    }
}

impl Default for FormLimits {
    fn default() -> Self {
        Self::new()
    }
}
