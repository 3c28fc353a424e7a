//! Certificates and keys as text.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::{TlsError, TlsErrorKind};

/// Where text in PEM comes from: a file, which is read again by each
/// [reload](crate::Tls::reload), or memory.
///
/// A path can be given wherever a `Pem` is wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Text(Arc<[u8]>),
}

impl Pem {
    /// The file at this path.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// This text.
    #[must_use]
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self(Source::Text(text.into().into()))
    }

    fn read(&self) -> Result<Cow<'_, [u8]>, TlsError> {
        match &self.0 {
            Source::Text(text) => Ok(Cow::Borrowed(text)),
            Source::File(path) => {
                let error = |error| TlsError::new(TlsErrorKind::Unreadable, self, error);
                fs::read(path).map(Cow::Owned).map_err(error)
            }
        }
    }

    /// All certificates in it, of which there is at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let text = self.read()?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match all {
            Ok(all) if !all.is_empty() => Ok(all),
            Ok(_) => {
                let text = if is_key(&text) {
                    "there is no certificate in it, but a private key"
                } else {
                    "there is no certificate in it"
                };
                Err(TlsError::new(TlsErrorKind::NoCertificate, self, text))
            }
            Err(error) => Err(TlsError::new(TlsErrorKind::BadPem, self, readable(&error))),
        }
    }

    /// The first private key in it.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = self.read()?;
        if contains(&text, b"ENCRYPTED") {
            let text = "the private key is encrypted by a password; write it without one, in a \
                        file that nobody else can read";
            return Err(TlsError::new(TlsErrorKind::EncryptedKey, self, text));
        }
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
            Error::NoItemsFound => {
                let text = if contains(&text, b"-----BEGIN CERTIFICATE-----") {
                    "there is no private key in it, but a certificate"
                } else {
                    "there is no private key in it"
                };
                TlsError::new(TlsErrorKind::NoKey, self, text)
            }
            error => TlsError::new(TlsErrorKind::BadPem, self, readable(&error)),
        })
    }
}

fn is_key(text: &[u8]) -> bool {
    contains(text, b"PRIVATE KEY-----")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn readable(error: &Error) -> String {
    match error {
        Error::MissingSectionEnd { .. } => "a section of it has no end".to_owned(),
        Error::IllegalSectionStart { .. } => "a section of it has no proper beginning".to_owned(),
        Error::Base64Decode(_) => "a section of it is no base64".to_owned(),
        error => error.to_string(),
    }
}

impl From<PathBuf> for Pem {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&Path> for Pem {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<&PathBuf> for Pem {
    fn from(path: &PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&str> for Pem {
    fn from(path: &str) -> Self {
        Self::file(path)
    }
}

impl From<String> for Pem {
    fn from(path: String) -> Self {
        Self::file(path)
    }
}

/// Where it comes from; never the text.
impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::File(path) => path.display().fmt(f),
            Source::Text(_) => f.write_str("PEM in memory"),
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
