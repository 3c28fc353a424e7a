//! Equality by content, and a readable `Debug`.

use std::fmt;

use bytes::Bytes;

use crate::IoList;

/// How many bytes `Debug` shows.
const SHOWN: usize = 1024;

impl PartialEq<[u8]> for IoList {
    fn eq(&self, mut other: &[u8]) -> bool {
        self.len() == other.len()
            && self.pieces().all(|piece| match other.strip_prefix(piece) {
                Some(rest) => {
                    other = rest;
                    true
                }
                None => false,
            })
    }
}

/// Equal if the bytes are, however they are cut into pieces.
impl PartialEq for IoList {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let mut theirs = other.pieces();
        let mut their: &[u8] = &[];
        for mut our in self.pieces() {
            while !our.is_empty() {
                if their.is_empty() {
                    // The lengths are equal, so there is another piece.
                    their = theirs.next().unwrap_or_default();
                }
                let n = our.len().min(their.len());
                if our[..n] != their[..n] {
                    return false;
                }
                (our, their) = (&our[n..], &their[n..]);
            }
        }
        true
    }
}

impl Eq for IoList {}

macro_rules! eq_bytes {
    ($($bytes:ty)*) => {$(
        impl PartialEq<$bytes> for IoList {
            fn eq(&self, other: &$bytes) -> bool {
                let bytes: &[u8] = other.as_ref();
                *self == *bytes
            }
        }
    )*};
}
eq_bytes!(&[u8] str &str String Vec<u8> Bytes);

impl<const N: usize> PartialEq<[u8; N]> for IoList {
    fn eq(&self, other: &[u8; N]) -> bool {
        *self == other[..]
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for IoList {
    fn eq(&self, other: &&[u8; N]) -> bool {
        *self == other[..]
    }
}

/// The pieces as byte strings, of which the first 1,024 bytes are shown.
impl fmt::Debug for IoList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IoList[")?;
        let mut left = SHOWN;
        for (index, piece) in self.pieces().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if left == 0 {
                write!(f, "... {} bytes in all", self.len())?;
                break;
            }
            let shown = &piece[..piece.len().min(left)];
            left -= shown.len();
            write!(f, "b\"{}\"", shown.escape_ascii())?;
            if shown.len() < piece.len() {
                write!(f, "... {} bytes in all", self.len())?;
                break;
            }
        }
        f.write_str("]")
    }
}
