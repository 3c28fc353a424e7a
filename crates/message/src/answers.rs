//! More answers that are often needed: redirects, streams, files, downloads.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek as _};

use http::StatusCode;
use pauper_iolist::IoList;

use crate::body::{Body, BodyKind};
use crate::headers::{HeaderError, Headers, IntoHeaderName};
use crate::response::Response;

/// Redirects. The location is encoded as in [`Response::redirect`], which is 302 Found.
impl Response {
    /// 301: `location` is its place for good. Clients may turn a POST into a GET.
    pub fn moved_permanently(location: &str) -> Self {
        Self::redirect(location).with_status(StatusCode::MOVED_PERMANENTLY)
    }

    /// 303: see there, with a GET. What to answer to a form that was sent.
    pub fn see_other(location: &str) -> Self {
        Self::redirect(location).with_status(StatusCode::SEE_OTHER)
    }

    /// 307: the same request there, method and body included, this once.
    pub fn temporary_redirect(location: &str) -> Self {
        Self::redirect(location).with_status(StatusCode::TEMPORARY_REDIRECT)
    }

    /// 308: the same request there, method and body included, from now on.
    pub fn permanent_redirect(location: &str) -> Self {
        Self::redirect(location).with_status(StatusCode::PERMANENT_REDIRECT)
    }
}

/// Streams.
impl Response {
    /// 200 with `application/octet-stream` and the pieces of an iterator as they are made. The
    /// server asks for the next one when the client took the last. For pieces that can fail, and
    /// for a known length, use [`Body::pieces`] with [`body_of`](Self::body_of); for pieces of
    /// another thread [`Body::channel`].
    ///
    /// ```
    /// use pauper_message::Response;
    ///
    /// let response = Response::stream((0..10).map(|n| format!("line {n}\n")));
    /// assert_eq!(response.body().len(), None);
    /// ```
    pub fn stream<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item: Into<IoList>>,
        I::IntoIter: Send + 'static,
    {
        let pieces = pieces.into_iter().map(|piece| Ok::<IoList, _>(piece.into()));
        Self::body_of(Body::pieces(pieces, None))
    }

    /// As [`stream`](Self::stream), with `text/plain; charset=utf-8`.
    pub fn text_stream<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
        I::IntoIter: Send + 'static,
    {
        let pieces = pieces.into_iter().map(|piece| Ok::<String, _>(piece.into()));
        Self::text("").with_body(Body::pieces(pieces, None))
    }

    /// 200 with `application/octet-stream` and what a reader gives, in pieces; `len` bytes, if that
    /// is known.
    pub fn reader(reader: impl Read + Send + 'static, len: Option<u64>) -> Self {
        Self::body_of(Body::reader(reader, len))
    }

    /// 200 with `application/octet-stream` and a file, from its position to its end.
    ///
    /// # Errors
    /// When the position or size cannot be had, as of a pipe: send that as a
    /// [`reader`](Self::reader).
    pub fn file(mut file: File) -> io::Result<Self> {
        let offset = file.stream_position()?;
        let size = file.metadata()?.len();
        Ok(Self::body_of(Body::file(file, offset, size.saturating_sub(offset))))
    }
}

/// Bodies that grow.
impl Response {
    /// Appends to the body, if that is in memory (or empty). Useful where an answer is put together
    /// step by step; the length follows by itself.
    ///
    /// ```
    /// use pauper_message::Response;
    ///
    /// let mut response = Response::text("one, ");
    /// response.push("two").push(3);
    /// assert_eq!(response.body().len(), Some(9));
    /// ```
    ///
    /// To a body of another kind (a file, a stream) nothing can be appended: that spoils the
    /// response.
    #[track_caller]
    pub fn push(&mut self, part: impl Into<IoList>) -> &mut Self {
        match self.take_body().into_kind() {
            BodyKind::Empty => self.set_body(part.into()),
            BodyKind::List(mut list) => {
                list.append(part.into());
                self.set_body(list);
            }
            other => {
                crate::drop_quietly(other);
                let text = "only a body in memory can be appended to";
                self.spoil(io::Error::other(text).into());
            }
        }
        self
    }
}

/// Downloads.
impl Response {
    /// Says that the client should save the body under `name`, which may be any text without
    /// control characters (RFC 6266). Old clients see a name in ASCII.
    ///
    /// ```
    /// use pauper_message::Response;
    ///
    /// let response = Response::bytes("…").with_attachment("Käse.pdf");
    /// assert_eq!(
    ///     response.headers().get("content-disposition").unwrap(),
    ///     "attachment; filename=\"K_se.pdf\"; filename*=UTF-8''K%C3%A4se.pdf"
    /// );
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with_attachment(self, name: &str) -> Self {
        self.with_disposition("attachment", name)
    }

    /// As [`with_attachment`](Self::with_attachment), for a body that is shown and has a name only
    /// in case that it is saved.
    #[must_use]
    #[track_caller]
    pub fn with_inline_name(self, name: &str) -> Self {
        self.with_disposition("inline", name)
    }

    #[track_caller]
    fn with_disposition(self, kind: &str, name: &str) -> Self {
        if name.is_empty() || name.contains(char::is_control) {
            return self.spoiled(io::Error::other(format!("{name:?} is no name of a file")));
        }
        // Slashes would be folders, quotes and backslashes are read differently by each client,
        // and some decode what looks like an escape.
        let plain = |c: char| (c == ' ' || c.is_ascii_graphic()) && !"\"\\/%".contains(c);
        let mut value = String::with_capacity(name.len() + 32);
        value.push_str(kind);
        value.push_str("; filename=\"");
        value.extend(name.chars().map(|c| if plain(c) { c } else { '_' }));
        value.push('"');
        if !name.chars().all(plain) {
            value.push_str("; filename*=UTF-8''");
            for byte in name.bytes() {
                // `attr-char` (RFC 8187, section 3.2.1).
                if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                    value.push(char::from(byte));
                } else {
                    let _ = write!(value, "%{byte:02X}");
                }
            }
        }
        self.with_header("content-disposition", value)
    }
}

impl Headers {
    /// Adds a header with parameters (RFC 9110, section 5.6.6): `value; key="text"; flag`. Quotes
    /// and backslashes in texts are escaped; a parameter without a text is a flag.
    ///
    /// ```
    /// use pauper_message::Headers;
    ///
    /// let mut headers = Headers::new();
    /// let parameters = [("filename", Some("a\"b.png")), ("x-y", None)];
    /// headers.append_with_parameters("Content-Disposition", "attachment", parameters).unwrap();
    /// let value = headers.get("content-disposition").unwrap();
    /// assert_eq!(value, "attachment; filename=\"a\\\"b.png\"; x-y");
    /// ```
    ///
    /// # Errors
    /// When a key is no token, and as [`append`](Self::append).
    pub fn append_with_parameters<'p>(
        &mut self,
        name: impl IntoHeaderName,
        value: &str,
        parameters: impl IntoIterator<Item = (&'p str, Option<&'p str>)>,
    ) -> Result<(), HeaderError> {
        let mut text = value.to_owned();
        for (key, value) in parameters {
            // A key has the grammar of a header's name.
            key.into_header_name()?;
            text.push_str("; ");
            text.push_str(key);
            let Some(value) = value else { continue };
            text.push_str("=\"");
            for c in value.chars() {
                if matches!(c, '"' | '\\') {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push('"');
        }
        self.append(name, text)
    }

    /// Sets a header that is not there yet, and tells whether that was so.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_new(
        &mut self,
        name: impl IntoHeaderName,
        value: impl crate::IntoHeaderValue,
    ) -> Result<bool, HeaderError> {
        let name = name.into_header_name()?;
        let new = !self.contains(name.as_str());
        if new {
            self.insert(name, value)?;
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::SeekFrom;

    #[test]
    fn redirects_of_every_kind() {
        for (response, status) in [
            (Response::redirect("/a b"), 302),
            (Response::moved_permanently("/a b"), 301),
            (Response::see_other("/a b"), 303),
            (Response::temporary_redirect("/a b"), 307),
            (Response::permanent_redirect("/a b"), 308),
        ] {
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get("location").unwrap(), "/a%20b");
        }
        assert!(Response::see_other("/\r\nSet-Cookie: a=b").into_result().is_err());
    }

    #[test]
    fn bodies_in_memory_grow() {
        let mut response = Response::new(StatusCode::OK);
        response.push("").push("a").push(vec![b'b'; 600]).push("c");
        let body = response.into_parts().unwrap().body;
        assert_eq!(body.len(), Some(602));
        assert!(body.into_bytes(602).unwrap().ends_with(b"bc"));
        let mut response = Response::stream(["a"]);
        response.push("b");
        assert!(response.into_result().is_err());
    }

    #[test]
    fn streams_have_no_length() {
        for response in [Response::stream(["a", "b"]), Response::text_stream(["a", "b"])] {
            let body = response.into_parts().unwrap().body;
            assert_eq!(body.len(), None);
            assert_eq!(body.into_bytes(9).unwrap(), "ab");
        }
        let body = Response::reader(&b"ab"[..], Some(2)).into_parts().unwrap().body;
        assert_eq!(body.len(), Some(2));
    }

    #[test]
    fn a_file_is_sent_from_its_position() {
        let mut file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        file.seek(SeekFrom::Start(10)).unwrap();
        let mut rest = Vec::new();
        file.try_clone().unwrap().read_to_end(&mut rest).unwrap();
        file.seek(SeekFrom::Start(10)).unwrap();
        let body = Response::file(file).unwrap().into_parts().unwrap().body;
        assert_eq!(body.len(), Some(rest.len() as u64));
        assert_eq!(body.into_bytes(1 << 20).unwrap(), rest);
    }

    #[test]
    fn names_of_downloads() {
        for (name, expected) in [
            ("a b.pdf", "filename=\"a b.pdf\""),
            (
                "a\"b\\c/d%41.pdf",
                "filename=\"a_b_c_d_41.pdf\"; filename*=UTF-8''a%22b%5Cc%2Fd%2541.pdf",
            ),
            ("🦀'()*", "filename=\"_'()*\"; filename*=UTF-8''%F0%9F%A6%80%27%28%29%2A"),
        ] {
            let response = Response::bytes("").with_attachment(name);
            let value = response.headers().get("content-disposition").unwrap();
            assert_eq!(value.to_str().unwrap(), format!("attachment; {expected}"));
        }
        for name in ["", "a\r\nb", "a\nb", "a\0b", "a\u{1b}b", "a\u{85}b"] {
            assert!(Response::bytes("").with_attachment(name).into_result().is_err(), "{name:?}");
            assert!(Response::bytes("").with_inline_name(name).into_result().is_err(), "{name:?}");
        }
    }

    #[test]
    fn parameters_are_quoted() {
        let mut headers = Headers::new();
        let all = [("filename", Some("a\"b\\c.png")), ("x-y", None)];
        headers.append_with_parameters("x", "attachment", all).unwrap();
        assert_eq!(headers.get("x").unwrap(), "attachment; filename=\"a\\\"b\\\\c.png\"; x-y");
        assert!(headers.append_with_parameters("x", "a", [("b c", None)]).is_err());
        assert!(headers.append_with_parameters("x", "a", [("b", Some("c\r\nd"))]).is_err());
        assert!(headers.append_with_parameters("x", "a\n", []).is_err());
        assert!(headers.insert_new("Y", "1").unwrap());
        assert!(!headers.insert_new("y", "2").unwrap());
        assert_eq!(headers.get("y").unwrap(), "1");
    }
}
