//! What an answer says about its representation and to caches: validators, Cache-Control, Vary.

use std::fmt::{self, Write as _};
use std::io;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use pauper_wire::grammar::{self, EntityTag};

use crate::conditional::{Verdict, evaluate, http_date, validators};
use crate::request::Request;
use crate::response::Response;

impl Response {
    /// With a strong entity tag, given without its quotes: two answers of the same tag have the
    /// same bytes (RFC 9110, section 8.8.3). Quotes, spaces and control characters spoil the
    /// response.
    #[must_use]
    #[track_caller]
    pub fn with_etag(self, tag: &str) -> Self {
        self.with_tag(&format!("\"{tag}\""))
    }

    /// With a weak entity tag, given without its quotes: two answers of the same tag mean the same,
    /// though their bytes may differ. Weak tags do not serve for ranges.
    #[must_use]
    #[track_caller]
    pub fn with_weak_etag(self, tag: &str) -> Self {
        self.with_tag(&format!("W/\"{tag}\""))
    }

    #[track_caller]
    fn with_tag(self, tag: &str) -> Self {
        match EntityTag::parse(tag.as_bytes()) {
            Ok(_) => self.with_header("etag", tag),
            Err(_) => self.spoiled(io::Error::other(format!("{tag:?} is no entity tag"))),
        }
    }

    /// With Last-Modified, in whole seconds. A time that no header can hold (before 1970, after
    /// 9999) is left out.
    #[must_use]
    pub fn with_last_modified(self, time: SystemTime) -> Self {
        match http_date(time) {
            Some(date) => self.with_header("last-modified", date),
            None => self,
        }
    }

    /// With Cache-Control, as text or as a [`CacheControl`].
    #[must_use]
    #[track_caller]
    pub fn with_cache_control(self, directives: impl fmt::Display) -> Self {
        self.with_header("cache-control", directives.to_string())
    }

    /// Says that the answer depends on a header of the request (RFC 9110, section 12.5.5). What
    /// Vary says already stays.
    #[must_use]
    #[track_caller]
    pub fn with_vary(mut self, name: &str) -> Self {
        match self.headers_mut().add_vary(name) {
            Ok(()) => self,
            Err(error) => self.spoiled(error),
        }
    }

    /// 304 without a body: what the client has is still good. Add the validators and the headers
    /// for caches that the whole answer would have had; or better leave all of this to
    /// [`conditional`](Self::conditional).
    pub fn not_modified() -> Self {
        Self::new(StatusCode::NOT_MODIFIED)
    }

    /// Answers the preconditions of a GET or HEAD, if this is a success: with 304 where the client
    /// has it already, with 412 where it wants another version, both by the ETag and Last-Modified
    /// of this response (RFC 9110, section 13). Otherwise the response stays as it is.
    ///
    /// Put [`ranged`](Self::ranged) behind it. For methods that change something it does nothing,
    /// since their preconditions have to be looked at before:
    /// [`conditional::evaluate`](crate::conditional::evaluate).
    ///
    /// ```
    /// use pauper_message::{Request, Response};
    ///
    /// let req = Request::builder().header("If-None-Match", "W/\"v1\"").build().unwrap();
    /// let response = Response::text("long").with_etag("v1").conditional(&req).ranged(&req);
    /// assert_eq!(response.status(), 304);
    /// assert_eq!(response.headers().get("etag").unwrap(), "\"v1\"");
    /// ```
    #[must_use]
    pub fn conditional(mut self, req: &Request) -> Self {
        if !self.status().is_success() || !matches!(*req.method(), Method::GET | Method::HEAD) {
            return self;
        }
        let (etag, modified) = validators(&self);
        match evaluate(req, etag, modified) {
            Verdict::Proceed => self,
            Verdict::NotModified => {
                crate::drop_quietly(self.take_body());
                for name in REPRESENTATION {
                    self.headers_mut().remove(name);
                }
                self.with_status(StatusCode::NOT_MODIFIED)
            }
            Verdict::PreconditionFailed => {
                crate::drop_quietly(self.take_body());
                self.without_representation()
                    .with_text("412 Precondition Failed\n")
                    .with_status(StatusCode::PRECONDITION_FAILED)
            }
        }
    }

    /// Without the headers that describe the body, and those that tell caches how long to keep it.
    pub(crate) fn without_representation(mut self) -> Self {
        for name in REPRESENTATION.iter().chain(&["cache-control", "expires"]) {
            self.headers_mut().remove(name);
        }
        self
    }

    /// With plain text in place of the body.
    pub(crate) fn with_text(self, text: &'static str) -> Self {
        self.with_header("content-type", "text/plain; charset=utf-8").with_body(text)
    }

    #[cold]
    #[track_caller]
    pub(crate) fn spoiled(mut self, error: impl Into<crate::Error>) -> Self {
        self.spoil(error.into());
        self
    }
}

/// What describes a body that is not sent (RFC 9110, section 15.4.5).
const REPRESENTATION: [&str; 6] = [
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "content-range",
    "accept-ranges",
];

impl crate::Headers {
    /// Adds a name to Vary, unless it is there, or `*` is.
    ///
    /// # Errors
    /// When the name is no token and not `*`.
    pub fn add_vary(&mut self, name: &str) -> Result<(), crate::HeaderError> {
        use crate::headers::IntoHeaderName as _;
        if name != "*" {
            name.into_header_name()?;
        }
        let has = |value: &http::HeaderValue| {
            grammar::split_list(value.as_bytes())
                .any(|known| known == b"*" || known.eq_ignore_ascii_case(name.as_bytes()))
        };
        if self.get_all("vary").any(has) { Ok(()) } else { self.append("vary", name) }
    }
}

/// The directives of a Cache-Control header (RFC 9111, section 5.2.2), in the order given.
///
/// ```
/// use std::time::Duration;
/// use pauper_message::CacheControl;
///
/// let control = CacheControl::new().public().max_age(Duration::from_secs(3600)).immutable();
/// assert_eq!(control.to_string(), "public, max-age=3600, immutable");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CacheControl {
    text: String,
}

macro_rules! directives {
    ($($(#[$doc:meta])* $method:ident: $text:literal;)*) => {$(
        $(#[$doc])*
        pub fn $method(self) -> Self {
            self.with($text)
        }
    )*};
}

impl CacheControl {
    /// No directives.
    pub const fn new() -> Self {
        Self { text: String::new() }
    }

    fn with(mut self, directive: &str) -> Self {
        if !self.text.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(directive);
        self
    }

    fn with_time(self, name: &str, time: Duration) -> Self {
        let mut directive = String::new();
        let _ = write!(directive, "{name}={}", time.as_secs());
        self.with(&directive)
    }

    directives! {
        /// Any cache may keep it, even what only a logged-in client gets.
        public: "public";
        /// Only the client's own cache may keep it.
        private: "private";
        /// It may be kept, but has to be asked for again each time.
        no_cache: "no-cache";
        /// No cache may keep it.
        no_store: "no-store";
        /// No proxy may change it, by compressing for instance.
        no_transform: "no-transform";
        /// Once it is stale it must not be used without asking.
        must_revalidate: "must-revalidate";
        /// As `must_revalidate`, for shared caches.
        proxy_revalidate: "proxy-revalidate";
        /// It never changes as long as it is fresh (RFC 8246).
        immutable: "immutable";
    }

    /// How long it is fresh, in whole seconds.
    pub fn max_age(self, time: Duration) -> Self {
        self.with_time("max-age", time)
    }

    /// As `max_age`, for shared caches.
    pub fn s_maxage(self, time: Duration) -> Self {
        self.with_time("s-maxage", time)
    }

    /// How long it may be used while it is asked for again (RFC 5861).
    pub fn stale_while_revalidate(self, time: Duration) -> Self {
        self.with_time("stale-while-revalidate", time)
    }

    /// How long it may be used while the server fails (RFC 5861).
    pub fn stale_if_error(self, time: Duration) -> Self {
        self.with_time("stale-if-error", time)
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn time() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn whole() -> Response {
        Response::text("abc")
            .with_etag("v1")
            .with_last_modified(time())
            .with_cache_control(CacheControl::new().max_age(Duration::from_secs(9)))
            .with_header("content-language", "de")
            .with_vary("Accept")
    }

    #[track_caller]
    fn check(method: &str, headers: &[(&str, &str)], expected: u16) -> Response {
        let mut builder = Request::builder().method(method);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let response = whole().conditional(&builder.build().unwrap());
        assert_eq!(response.status(), expected, "{method} {headers:?}");
        response
    }

    #[test]
    fn validators_decide() {
        check("GET", &[], 200);
        check("HEAD", &[("If-None-Match", "\"v1\"")], 304);
        check("GET", &[("If-None-Match", "\"v2\"")], 200);
        check("GET", &[("If-Modified-Since", DATE)], 304);
        check("GET", &[("If-Match", "\"v2\"")], 412);
        check("GET", &[("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")], 412);
        check("GET", &[("If-None-Match", "\"v2\""), ("If-Modified-Since", DATE)], 200);
        check("PUT", &[("If-Match", "\"v2\"")], 200);
    }

    #[test]
    fn the_answers_carry_what_caches_need_and_no_more() {
        let names = |response: &Response| {
            response.headers().iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        let same = check("GET", &[("If-None-Match", "*")], 304);
        assert_eq!(names(&same), ["etag", "last-modified", "cache-control", "vary"]);
        assert!(same.body().is_empty());
        let failed = check("GET", &[("If-Match", "\"v2\"")], 412);
        assert_eq!(names(&failed), ["content-type", "etag", "last-modified", "vary"]);
    }

    #[test]
    fn errors_are_not_conditional() {
        let req = Request::builder().header("If-None-Match", "*").build().unwrap();
        assert_eq!(whole().with_status(404).conditional(&req).status(), 404);
        assert_eq!(Response::text("no validator").conditional(&req).status(), 304);
    }

    #[test]
    fn tags_are_checked() {
        assert_eq!(
            Response::text("").with_weak_etag("a").headers().get("etag").unwrap(),
            "W/\"a\""
        );
        for tag in ["a\"b", "a b", "a\r\nb", "\0"] {
            assert!(Response::text("").with_etag(tag).into_result().is_err(), "{tag:?}");
        }
        assert!(Response::text("").with_cache_control("a\nb").into_result().is_err());
        assert!(Response::text("").with_vary("a b").into_result().is_err());
    }

    #[test]
    fn vary_grows_without_repetition() {
        let response =
            Response::text("").with_vary("Accept").with_vary("Origin").with_vary("ACCEPT");
        let all: Vec<_> = response.headers().get_all("vary").collect();
        assert_eq!(all, ["Accept", "Origin"]);
        let response = Response::text("").with_vary("*").with_vary("Accept");
        assert_eq!(response.headers().get_all("vary").count(), 1);
    }
}
