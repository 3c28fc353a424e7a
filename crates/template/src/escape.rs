//! Escaping: text that is to be shown and not to be markup.
//!
//! Long clean text is passed over 64 bytes at a time, in a form that compilers turn into vector
//! instructions. Around what has to be escaped it goes by words of eight bytes, of which each byte's
//! verdict is one bit, so that finding the next one is counting zeros.

use std::borrow::Cow;

/// What is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// `& < > " '`: text becomes HTML that shows it.
    Text,
    /// `< > " '`: HTML, in which entities are already made, becomes an attribute's value or the
    /// content of a `<title>`. Nothing in it can end the value.
    Html,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Bytes of a chunk whose cleanness is found at once.
const CHUNK: usize = 64;
/// Bytes of a block of short text.
const BLOCK: usize = 16;
const WORD: usize = 8;

/// The high bit of each byte of `word` that is zero, and no other bit. Exact: no carry crosses
/// bytes, since the highest bit of each is left out of the sum.
#[inline]
const fn zeros(word: u64) -> u64 {
    !(((word & !HIGH) + !HIGH) | word) & HIGH
}

/// The high bit of each byte that is to be escaped.
#[inline]
const fn specials<const AMP: bool>(word: u64) -> u64 {
    // `<` and `>` differ in one bit, as `&` and `'` do.
    let angles = zeros((word | (ONES * 0x02)) ^ (ONES * 0x3e));
    let quote = zeros(word ^ (ONES * 0x22));
    let rest = zeros(if AMP { word | ONES } else { word } ^ (ONES * 0x27));
    angles | quote | rest
}

#[inline]
const fn is_special<const AMP: bool>(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'"' | b'\'') || (AMP && byte == b'&')
}

/// Whether a block has nothing to escape; truth values all the way and no early end, so that the
/// compiler sees a vector.
#[inline(always)]
fn is_clean<const AMP: bool>(block: &[u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, &byte| {
        let rest = if AMP { byte | 1 } else { byte };
        found | (byte | 2 == 0x3e) | (byte == 0x22) | (rest == 0x27)
    })
}

/// Whether nothing is to be escaped in a text of a block and more. The last block overlaps the one
/// before, so that no bytes are left over.
///
/// Not inlined, as [`skip_clean`]: what compilers make of such loops depends on what is around.
#[inline(never)]
fn is_all_clean<const AMP: bool>(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<BLOCK>() else { return false };
    bytes.as_chunks::<BLOCK>().0.iter().all(|block| is_clean::<AMP>(block)) && is_clean::<AMP>(last)
}

/// How many bytes in front are known to need no escaping: whole chunks of them.
#[inline(never)]
fn skip_clean<const AMP: bool>(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let clean = chunks.iter().take_while(|chunk| {
        let mut found = 0u8;
        for &byte in *chunk {
            let rest = if AMP { byte | 1 } else { byte };
            found |= u8::from(byte | 2 == 0x3e) | u8::from(byte == 0x22) | u8::from(rest == 0x27);
        }
        found == 0
    });
    clean.count() * CHUNK
}

/// Whether nothing is to be escaped in a short text.
#[inline(always)]
fn is_short_clean<const AMP: bool>(bytes: &[u8]) -> bool {
    if bytes.len() >= BLOCK {
        return is_all_clean::<AMP>(bytes);
    }
    let clean = |word: &[u8; WORD]| specials::<AMP>(u64::from_le_bytes(*word)) == 0;
    match (bytes.first_chunk::<WORD>(), bytes.last_chunk::<WORD>()) {
        (Some(first), Some(last)) => clean(first) && clean(last),
        _ => !bytes.iter().any(|&byte| is_special::<AMP>(byte)),
    }
}

/// The place of the first byte that is to be escaped.
fn find<const AMP: bool>(bytes: &[u8]) -> Option<usize> {
    let mut at = skip_clean::<AMP>(bytes);
    while let Some(word) = bytes[at..].first_chunk::<WORD>() {
        let found = specials::<AMP>(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += WORD;
    }
    let rest = bytes[at..].iter().position(|&byte| is_special::<AMP>(byte));
    rest.map(|place| at + place)
}

/// What stands for a special byte.
#[inline]
fn entity(byte: u8) -> &'static [u8] {
    match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        _ => b"&#x27;",
    }
}

/// Writes `bytes` behind `out`, escaped.
#[inline]
pub(crate) fn push(out: &mut Vec<u8>, bytes: &[u8], set: Set) {
    match set {
        Set::Text => push_set::<true>(out, bytes),
        Set::Html => push_set::<false>(out, bytes),
    }
}

/// `AMP`: whether `&` is escaped, too.
#[inline]
fn push_set<const AMP: bool>(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() <= 2 * CHUNK && is_short_clean::<AMP>(bytes) {
        out.extend_from_slice(bytes);
    } else {
        push_any::<AMP>(out, bytes);
    }
}

#[inline(never)]
fn push_any<const AMP: bool>(out: &mut Vec<u8>, bytes: &[u8]) {
    match find::<AMP>(bytes) {
        None => out.extend_from_slice(bytes),
        Some(first) => push_dirty::<AMP>(out, bytes, first),
    }
}

/// As [`push`], for what has something to escape, first at `first`.
fn push_dirty<const AMP: bool>(out: &mut Vec<u8>, bytes: &[u8], first: usize) {
    // Most text grows by little; what grows more makes the vector grow once or twice.
    out.reserve(bytes.len() + bytes.len() / 8 + 16);
    let (clean, mut rest) = bytes.split_at(first);
    out.extend_from_slice(clean);
    loop {
        // Here stands a special byte, or nothing.
        let Some((&special, behind)) = rest.split_first() else { return };
        out.extend_from_slice(entity(special));
        rest = behind;
        // Words are copied before they are looked at: eight bytes are one store, and what was
        // copied too much is taken back.
        let mut clean_words = 0;
        loop {
            let Some(word) = rest.first_chunk::<WORD>() else {
                let place = rest.iter().position(|&byte| is_special::<AMP>(byte));
                let (clean, behind) = rest.split_at(place.unwrap_or(rest.len()));
                out.extend_from_slice(clean);
                rest = behind;
                break;
            };
            out.extend_from_slice(word);
            let found = specials::<AMP>(u64::from_le_bytes(*word));
            if found != 0 {
                let place = found.trailing_zeros() as usize / 8;
                out.truncate(out.len() - WORD + place);
                rest = &rest[place..];
                break;
            }
            rest = &rest[WORD..];
            clean_words += 1;
            if clean_words == CHUNK / WORD {
                // It seems to be clean again.
                let place = find::<AMP>(rest).unwrap_or(rest.len());
                let (clean, behind) = rest.split_at(place);
                out.extend_from_slice(clean);
                rest = behind;
                break;
            }
        }
    }
}

/// Text as HTML that shows it: `& < > " '` become `&amp; &lt; &gt; &quot; &#x27;`.
///
/// Text without any of them is borrowed. The result is right in element content and in quoted
/// attribute values; it is not enough in scripts, styles, comments and unquoted values.
///
/// ```
/// use std::borrow::Cow;
/// use pauper_template::escape;
///
/// assert_eq!(escape("<b> & co"), "&lt;b&gt; &amp; co");
/// assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    let Some(first) = find::<true>(text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = Vec::new();
    push_dirty::<true>(&mut out, text.as_bytes(), first);
    // Only whole characters were replaced, by ASCII; so this never is an error.
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

/// A formatter's text, escaped on its way.
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) set: Set,
}

impl std::fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        push(self.out, text.as_bytes(), self.set);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The oracle.
    fn naive(text: &str, set: Set) -> String {
        let mut out = String::new();
        for character in text.chars() {
            match character {
                '&' if set == Set::Text => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#x27;"),
                other => out.push(other),
            }
        }
        out
    }

    #[track_caller]
    fn check(text: &str) {
        for set in [Set::Text, Set::Html] {
            let mut out = b"before".to_vec();
            push(&mut out, text.as_bytes(), set);
            assert_eq!(String::from_utf8(out).unwrap(), format!("before{}", naive(text, set)));
        }
        assert_eq!(escape(text), naive(text, Set::Text));
        assert_eq!(matches!(escape(text), Cow::Borrowed(_)), naive(text, Set::Text) == text);
    }

    #[test]
    fn every_byte_at_every_place() {
        for length in [1, 7, 8, 9, 63, 64, 65, 140] {
            for place in 0..length {
                for byte in 0..128u8 {
                    let mut text = "x".repeat(length);
                    text.replace_range(place..=place, char::from(byte).encode_utf8(&mut [0; 4]));
                    check(&text);
                }
            }
        }
    }

    #[test]
    fn what_is_close_to_special_is_left_alone() {
        check("\u{a6}\u{bc}\u{be}\u{a2}\u{a7}#%(=?;:!/\u{7f}");
        check(&"<".repeat(300));
        check(&format!("{}&{}>{}", "a".repeat(200), "b".repeat(70), "é".repeat(100)));
    }

    proptest! {
        #[test]
        fn as_the_oracle(text in "([a-z]{0,20}[&<>\"'é]{0,3}){0,20}") {
            check(&text);
        }
    }
}
