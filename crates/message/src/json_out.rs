//! JSON as an answer: in other spellings, and in streams.

use std::fmt;
use std::io::{self, Write};

use http::HeaderValue;
use pauper_iolist::IoList;
use serde_core::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::body::Body;
use crate::error::Error;
use crate::response::Response;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How JSON is spelled. Every spelling means the same; some clients compare bytes.
///
/// Numbers that JSON cannot hold (NaN, infinities) are written as `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct JsonStyle {
    ascii: bool,
    spaced: bool,
}

impl JsonStyle {
    /// The shortest spelling: no spaces, all text as UTF-8.
    pub const fn new() -> Self {
        Self { ascii: false, spaced: false }
    }

    /// Whether everything beyond ASCII is written as `\uXXXX`.
    pub const fn ascii(mut self, ascii: bool) -> Self {
        self.ascii = ascii;
        self
    }

    /// Whether a space stands behind each colon and comma, as Python writes it.
    pub const fn spaced(mut self, spaced: bool) -> Self {
        self.spaced = spaced;
        self
    }

    fn write<T: Serialize + ?Sized>(self, out: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
        value.serialize(&mut Serializer::with_formatter(out, self))
    }

    fn comma(self) -> &'static [u8] {
        if self.spaced { b", " } else { b"," }
    }

    fn colon(self) -> &'static [u8] {
        if self.spaced { b": " } else { b":" }
    }
}

impl Formatter for JsonStyle {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(self.comma()) }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(self.comma()) }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(self.colon())
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !self.ascii || fragment.is_ascii() {
            return CompactFormatter.write_string_fragment(out, fragment);
        }
        let mut units = [0; 2];
        for c in fragment.chars() {
            if c.is_ascii() {
                out.write_all(&[c as u8])?;
                continue;
            }
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

impl Response {
    /// 200 with `application/json` and a value in a spelling of choice; the usual one is
    /// [`json`](Self::json).
    ///
    /// ```
    /// use pauper_message::{JsonStyle, Response};
    ///
    /// let style = JsonStyle::new().ascii(true).spaced(true);
    /// let response = Response::json_styled(&("ř", [1, 2]), style).unwrap();
    /// let body = response.into_parts().unwrap().body.into_bytes(99).unwrap();
    /// assert_eq!(body, r#"["\u0159", [1, 2]]"#);
    /// ```
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn json_styled<T: Serialize + ?Sized>(value: &T, style: JsonStyle) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        style.write(&mut bytes, value)?;
        Ok(Self::bytes(bytes).with_header("content-type", JSON))
    }
}

/// JSON that is written while it is sent, so that arrays may be longer than memory.
///
/// ```
/// use pauper_message::{Error, JsonStream, Request, Response};
///
/// fn numbers(_: &mut Request) -> Result<Response, Error> {
///     Ok(JsonStream::object().member("first", &0)?.array("squares", (0..1000_u64).map(|n| n * n)).finish())
/// }
/// # let response = numbers(&mut Request::builder().build().unwrap()).unwrap();
/// # let body = response.into_parts().unwrap().body.into_bytes(1 << 20).unwrap();
/// # assert!(body.starts_with(br#"{"first":0,"squares":[0,1,4,9,"#), "{body:?}");
/// # assert!(body.ends_with(b",998001]}"));
/// ```
///
/// An item that cannot be written breaks the connection, since its beginning is sent already.
#[must_use]
pub struct JsonStream {
    style: JsonStyle,
    batch: usize,
    parts: Vec<Part>,
    members: bool,
    end: &'static [u8],
}

enum Part {
    Text(Vec<u8>),
    /// The items of an array, each with what separates it from the one before.
    Items(Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send>),
}

/// How many bytes of items go out together.
const BATCH: usize = 4096;

impl JsonStream {
    fn new(start: &'static [u8], end: &'static [u8]) -> Self {
        let parts = vec![Part::Text(start.to_vec())];
        Self { style: JsonStyle::new(), batch: BATCH, parts, members: false, end }
    }

    /// An object without members so far.
    pub fn object() -> Self {
        Self::new(b"{", b"}")
    }

    /// An array of these items, and nothing around it.
    pub fn items<I>(items: I) -> Self
    where
        I: IntoIterator<Item: Serialize>,
        I::IntoIter: Send + 'static,
    {
        let mut stream = Self::new(b"[", b"]");
        let items = items.into_iter();
        stream.parts.push(stream.part(items));
        stream
    }

    /// The spelling of what is added from here on.
    pub fn style(mut self, style: JsonStyle) -> Self {
        self.style = style;
        self
    }

    /// How many bytes of items are gathered before they are sent; 4 KiB if not set. 0 sends each
    /// item at once, for items that take their time.
    pub fn batch(mut self, bytes: usize) -> Self {
        self.batch = bytes;
        self
    }

    /// Adds a member with a value that is there.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn member<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Result<Self, Error> {
        let mut text = self.name(name);
        self.style.write(&mut text, value)?;
        self.parts.push(Part::Text(text));
        Ok(self)
    }

    /// Adds a member with an array of what an iterator gives while it is sent.
    pub fn array<I>(mut self, name: &str, items: I) -> Self
    where
        I: IntoIterator<Item: Serialize>,
        I::IntoIter: Send + 'static,
    {
        let mut text = self.name(name);
        text.push(b'[');
        let items = items.into_iter();
        let items = self.part(items);
        self.parts.extend([Part::Text(text), items, Part::Text(b"]".to_vec())]);
        self
    }

    fn name(&mut self, name: &str) -> Vec<u8> {
        let mut text = Vec::new();
        if std::mem::replace(&mut self.members, true) {
            text.extend_from_slice(self.style.comma());
        }
        // Text can always be written to memory.
        let _ = self.style.write(&mut text, name);
        text.extend_from_slice(self.style.colon());
        text
    }

    fn part<T: Serialize>(&self, mut items: impl Iterator<Item = T> + Send + 'static) -> Part {
        let style = self.style;
        let mut first = true;
        Part::Items(Box::new(std::iter::from_fn(move || {
            let item = items.next()?;
            let mut text = Vec::new();
            if !std::mem::replace(&mut first, false) {
                text.extend_from_slice(style.comma());
            }
            Some(style.write(&mut text, &item).map(|()| text).map_err(io::Error::from))
        })))
    }

    /// 200 with `application/json` and the stream, whose length nobody knows.
    pub fn finish(self) -> Response {
        let Self { batch, mut parts, end, .. } = self;
        parts.push(Part::Text(end.to_vec()));
        let pieces = Gathered { parts: parts.into_iter(), items: None, batch };
        Response::body_of(Body::pieces(pieces, None)).with_header("content-type", JSON)
    }
}

impl crate::IntoResponse for JsonStream {
    fn into_response(self) -> Result<Response, Error> {
        Ok(self.finish())
    }
}

impl fmt::Debug for JsonStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonStream({} parts)", self.parts.len())
    }
}

struct Gathered {
    parts: std::vec::IntoIter<Part>,
    items: Option<Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send>>,
    batch: usize,
}

impl Iterator for Gathered {
    type Item = io::Result<IoList>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        loop {
            if let Some(items) = &mut self.items {
                match items.next() {
                    Some(Ok(item)) => {
                        bytes.extend_from_slice(&item);
                        if bytes.len() >= self.batch {
                            return Some(Ok(bytes.into()));
                        }
                        continue;
                    }
                    Some(Err(error)) => return Some(Err(error)),
                    None => self.items = None,
                }
            }
            match self.parts.next() {
                Some(Part::Text(text)) => bytes.extend_from_slice(&text),
                Some(Part::Items(items)) => self.items = Some(items),
                None if bytes.is_empty() => return None,
                None => return Some(Ok(bytes.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn text(response: Response) -> String {
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
        let bytes = response.into_parts().unwrap().body.into_bytes(1 << 20).unwrap();
        String::from_utf8(bytes.into()).unwrap()
    }

    fn styled(value: &Value, style: JsonStyle) -> String {
        text(Response::json_styled(value, style).unwrap())
    }

    #[test]
    fn spellings() {
        let value = json!({"a\"ř\n": [1, "😀", {}, []], "b": null});
        let plain = styled(&value, JsonStyle::new());
        assert_eq!(plain, r#"{"a\"ř\n":[1,"😀",{},[]],"b":null}"#);
        let python = styled(&value, JsonStyle::new().ascii(true).spaced(true));
        assert_eq!(python, r#"{"a\"\u0159\n": [1, "\ud83d\ude00", {}, []], "b": null}"#);
        for spelling in [plain, python] {
            assert_eq!(serde_json::from_str::<Value>(&spelling).unwrap(), value);
        }
        assert_eq!(text(Response::json_styled(&f64::NAN, JsonStyle::new()).unwrap()), "null");
    }

    #[test]
    fn streams_are_what_one_would_have_written_at_once() {
        let style = JsonStyle::new().spaced(true);
        let stream = JsonStream::object()
            .style(style)
            .member("message", "I'm a teapot :-)")
            .unwrap()
            .array("numbers", 0..5)
            .array("none", Vec::<u8>::new())
            .member("request", &json!({}))
            .unwrap();
        assert_eq!(
            text(stream.finish()),
            r#"{"message": "I'm a teapot :-)", "numbers": [0, 1, 2, 3, 4], "none": [], "request": {}}"#
        );
        assert_eq!(text(JsonStream::object().finish()), "{}");
        assert_eq!(text(JsonStream::items(["a", "b"]).finish()), r#"["a","b"]"#);
        assert_eq!(text(JsonStream::items(Vec::<u8>::new()).finish()), "[]");
    }

    #[test]
    fn items_go_out_in_batches() {
        let pieces = |stream: JsonStream| {
            let body = stream.finish().into_parts().unwrap().body;
            assert_eq!(body.len(), None);
            let crate::BodyKind::Pieces { pieces, .. } = body.into_kind() else { panic!() };
            pieces.map(|piece| piece.unwrap().len()).collect::<Vec<_>>()
        };
        assert_eq!(pieces(JsonStream::items(0..3).batch(0)), [2, 2, 2, 1]);
        assert_eq!(pieces(JsonStream::items(0..3)), [7]);
        let many = pieces(JsonStream::items(vec!["x".repeat(98); 100]));
        assert!(many.len() == 3 && many[0] >= BATCH, "{many:?}");
    }

    #[test]
    fn an_item_that_cannot_be_written_breaks_the_stream() {
        let bad = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(JsonStream::object().member("a", &bad).is_err());
        let body = JsonStream::items([bad]).finish().into_parts().unwrap().body;
        assert!(body.into_bytes(99).is_err());
    }
}
