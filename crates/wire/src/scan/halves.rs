//! Byte classes by the two halves of a byte, for instructions that look up sixteen bytes at a time by
//! four bits.

use super::classes::{TOKEN, classes};

/// `TOKEN` and `VALUE`: what stands in [`LINE_LOW`] for the low half of a byte and in [`LINE_HIGH`] for its high half have bits in common,
/// which make a number. It is from 1 to 31 for a `tchar`, and from [`NON_VALUE`] on for a byte that
/// cannot stand in a field value; for others it is 0.
pub(super) const LINE_LOW: [u8; 16] = line_low();

/// See [`LINE_LOW`]. Nothing from 0x80 on is a `tchar`, and all of it may stand in a value.
pub(super) const LINE_HIGH: [u8; 16] = {
    let mut high = [0; 16];
    // Which bytes with this high half are `tchar`s differs from one to the other; a bit for each.
    (high[2], high[3], high[4], high[5]) = (1, 2, 4, 8);
    // All of them are: those of 0x30 are the first ten, those of 0x40 all but the first.
    high[6] = high[3] | high[4];
    high[7] = 16 | DELETE;
    high[0] = CONTROL;
    high[1] = CONTROL | LIKE_TAB;
    high
};

/// The least number of a byte that cannot stand in a value; see [`LINE_LOW`].
pub(super) const NON_VALUE: u8 = CONTROL;
/// Of all low halves but that of HTAB.
const CONTROL: u8 = 32;
/// Of the low half of HTAB, which is no tab with another high half.
const LIKE_TAB: u8 = 64;
/// Of the low half of DEL.
const DELETE: u8 = 128;

const fn line_low() -> [u8; 16] {
    let table = classes();
    let mut low = [0; 16];
    let mut half = 0;
    while half < 16 {
        let mut bits = if half == 9 { LIKE_TAB } else { CONTROL };
        if half == 15 {
            bits |= DELETE;
        }
        let highs = [(2, 1), (3, 2), (4, 4), (5, 8), (7, 16)];
        let mut index = 0;
        while index < highs.len() {
            let (high, bit) = highs[index];
            if table[high << 4 | half] & TOKEN != 0 {
                bits |= bit;
            }
            index += 1;
        }
        low[half] = bits;
        half += 1;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::classes::{VALUE, has};
    use super::*;

    #[test]
    fn halves_say_the_same_as_the_table() {
        for byte in 0..=255u8 {
            let number = LINE_LOW[usize::from(byte & 15)] & LINE_HIGH[usize::from(byte >> 4)];
            assert_eq!((1..NON_VALUE).contains(&number), has(byte, TOKEN), "{byte:#x}");
            assert_eq!(number >= NON_VALUE, !has(byte, VALUE), "{byte:#x}");
        }
    }
}
