//! The Range header (RFC 9110, section 14.2).

use pauper_message::Request;
use pauper_wire::grammar::{ByteRange, byte_ranges};

/// What a Range header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything: no range, one that cannot be read, or several.
    Whole,
    /// `len` bytes, at least one, from `start` on, all of them within the file.
    Of { start: u64, len: u64 },
    /// Nothing that the file has.
    Outside,
}

impl Part {
    /// What the Range header of a request asks for in a file of `total` bytes.
    pub(crate) fn wanted(req: &Request, total: u64) -> Self {
        let head = req.head();
        let mut values = head.header_all("range");
        match (values.next(), values.next()) {
            (Some(value), None) => Self::parse(value, total),
            _ => Self::Whole,
        }
    }

    fn parse(value: &[u8], total: u64) -> Self {
        // More ranges than one are as good as none, and so is what cannot be read.
        let only = byte_ranges(value, 1).ok().and_then(|mut ranges| ranges.next());
        let Some(range) = only else { return Self::Whole };
        match range.resolve(total) {
            Some(range) => Self::Of { start: range.start, len: range.end - range.start },
            // The last bytes of nothing: satisfiable, but no Content-Range can say so.
            None if total == 0 && matches!(range, ByteRange::Suffix(1..)) => Self::Whole,
            None => Self::Outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(value: &str, total: u64, expected: Part) {
        assert_eq!(Part::parse(value.as_bytes(), total), expected, "{value} of {total}");
    }

    fn of(start: u64, len: u64) -> Part {
        Part::Of { start, len }
    }

    #[test]
    fn one_range() {
        check("bytes=0-0", 10, of(0, 1));
        check("bytes=0-", 10, of(0, 10));
        check("bytes=3-5", 10, of(3, 3));
        check("bytes=9-", 10, of(9, 1));
        check("bytes=9-99", 10, of(9, 1));
        check("bytes=-1", 10, of(9, 1));
        check("bytes=-99", 10, of(0, 10));
        check("BYTES=1-2", 10, of(1, 2));
        check("bytes= 1-2 ,", 10, of(1, 2));
        check("bytes=0-99999999999999999999999999", 10, of(0, 10));
        check("bytes=-99999999999999999999999999", 10, of(0, 10));
        check("bytes=0-18446744073709551615", 10, of(0, 10));
        check("bytes=18446744073709551614-", u64::MAX, of(u64::MAX - 1, 1));
    }

    #[test]
    fn outside() {
        check("bytes=10-", 10, Part::Outside);
        check("bytes=10-15", 10, Part::Outside);
        check("bytes=99999999999999999999999999-", 10, Part::Outside);
        check("bytes=-0", 10, Part::Outside);
        check("bytes=0-", 0, Part::Outside);
        check("bytes=0-99", 0, Part::Outside);
    }

    #[test]
    fn whole() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=1",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=1--2",
            "bytes=1-2-3",
            "bytes=1 - 2",
            "lines=1-2",
            "bytes =1-2",
            "bytes=0-0,0-0",
            "bytes=0-0,-1",
            "bytes=0x1-2",
            "bytes=１-2",
            "=1-2",
        ] {
            check(value, 10, Part::Whole);
        }
        check("bytes=-5", 0, Part::Whole);
        check(&format!("bytes={}", ["0-0"; 1000].join(",")), 10, Part::Whole);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(value in "bytes=[0-9]{0,20}-[0-9]{0,20}", total: u64) {
            if let Part::Of { start, len } = Part::parse(value.as_bytes(), total) {
                prop_assert!(len > 0);
                prop_assert!(start.checked_add(len).is_some_and(|end| end <= total));
            }
        }

        #[test]
        fn no_text_panics(value: String, total: u64) {
            let _ = Part::parse(value.as_bytes(), total);
            let _ = Part::parse(format!("bytes={value}").as_bytes(), total);
        }
    }
}
