//! Why a multipart body was refused.

use std::error::Error as StdError;
use std::fmt;

/// Why a multipart body was refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: u64,
}

/// The rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The Content-Type is no `multipart` type.
    NotMultipart,
    /// The parameters of the Content-Type of the whole body are malformed (RFC 9110, section
    /// 5.6.6).
    BadContentType,
    /// The boundary is missing, named twice, or not as RFC 2046, section 5.1.1, has it.
    BadBoundary,
    /// Something else than a line end follows a boundary. A line that only begins with the
    /// boundary would be data for one reader and a boundary for another.
    JunkAfterBoundary,
    /// Something else than a line end or the end follows the closing boundary.
    JunkAfterClose,
    /// A boundary stands among the headers of a part.
    BoundaryInHeaders,
    /// A header line of a part breaks a rule of RFC 9112, section 5.
    Header(pauper_wire::ErrorKind),
    /// A header that must be there once is there twice.
    RepeatedHeader(&'static str),
    /// A part of a form has no Content-Disposition (RFC 7578, section 4.2).
    MissingDisposition,
    /// The Content-Disposition of a part is malformed, or that of a part of a form is not
    /// `form-data`.
    BadDisposition,
    /// A part of a form has no `name` (RFC 7578, section 4.2).
    MissingName,
    /// A parameter of Content-Disposition is there twice.
    RepeatedParameter(&'static str),
    /// A name, a file name or a Content-Type is not UTF-8.
    NotUtf8,
    /// A `filename*` is not as RFC 8187, section 3.2, has it.
    BadExtendedFilename,
    /// A Content-Transfer-Encoding that is not known (RFC 2045, section 6), or one that a nested
    /// multipart must not have.
    UnknownTransferEncoding,
    /// The data of a part is not what its Content-Transfer-Encoding says.
    BadTransferEncoding,
    /// A nested multipart has no boundary, one that is not allowed, or one that cannot be told
    /// from that around it.
    BadNestedBoundary,
    /// The boundary of the multipart around it stands in a nested one that is still open.
    WrongNesting,
    /// The body ended before its closing boundary.
    Incomplete,
    /// There is more than a [limit](super::Limits) allows.
    LimitExceeded {
        /// The name of the limit.
        name: &'static str,
        /// Its value.
        limit: u64,
    },
}

impl Error {
    #[cold]
    pub(crate) const fn new(kind: ErrorKind, offset: u64) -> Self {
        Self { kind, offset }
    }

    #[cold]
    pub(crate) const fn limit(name: &'static str, limit: u64, offset: u64) -> Self {
        Self { kind: ErrorKind::LimitExceeded { name, limit }, offset }
    }

    /// The same, where the offset was one in a piece that begins at `by`.
    pub(super) const fn moved(self, by: u64) -> Self {
        Self { kind: self.kind, offset: self.offset + by }
    }

    /// The rule that was broken.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the body, or of the Content-Type for errors of that.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The HTTP status to answer with: 413 beyond a limit, 415 for a type or an encoding that is
    /// not known, otherwise 400.
    pub const fn status(&self) -> u16 {
        match self.kind {
            ErrorKind::LimitExceeded { .. } => 413,
            ErrorKind::NotMultipart | ErrorKind::UnknownTransferEncoding => 415,
            _ => 400,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ErrorKind as E;
        match self.kind {
            E::NotMultipart => f.write_str("Content-Type is not multipart"),
            E::BadContentType => f.write_str("Content-Type has a malformed parameter"),
            E::BadBoundary => f.write_str("Content-Type has no valid boundary"),
            E::JunkAfterBoundary => f.write_str("a boundary is not followed by a line end"),
            E::JunkAfterClose => f.write_str("the closing boundary is not followed by a line end"),
            E::BoundaryInHeaders => f.write_str("a boundary stands among the headers of a part"),
            E::Header(kind) => write!(f, "header of a part: {}", kind.rule()),
            E::RepeatedHeader(name) => write!(f, "a part has {name} twice"),
            E::MissingDisposition => f.write_str("a part has no Content-Disposition"),
            E::BadDisposition => f.write_str("a part has a malformed Content-Disposition"),
            E::MissingName => f.write_str("a part has no name"),
            E::RepeatedParameter(name) => write!(f, "Content-Disposition has {name} twice"),
            E::NotUtf8 => f.write_str("a name of a part is not UTF-8"),
            E::BadExtendedFilename => f.write_str("filename* is malformed"),
            E::UnknownTransferEncoding => {
                f.write_str("a part has a Content-Transfer-Encoding that is not supported")
            }
            E::BadTransferEncoding => {
                f.write_str("data of a part is not what its Content-Transfer-Encoding says")
            }
            E::BadNestedBoundary => f.write_str("a nested multipart has no valid boundary"),
            E::WrongNesting => f.write_str("a nested multipart is not closed"),
            E::Incomplete => f.write_str("the body ends before its closing boundary"),
            E::LimitExceeded { name, limit } => {
                let what = match name {
                    "max_body" => "body is longer than",
                    "max_part" => "a part is longer than",
                    "max_parts" => "there are more parts than",
                    "max_header_bytes" => "headers of a part are longer than",
                    "max_headers" => "a part has more headers than",
                    "max_boundary" => "the boundary is longer than",
                    "max_preamble" => "what stands before the first boundary is longer than",
                    "max_epilogue" => "what stands after the last boundary is longer than",
                    "max_nesting" => "multiparts are nested deeper than",
                    "max_memory" => "the fields need more memory than",
                    _ => "there is more than",
                };
                let unit = match name {
                    "max_parts" | "max_headers" | "max_nesting" => "",
                    _ => " bytes",
                };
                write!(f, "{what} {limit}{unit} ({name})")
            }
        }?;
        write!(f, " (at byte {})", self.offset)
    }
}

impl StdError for Error {}

/// Of kind `InvalidData`, or `UnexpectedEof` for a body that is incomplete; the error is inside.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Incomplete => std::io::ErrorKind::UnexpectedEof,
            _ => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
