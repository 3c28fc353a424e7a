//! `Range: bytes=0-99,-5` (RFC 9110 section 14.1.2).

use core::ops::Range;

use super::{List, split_list};
use crate::{Error, ErrorKind};

/// Checks a Range header in bytes and gives its ranges in the order sent; at most `max` of them.
///
/// # Errors
/// [`ErrorKind::BadRange`] if the unit is not `bytes`, if there is no range or more than `max`, or
/// if any of them is malformed. A server ignores such a header (RFC 9110 section 14.2).
///
/// # Example
/// ```
/// use pauper_wire::grammar::{ByteRange, byte_ranges};
///
/// let mut ranges = byte_ranges(b"bytes=0-1,-5", 10)?;
/// assert_eq!(ranges.next(), Some(ByteRange::FromTo { first: 0, last: 1 }));
/// assert_eq!(ranges.next().unwrap().resolve(100), Some(95..100));
/// # Ok::<(), pauper_wire::Error>(())
/// ```
pub fn byte_ranges(value: &[u8], max: usize) -> Result<ByteRanges<'_>, Error> {
    let bad = |at| Error::at(ErrorKind::BadRange, value, at);
    let unit = value.get(..6).filter(|unit| unit.eq_ignore_ascii_case(b"bytes="));
    let set = match unit {
        Some(_) => &value[6..],
        None => return Err(bad(0)),
    };
    let list = split_list(set);
    let mut count = 0;
    for element in list.clone() {
        count += 1;
        if count > max || parse(element).is_none() {
            return Err(bad(element.as_ptr().addr() - value.as_ptr().addr()));
        }
    }
    if count == 0 { Err(bad(value.len())) } else { Ok(ByteRanges { list }) }
}

/// See [`byte_ranges`].
#[derive(Clone, Debug)]
pub struct ByteRanges<'a> {
    list: List<'a>,
}

impl Iterator for ByteRanges<'_> {
    type Item = ByteRange;

    fn next(&mut self) -> Option<ByteRange> {
        self.list.next().and_then(parse)
    }
}

/// One range as asked for. Numbers beyond 64 bits are lowered to the largest that fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteRange {
    /// `first-last`, both included; `first <= last`.
    FromTo {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// `first-`
    From(u64),
    /// `-length`: so many bytes at the end.
    Suffix(u64),
}

impl ByteRange {
    /// The bytes it means in a representation of `len` bytes, never empty; `None` if there are
    /// none, so that it cannot be satisfied.
    #[must_use]
    pub fn resolve(self, len: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::FromTo { first, last } => first..last.saturating_add(1).min(len),
            Self::From(first) => first..len,
            Self::Suffix(length) => len.saturating_sub(length)..len,
        };
        (!range.is_empty()).then_some(range)
    }
}

fn parse(element: &[u8]) -> Option<ByteRange> {
    let dash = memchr::memchr(b'-', element)?;
    let (first, last) = (&element[..dash], &element[dash + 1..]);
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some(ByteRange::Suffix(number(last)?)),
        (false, true) => Some(ByteRange::From(number(first)?)),
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::FromTo { first, last })
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ByteRange::{From, FromTo, Suffix};

    #[track_caller]
    fn good(value: &str, expected: &[ByteRange]) {
        assert!(byte_ranges(value.as_bytes(), 4).unwrap().eq(expected.iter().copied()), "{value}");
    }

    #[track_caller]
    fn bad(value: &str, at: usize) {
        let error = byte_ranges(value.as_bytes(), 4).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::BadRange, at), "{value}");
    }

    #[test]
    fn ranges() {
        good("bytes=0-1", &[FromTo { first: 0, last: 1 }]);
        good("Bytes=0-1 ,\t-5,3-", &[FromTo { first: 0, last: 1 }, Suffix(5), From(3)]);
        good("bytes=,,7-7,", &[FromTo { first: 7, last: 7 }]);
        good("bytes=99999999999999999999999-", &[From(u64::MAX)]);
        good("bytes=-0", &[Suffix(0)]);
    }

    #[test]
    fn malformed_ranges() {
        for value in ["", "bytes", "lines=0-1", "bytes 0-1", " bytes=0-1"] {
            bad(value, 0);
        }
        for value in ["bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=1", "bytes=+1-2"] {
            bad(value, 6);
        }
        bad("bytes=1--2", 6);
        bad("bytes=1-2-3", 6);
        bad("bytes=0-0, 1 -2", 11);
        bad("bytes=0-0,0-0,0-0,0-0,1-1", 22);
    }

    #[test]
    fn resolving() {
        for (range, len, expected) in [
            (FromTo { first: 0, last: 0 }, 1, Some(0..1)),
            (FromTo { first: 0, last: u64::MAX }, 10, Some(0..10)),
            (FromTo { first: 10, last: 12 }, 10, None),
            (From(9), 10, Some(9..10)),
            (From(10), 10, None),
            (Suffix(3), 10, Some(7..10)),
            (Suffix(30), 10, Some(0..10)),
            (Suffix(0), 10, None),
            (From(0), 0, None),
            (Suffix(1), 0, None),
        ] {
            assert_eq!(range.resolve(len), expected, "{range:?} of {len}");
        }
    }
}
