//! Why a form was not read.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::SinkError;
use crate::{Error, multipart};

/// Why a form was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum FormError {
    /// The body is neither `multipart/form-data` nor `application/x-www-form-urlencoded`.
    NotAForm,
    /// A multipart body breaks a rule or a limit, or has a Content-Type without a good boundary.
    Multipart(multipart::Error),
    /// An urlencoded body breaks a rule or a limit.
    Urlencoded(Error),
    /// Text in a charset that is neither UTF-8 nor Latin-1 (the name is quoted from the client).
    Charset(String),
    /// The temporary file could not be made or written: no fault of the client.
    Io(io::Error),
    /// A sink of yours did not take a file.
    Sink(SinkError),
    /// The form was refused before, by another error.
    Failed,
}

impl FormError {
    pub(super) fn memory(limit: usize, offset: u64) -> Self {
        Self::Multipart(multipart::Error::limit("max_memory", limit as u64, offset))
    }

    /// The HTTP status to answer with: 400, 413 or 415 for what a client sent, 500 for a temporary
    /// file, and what a sink asks for.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotAForm | Self::Charset(_) => 415,
            Self::Multipart(error) => error.status(),
            Self::Urlencoded(error) => error.status(),
            Self::Io(_) => 500,
            Self::Sink(error) => error.status(),
            Self::Failed => 400,
        }
    }

    /// Whether the message is fit for the client, since the client is at fault.
    pub fn is_clients_fault(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Sink(_))
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAForm => f.write_str(
                "a form is expected as multipart/form-data or application/x-www-form-urlencoded",
            ),
            Self::Multipart(error) => write!(f, "multipart form: {error}"),
            Self::Urlencoded(error) => write!(f, "urlencoded form: {error}"),
            Self::Charset(name) => write!(f, "text in the charset {name:?} is not supported"),
            Self::Io(error) => write!(f, "temporary file of a form: {error}"),
            Self::Sink(error) => write!(f, "sink of a file: {error}"),
            Self::Failed => f.write_str("the form was refused before"),
        }
    }
}

impl StdError for FormError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotAForm | Self::Charset(_) | Self::Failed => None,
            Self::Multipart(error) => Some(error),
            Self::Urlencoded(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Sink(error) => Some(error),
        }
    }
}

impl From<multipart::Error> for FormError {
    fn from(error: multipart::Error) -> Self {
        Self::Multipart(error)
    }
}

impl From<Error> for FormError {
    fn from(error: Error) -> Self {
        Self::Urlencoded(error)
    }
}

impl From<SinkError> for FormError {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
