//! Grammars that many header values share (RFC 9110 section 5.6 and others): borrowed results,
//! linear time, no allocation.
//!
//! | function | takes | used in |
//! |---|---|---|
//! | [`is_token`] | `tchar`s | names, methods, codings |
//! | [`value_and_parameters`] | `text/html; charset="utf-8"` | Content-Type, Content-Disposition |
//! | [`split_list`] | `a, "b,c", d` | nearly every list |
//! | [`quality`], [`weighted`] | `gzip;q=0.5, *;q=0` | Accept and relatives |
//! | [`cookie_pairs`] | `a=1; b=2` | Cookie |
//! | [`byte_ranges`] | `bytes=0-99,-5` | Range |
//! | [`entity_tags`], [`EntityTag::parse`] | `W/"x", "y"`, `*` | If-Match, If-None-Match, If-Range |

mod cookie;
mod entity_tag;
mod list;
mod parameters;
mod quality;
mod range;

pub use cookie::{CookiePair, CookiePairs, cookie_pairs};
pub use entity_tag::{EntityTag, EntityTagList, EntityTags, entity_tags};
pub use list::{List, split_list};
pub use parameters::{Parameter, Parameters, value_and_parameters};
pub use quality::{Weighted, quality, weighted};
pub use range::{ByteRange, ByteRanges, byte_ranges};

use crate::scan;

/// Whether these bytes are a `token` (RFC 9110 section 5.6.2): at least one `tchar`, nothing else.
///
/// ```
/// use pauper_wire::grammar::is_token;
///
/// assert!(is_token(b"no-cache"));
/// assert!(!is_token(b""));
/// assert!(!is_token(b"a b"));
/// ```
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && scan::token_end(bytes, 0) == bytes.len()
}

/// The bytes without the optional whitespace (SP and HTAB) around them (RFC 9110 section 5.6.3).
///
/// ```
/// assert_eq!(pauper_wire::grammar::trim_ows(b" \ta b\t"), b"a b");
/// ```
#[must_use]
pub fn trim_ows(bytes: &[u8]) -> &[u8] {
    let solid = |byte: &u8| !matches!(byte, b' ' | b'\t');
    match (bytes.iter().position(solid), bytes.iter().rposition(solid)) {
        (Some(first), Some(last)) => &bytes[first..=last],
        _ => &[],
    }
}

/// The offset of the first `separator` outside of quoted strings, or `bytes.len()`. An open quoted
/// string reaches to the end.
fn find_unquoted(bytes: &[u8], separator: u8) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(separator, b'"', &bytes[at..]) {
        at += found;
        if bytes[at] == separator {
            return at;
        }
        at = quoted_end(bytes, at).unwrap_or(bytes.len());
    }
    bytes.len()
}

/// The offset after the quoted string that begins at `start` with a quote, or `None` if it is
/// open.
fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
    None
}

/// ASCII that was checked before.
fn ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
