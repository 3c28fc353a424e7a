//! The headers of a response: ordered, validated, without those that decide framing.

use std::borrow::Cow;
use std::fmt;

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a response: a multi-map in the order of insertion.
///
/// Content-Type has a place of its own, first in every iteration, so that the usual answer needs
/// no allocation for its headers. Names are lower-case, as in all of `http`.
///
/// `Content-Length`, `Transfer-Encoding`, `Connection` and `Upgrade` are refused: the server
/// derives them from the body, so that no answer can lie about where it ends. Date and Server
/// are added by the server unless they stand here.
#[derive(Clone, Default)]
pub struct Headers {
    content_type: Option<HeaderValue>,
    others: Vec<(HeaderName, HeaderValue)>,
}

/// Why a header was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    kind: HeaderErrorKind,
    name: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderErrorKind {
    Name,
    Value,
    Framing,
}

impl HeaderError {
    #[cold]
    fn new(kind: HeaderErrorKind, name: &str) -> Self {
        Self { kind, name: name.into() }
    }

    /// The name of the header that was refused.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            HeaderErrorKind::Name => write!(f, "{:?} is not a header name", self.name),
            HeaderErrorKind::Value => {
                write!(f, "the value of {:?} has a line end or control character", self.name)
            }
            HeaderErrorKind::Framing => {
                write!(f, "{:?} is set by the server from the body", self.name)
            }
        }
    }
}

impl std::error::Error for HeaderError {}

/// What can be the name of a header: a [`HeaderName`] or text.
pub trait IntoHeaderName {
    /// The name.
    ///
    /// # Errors
    /// When the text is not a token (RFC 9110, section 5.1).
    fn into_header_name(self) -> Result<HeaderName, HeaderError>;
}

impl IntoHeaderName for HeaderName {
    fn into_header_name(self) -> Result<HeaderName, HeaderError> {
        Ok(self)
    }
}

impl IntoHeaderName for &HeaderName {
    fn into_header_name(self) -> Result<HeaderName, HeaderError> {
        Ok(self.clone())
    }
}

impl IntoHeaderName for &str {
    fn into_header_name(self) -> Result<HeaderName, HeaderError> {
        HeaderName::from_bytes(self.as_bytes())
            .map_err(|_| HeaderError::new(HeaderErrorKind::Name, self))
    }
}

/// What can be the value of a header: a [`HeaderValue`], text, or a number.
pub trait IntoHeaderValue {
    /// The value, or nothing when it holds a line end or another control character
    /// (RFC 9110, section 5.5).
    fn into_header_value(self) -> Option<HeaderValue>;
}

impl IntoHeaderValue for HeaderValue {
    fn into_header_value(self) -> Option<HeaderValue> {
        Some(self)
    }
}

impl IntoHeaderValue for &HeaderValue {
    fn into_header_value(self) -> Option<HeaderValue> {
        Some(self.clone())
    }
}

impl IntoHeaderValue for &str {
    fn into_header_value(self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(self.as_bytes()).ok()
    }
}

impl IntoHeaderValue for String {
    fn into_header_value(self) -> Option<HeaderValue> {
        HeaderValue::from_maybe_shared(bytes::Bytes::from(self)).ok()
    }
}

impl IntoHeaderValue for Cow<'_, str> {
    fn into_header_value(self) -> Option<HeaderValue> {
        match self {
            Cow::Borrowed(text) => text.into_header_value(),
            Cow::Owned(text) => text.into_header_value(),
        }
    }
}

impl IntoHeaderValue for &String {
    fn into_header_value(self) -> Option<HeaderValue> {
        self.as_str().into_header_value()
    }
}

macro_rules! number_values {
    ($($number:ty)*) => {$(
        impl IntoHeaderValue for $number {
            fn into_header_value(self) -> Option<HeaderValue> {
                Some(HeaderValue::from(self))
            }
        }
    )*};
}
number_values!(u16 i16 u32 i32 u64 i64 usize isize);

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self { content_type: None, others: Vec::new() }
    }

    fn checked(
        name: impl IntoHeaderName,
        value: impl IntoHeaderValue,
    ) -> Result<(HeaderName, HeaderValue), HeaderError> {
        fn check(
            name: HeaderName,
            value: Option<HeaderValue>,
        ) -> Result<(HeaderName, HeaderValue), HeaderError> {
            if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE].contains(&name) {
                return Err(HeaderError::new(HeaderErrorKind::Framing, name.as_str()));
            }
            match value {
                Some(value) => Ok((name, value)),
                None => Err(HeaderError::new(HeaderErrorKind::Value, name.as_str())),
            }
        }
        check(name.into_header_name()?, value.into_header_value())
    }

    /// Sets a header, in place of all of its name.
    ///
    /// # Errors
    /// When name or value cannot stand in a header, or the header is one that the server sets.
    pub fn insert(
        &mut self,
        name: impl IntoHeaderName,
        value: impl IntoHeaderValue,
    ) -> Result<(), HeaderError> {
        let (name, value) = Self::checked(name, value)?;
        if name == CONTENT_TYPE {
            self.content_type = Some(value);
            return Ok(());
        }
        match self.others.iter().position(|(known, _)| *known == name) {
            Some(first) => {
                let mut at = 0;
                self.others.retain(|(known, _)| {
                    at += 1;
                    at - 1 == first || *known != name
                });
                self.others[first].1 = value;
            }
            None => self.others.push((name, value)),
        }
        Ok(())
    }

    /// Adds a header beside those of the same name; Content-Type is replaced, since an answer
    /// has one.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn append(
        &mut self,
        name: impl IntoHeaderName,
        value: impl IntoHeaderValue,
    ) -> Result<(), HeaderError> {
        let (name, value) = Self::checked(name, value)?;
        if name == CONTENT_TYPE {
            self.content_type = Some(value);
        } else {
            self.others.push((name, value));
        }
        Ok(())
    }

    /// Sets Content-Type from a value known to be good.
    pub(crate) fn set_content_type(&mut self, value: HeaderValue) {
        self.content_type = Some(value);
    }

    /// The first value of a header; `name` in any case.
    pub fn get(&self, name: &str) -> Option<&HeaderValue> {
        if name.eq_ignore_ascii_case("content-type") {
            return self.content_type.as_ref();
        }
        self.others
            .iter()
            .find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All values of a header in their order; `name` in any case.
    pub fn get_all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h HeaderValue> {
        self.iter()
            .filter(move |(known, _)| known.as_str().eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether there is a header of this name, in any case.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Removes all headers of a name and tells how many there were.
    pub fn remove(&mut self, name: &str) -> usize {
        if name.eq_ignore_ascii_case("content-type") {
            return usize::from(self.content_type.take().is_some());
        }
        let before = self.others.len();
        self.others.retain(|(known, _)| !known.as_str().eq_ignore_ascii_case(name));
        before - self.others.len()
    }

    /// Keeps the headers that `keep` says yes to; Content-Type is not asked about.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&HeaderName, &HeaderValue) -> bool) {
        self.others.retain(|(name, value)| keep(name, value));
    }

    /// All headers: Content-Type first, the others in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.content_type
            .iter()
            .map(|value| (&CONTENT_TYPE, value))
            .chain(self.others.iter().map(|(name, value)| (name, value)))
    }

    /// The Content-Type, if there is one.
    #[inline]
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.content_type.as_ref()
    }

    /// Whether there is no other header than Content-Type, and perhaps not even that.
    #[inline]
    pub fn has_only_content_type(&self) -> bool {
        self.others.is_empty()
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.others.len() + usize::from(self.content_type.is_some())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Takes over a foreign map; the headers that the server sets itself are left out.
impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        let mut headers = Self::new();
        let mut last = None;
        for (name, value) in map {
            let name = name.or_else(|| last.take());
            if let Some(name) = name {
                let _ = headers.append(&name, value);
                last = Some(name);
            }
        }
        headers
    }
}

impl From<Headers> for HeaderMap {
    fn from(headers: Headers) -> Self {
        let mut map = Self::with_capacity(headers.len());
        for (name, value) in headers.iter() {
            // An append fails only above 32,768 names; the rest is left out.
            let _ = map.try_append(name, value.clone());
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(headers: &Headers) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn order_is_kept_and_content_type_comes_first() {
        let mut headers = Headers::new();
        headers.append("X-B", "1").unwrap();
        headers.append("Set-Cookie", "a=1").unwrap();
        headers.append("set-cookie", "b=2").unwrap();
        headers.append("Content-Type", "text/plain").unwrap();
        headers.insert("x-b", 2_u64).unwrap();
        assert_eq!(
            listed(&headers),
            [
                pair("content-type", "text/plain"),
                pair("x-b", "2"),
                pair("set-cookie", "a=1"),
                pair("set-cookie", "b=2")
            ]
        );
        headers.insert("SET-COOKIE", "c=3").unwrap();
        assert_eq!(headers.get_all("Set-Cookie").count(), 1);
        assert_eq!(headers.remove("X-B"), 1);
        assert_eq!(headers.remove("Content-Type"), 1);
        assert_eq!(listed(&headers), [pair("set-cookie", "c=3")]);
    }

    #[test]
    fn what_could_split_a_response_is_refused() {
        let mut headers = Headers::new();
        for value in ["a\r\nb", "a\nb", "a\rb", "a\0b", "\u{7f}"] {
            let error = headers.insert("x", value).unwrap_err();
            assert_eq!(error.name(), "x");
            assert!(headers.append("content-type", value).is_err());
        }
        for name in ["", "a b", "a:b", "a\r\n", "ä"] {
            assert!(headers.insert(name, "x").is_err(), "{name:?}");
        }
        for name in ["Content-Length", "transfer-encoding", "CONNECTION", "Upgrade"] {
            let error = headers.insert(name, "5").unwrap_err();
            assert!(error.to_string().contains("set by the server"), "{error}");
        }
        assert!(headers.is_empty());
    }

    #[test]
    fn maps_of_http_come_and_go() {
        let mut map = HeaderMap::new();
        map.append("set-cookie", HeaderValue::from_static("a=1"));
        map.append("set-cookie", HeaderValue::from_static("b=2"));
        map.insert("content-length", HeaderValue::from_static("9"));
        let headers = Headers::from(map);
        assert_eq!(listed(&headers), [pair("set-cookie", "a=1"), pair("set-cookie", "b=2")]);
        assert_eq!(HeaderMap::from(headers).get_all("set-cookie").iter().count(), 2);
    }
}
