//! Percent-encoding of names, which are bytes here and not text (RFC 3986, section 2.1).

use std::fmt;

/// Decodes `text` once. Nothing when a `%` is not followed by two hexadecimal digits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = digit(bytes.next()?)?;
            let low = digit(bytes.next()?)?;
            out.push(high << 4 | low);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Shows a name as one segment of a path: everything but the unreserved characters is encoded,
/// so that it means nothing in a URL, in HTML, or in a header.
pub(crate) struct Segment<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    fmt::Write::write_char(f, char::from(*byte))?;
                }
                _ => write!(f, "%{byte:02X}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decoded_once_or_refused() {
        let check = |text: &str, expected: Option<&[u8]>| {
            assert_eq!(decode(text).as_deref(), expected, "{text}");
        };
        check("a%20b", Some(b"a b"));
        check("%252e", Some(b"%2e"));
        check("%fF", Some(b"\xff"));
        check("+", Some(b"+"));
        check("ä", Some("ä".as_bytes()));
        for bad in ["%", "%2", "a%zz", "%%20", "%+1", "% 1"] {
            check(bad, None);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_comes_back(bytes: Vec<u8>) {
            let text = Segment(&bytes).to_string();
            prop_assert!(!text.contains(['/', '\\', '"', '\'', '<', '>', '&', '?', '#', ':']));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
