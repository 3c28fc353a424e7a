//! Requests from other origins, told by what browsers say.

use std::fmt;

use pauper_message::{Error, Hook, Method, Request, StatusCode};

/// Refuses with 403 requests that a page of another origin caused and that might change something
/// (any method but GET, HEAD, OPTIONS and TRACE), as a hook.
///
/// It goes by two headers that pages cannot set. `Sec-Fetch-Site` (Fetch Metadata) has to be
/// `same-origin`, or `none` for what the user typed. Where a browser does not send it (old ones, and
/// all on addresses that are not encrypted), `Origin` has to be the origin that the request was sent
/// to: scheme, host and port, of which scheme and host come from the proxy if it is one of
/// `TrustedProxies`. A request with neither was not sent by a browser of this decade, and passes, as
/// does anything that brings no cookies of a user; [`required`](Self::required) refuses it.
///
/// Handlers must not change anything on GET. A request for an upgrade counts as one that might change
/// something, since a page of any origin can open a WebSocket with the user's cookies.
///
/// ```
/// use pauper_auth::csrf::SameOrigin;
/// use pauper_message::Request;
///
/// let check = SameOrigin::new().allow("https://admin.example.org").unwrap();
/// let post = |origin| {
///     Request::builder()
///         .method("POST")
///         .header("Host", "example.org")
///         .header("Origin", origin)
///         .build()
///         .unwrap()
/// };
/// assert!(check.allows(&post("http://example.org")));
/// assert!(check.allows(&post("https://admin.example.org")));
/// assert!(!check.allows(&post("https://evil.example")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct SameOrigin {
    allowed: Vec<Box<str>>,
    required: bool,
}

impl SameOrigin {
    /// With no origin but the application's own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And another one, `https://admin.example.org`, whose pages may send anything. It counts
    /// exactly as written; there are no patterns.
    ///
    /// # Errors
    /// When it is no origin: a scheme, a host, a port if it is not the usual one, all in lower
    /// case, and nothing else.
    pub fn allow(mut self, origin: &str) -> Result<Self, OriginError> {
        match Origin::parse(origin) {
            Some(parsed) if parsed.to_string() == origin => {
                self.allowed.push(origin.into());
                Ok(self)
            }
            _ => Err(OriginError(origin.into())),
        }
    }

    /// Refuses requests that say nothing of their origin, too. Programs that are no browsers have
    /// to send `Origin` then.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether a request may pass.
    #[must_use]
    pub fn allows(&self, req: &Request) -> bool {
        if is_safe(req.method()) && req.header_bytes("upgrade").is_none() {
            return true;
        }
        // Of several nobody knows which one the browser wrote.
        let site = single(req, "sec-fetch-site");
        let origin = single(req, "origin");
        let (Ok(site), Ok(origin)) = (site, origin) else { return false };
        let is_allowed = || {
            origin.is_some_and(|origin| self.allowed.iter().any(|known| known.as_bytes() == origin))
        };
        match (site, origin) {
            (Some(b"same-origin" | b"none"), _) => true,
            (Some(_), _) => is_allowed(),
            (None, Some(origin)) => is_own(req, origin) || is_allowed(),
            (None, None) => !self.required,
        }
    }
}

/// Methods that change nothing (RFC 9110, section 9.2.1).
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// The value of a header that may come once.
fn single<'r>(req: &'r Request, name: &str) -> Result<Option<&'r [u8]>, ()> {
    let head = req.head();
    let mut all = head.header_all(name);
    let first = all.next();
    if all.next().is_some() { Err(()) } else { Ok(first) }
}

/// Whether an origin is the one that the request was sent to.
fn is_own(req: &Request, origin: &[u8]) -> bool {
    let Some(origin) = std::str::from_utf8(origin).ok().and_then(Origin::parse) else {
        return false;
    };
    // The host without a port, and the port that was named or is usual.
    origin.scheme == req.scheme()
        && origin.host.eq_ignore_ascii_case(req.host())
        && origin.port == req.port()
}

/// A web origin (RFC 6454).
struct Origin<'o> {
    scheme: &'o str,
    host: &'o str,
    port: u16,
}

impl<'o> Origin<'o> {
    fn parse(text: &'o str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let usual = usual_port(scheme)?;
        // The colon of a port comes after the bracket of an address.
        let at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let (host, port) = match at {
            Some(at) => {
                let digits = &authority[at + 1..];
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                (&authority[..at], digits.parse().ok().filter(|_| plain)?)
            }
            None => (authority, usual),
        };
        let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~[]:".contains(&byte);
        (!host.is_empty() && host.bytes().all(of_host)).then_some(Self { scheme, host, port })
    }
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host.to_ascii_lowercase())?;
        if usual_port(self.scheme) == Some(self.port) {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl Hook for SameOrigin {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        if self.allows(req) {
            return Ok(());
        }
        Err(Error::new(StatusCode::FORBIDDEN, "This request came from another site."))
    }
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginError(Box<str>);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no origin such as https://example.org or http://localhost:8080", self.0)
    }
}

impl std::error::Error for OriginError {}
