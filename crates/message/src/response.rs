//! The answer to a request.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use pauper_iolist::IoList;

use crate::body::Body;
use crate::error::{Error, IntoStatus};
use crate::headers::{HeaderError, Headers, IntoHeaderName, IntoHeaderValue};
use crate::upgrade::Upgrade;

/// The answer to a request: status, headers, body.
///
/// The server adds what it alone knows: Content-Length or chunked coding, Connection, Date and
/// Server. An answer to HEAD, a 204 and a 304 go out without their body by themselves.
///
/// The `with_` methods take text that may come from anywhere. One that cannot stand in a header
/// (a line end in a redirect's location) spoils the response: it is answered as a 500 with a line
/// in the log, never sent in part. To see such an error at once use
/// [`headers_mut`](Self::headers_mut).
///
/// ```
/// use pauper_message::Response;
///
/// let response = Response::text("made").with_status(201).with_header("X-Id", 7_u32);
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers().get("x-id").unwrap(), "7");
/// ```
pub struct Response {
    status: StatusCode,
    headers: Headers,
    body: Body,
    close: bool,
    shutdown: bool,
    declined: bool,
    upgrade: Option<Box<Upgrade>>,
    fault: Option<Error>,
}

/// A [`Response`] taken apart, for those who send it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseParts {
    /// The status.
    pub status: StatusCode,
    /// The headers, none of them about framing.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Whether the connection is to be closed after this answer.
    pub close: bool,
    /// Whether the server is to stop after this answer.
    pub shutdown: bool,
    /// Whether nothing at all is to be sent and the connection closed.
    pub declined: bool,
    /// What is to happen to the connection after this answer, if its status is 101.
    pub upgrade: Option<Upgrade>,
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");

impl Response {
    /// An answer without headers and body.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: Headers::new(),
            body: Body::empty(),
            close: false,
            shutdown: false,
            declined: false,
            upgrade: None,
            fault: None,
        }
    }

    fn typed(content_type: HeaderValue, body: Body) -> Self {
        let mut response = Self::new(StatusCode::OK);
        response.headers.set_content_type(content_type);
        response.body = body;
        response
    }

    /// 200 with `text/plain; charset=utf-8`.
    #[inline]
    pub fn text(text: impl Into<IoList>) -> Self {
        Self::typed(TEXT, Body::from(text))
    }

    /// 200 with `text/html; charset=utf-8`. What stands in `html` is sent as it is: escape what
    /// came from outside.
    pub fn html(html: impl Into<IoList>) -> Self {
        Self::typed(HTML, Body::from(html))
    }

    /// 200 with `application/octet-stream`.
    pub fn bytes(bytes: impl Into<IoList>) -> Self {
        Self::typed(BINARY, Body::from(bytes))
    }

    /// 200 with any body and `application/octet-stream`.
    pub fn body_of(body: Body) -> Self {
        Self::typed(BINARY, body)
    }

    /// 200 with `application/json`.
    ///
    /// # Errors
    /// When the value cannot be written as JSON (a map whose keys are no text, a NaN under a
    /// serializer that refuses it).
    #[cfg(feature = "json")]
    pub fn json<T: serde_core::Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        let bytes = serde_json::to_vec(value)?;
        Ok(Self::typed(JSON, Body::from(bytes)))
    }

    /// 204 without a body.
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT)
    }

    /// An answer that stands for an error: an application makes its page of it, a server without
    /// one answers in plain text and writes a server's own fault to its log.
    pub fn failed(error: Error) -> Self {
        let mut response = Self::new(error.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        response.spoil(error);
        response
    }

    /// No answer at all: the server closes the connection without a byte.
    pub fn declined() -> Self {
        let mut response = Self::new(StatusCode::INTERNAL_SERVER_ERROR);
        response.declined = true;
        response.close = true;
        response
    }

    /// 302 to `location`, relative or absolute.
    ///
    /// Spaces, quotes and whatever else no reference can hold (RFC 3986) is percent-encoded; what
    /// has a meaning there is sent as it is. So data needs its own encoding first:
    /// `format!("/find?q={}", pauper_fields::percent::encode_query_component(text))`. For other
    /// kinds of redirect add [`with_status`](Self::with_status): 303 after a form, 308 for good.
    pub fn redirect(location: &str) -> Self {
        Self::new(StatusCode::FOUND).with_header(http::header::LOCATION, reference(location))
    }

    /// With another status. A number outside 100 to 999 spoils the response.
    #[must_use]
    pub fn with_status(mut self, status: impl IntoStatus) -> Self {
        match status.into_status() {
            Some(status) => self.status = status,
            None => self.spoil(crate::error::abort(0)),
        }
        self
    }

    /// With a header in place of all of its name; see the type's text for bad values.
    #[must_use]
    #[track_caller]
    pub fn with_header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        if let Err(error) = self.headers.insert(name, value) {
            self.spoil_header(error);
        }
        self
    }

    /// With a header beside those of its name; see the type's text for bad values.
    #[must_use]
    #[track_caller]
    pub fn with_added_header(
        mut self,
        name: impl IntoHeaderName,
        value: impl IntoHeaderValue,
    ) -> Self {
        if let Err(error) = self.headers.append(name, value) {
            self.spoil_header(error);
        }
        self
    }

    /// With another body; the headers stay.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Closes the connection after this answer.
    #[must_use]
    pub fn and_close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Stops the server after this answer, as a request from its Control would.
    #[must_use]
    pub fn and_shutdown(mut self) -> Self {
        self.shutdown = true;
        self.close = true;
        self
    }

    pub(crate) fn with_upgrade(mut self, upgrade: Upgrade) -> Self {
        self.upgrade = Some(Box::new(upgrade));
        self
    }

    #[cold]
    #[track_caller]
    fn spoil_header(&mut self, error: HeaderError) {
        self.spoil(Error::from(error));
    }

    #[cold]
    pub(crate) fn spoil(&mut self, error: Error) {
        self.fault.get_or_insert(error);
    }

    /// The status.
    #[inline]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Changes the status.
    pub fn set_status(&mut self, status: StatusCode) {
        self.status = status;
    }

    /// The headers.
    #[inline]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, to be changed.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The body.
    #[inline]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Changes the body; the headers stay.
    #[inline]
    pub fn set_body(&mut self, body: impl Into<Body>) {
        self.body = body.into();
    }

    /// Takes the body out and leaves an empty one.
    #[inline]
    pub fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.body)
    }

    /// The response, or what spoiled it (see the type's text).
    ///
    /// # Errors
    /// The error of [`failed`](Self::failed), or the first one of a `with_` method.
    #[inline]
    pub fn into_result(mut self) -> Result<Self, Error> {
        match self.fault.take() {
            None => Ok(self),
            Some(error) => {
                crate::drop_quietly(self);
                Err(error)
            }
        }
    }

    /// Whether it stands for an error, or was spoiled; see [`into_result`](Self::into_result).
    #[inline]
    pub fn is_fault(&self) -> bool {
        self.fault.is_some()
    }

    /// Whether the connection is to be closed after it. For servers.
    #[inline]
    pub fn closes(&self) -> bool {
        self.close
    }

    /// Whether the server is to stop after it. For servers.
    #[inline]
    pub fn stops_server(&self) -> bool {
        self.shutdown
    }

    /// Whether nothing is to be sent; see [`declined`](Self::declined). For servers.
    #[inline]
    pub fn is_declined(&self) -> bool {
        self.declined
    }

    /// Whether it upgrades its connection. For servers.
    #[inline]
    pub fn is_upgrade(&self) -> bool {
        self.upgrade.is_some() && self.status == StatusCode::SWITCHING_PROTOCOLS
    }

    /// Takes out what is to happen to the connection after it, if its status is 101. For servers.
    pub fn take_upgrade(&mut self) -> Option<Upgrade> {
        let upgrade = self.upgrade.take()?;
        (self.status == StatusCode::SWITCHING_PROTOCOLS).then_some(*upgrade)
    }

    /// Takes the response apart.
    ///
    /// # Errors
    /// As [`into_result`](Self::into_result); and for an interim status (1xx), which is no answer
    /// (RFC 9110, section 15.2), but for 101 with an upgrade.
    pub fn into_parts(self) -> Result<ResponseParts, Error> {
        let Self { status, headers, body, close, shutdown, declined, upgrade, fault } = self;
        match fault {
            None => {
                let upgrade = match upgrade {
                    Some(upgrade) if status == StatusCode::SWITCHING_PROTOCOLS => Some(*upgrade),
                    none => {
                        crate::drop_quietly(none);
                        None
                    }
                };
                // An interim status would leave the request without an answer.
                if status.is_informational() && upgrade.is_none() {
                    crate::drop_quietly((headers, body));
                    let text = format!("{status} is not the status of an answer");
                    return Err(std::io::Error::other(text).into());
                }
                Ok(ResponseParts { status, headers, body, close, shutdown, declined, upgrade })
            }
            Some(error) => {
                crate::drop_quietly((headers, body, upgrade));
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A reference with the bytes encoded that RFC 3986 has no place for. Control characters stay: they
/// are refused as part of a header, and a line end in a location is no mistake to be mended.
fn reference(location: &str) -> Cow<'_, str> {
    let foreign = |byte: u8| {
        !byte.is_ascii()
            || matches!(byte, b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    if !location.bytes().any(foreign) {
        return Cow::Borrowed(location);
    }
    let mut encoded = String::with_capacity(location.len() + 16);
    for byte in location.bytes() {
        if foreign(byte) {
            encoded.push_str(&format!("%{byte:02X}"));
        } else {
            encoded.push(char::from(byte));
        }
    }
    Cow::Owned(encoded)
}

/// Takes over status, headers and body. The headers that the server sets itself are left out, the
/// version and extensions as well.
impl<B: Into<Body>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        let mut own = Self::new(parts.status);
        own.headers = parts.headers.into();
        own.body = body.into();
        own
    }
}

pub use pauper_iolist::Html;

/// A value that is sent as JSON, with `application/json`.
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// What can be returned by a handler.
///
/// | value | answer |
/// |---|---|
/// | `&'static str`, `String`, `Cow<'static, str>` | 200 `text/plain; charset=utf-8` |
/// | `Vec<u8>`, `Bytes`, `&'static [u8]`, `IoList`, [`Body`], `RequestBody` | 200 `application/octet-stream` |
/// | [`Html`] | 200 `text/html; charset=utf-8` |
/// | `Json` (feature `json`) | 200 `application/json` |
/// | `()` | 204 |
/// | a status, or its number as `u16` | that status, without a body |
/// | `Option<T>` | the value, or 404 by the handler for that status |
/// | `Result<T, E>` | the value, or the error by the handler for it |
/// | [`Response`] | itself |
///
/// Tuples have one order: status, headers, body, as they stand on the wire. Headers are an array
/// or `Vec` of pairs.
///
/// ```
/// use pauper_message::{IntoResponse, Html};
///
/// let response = (201, [("X-Made-By", "hand")], Html("<p>made")).into_response().unwrap();
/// assert_eq!(response.status(), 201);
/// assert_eq!(response.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a response",
    label = "a handler returned this",
    note = "return text (`String`, `&'static str`), bytes, `Html(…)`, `Json(…)`, a `Response`, a \
            status as `u16`, `()`, a tuple `(status, headers, body)`, or an `Option` or `Result` \
            of one of these",
    note = "borrowed text has to be made owned: `text.to_owned()`"
)]
pub trait IntoResponse {
    /// The response, or the error that asks for another one.
    ///
    /// # Errors
    /// When the value is an error, or cannot be sent.
    fn into_response(self) -> Result<Response, Error>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, Error> {
        self.into_result()
    }
}

macro_rules! respond_with {
    ($($make:ident: $($kind:ty),+;)+) => {$($(
        impl IntoResponse for $kind {
            fn into_response(self) -> Result<Response, Error> {
                Ok(Response::$make(self))
            }
        }
    )+)+};
}

respond_with! {
    text: &'static str, String, Cow<'static, str>, Box<str>;
    bytes: &'static [u8], Vec<u8>, Bytes, IoList;
    body_of: Body;
    new: StatusCode;
}

/// The body of a request as that of its answer.
impl IntoResponse for crate::request_body::RequestBody {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::body_of(self.into()))
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::no_content())
    }
}

impl IntoResponse for u16 {
    fn into_response(self) -> Result<Response, Error> {
        Response::new(StatusCode::OK).with_status(self).into_result()
    }
}

impl<T: Into<IoList>> IntoResponse for Html<T> {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::html(self.0))
    }
}

#[cfg(feature = "json")]
impl<T: serde_core::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Result<Response, Error> {
        Response::json(&self.0)
    }
}

#[cfg(feature = "json")]
impl IntoResponse for serde_json::Value {
    fn into_response(self) -> Result<Response, Error> {
        Response::json(&self)
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    #[track_caller]
    fn into_response(self) -> Result<Response, Error> {
        match self {
            Some(value) => value.into_response(),
            None => Err(crate::error::abort(StatusCode::NOT_FOUND)),
        }
    }
}

impl<T: IntoResponse, E: Into<Error>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, Error> {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => Err(error.into()),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Result<Response, Error> {
        Err(self)
    }
}

impl<S: IntoStatus, T: IntoResponse> IntoResponse for (S, T) {
    fn into_response(self) -> Result<Response, Error> {
        self.1.into_response()?.with_status(self.0).into_result()
    }
}

impl<S, H, N, V, T> IntoResponse for (S, H, T)
where
    S: IntoStatus,
    H: IntoIterator<Item = (N, V)>,
    N: IntoHeaderName,
    V: IntoHeaderValue,
    T: IntoResponse,
{
    fn into_response(self) -> Result<Response, Error> {
        let mut response = self.2.into_response()?.with_status(self.0).into_result()?;
        let mut seen: Vec<http::HeaderName> = Vec::new();
        for (name, value) in self.1 {
            let name = name.into_header_name()?;
            // The first of a name replaces what the body brought (Content-Type), a further one
            // stands beside it (Set-Cookie).
            if seen.contains(&name) {
                response.headers.append(&name, value)?;
            } else {
                response.headers.insert(&name, value)?;
                seen.push(name);
            }
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::abort;

    fn check(value: impl IntoResponse, status: u16, content_type: Option<&str>, body: &str) {
        let response = value.into_response().unwrap();
        assert_eq!(response.status(), status);
        let found = response.headers().get("content-type").map(|v| v.to_str().unwrap());
        assert_eq!(found, content_type);
        let parts = response.into_parts().unwrap();
        assert_eq!(parts.body.into_bytes(1 << 20).unwrap(), body.as_bytes());
    }

    const PLAIN: Option<&str> = Some("text/plain; charset=utf-8");
    const OCTETS: Option<&str> = Some("application/octet-stream");

    #[test]
    fn values_become_answers() {
        check("a", 200, PLAIN, "a");
        check(String::from("ä"), 200, PLAIN, "ä");
        check(vec![b'a'], 200, OCTETS, "a");
        check(Bytes::from_static(b"a"), 200, OCTETS, "a");
        check(IoList::from("a"), 200, OCTETS, "a");
        check(Html("<p>"), 200, Some("text/html; charset=utf-8"), "<p>");
        check((), 204, None, "");
        check(418, 418, None, "");
        check(Some("a"), 200, PLAIN, "a");
        check(Ok::<_, Error>("a"), 200, PLAIN, "a");
        check((201, "a"), 201, PLAIN, "a");
        check((StatusCode::ACCEPTED, Html("a")), 202, Some("text/html; charset=utf-8"), "a");
        check((200, [("content-type", "a/b")], "a"), 200, Some("a/b"), "a");
        check((200, vec![("x", 1_u16)], "a"), 200, PLAIN, "a");
    }

    #[test]
    fn errors_stay_errors() {
        assert_eq!(None::<&str>.into_response().unwrap_err().status().unwrap(), 404);
        let failed: Result<&str, _> = Err(abort(409));
        assert_eq!(failed.into_response().unwrap_err().status().unwrap(), 409);
        let failed: Result<&str, _> = "x".parse::<u8>().map(|_| "");
        assert_eq!(failed.into_response().unwrap_err().status().unwrap(), 500);
        assert!((20, "a").into_response().is_err());
        assert!((200, [("a b", "c")], "a").into_response().is_err());
        assert!((200, [("x", "a\r\nb")], "a").into_response().is_err());
        assert!((200, [("content-length", "9")], "a").into_response().is_err());
    }

    #[test]
    fn a_repeated_header_in_a_tuple_is_repeated_in_the_answer() {
        let cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2")];
        let response = (200, cookies, "a").into_response().unwrap();
        assert_eq!(response.headers().get_all("set-cookie").count(), 2);
    }

    #[test]
    fn a_location_holds_only_what_a_reference_can() {
        for (given, sent) in [
            ("/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
            ("/a b\"<>\\^`{|}", "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D"),
            ("/ä", "/%C3%A4"),
            ("https://[::1]:80/x", "https://[::1]:80/x"),
        ] {
            assert_eq!(Response::redirect(given).headers().get("location").unwrap(), sent);
        }
        assert!(Response::redirect("/a\r\nb").into_result().is_err());
    }

    #[test]
    fn a_spoiled_response_is_an_error() {
        let spoiled = Response::text("a").with_header("x", "a\nb").with_header("y", "fine");
        let error = spoiled.into_response().unwrap_err();
        assert!(error.find::<HeaderError>().is_some(), "{error:?}");
        assert!(Response::text("").with_status(1).into_parts().is_err());
    }
}
