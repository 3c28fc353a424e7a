//! How much of a multipart body is accepted.

/// How much of a multipart body is accepted. What is too much is an error with status 413 that
/// says the name of the limit.
///
/// The parser itself keeps no data, so these limits bound work and what is done with the data, not
/// the parser's memory: that is a head of a part ([`max_header_bytes`](Self::max_header_bytes))
/// and the boundaries.
///
/// ```
/// use pauper_fields::multipart::{Boundary, ErrorKind, Limits, Parser};
///
/// let limits = Limits::new().max_body(10);
/// let mut parser = Parser::new(Boundary::new(b"x", &limits)?, limits);
/// let error = parser.feed(&mut &b"--x\r\nContent-"[..]).unwrap_err();
/// assert_eq!(error.to_string(), "body is longer than 10 bytes (max_body) (at byte 10)");
/// assert_eq!(error.status(), 413);
/// # Ok::<(), pauper_fields::multipart::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) max_body: u64,
    pub(crate) max_part: u64,
    pub(crate) max_parts: usize,
    pub(crate) max_header_bytes: usize,
    pub(crate) max_headers: usize,
    pub(crate) max_boundary: usize,
    pub(crate) max_preamble: u64,
    pub(crate) max_epilogue: u64,
    pub(crate) max_nesting: usize,
}

impl Limits {
    /// The defaults, which the methods document.
    pub const fn new() -> Self {
        Self {
            max_body: 64 * 1024 * 1024,
            max_part: 64 * 1024 * 1024,
            max_parts: 1_000,
            max_header_bytes: 8 * 1024,
            max_headers: 16,
            max_boundary: 70,
            max_preamble: 4 * 1024,
            max_epilogue: 4 * 1024,
            max_nesting: 1,
        }
    }

    /// Bytes of the whole body. Default: 64 MiB.
    #[must_use]
    pub const fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// Bytes of the data of one part, as they are sent. Default: 64 MiB.
    #[must_use]
    pub const fn max_part(mut self, bytes: u64) -> Self {
        self.max_part = bytes;
        self
    }

    /// Parts, those of nested multiparts and the parts that hold them included. Default: 1,000.
    #[must_use]
    pub const fn max_parts(mut self, parts: usize) -> Self {
        self.max_parts = parts;
        self
    }

    /// Bytes of the headers of one part, their final empty line included. Default: 8 KiB. The
    /// parser keeps so much when a head arrives in pieces.
    #[must_use]
    pub const fn max_header_bytes(mut self, bytes: usize) -> Self {
        self.max_header_bytes = bytes;
        self
    }

    /// Headers of one part. Default: 16; browsers send two.
    #[must_use]
    pub const fn max_headers(mut self, headers: usize) -> Self {
        self.max_headers = headers;
        self
    }

    /// Bytes of a boundary. Default: 70, the most that RFC 2046 allows.
    #[must_use]
    pub const fn max_boundary(mut self, bytes: usize) -> Self {
        self.max_boundary = bytes;
        self
    }

    /// Bytes before the first boundary, which are ignored. Default: 4 KiB; browsers send none.
    /// It holds for each nested multipart as well.
    #[must_use]
    pub const fn max_preamble(mut self, bytes: u64) -> Self {
        self.max_preamble = bytes;
        self
    }

    /// Bytes after the line of the closing boundary, which are ignored. Default: 4 KiB; browsers
    /// send none. It holds for each nested multipart as well.
    #[must_use]
    pub const fn max_epilogue(mut self, bytes: u64) -> Self {
        self.max_epilogue = bytes;
        self
    }

    /// How deep `multipart/mixed` may stand inside of parts. Default: 1, a list of files under one
    /// name as RFC 2388 had it; 0 refuses that, too. Each level makes the search for boundaries a
    /// little slower; nothing recurses.
    #[must_use]
    pub const fn max_nesting(mut self, levels: usize) -> Self {
        self.max_nesting = levels;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
