//! Text from outside, made fit for a line of a log.

use std::fmt::{self, Write as _};

/// A field between quotes: what is not printable ASCII, the quote and the backslash become
/// `\xHH`, byte by byte. So no client can end a field or a line, or speak to a terminal.
pub(crate) struct Field<'a>(pub(crate) &'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'"' | b'\\' => write!(f, "\\x{byte:02X}")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02X}")?,
            }
        }
        Ok(())
    }
}

/// A message that is to stay one line: control characters become `\xHH` (or `\u{HHHH}`), those
/// that turn the direction of writing too; all other letters stay.
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match u32::from(c) {
                code @ (0..=0x1F | 0x7F) => write!(f, "\\x{code:02X}")?,
                code @ (0x80..=0x9F | 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069) => {
                    write!(f, "\\u{{{code:X}}}")?;
                }
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_printable_ascii_without_quotes() {
        assert_eq!(Field("/a b?c=%20~").to_string(), "/a b?c=%20~");
        assert_eq!(Field("\"\\").to_string(), r"\x22\x5C");
        assert_eq!(Field("\r\n\t\0\x7f\x1b[m").to_string(), r"\x0D\x0A\x09\x00\x7F\x1B[m");
        assert_eq!(Field("ä").to_string(), r"\xC3\xA4");
    }

    #[test]
    fn messages_stay_one_line_and_readable() {
        assert_eq!(OneLine("käse \"a\" \\").to_string(), "käse \"a\" \\");
        assert_eq!(OneLine("a\r\nb\x1b[31m").to_string(), r"a\x0D\x0Ab\x1B[31m");
        assert_eq!(OneLine("\u{85}\u{2028}\u{202e}").to_string(), r"\u{85}\u{2028}\u{202E}");
    }
}
