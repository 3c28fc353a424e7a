//! Cookies on the way out (RFC 6265, and its successor in draft: prefixes, SameSite, Partitioned).

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use pauper_wire::grammar;

use crate::conditional::http_date;
use crate::headers::Headers;
use crate::response::Response;

/// The most bytes that a Set-Cookie header may have: browsers drop longer ones without a word.
pub const MAX_COOKIE: usize = 4096;

/// A cookie to be set.
///
/// Without further calls it is for all paths, hidden from scripts (HttpOnly), not sent along from
/// other sites (SameSite=Lax), and gone with the browser.
///
/// ```
/// use std::time::Duration;
/// use pauper_message::{Response, SameSite, SetCookie};
///
/// let cookie = SetCookie::new("theme", "dark").max_age(Duration::from_secs(3600)).secure(true);
/// let response = Response::text("done").with_cookie(&cookie);
/// let header = response.headers().get("set-cookie").unwrap();
/// assert_eq!(header, "theme=dark; HttpOnly; Max-Age=3600; Path=/; SameSite=Lax; Secure");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SetCookie {
    name: String,
    value: String,
    path: Option<String>,
    domain: Option<String>,
    max_age: Option<u64>,
    expires: Option<SystemTime>,
    same_site: Option<SameSite>,
    secure: bool,
    http_only: bool,
    partitioned: bool,
}

/// When a browser sends a cookie along with requests that other sites caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link.
    Lax,
    /// Always; asks for `Secure`.
    None,
}

impl SetCookie {
    /// A cookie of this name and value, with the defaults of the type's text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: Some("/".to_owned()),
            domain: None,
            max_age: None,
            expires: None,
            same_site: Some(SameSite::Lax),
            secure: false,
            http_only: true,
            partitioned: false,
        }
    }

    /// Lets the browser forget a cookie: empty and long over. Path and domain have to be those that
    /// it was set with.
    pub fn removal(name: impl Into<String>) -> Self {
        let mut cookie = Self::new(name, "");
        cookie.max_age = Some(0);
        cookie.expires = Some(SystemTime::UNIX_EPOCH);
        cookie
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// For requests to this path and below; `/` if not set.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// For this domain and all below it. Not set, the cookie is for the very host that sets it,
    /// which is the safer choice.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// How long the browser keeps it, in whole seconds; 0 removes it.
    pub fn max_age(mut self, age: Duration) -> Self {
        // Some parsers read a signed number.
        self.max_age = Some(age.as_secs().min(i64::MAX as u64));
        self
    }

    /// When the browser forgets it. Times outside of 1970 to 9999 become the nearest that a header
    /// can hold. [`max_age`](Self::max_age) goes before it.
    pub fn expires(mut self, time: SystemTime) -> Self {
        self.expires = Some(time);
        self
    }

    /// When it is sent along from other sites; `None` leaves that to the browser.
    pub fn same_site(mut self, same_site: impl Into<Option<SameSite>>) -> Self {
        self.same_site = same_site.into();
        self
    }

    /// Only over encrypted connections.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Hidden from scripts; true if not set.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Kept apart for each site that embeds yours (CHIPS); asks for `Secure`.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The value of the Set-Cookie header, attributes in the order of their names.
    ///
    /// # Errors
    /// When the name is no token; when the value has characters that a cookie cannot hold (control
    /// characters, spaces, quotes, commas, semicolons, backslashes, anything that is not ASCII:
    /// encode it, with Base64 for instance); when path or domain have control characters or
    /// semicolons; when the rules of `__Host-`, `__Secure-`, `SameSite=None` or `Partitioned` are
    /// broken, which a browser would punish by silence; when all of it is longer than
    /// [`MAX_COOKIE`].
    pub fn to_header(&self) -> Result<HeaderValue, CookieError> {
        self.check()?;
        let text = self.text();
        if text.len() > MAX_COOKIE {
            return Err(self.error("is longer than 4096 bytes"));
        }
        HeaderValue::try_from(text).map_err(|_| self.error("cannot stand in a header"))
    }

    /// How many bytes the value of the header has, of which there may be [`MAX_COOKIE`].
    pub fn header_len(&self) -> usize {
        self.text().len()
    }

    fn text(&self) -> String {
        let mut text = format!("{}={}", self.name, self.value);
        if let Some(domain) = &self.domain {
            let _ = write!(text, "; Domain={domain}");
        }
        if let Some(time) = self.expires {
            let date = http_date(time).unwrap_or_else(|| {
                let early = time < SystemTime::UNIX_EPOCH;
                if early {
                    "Thu, 01 Jan 1970 00:00:00 GMT"
                } else {
                    "Fri, 31 Dec 9999 23:59:59 GMT"
                }
                .to_owned()
            });
            let _ = write!(text, "; Expires={date}");
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if let Some(age) = self.max_age {
            let _ = write!(text, "; Max-Age={age}");
        }
        if self.partitioned {
            text.push_str("; Partitioned");
        }
        if let Some(path) = &self.path {
            let _ = write!(text, "; Path={path}");
        }
        if let Some(same_site) = self.same_site {
            let _ = write!(text, "; SameSite={same_site:?}");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text
    }

    fn check(&self) -> Result<(), CookieError> {
        let of_attribute =
            |text: &Option<String>| text.as_ref().is_none_or(|text| text.bytes().all(is_attribute));
        let fault = if !grammar::is_token(self.name.as_bytes()) {
            "has a name that is no token"
        } else if !self.value.bytes().all(is_cookie_octet) {
            "has a value that a cookie cannot hold; encode it"
        } else if !of_attribute(&self.path) {
            "has a path with semicolons or control characters"
        } else if !of_attribute(&self.domain) {
            "has a domain with semicolons or control characters"
        } else if self.has_prefix("__Host-")
            && !(self.secure && self.domain.is_none() && self.path.as_deref() == Some("/"))
        {
            "begins with __Host-, so it needs Secure, the path / and no domain"
        } else if self.has_prefix("__Secure-") && !self.secure {
            "begins with __Secure-, so it needs Secure"
        } else if self.same_site == Some(SameSite::None) && !self.secure {
            "is SameSite=None, so it needs Secure"
        } else if self.partitioned && !self.secure {
            "is Partitioned, so it needs Secure"
        } else {
            return Ok(());
        };
        Err(self.error(fault))
    }

    /// Prefixes count in any case, as browsers see them.
    fn has_prefix(&self, prefix: &str) -> bool {
        self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    #[cold]
    fn error(&self, fault: &'static str) -> CookieError {
        CookieError { name: self.name.as_str().into(), fault }
    }
}

/// `cookie-octet` (RFC 6265, section 4.1.1).
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

fn is_attribute(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && byte != b';'
}

/// Why a cookie cannot be set; the value is kept out of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieError {
    name: Box<str>,
    fault: &'static str,
}

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cookie {:?} {}", self.name, self.fault)
    }
}

impl std::error::Error for CookieError {}

impl Headers {
    /// Adds a cookie, beside others of other names and in place of an earlier one of the same name,
    /// path and domain.
    ///
    /// # Errors
    /// As [`SetCookie::to_header`].
    pub fn set_cookie(&mut self, cookie: &SetCookie) -> Result<(), CookieError> {
        let value = cookie.to_header()?;
        let same = |known: &HeaderValue| identity(known.as_bytes()) == identity(value.as_bytes());
        self.retain(|name, known| name != http::header::SET_COOKIE || !same(known));
        self.append(http::header::SET_COOKIE, value)
            .map_err(|_| cookie.error("cannot stand in a header"))
    }
}

/// What makes two cookies the same: name, domain, path.
fn identity(header: &[u8]) -> [Option<&[u8]>; 3] {
    let mut parts = header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().and_then(|pair| pair.split(|byte| *byte == b'=').next());
    let attribute = |name: &'static [u8]| {
        header.split(|byte| *byte == b';').skip(1).find_map(move |part| {
            part.trim_ascii()
                .split_at_checked(name.len())
                .filter(|(start, _)| start.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    };
    [name, attribute(b"domain="), attribute(b"path=")]
}

impl Response {
    /// With a cookie. One that cannot be set (see [`SetCookie::to_header`]) spoils the response.
    #[must_use]
    #[track_caller]
    pub fn with_cookie(mut self, cookie: &SetCookie) -> Self {
        match self.headers_mut().set_cookie(cookie) {
            Ok(()) => self,
            Err(error) => self.spoiled(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cookie: &SetCookie) -> String {
        cookie.to_header().unwrap().to_str().unwrap().to_owned()
    }

    fn base() -> SetCookie {
        SetCookie::new("SESSID", "abc")
    }

    #[test]
    fn attributes_stand_in_the_order_of_their_names() {
        let all = base()
            .max_age(Duration::from_secs(10))
            .domain("example.org")
            .secure(true)
            .same_site(SameSite::Strict);
        assert_eq!(
            header(&all),
            "SESSID=abc; Domain=example.org; HttpOnly; Max-Age=10; Path=/; SameSite=Strict; Secure"
        );
        let bare = base().http_only(false).same_site(None);
        assert_eq!(header(&bare), "SESSID=abc; Path=/");
        let chips = base().secure(true).partitioned(true).path("/a b");
        assert_eq!(
            header(&chips),
            "SESSID=abc; HttpOnly; Partitioned; Path=/a b; SameSite=Lax; Secure"
        );
        assert_eq!(
            header(&SetCookie::removal("a")),
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/; SameSite=Lax"
        );
    }

    #[test]
    fn no_time_is_too_long() {
        let year_10000 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        for (time, expected) in [
            (year_10000, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (SystemTime::UNIX_EPOCH - Duration::from_secs(1), "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert!(header(&base().expires(time)).contains(expected));
        }
        assert!(header(&base().max_age(Duration::MAX)).contains("Max-Age=9223372036854775807;"));
    }

    #[test]
    fn what_a_browser_would_drop_or_misread_is_refused() {
        let secure = || base().secure(true);
        let named = |name: &str| SetCookie::new(name, "x");
        for cookie in [
            named(""),
            named("a b"),
            named("a=b"),
            named("a;b"),
            named("a\r\nb"),
            SetCookie::new("a", "b;c"),
            SetCookie::new("a", "b c"),
            SetCookie::new("a", "b\r\nc"),
            SetCookie::new("a", "\"b\""),
            SetCookie::new("a", "b,c"),
            SetCookie::new("a", "ä"),
            SetCookie::new("a", "\0"),
            SetCookie::new("a", "x".repeat(MAX_COOKIE)),
            base().path("/;x"),
            base().path("/\n"),
            base().domain("a;b"),
            base().domain("a\rb"),
            named("__Host-a"),
            named("__Host-a").secure(true).domain("example.org"),
            named("__Host-a").secure(true).path("/a"),
            named("__host-a"),
            named("__Secure-a"),
            base().same_site(SameSite::None),
            base().partitioned(true),
        ] {
            assert!(cookie.to_header().is_err(), "{cookie:?}");
            assert!(Response::text("").with_cookie(&cookie).into_result().is_err());
        }
        for cookie in [
            named("__Host-a").secure(true),
            named("__Secure-a").secure(true).domain("example.org"),
            secure().same_site(SameSite::None),
            secure().partitioned(true),
        ] {
            assert!(cookie.to_header().is_ok(), "{cookie:?}");
        }
    }

    #[test]
    fn the_last_of_the_same_name_and_place_stays() {
        let response = Response::text("")
            .with_cookie(&SetCookie::new("a", "1"))
            .with_cookie(&SetCookie::new("b", "2"))
            .with_cookie(&SetCookie::new("a", "3").path("/x"))
            .with_cookie(&SetCookie::new("a", "4"));
        let all: Vec<_> = response
            .headers()
            .get_all("set-cookie")
            .map(|value| value.to_str().unwrap().split(';').next().unwrap())
            .collect();
        assert_eq!(all, ["b=2", "a=3", "a=4"]);
    }
}
