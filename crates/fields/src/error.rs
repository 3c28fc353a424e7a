//! What can be wrong: with the input as a whole, and with one field.

use std::error::Error as StdError;
use std::fmt;

/// Why a path, a query or a form was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
}

/// What was wrong with the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A `%` without two hexadecimal digits behind it (RFC 3986, section 2.1).
    BadEscape,
    /// The decoded bytes are not UTF-8.
    NotUtf8,
    /// A NUL byte in a path, escaped or not.
    Nul,
    /// A field without a `=`, with [`strict_parsing`](crate::Options::strict_parsing).
    MissingEquals,
    /// More fields than [`max_fields`](crate::Options::max_fields).
    TooManyFields {
        /// The limit that was exceeded.
        limit: usize,
    },
    /// A field of more bytes than [`max_field`](crate::Options::max_field).
    FieldTooLong {
        /// The limit that was exceeded.
        limit: usize,
    },
}

impl Error {
    #[cold]
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What was wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the undecoded input.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The HTTP status to answer with: 413 for too many or too long fields, otherwise 400.
    pub const fn status(&self) -> u16 {
        match self.kind {
            ErrorKind::TooManyFields { .. } | ErrorKind::FieldTooLong { .. } => 413,
            _ => 400,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::BadEscape => f.write_str("'%' is not followed by two hexadecimal digits")?,
            ErrorKind::NotUtf8 => f.write_str("text is not UTF-8 when percent-decoded")?,
            ErrorKind::Nul => f.write_str("path contains a NUL byte")?,
            ErrorKind::MissingEquals => f.write_str("field has no '='")?,
            ErrorKind::TooManyFields { limit } => write!(f, "more than {limit} fields")?,
            ErrorKind::FieldTooLong { limit } => {
                write!(f, "a field is longer than {limit} bytes (max_field)")?;
            }
        }
        write!(f, " (at byte {})", self.offset)
    }
}

impl StdError for Error {}

/// A field is missing, or its text is not of the wanted type.
///
/// Both are the client's fault: answer with status 400. The message names the field and quotes
/// the beginning of the text with control characters escaped, so that it is fit for a log.
#[derive(Debug)]
pub struct FieldError {
    name: String,
    /// The text and what its parser said; `None` if the field is missing.
    invalid: Option<(String, Box<dyn StdError + Send + Sync>)>,
}

/// How many characters of the offending text a message quotes.
const QUOTED: usize = 60;

impl FieldError {
    #[cold]
    pub(crate) fn missing(name: &str) -> Self {
        Self { name: name.to_owned(), invalid: None }
    }

    #[cold]
    pub(crate) fn invalid(name: &str, text: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self { name: name.to_owned(), invalid: Some((text.to_owned(), source)) }
    }

    /// The name of the field.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text that could not be parsed, or `None` if the field is missing.
    pub fn text(&self) -> Option<&str> {
        self.invalid.as_ref().map(|(text, _)| text.as_str())
    }

    /// Whether the field is missing, or blank where blank text means nothing.
    pub fn is_missing(&self) -> bool {
        self.invalid.is_none()
    }

    /// The HTTP status to answer with: 400.
    pub const fn status(&self) -> u16 {
        400
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((text, source)) = &self.invalid else {
            return write!(f, "field {:?} is missing", self.name);
        };
        let (quoted, more) = match text.char_indices().nth(QUOTED) {
            Some((end, _)) => (&text[..end], "..."),
            None => (text.as_str(), ""),
        };
        write!(f, "field {:?} cannot be {quoted:?}{more}: {source}", self.name)
    }
}

/// The parser's error is the source.
impl StdError for FieldError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.invalid.as_ref().map(|(_, source)| &**source as _)
    }
}
