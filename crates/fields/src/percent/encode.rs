//! From text to escapes.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// All but `unreserved` (RFC 3986, section 2.3).
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All but `pchar` (RFC 3986, section 3.3): unreserved, sub-delims, `:` and `@`.
const SEGMENT: &AsciiSet = &COMPONENT
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// Text that is encoded as it is displayed, or by conversion to a `Cow`, which borrows if there
/// is nothing to encode.
#[derive(Clone, Debug)]
pub struct Encoded<'a>(PercentEncode<'a>);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a> From<Encoded<'a>> for Cow<'a, str> {
    fn from(encoded: Encoded<'a>) -> Self {
        encoded.0.into()
    }
}

impl From<Encoded<'_>> for String {
    fn from(encoded: Encoded<'_>) -> Self {
        Cow::from(encoded).into_owned()
    }
}

/// Encodes one segment of a path: whatever is no `pchar` (RFC 3986, section 3.3), so that `/`,
/// `?`, `#`, `%`, spaces and all that is not ASCII become escapes.
///
/// The segments `.` and `..` cannot be encoded: they mean the same as escapes.
///
/// The result is a valid part of a URL, not of an HTML attribute: `&` and `'` stay.
///
/// ```
/// use pauper_fields::percent::encode_path_segment;
///
/// assert_eq!(format!("/files/{}", encode_path_segment("a/b 50%")), "/files/a%2Fb%2050%25");
/// ```
pub fn encode_path_segment(text: &str) -> Encoded<'_> {
    Encoded(utf8_percent_encode(text, SEGMENT))
}

/// Encodes a decoded path, in which every `/` is a separator.
///
/// ```
/// use pauper_fields::percent::encode_path;
///
/// assert_eq!(encode_path("/čeština v url").to_string(), "/%C4%8De%C5%A1tina%20v%20url");
/// ```
pub fn encode_path(text: &str) -> Encoded<'_> {
    Encoded(utf8_percent_encode(text, PATH))
}

/// Encodes a name or a value of a query or an urlencoded form: all but ASCII letters, digits and
/// `-._~`. A space becomes `%20`.
///
/// ```
/// use pauper_fields::percent::encode_query_component;
///
/// let query = format!("q={}", encode_query_component("salt & pepper"));
/// assert_eq!(query, "q=salt%20%26%20pepper");
/// ```
pub fn encode_query_component(text: &str) -> Encoded<'_> {
    Encoded(utf8_percent_encode(text, COMPONENT))
}
