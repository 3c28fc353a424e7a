//! Groups that are a whole segment, found by the class of each byte.
//!
//! Each function starts where the segment does and gives the segment's end, if all of it belongs
//! to the class.

use crate::filter::is_word;

const SLASH: u8 = 1;
const DIGIT: u8 = 2;
const HEX: u8 = 4;
/// An ASCII character of a word.
const WORD: u8 = 8;

/// The classes of each byte.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let char = byte as u8;
        let mut class = 0;
        if char == b'/' {
            class |= SLASH;
        }
        if char.is_ascii_digit() {
            class |= DIGIT;
        }
        if char.is_ascii_hexdigit() {
            class |= HEX;
        }
        if char.is_ascii_alphanumeric() || char == b'_' {
            class |= WORD;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
};

/// Whether the bytes begin with the text. Texts of nodes are short: a call of `memcmp` for each
/// costs more than the comparison, and a loop over bytes is mispredicted where it ends. So words are
/// compared, the last one overlapping the one before.
#[inline(always)]
pub(crate) fn begins(bytes: &[u8], text: &[u8]) -> bool {
    let len = text.len();
    let Some(bytes) = bytes.get(..len) else { return false };
    if len >= 8 {
        let mut at = 0;
        while at + 8 <= len {
            if !same::<8>(bytes, text, at) {
                return false;
            }
            at += 8;
        }
        same::<8>(bytes, text, len - 8)
    } else if len >= 4 {
        same::<4>(bytes, text, 0) && same::<4>(bytes, text, len - 4)
    } else if len >= 2 {
        same::<2>(bytes, text, 0) && same::<2>(bytes, text, len - 2)
    } else {
        bytes.first() == text.first()
    }
}

/// Whether both have the same `N` bytes at a place where both have so many.
#[inline(always)]
fn same<const N: usize>(one: &[u8], other: &[u8], at: usize) -> bool {
    one[at..].first_chunk::<N>() == other[at..].first_chunk::<N>()
}

/// The first place from `start` on whose byte is not of the class, or is (`belongs` false).
#[inline(always)]
fn run(bytes: &[u8], start: usize, class: u8, belongs: bool) -> usize {
    let rest = &bytes[start..];
    let ends = |byte: &u8| (CLASSES[usize::from(*byte)] & class != 0) != belongs;
    start + rest.iter().position(ends).unwrap_or(rest.len())
}

/// The end of the segment.
pub(crate) fn segment(bytes: &[u8], start: usize) -> usize {
    run(bytes, start, SLASH, false)
}

fn ends_segment(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| *byte == b'/')
}

/// `[^/]+`
#[inline]
pub(crate) fn text(bytes: &[u8], start: usize) -> Option<usize> {
    let end = segment(bytes, start);
    (end > start).then_some(end)
}

/// `-?[0-9]+`
#[inline]
pub(crate) fn int(bytes: &[u8], start: usize) -> Option<usize> {
    let digits = start + usize::from(bytes.get(start) == Some(&b'-'));
    let end = run(bytes, digits, DIGIT, true);
    (end > digits && ends_segment(bytes, end)).then_some(end)
}

/// `[0-9a-fA-F]+`
pub(crate) fn hex(bytes: &[u8], start: usize) -> Option<usize> {
    let end = run(bytes, start, HEX, true);
    (end > start && ends_segment(bytes, end)).then_some(end)
}

/// `\w+`: letters and digits of any script, and `_`.
pub(crate) fn word(path: &str, start: usize) -> Option<usize> {
    let bytes = path.as_bytes();
    let end = run(bytes, start, WORD, true);
    if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
        return word_of_any_script(path, start, end);
    }
    (end > start && ends_segment(bytes, end)).then_some(end)
}

/// Goes on at the first character that is not ASCII.
#[cold]
fn word_of_any_script(path: &str, start: usize, at: usize) -> Option<usize> {
    let rest = &path[at..];
    let end = at + rest.find(|char| !is_word(char)).unwrap_or(rest.len());
    (end > start && ends_segment(path.as_bytes(), end)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    #[test]
    fn every_byte_of_a_text_counts() {
        let text: Vec<u8> = (1..40).collect();
        for len in 0..text.len() {
            let short = &text[..len];
            assert!(begins(&text, short) && begins(short, short), "{len}");
            assert!(!begins(&text[..len], &text[..=len]), "{len}");
            for wrong in 0..len {
                let mut other = text.clone();
                other[wrong] = 0;
                assert!(!begins(&other, short), "{wrong} of {len}");
            }
        }
    }

    /// The scans agree with the filters, which look at a whole text.
    #[test]
    fn scans_agree_with_filters() {
        let texts = [
            "", "a", "7", "-", "-7", "--7", "7-", "7a", "a7", "fF0", "fg", "_", "é", "aé", "éa",
            "é-", "日本", "a b", "%2F", "٣", "-٣", "7\n", "\0",
        ];
        for text in texts {
            for after in ["", "/", "/7", "//"] {
                let path = format!("/x/{text}{after}");
                let bytes = path.as_bytes();
                let expected = |filter: Filter| filter.fits(text).then_some(3 + text.len());
                assert_eq!(segment(bytes, 3), 3 + text.len(), "{path}");
                assert_eq!(super::text(bytes, 3), expected(Filter::Text), "{path}");
                assert_eq!(int(bytes, 3), expected(Filter::Int), "{path}");
                assert_eq!(word(&path, 3), expected(Filter::Word), "{path}");
                assert_eq!(hex(bytes, 3), expected(Filter::Hex), "{path}");
            }
        }
    }
}
