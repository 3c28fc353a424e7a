//! How much a peer may send before it is refused.

/// Upper bounds on what a peer may send, all of them checked while bytes arrive.
///
/// Every bound counts bytes as they stand on the wire. Values above `u32::MAX / 2` are lowered to
/// it, since spans hold 32-bit offsets.
///
/// ```
/// use pauper_wire::Limits;
///
/// let limits = Limits::new().with_max_head(16 * 1024).with_max_headers(50);
/// assert_eq!(limits.max_head(), 16_384);
/// assert_eq!(limits.max_target(), 8_192);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    max_head: u32,
    max_target: u32,
    max_headers: u32,
    max_chunk_line: u32,
    max_chunk_excess: u32,
    max_trailers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

const fn clamp(value: usize) -> u32 {
    const TOP: usize = (u32::MAX / 2) as usize;
    if value > TOP { TOP as u32 } else { value as u32 }
}

impl Limits {
    /// The defaults that each setter documents.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_head: 65_536,
            max_target: 8_192,
            max_headers: 100,
            max_chunk_line: 256,
            max_chunk_excess: 16_384,
            max_trailers: 8_192,
        }
    }

    /// Bytes of a whole head, from its first byte to the final CRLF CRLF. Default 65 536; status
    /// 431 beyond. A connection may hold this much memory before its request is known.
    #[must_use]
    pub const fn with_max_head(mut self, bytes: usize) -> Self {
        self.max_head = clamp(bytes);
        self
    }

    /// Bytes of the request target. Default 8 192; status 414 beyond.
    #[must_use]
    pub const fn with_max_target(mut self, bytes: usize) -> Self {
        self.max_target = clamp(bytes);
        self
    }

    /// Header lines of a head, and trailer lines of a chunked body. Default 100; status 431
    /// beyond. The slots passed to the parser are a second bound, the smaller one counts.
    #[must_use]
    pub const fn with_max_headers(mut self, count: usize) -> Self {
        self.max_headers = clamp(count);
        self
    }

    /// Bytes of one chunk-size line: size and extensions without the CRLF. Default 256; status 400
    /// beyond.
    #[must_use]
    pub const fn with_max_chunk_line(mut self, bytes: usize) -> Self {
        self.max_chunk_line = clamp(bytes);
        self
    }

    /// How many bytes of chunk extensions a body may have in sum *beyond* one for each byte of
    /// data received so far. Default 16 384; status 400 beyond. So nobody makes the server read
    /// far more than the body that the application sees.
    #[must_use]
    pub const fn with_max_chunk_excess(mut self, bytes: usize) -> Self {
        self.max_chunk_excess = clamp(bytes);
        self
    }

    /// Bytes of all trailer lines of a chunked body, CRLFs included, the final empty line
    /// excluded. Default 8 192; status 431 beyond.
    #[must_use]
    pub const fn with_max_trailers(mut self, bytes: usize) -> Self {
        self.max_trailers = clamp(bytes);
        self
    }

    /// See [`with_max_head`](Self::with_max_head).
    #[must_use]
    pub const fn max_head(&self) -> usize {
        self.max_head as usize
    }

    /// See [`with_max_target`](Self::with_max_target).
    #[must_use]
    pub const fn max_target(&self) -> usize {
        self.max_target as usize
    }

    /// See [`with_max_headers`](Self::with_max_headers).
    #[must_use]
    pub const fn max_headers(&self) -> usize {
        self.max_headers as usize
    }

    /// See [`with_max_chunk_line`](Self::with_max_chunk_line).
    #[must_use]
    pub const fn max_chunk_line(&self) -> usize {
        self.max_chunk_line as usize
    }

    /// See [`with_max_chunk_excess`](Self::with_max_chunk_excess).
    #[must_use]
    pub const fn max_chunk_excess(&self) -> usize {
        self.max_chunk_excess as usize
    }

    /// See [`with_max_trailers`](Self::with_max_trailers).
    #[must_use]
    pub const fn max_trailers(&self) -> usize {
        self.max_trailers as usize
    }
}
