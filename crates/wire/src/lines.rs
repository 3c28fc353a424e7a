//! Header lines that are made once and written often.

use alloc::vec::Vec;

use crate::writer::checked_line;
use crate::{Error, ErrorKind};

/// Header lines that are checked already; see [`HeadWriter::lines`](crate::HeadWriter::lines).
pub trait PreparedLines: sealed::Sealed {
    /// The lines, each with its end.
    fn bytes(&self) -> &[u8];
}

mod sealed {
    /// Nobody else can say that lines are checked.
    pub trait Sealed {}
    impl Sealed for super::Lines {}
    impl Sealed for super::DateLine {}
}

/// Header lines of any content, checked when they are put in.
///
/// ```
/// use pauper_wire::{HeadWriter, Lines};
///
/// let mut lines = Lines::new();
/// lines.push("Server", b"mine")?;
/// assert!(lines.push("X", b"a\r\nb").is_err());
///
/// let mut out = Vec::new();
/// let mut head = HeadWriter::response(&mut out, 204, None)?;
/// head.lines(&lines);
/// head.finish();
/// assert_eq!(out, b"HTTP/1.1 204 No Content\r\nServer: mine\r\n\r\n");
/// # Ok::<(), pauper_wire::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lines {
    made: Vec<u8>,
    fixed: &'static str,
}

impl Lines {
    /// No lines.
    #[must_use]
    pub const fn new() -> Self {
        Self { made: Vec::new(), fixed: "" }
    }

    /// Lines that are known when the program is compiled, each with its end (`"A: b\r\n"`).
    ///
    /// # Panics
    /// If they are not lines of a name, `: `, and a value of visible ASCII and spaces; in a constant
    /// or static that is an error of the compiler.
    #[must_use]
    pub const fn fixed(lines: &'static str) -> Self {
        let bytes = lines.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'-') {
                at += 1;
            }
            assert!(at > start, "a header line begins with its name");
            assert!(at + 2 < bytes.len() && bytes[at] == b':' && bytes[at + 1] == b' ', "no colon");
            at += 2;
            assert!(bytes[at] != b' ', "the value begins with a space");
            while at < bytes.len() && (bytes[at].is_ascii_graphic() || bytes[at] == b' ') {
                at += 1;
            }
            assert!(bytes[at - 1] != b' ', "the value ends with a space");
            assert!(at + 1 < bytes.len() && bytes[at] == b'\r' && bytes[at + 1] == b'\n', "no end");
            at += 2;
        }
        Self { made: Vec::new(), fixed: lines }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// As [`HeadWriter::header`](crate::HeadWriter::header).
    pub fn push(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        if self.made.is_empty() {
            self.made.extend_from_slice(self.fixed.as_bytes());
        }
        checked_line(&mut self.made, name, value)
    }
}

impl PreparedLines for Lines {
    fn bytes(&self) -> &[u8] {
        if self.made.is_empty() { self.fixed.as_bytes() } else { &self.made }
    }
}

/// How many bytes the line of a date has.
const DATE_LINE: usize = 37;

/// The `Date` line (RFC 9110 section 5.6.7), without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct DateLine {
    bytes: [u8; DATE_LINE],
}

impl DateLine {
    /// Of a date in the usual form.
    ///
    /// # Panics
    /// If it holds anything but visible ASCII and spaces: then it is no date.
    #[must_use]
    pub fn new(imf_fixdate: &[u8; 29]) -> Self {
        let is_date = imf_fixdate.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        assert!(is_date, "{:?}", ErrorKind::InvalidValue);
        let mut bytes = *b"Date: .............................\r\n";
        bytes[6..DATE_LINE - 2].copy_from_slice(imf_fixdate);
        Self { bytes }
    }

    /// The date alone.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn value(&self) -> &[u8; 29] {
        self.bytes[6..].first_chunk().expect("there are 31 bytes")
    }
}

impl PreparedLines for DateLine {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_lines_are_checked_and_can_be_added_to() {
        let mut lines = Lines::fixed("A: b\r\nC-D: e f\r\n");
        assert_eq!(lines.bytes(), b"A: b\r\nC-D: e f\r\n");
        lines.push("G", b"h").unwrap();
        assert_eq!(lines.bytes(), b"A: b\r\nC-D: e f\r\nG: h\r\n");
        assert!(lines.push("Content-Length", b"1").is_err());
        assert!(lines.push("a b", b"1").is_err());
        for bad in ["A:b\r\n", "A: \r\n", "A: b\n", ": b\r\n", "A: b \r\n", "A: b\r\nC", "A: b"] {
            assert!(std::panic::catch_unwind(|| Lines::fixed(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_date_stands_in_its_line() {
        let line = DateLine::new(b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(line.bytes(), b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        assert_eq!(line.value(), b"Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
