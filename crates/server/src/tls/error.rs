//! What is wrong with certificates and keys.

use std::fmt;
use std::io;

use super::Pem;

/// Why certificates and keys cannot be used: which file, and what is wrong with it.
#[derive(Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    place: Box<str>,
    text: Box<str>,
}

/// What kind of thing is wrong; see [`TlsError::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// A file cannot be read.
    Unreadable,
    /// Text that is no PEM, or broken PEM.
    BadPem,
    /// A file without a certificate.
    NoCertificate,
    /// Something that says it is a certificate, and is not.
    BadCertificate,
    /// A file without a private key.
    NoKey,
    /// A private key that wants a password.
    EncryptedKey,
    /// A private key that is none, or of a kind or size that is not supported.
    BadKey,
    /// A certificate and a private key that do not belong to each other.
    Mismatch,
    /// A name that is none, or that is not in the certificate that is meant for it.
    WrongName,
    /// The system gave no randomness.
    Random,
}

impl TlsError {
    pub(super) fn new(kind: TlsErrorKind, place: &Pem, text: impl ToString) -> Self {
        Self { kind, place: place.to_string().into(), text: text.to_string().into() }
    }

    /// What kind of thing is wrong.
    #[must_use]
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

impl std::error::Error for TlsError {}

/// Of the kind `InvalidInput`.
impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

impl From<TlsError> for crate::ServeError {
    fn from(error: TlsError) -> Self {
        io::Error::from(error).into()
    }
}
