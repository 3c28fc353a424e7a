//! Addresses of people and pages.

use super::{Lens, filled};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// An address of electronic mail, which may not be blank, by the rule of HTML: what the control of a
/// browser accepts. Whether mail arrives there is not known before one is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Email;

impl Email {
    /// Lengths are those of RFC 5321, section 4.5.3.1.
    fn is_address(text: &str) -> bool {
        let Some((local, domain)) = text.rsplit_once('@') else { return false };
        let atom =
            |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
        (1..=64).contains(&local.len())
            && local.bytes().all(atom)
            && domain.len() <= 255
            && domain.split('.').all(is_label)
    }
}

/// A part of a name of a host (RFC 1123, section 2.1).
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl Lens for Email {
    type Native = String;

    fn show(&self, native: &String) -> String {
        native.clone()
    }

    fn parse(&self, text: &str) -> Result<String, Invalid> {
        let text = filled(text)?;
        if Self::is_address(text) {
            Ok(text.to_owned())
        } else {
            Err(Invalid::new("does not look much like an e-mail address."))
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::new().with("type", "email").with("autocomplete", "email").with_flag("required")
    }
}

/// The URL of a page, which may not be blank: `http` or `https`, a host, and no blanks. Others, such
/// as `javascript:`, are refused, so it is safe as the target of a link.
#[derive(Clone, Copy, Debug, Default)]
pub struct Url;

impl Url {
    fn is_url(text: &str) -> bool {
        let Some((scheme, rest)) = text.split_once("://") else { return false };
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // No name and password before the host: they serve to deceive.
        let (host, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((v6, port)) => (v6.parse::<std::net::Ipv6Addr>().is_ok(), port),
            None => {
                let end = authority.find(':').unwrap_or(authority.len());
                let (host, port) = authority.split_at(end);
                let host = host.strip_suffix('.').unwrap_or(host);
                // Names in letters beyond ASCII are for the browser to encode.
                let is_label = |label: &str| !label.is_ascii() || is_label(label);
                (!host.is_empty() && host.len() <= 255 && host.split('.').all(is_label), port)
            }
        };
        let is_port = port.is_empty()
            || port.strip_prefix(':').is_some_and(|port| {
                port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
            });
        let is_bad = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}".contains(c);
        is_web && host && is_port && !text.contains(is_bad)
    }
}

impl Lens for Url {
    type Native = String;

    fn show(&self, native: &String) -> String {
        native.clone()
    }

    fn parse(&self, text: &str) -> Result<String, Invalid> {
        let text = filled(text)?;
        if Self::is_url(text) {
            Ok(text.to_owned())
        } else {
            Err(Invalid::new("is no address of a page such as https://example.org/."))
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::new().with("type", "url").with("autocomplete", "url").with_flag("required")
    }
}
