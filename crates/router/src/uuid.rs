//! The value of a `uuid` group.

use std::fmt;
use std::str::FromStr;

/// A UUID as a number, RFC 9562 section 4: what a `<name:uuid>` group holds.
///
/// Read in either case, written in lower case. It is a number and nothing more: versions and
/// variants are for other crates.
///
/// ```
/// use pauper_router::Uuid;
///
/// let uuid: Uuid = "01234567-89AB-cdef-0123-456789abcdef".parse().unwrap();
/// assert_eq!(uuid.to_string(), "01234567-89ab-cdef-0123-456789abcdef");
/// assert_eq!(uuid.0, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub u128);

/// A text is no UUID: not groups of 8, 4, 4, 4 and 12 hexadecimal digits with `-` between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UuidError(());

impl FromStr for Uuid {
    type Err = UuidError;

    fn from_str(text: &str) -> Result<Self, UuidError> {
        if !is_uuid(text) {
            return Err(UuidError(()));
        }
        let digits = text.chars().filter_map(|char| char.to_digit(16));
        Ok(Self(digits.fold(0, |number, digit| number << 4 | u128::from(digit))))
    }
}

/// Whether the text is a UUID in either case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// In lower case.
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, bits: u32| self.0 >> shift & ((1 << bits) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        )
    }
}

impl fmt::Display for UuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID is 8-4-4-4-12 hexadecimal digits")
    }
}

impl std::error::Error for UuidError {}
