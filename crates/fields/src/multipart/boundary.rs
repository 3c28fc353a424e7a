//! The boundary: what it may be, and where it comes from.

use pauper_wire::grammar::value_and_parameters;

use super::{Error, ErrorKind, Limits};

/// The text that separates the parts of a multipart body (RFC 2046, section 5.1.1).
///
/// ```
/// use pauper_fields::multipart::{Boundary, Limits};
///
/// let boundary = Boundary::new(b"AaB03x", &Limits::new())?;
/// assert_eq!(boundary.as_bytes(), b"AaB03x");
/// assert!(Boundary::new(b"ends with a space ", &Limits::new()).is_err());
/// # Ok::<(), pauper_fields::multipart::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// CRLF, two hyphens and the boundary.
    ///
    /// Invariant: CR stands at its beginning and nowhere else. So a part of it that turned out to
    /// be data has no other beginning of a delimiter inside.
    delimiter: Box<[u8]>,
}

/// What every delimiter begins with.
pub(super) const PREFIX: &[u8] = b"\r\n--";

impl Boundary {
    /// A boundary of these bytes: 1 to [`max_boundary`](Limits::max_boundary) characters out of
    /// letters, digits, `'()+_,-./:=?` and space, the last of which is no space.
    ///
    /// # Errors
    ///
    /// [`BadBoundary`](ErrorKind::BadBoundary) for any other text, and
    /// [`LimitExceeded`](ErrorKind::LimitExceeded) for one that is too long.
    pub fn new(text: &[u8], limits: &Limits) -> Result<Self, Error> {
        if text.len() > limits.max_boundary {
            return Err(Error::limit("max_boundary", limits.max_boundary as u64, 0));
        }
        match text.iter().position(|byte| !is_bchar(*byte)) {
            Some(at) => return Err(Error::new(ErrorKind::BadBoundary, at as u64)),
            None if text.last().is_none_or(|last| *last == b' ') => {
                return Err(Error::new(ErrorKind::BadBoundary, text.len() as u64));
            }
            None => {}
        }
        Ok(Self { delimiter: [PREFIX, text].concat().into() })
    }

    /// The boundary that a Content-Type names, and whether the type is `multipart/form-data`
    /// rather than another `multipart` type.
    ///
    /// # Errors
    ///
    /// [`NotMultipart`](ErrorKind::NotMultipart) for another type,
    /// [`BadContentType`](ErrorKind::BadContentType) when its parameters are malformed,
    /// [`BadBoundary`](ErrorKind::BadBoundary) when the boundary is missing, repeated or not
    /// allowed, and [`LimitExceeded`](ErrorKind::LimitExceeded) when it is too long. The offset is
    /// one in the Content-Type.
    pub fn of_content_type(value: &[u8], limits: &Limits) -> Result<(Self, bool), Error> {
        let (kind, parameters) = value_and_parameters(value);
        let is_multipart =
            kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
        if !is_multipart || kind.len() == 10 {
            return Err(Error::new(ErrorKind::NotMultipart, 0));
        }
        let mut found = None;
        for parameter in parameters {
            let parameter = parameter
                .map_err(|error| Error::new(ErrorKind::BadContentType, error.offset() as u64))?;
            if !parameter.is("boundary") {
                continue;
            }
            let offset = (parameter.raw().as_ptr().addr() - value.as_ptr().addr()) as u64;
            if found.is_some() {
                return Err(Error::new(ErrorKind::BadBoundary, offset));
            }
            let text: Vec<u8> = parameter.bytes().collect();
            found = Some(Self::new(&text, limits).map_err(|error| error.moved(offset))?);
        }
        match found {
            Some(boundary) => Ok((boundary, kind.eq_ignore_ascii_case(b"multipart/form-data"))),
            None => Err(Error::new(ErrorKind::BadBoundary, value.len() as u64)),
        }
    }

    /// The boundary itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.delimiter[PREFIX.len()..]
    }

    pub(super) fn delimiter(&self) -> &[u8] {
        &self.delimiter
    }

    /// Whether one of the two is the beginning of the other, so that a line could be both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.delimiter.starts_with(&other.delimiter) || other.delimiter.starts_with(&self.delimiter)
    }
}

/// `bchars` of RFC 2046, section 5.1.1.
fn is_bchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte)
}
