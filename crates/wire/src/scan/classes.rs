//! Byte classes of RFC 9110 and RFC 3986, as tables.

/// `tchar` (RFC 9110 section 5.6.2): ``! # $ % & ' * + - . ^ _ ` | ~``, digits and letters.
pub(super) const TOKEN: u8 = 1;
/// Bytes of a field value (RFC 9110 section 5.5): HTAB, SP, visible ASCII and 0x80 to 0xFF.
pub(super) const VALUE: u8 = 2;
/// Bytes of a request target: visible ASCII other than `#`.
pub(super) const TARGET: u8 = 4;
/// Bytes of a `reg-name` (RFC 3986 section 3.2.2) other than `%`: `unreserved` and `sub-delims`.
pub(super) const REG_NAME: u8 = 8;

static CLASSES: [u8; 256] = classes();

pub(super) const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric() || contains(b"!#$%&'*+-.^_`|~", byte) {
            class |= TOKEN;
        }
        if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
            class |= VALUE;
        }
        if byte.is_ascii_graphic() && byte != b'#' {
            class |= TARGET;
        }
        if byte.is_ascii_alphanumeric() || contains(b"-._~!$&'()*+,;=", byte) {
            class |= REG_NAME;
        }
        table[index] = class;
        index += 1;
    }
    table
}

const fn contains(set: &[u8], byte: u8) -> bool {
    let mut index = 0;
    while index < set.len() {
        if set[index] == byte {
            return true;
        }
        index += 1;
    }
    false
}

pub(super) fn has(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_class_is_rfc_9110_tchar() {
        for byte in 0..=255u8 {
            let separator = b"\"(),/:;<=>?@[\\]{}".contains(&byte);
            assert_eq!(has(byte, TOKEN), byte.is_ascii_graphic() && !separator, "{byte:#x}");
        }
    }

    #[test]
    fn value_class_is_htab_and_everything_but_controls() {
        for byte in 0..=255u8 {
            assert_eq!(has(byte, VALUE), byte == 9 || !byte.is_ascii_control(), "{byte:#x}");
        }
    }
}
