//! Headers of a request that mean the same everywhere, as values.

use std::borrow::Cow;
use std::str;

use http::StatusCode;
use pauper_wire::grammar::{self, value_and_parameters, weighted};

use crate::error::Error;
use crate::negotiate;
use crate::request::Request;

/// The most cookies of a request that are looked at; browsers send far fewer.
pub const MAX_COOKIES: usize = 100;

/// The body, as the client describes it.
impl Request {
    /// The media type of the body without its parameters, in lower case.
    pub fn content_type(&self) -> Option<Cow<'_, str>> {
        let value = self.header("content-type")?;
        let kind = value.split(';').next().unwrap_or_default().trim();
        if kind.is_empty() {
            None
        } else if kind.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Some(Cow::Owned(kind.to_ascii_lowercase()))
        } else {
            Some(Cow::Borrowed(kind))
        }
    }

    /// The charset parameter of Content-Type, as it was sent; none if there is none. Text without
    /// one is UTF-8.
    pub fn charset(&self) -> Option<String> {
        self.content_type_parameter("charset")
    }

    /// A parameter of Content-Type by its name, in any case; quotes are taken off.
    pub fn content_type_parameter(&self, name: &str) -> Option<String> {
        let (_, parameters) = value_and_parameters(self.header_bytes("content-type")?);
        parameters.map_while(Result::ok).find(|parameter| parameter.is(name))?.unquote()
    }

    /// The length of the body as the client declared it; none of a chunked body, and without one.
    pub fn content_length(&self) -> Option<u64> {
        // The parser saw to it that it is one number without a sign.
        self.header("content-length")?.parse().ok()
    }

    /// Whether the body came in chunks.
    pub fn is_chunked(&self) -> bool {
        self.header_bytes("transfer-encoding").is_some()
    }

    /// Whether there is a body, as far as the head tells: one of a positive length, or chunks.
    pub fn has_body(&self) -> bool {
        self.is_chunked() || self.content_length().is_some_and(|length| length > 0)
    }
}

impl Request {
    /// The first value of a header as text, whatever bytes it has: UTF-8, or else each byte as a
    /// character of Latin 1, as old clients mean it; `name` in any case.
    pub fn header_text(&self, name: &str) -> Option<Cow<'_, str>> {
        let bytes = self.header_bytes(name)?;
        Some(match str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
        })
    }
}

/// The client.
impl Request {
    /// The name that the client's program gives itself.
    pub fn user_agent(&self) -> Option<&str> {
        self.header("user-agent")
    }

    /// The address of the page that led here, as the client says.
    pub fn referer(&self) -> Option<&str> {
        self.header("referer")
    }

    /// Whether a script asked: X-Requested-With is `XMLHttpRequest`. Anybody can send that; it
    /// proves nothing.
    pub fn is_xhr(&self) -> bool {
        self.header_bytes("x-requested-with") == Some(b"XMLHttpRequest")
    }

    /// The cookies, pair by pair in their order. Quotes around a value are taken off; a pair
    /// without a name is skipped (RFC 6265, section 5.4). The first [`MAX_COOKIES`] are looked at.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let most = if self.reads_cookies() { MAX_COOKIES } else { 0 };
        self.head()
            .header_all("cookie")
            .flat_map(grammar::cookie_pairs)
            .take(most)
            .filter(|pair| !pair.name().is_empty())
            .filter_map(|pair| {
                Some((str::from_utf8(pair.name()).ok()?, str::from_utf8(pair.unquoted()).ok()?))
            })
    }

    /// The first cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The credentials that the client sent (RFC 9110, section 11.6.2).
    ///
    /// # Errors
    /// 400 when there are several Authorization headers, or one that cannot be read.
    pub fn authorization(&self) -> Result<Option<Authorization<'_>>, Error> {
        let mut values = self.head().header_all("authorization");
        let Some(value) = values.next() else { return Ok(None) };
        let bad = |what: &str| Error::new(StatusCode::BAD_REQUEST, format!("Authorization {what}"));
        if values.next().is_some() {
            return Err(bad("came twice"));
        }
        let value = str::from_utf8(value).map_err(|_| bad("is not UTF-8"))?;
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if !grammar::is_token(scheme.as_bytes()) {
            return Err(bad("has no scheme"));
        }
        Ok(Some(Authorization { scheme, rest: rest.trim_matches([' ', '\t']) }))
    }
}

/// What the client likes (RFC 9110, section 12.5). Each list is in the order sent, with qualities
/// from 0 (not at all) to 1.
impl Request {
    fn accepted(&self, name: &'static str) -> impl Iterator<Item = (&str, f32)> {
        self.head().header_all(name).flat_map(weighted).filter_map(|element| {
            Some((str::from_utf8(element.value).ok()?, f32::from(element.quality) / 1000.0))
        })
    }

    /// Media types, without their parameters.
    pub fn accept(&self) -> impl Iterator<Item = (&str, f32)> {
        self.accepted("accept")
    }

    /// Charsets.
    pub fn accept_charset(&self) -> impl Iterator<Item = (&str, f32)> {
        self.accepted("accept-charset")
    }

    /// Content codings, such as `gzip`.
    pub fn accept_encoding(&self) -> impl Iterator<Item = (&str, f32)> {
        self.accepted("accept-encoding")
    }

    /// Languages, such as `de-CH`.
    pub fn accept_language(&self) -> impl Iterator<Item = (&str, f32)> {
        self.accepted("accept-language")
    }

    /// Whether Accept names `text/html` itself; `*/*` does not count. To choose what to send,
    /// [`prefer`](Self::prefer) is the better question.
    pub fn accept_html(&self) -> bool {
        self.names("text/html")
    }

    /// Whether Accept names `text/xhtml` or `application/xhtml+xml` itself.
    pub fn accept_xhtml(&self) -> bool {
        self.names("text/xhtml") || self.names("application/xhtml+xml")
    }

    /// Whether Accept names `application/json` itself.
    pub fn accept_json(&self) -> bool {
        self.names("application/json")
    }

    fn names(&self, kind: &str) -> bool {
        self.accept().any(|(known, _)| known.eq_ignore_ascii_case(kind))
    }

    /// Which of `offers` (media types, best first) the client likes best by its Accept header
    /// (RFC 9110, section 12.5.1); the first without such a header, none if it refuses all.
    pub fn prefer<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        negotiate::prefer(self.head().header_all("accept"), offers)
    }

    /// Which of `offers` (language tags, best first) the client likes best by its Accept-Language
    /// header: a range such as `de` covers `de-CH` too (RFC 4647, section 3.3.1). The first without
    /// such a header, none if it likes none of them.
    pub fn prefer_language<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        negotiate::prefer_language(self.head().header_all("accept-language"), offers)
    }

    /// Which of `offers` (content codings, best first) the client takes by its Accept-Encoding
    /// header; none if it prefers the body as it is, and without such a header.
    pub fn prefer_encoding<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        negotiate::prefer_encoding(self.head().header_all("accept-encoding"), offers)
    }
}

/// The credentials of a request; see [`Request::authorization`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'r> {
    scheme: &'r str,
    rest: &'r str,
}

impl<'r> Authorization<'r> {
    /// The scheme as it was sent: `Basic`, `Bearer`, `Digest`.
    pub fn scheme(&self) -> &'r str {
        self.scheme
    }

    /// Whether it is this scheme, in any case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// What stands behind the scheme, if it is one word (`token68`), as for Basic and Bearer.
    pub fn token(&self) -> Option<&'r str> {
        let word = self.rest.trim_end_matches('=');
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        (!word.is_empty() && word.bytes().all(good)).then_some(self.rest)
    }

    /// The parameters behind the scheme, as for Digest: names in lower case, quotes taken off.
    ///
    /// # Errors
    /// 400 for what is no parameter, and for a name that comes twice.
    pub fn parameters(&self) -> Result<Vec<(String, String)>, Error> {
        let bad = |text: String| Error::new(StatusCode::BAD_REQUEST, text);
        let mut all: Vec<(String, String)> = Vec::new();
        for element in grammar::split_list(self.rest.as_bytes()) {
            // An element is what a parameter behind a semicolon is.
            let one = [b";", element].concat();
            let mut parsed = grammar::Parameters::new(&one);
            let (Some(Ok(parameter)), None) = (parsed.next(), parsed.next()) else {
                return Err(bad("Authorization has what is no parameter".to_owned()));
            };
            let name = parameter.name().to_ascii_lowercase();
            let Some(value) = parameter.unquote() else {
                return Err(bad(format!("Authorization parameter {name} is not UTF-8")));
            };
            if all.iter().any(|(known, _)| *known == name) {
                return Err(bad(format!("Authorization parameter {name} came twice")));
            }
            all.push((name, value));
        }
        Ok(all)
    }
}

/// The scheme only; the rest is a secret.
impl std::fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({})", self.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut builder = Request::builder();
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        builder.build().unwrap()
    }

    #[test]
    fn descriptions_of_the_body() {
        for (value, kind, charset) in [
            ("text/html", Some("text/html"), None),
            ("Text/HTML; Charset=\"UTF-8\"", Some("text/html"), Some("UTF-8")),
            ("text/html;x=1;charset=a", Some("text/html"), Some("a")),
            ("text/html;charset", Some("text/html"), None),
            ("; charset=a", None, Some("a")),
        ] {
            let req = request(&[("Content-Type", value)]);
            assert_eq!(req.content_type().as_deref(), kind, "{value}");
            assert_eq!(req.charset().as_deref(), charset, "{value}");
        }
        let req = request(&[]);
        assert_eq!((req.content_type(), req.charset(), req.content_length()), (None, None, None));
        assert!(!req.has_body());
        let req = parsed("Content-Length: 18446744073709551615");
        assert_eq!(req.content_length(), Some(u64::MAX));
        assert!(req.has_body() && !req.is_chunked());
        assert!(!parsed("Content-Length: 0").has_body());
        let req = parsed("Transfer-Encoding: chunked");
        assert!(req.has_body() && req.is_chunked());
    }

    fn parsed(header: &str) -> Request {
        let bytes = format!("POST / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n").into_bytes();
        let mut slots = vec![pauper_wire::HeaderSpan::default(); 4];
        let limits = pauper_wire::Limits::new();
        let mut progress = pauper_wire::Progress::new();
        let parsed = pauper_wire::parse_head(&bytes, &mut progress, &mut slots, &limits);
        let Ok(pauper_wire::Status::Complete(head)) = parsed else { panic!("{parsed:?}") };
        let head = crate::OwnedHead { bytes, slots, head };
        Request::from_head(head, crate::Peer::default(), std::time::SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn values_are_text_in_one_charset_or_the_other() {
        let req = Request::builder()
            .header("X-A", "ä".as_bytes())
            .header("X-B", b"\xe4")
            .build()
            .unwrap();
        assert_eq!(req.header_text("x-a").unwrap(), "ä");
        assert_eq!(req.header_text("x-b").unwrap(), "ä");
        assert_eq!((req.header("x-b"), req.header_text("x-c")), (None, None));
    }

    #[test]
    fn cookies_are_pairs_and_nothing_else() {
        let all = |value: &str| {
            let req = request(&[("Cookie", value)]);
            req.cookies().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(all("a=1; b=\"2\"; c"), ["a=1", "b=2"]);
        assert_eq!(all("==__Host-x=1; =y; a=1"), ["a=1"], "a cookie without a name");
        assert_eq!(all("a=1,b=2"), ["a=1,b=2"], "commas are data");
        assert_eq!(all("a=x\"; b=2"), ["a=x\"", "b=2"], "quotes join nothing");
        let many: String = (0..1000).map(|n| format!("c{n}=x;")).collect();
        assert_eq!(all(&many).len(), MAX_COOKIES);
        let req = request(&[("Cookie", "a=1"), ("Cookie", "a=2")]);
        assert_eq!(req.cookie("a"), Some("1"));
        assert_eq!(req.cookies().count(), 2);
    }

    #[test]
    fn credentials() {
        let req = request(&[("Authorization", "basic QWxhZGRpbg==")]);
        let sent = req.authorization().unwrap().unwrap();
        assert!(sent.is("Basic"));
        assert_eq!((sent.scheme(), sent.token()), ("basic", Some("QWxhZGRpbg==")));
        assert_eq!(format!("{sent:?}"), "Authorization(basic)");
        assert!(request(&[]).authorization().unwrap().is_none());

        let req = request(&[("Authorization", "Digest Username=\"a\\\"b, c\", nc=01,uri=\"/\"")]);
        let sent = req.authorization().unwrap().unwrap();
        assert_eq!(sent.token(), None);
        let expected = [("username", "a\"b, c"), ("nc", "01"), ("uri", "/")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(sent.parameters().unwrap(), expected);
        for value in
            ["Digest a=1, A=2", "Digest a=1 b=2", "Digest a", "Digest a=\"b", "Digest a=1;b=2"]
        {
            let req = request(&[("Authorization", value)]);
            assert!(req.authorization().unwrap().unwrap().parameters().is_err(), "{value}");
        }
        for headers in [
            &[("Authorization", "a b"), ("Authorization", "a b")][..],
            &[("Authorization", "\"a\" b")],
            &[("Authorization", "")],
        ] {
            assert_eq!(request(headers).authorization().unwrap_err().status().unwrap(), 400);
        }
    }

    #[test]
    fn likings() {
        let req = request(&[
            ("Accept", "text/html;level=1;q=0.5, */*;q=0"),
            ("Accept-Language", "cs, de;q=0.25"),
            ("X-Requested-With", "XMLHttpRequest"),
        ]);
        assert!(req.accept().eq([("text/html", 0.5), ("*/*", 0.0)]));
        assert!(req.accept_language().eq([("cs", 1.0), ("de", 0.25)]));
        assert_eq!(req.accept_charset().count(), 0);
        assert!(req.accept_html() && !req.accept_json() && !req.accept_xhtml() && req.is_xhr());
        let any = request(&[("Accept", "*/*")]);
        assert!(!any.accept_html() && any.prefer(&["text/html"]).is_some());
    }
}
