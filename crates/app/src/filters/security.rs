//! Headers that tell browsers to be careful.

use std::fmt::Write as _;
use std::time::Duration;

use pauper_message::{Error, Hook, Request, Response};

/// A hook that adds the headers which make a browser stricter, to every answer that does not have
/// them already:
///
/// | header | value | says |
/// |---|---|---|
/// | `X-Content-Type-Options` | `nosniff` | the content is what Content-Type says |
/// | `Referrer-Policy` | `strict-origin-when-cross-origin` | other sites learn the host at most |
/// | `X-Frame-Options` | `SAMEORIGIN` | no other site puts the page into a frame |
/// | `Cross-Origin-Opener-Policy` | `same-origin` | no other site holds the page's window |
/// | `Cross-Origin-Resource-Policy` | `same-origin` | no other site embeds it |
/// | `Content-Security-Policy` | not set | what a page may load and run |
/// | `Strict-Transport-Security` | not set | encrypted from now on |
///
/// ```
/// use std::time::Duration;
/// use pauper_app::App;
/// use pauper_app::filters::SecurityHeaders;
///
/// let year = Duration::from_secs(365 * 24 * 3600);
/// let mut app = App::new("careful");
/// app.hook(SecurityHeaders::new().content_security_policy("default-src 'self'").hsts(year, true));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SecurityHeaders {
    fixed: Vec<(String, String)>,
    hsts: Option<String>,
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl SecurityHeaders {
    /// The headers of the type's text.
    pub fn new() -> Self {
        let fixed = [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("x-frame-options", "SAMEORIGIN"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { fixed, hsts: None }
    }

    /// Another value for a header, or one more header.
    ///
    /// Text that cannot stand in a header makes every answer a 500, so that it is seen at once.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.fixed.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Leaves a header out.
    pub fn without(mut self, name: &str) -> Self {
        self.fixed.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// What pages may load and run. An answer with a policy of its own keeps that.
    pub fn content_security_policy(self, policy: &str) -> Self {
        self.set("content-security-policy", policy)
    }

    /// Lets browsers use encrypted connections alone for so long, for the hosts below this one too
    /// if you say so. Sent over encrypted connections alone (RFC 6797, section 7.2). There is no
    /// way back before the time is over.
    pub fn hsts(mut self, age: Duration, subdomains: bool) -> Self {
        let mut value = format!("max-age={}", age.as_secs());
        if subdomains {
            let _ = write!(value, "; includeSubDomains");
        }
        self.hsts = Some(value);
        self
    }
}

impl Hook for SecurityHeaders {
    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        let headers = response.headers_mut();
        for (name, value) in &self.fixed {
            headers.insert_new(name.as_str(), value)?;
        }
        if let Some(value) = self.hsts.as_deref().filter(|_| req.is_secure()) {
            headers.insert_new("strict-transport-security", value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pauper_message::Peer;

    fn after(hook: &SecurityHeaders, secure: bool, mut response: Response) -> Response {
        let mut peer = Peer::default();
        peer.secure = secure;
        let mut req = Request::builder().peer(peer).build().unwrap();
        hook.after(&mut req, &mut response).unwrap();
        response
    }

    fn header(response: &Response, name: &str) -> Option<String> {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn answers_keep_what_they_say_themselves() {
        let hook = SecurityHeaders::new().content_security_policy("default-src 'self'");
        let own = Response::text("").with_header("Content-Security-Policy", "default-src 'none'");
        let response = after(&hook, false, own);
        assert_eq!(header(&response, "content-security-policy").unwrap(), "default-src 'none'");
        assert_eq!(header(&response, "x-content-type-options").unwrap(), "nosniff");
        let response = after(&hook, false, Response::text(""));
        assert_eq!(header(&response, "content-security-policy").unwrap(), "default-src 'self'");
    }

    #[test]
    fn headers_are_changed_and_left_out() {
        let hook = SecurityHeaders::new().set("X-Frame-Options", "DENY").without("Referrer-Policy");
        let response = after(&hook, false, Response::text(""));
        assert_eq!(header(&response, "x-frame-options").unwrap(), "DENY");
        assert_eq!(header(&response, "referrer-policy"), None);
        let bad = SecurityHeaders::new().set("X-A", "b\r\nc");
        let mut req = Request::builder().build().unwrap();
        assert!(bad.after(&mut req, &mut Response::text("")).is_err());
    }

    #[test]
    fn strict_transport_is_for_encrypted_connections() {
        let hook = SecurityHeaders::new().hsts(Duration::from_secs(60), true);
        let name = "strict-transport-security";
        assert_eq!(header(&after(&hook, false, Response::text("")), name), None);
        let sent = header(&after(&hook, true, Response::text("")), name).unwrap();
        assert_eq!(sent, "max-age=60; includeSubDomains");
    }
}
