//! Bytes as text: hex, and Base64 of the alphabet that cookies and URLs can hold.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Lower-case hex, two digits for each byte.
///
/// ```
/// assert_eq!(pauper_auth::to_hex(&[0x00, 0xaf]), "00af");
/// ```
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The bytes of a hex text in either case; `None` for an odd number of digits, and for anything
/// that is no digit.
///
/// ```
/// assert_eq!(pauper_auth::from_hex("00aF"), Some(vec![0x00, 0xaf]));
/// assert_eq!(pauper_auth::from_hex("0"), None);
/// ```
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Base64 with `-` and `_`, without padding (RFC 4648, section 5).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of such a text. There is one text for each byte string: unused bits have to be 0.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&all)), Some(all));
        for text in ["0", "0g", "g0", " 00", "0x00", "é"] {
            assert_eq!(from_hex(text), None, "{text:?}");
        }
    }

    #[test]
    fn base64_has_one_text_for_each_value() {
        assert_eq!(to_base64(&[0xff, 0xfe]), "__4");
        assert_eq!(from_base64("__4"), Some(vec![0xff, 0xfe]));
        for text in ["__5", "__4=", "_", "//4", "__4 "] {
            assert_eq!(from_base64(text), None, "{text:?}");
        }
    }
}
