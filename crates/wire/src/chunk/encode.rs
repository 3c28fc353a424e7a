//! What stands before, between and after the chunks of a body.

/// What follows the data of every chunk.
pub const END: &[u8; 2] = b"\r\n";

/// What ends a body: the chunk of length 0 and an empty trailer section.
pub const LAST: &[u8; 5] = b"0\r\n\r\n";

/// Writes the line in front of a chunk's data: its length in hexadecimal digits, and CRLF.
///
/// A chunk is this line, the data, and [`END`]. Do not send chunks of length 0: that is how a body
/// ends, see [`LAST`].
///
/// ```
/// use pauper_wire::chunk;
///
/// let mut scratch = [0; 20];
/// assert_eq!(chunk::header(255, &mut scratch), b"ff\r\n");
/// ```
#[must_use]
pub fn header(len: usize, out: &mut [u8; 20]) -> &[u8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut start = 18;
    let mut rest = len;
    loop {
        start -= 1;
        out[start] = DIGITS[rest & 15];
        rest >>= 4;
        if rest == 0 {
            break;
        }
    }
    out[18..].copy_from_slice(END);
    &out[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_hexadecimal_without_leading_zeros() {
        let mut out = [0; 20];
        assert_eq!(header(0, &mut out), b"0\r\n");
        assert_eq!(header(15, &mut out), b"f\r\n");
        assert_eq!(header(16, &mut out), b"10\r\n");
        assert_eq!(header(0xdead_beef, &mut out), b"deadbeef\r\n");
        #[cfg(target_pointer_width = "64")]
        assert_eq!(header(usize::MAX, &mut out), b"ffffffffffffffff\r\n");
    }
}
