//! Byte classes of RFC 9110 and RFC 3986, and scans that run to the end of a class.
//!
//! This is the only place that knows which byte belongs to which class, so that a faster way of
//! scanning can take its place without touching a parser.

/// `tchar` (RFC 9110 section 5.6.2): ``! # $ % & ' * + - . ^ _ ` | ~``, digits and letters.
const TOKEN: u8 = 1;
/// Bytes of a field value (RFC 9110 section 5.5): HTAB, SP, visible ASCII and 0x80 to 0xFF.
const VALUE: u8 = 2;
/// Bytes of a request target: visible ASCII other than `#`.
const TARGET: u8 = 4;
/// Bytes of a `reg-name` (RFC 3986 section 3.2.2) other than `%`: `unreserved` and `sub-delims`.
const REG_NAME: u8 = 8;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
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

const fn has(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

pub(crate) const fn is_tchar(byte: u8) -> bool {
    has(byte, TOKEN)
}

pub(crate) const fn is_value(byte: u8) -> bool {
    has(byte, VALUE)
}

pub(crate) const fn is_reg_name(byte: u8) -> bool {
    has(byte, REG_NAME)
}

/// The index of the first byte at or after `from` that is no `tchar`; `buf.len()` if there is none.
pub(crate) fn token_end(buf: &[u8], from: usize) -> usize {
    end_of(buf, from, TOKEN)
}

/// The index of the first byte at or after `from` that cannot stand in a field value.
pub(crate) fn value_end(buf: &[u8], from: usize) -> usize {
    end_of(buf, from, VALUE)
}

/// The index of the first byte at or after `from` that cannot stand in a request target.
pub(crate) fn target_end(buf: &[u8], from: usize) -> usize {
    end_of(buf, from, TARGET)
}

fn end_of(buf: &[u8], from: usize, class: u8) -> usize {
    let end =
        buf[from..].iter().position(|&byte| !has(byte, class)).map_or(buf.len(), |n| from + n);
    #[cfg(test)]
    work::add(end - from + 1);
    end
}

/// Counts examined bytes, so that a test can prove that no parser looks twice.
#[cfg(test)]
pub(crate) mod work {
    use core::cell::Cell;

    std::thread_local!(static EXAMINED: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(bytes: usize) {
        EXAMINED.with(|cell| cell.set(cell.get() + bytes));
    }

    /// How many bytes this thread examined since the last call.
    pub(crate) fn take() -> usize {
        EXAMINED.with(|cell| cell.replace(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_class_is_rfc_9110_tchar() {
        for byte in 0..=255u8 {
            let separator = b"\"(),/:;<=>?@[\\]{}".contains(&byte);
            assert_eq!(is_tchar(byte), byte.is_ascii_graphic() && !separator, "{byte:#x}");
        }
    }

    #[test]
    fn value_class_is_htab_and_everything_but_controls() {
        for byte in 0..=255u8 {
            assert_eq!(is_value(byte), byte == 9 || !byte.is_ascii_control(), "{byte:#x}");
        }
    }

    #[test]
    fn scans_stop_at_the_first_foreign_byte() {
        assert_eq!(token_end(b"abc:d", 0), 3);
        assert_eq!(token_end(b"abc", 1), 3);
        assert_eq!(value_end(b"a b\tc\xff\r", 0), 6);
        assert_eq!(target_end(b"/a?b|{}\"[]#x", 0), 10);
        assert_eq!(target_end(b"/ ", 2), 2);
    }
}
