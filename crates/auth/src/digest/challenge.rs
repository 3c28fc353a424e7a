//! What the server asks for: `WWW-Authenticate: Digest …` (RFC 7616, section 3.3).

use std::fmt::Write as _;

use super::builder::Qop;
use super::hash::Algorithm;

/// One challenge.
pub(crate) struct Challenge<'a> {
    pub(crate) realm: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) qop: &'a [Qop],
    pub(crate) algorithm: Algorithm,
    pub(crate) nonce: &'a str,
    pub(crate) opaque: &'a str,
    pub(crate) userhash: bool,
    pub(crate) utf8: bool,
    pub(crate) stale: bool,
}

impl Challenge<'_> {
    /// Which parameters are quoted is fixed by the RFC, but for the algorithm, which clients take
    /// either way and which old ones want quoted.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("Digest realm={}", quoted(self.realm));
        let mut put = |part: std::fmt::Arguments<'_>| {
            // Writing into a string does not fail.
            let _ = text.write_fmt(part);
        };
        if !self.domain.is_empty() {
            put(format_args!(",domain={}", quoted(self.domain)));
        }
        match self.qop {
            [] => {}
            [first, rest @ ..] => {
                put(format_args!(",qop=\"{}", first.name()));
                rest.iter().for_each(|qop| put(format_args!(",{}", qop.name())));
                put(format_args!("\""));
            }
        }
        put(format_args!(",algorithm=\"{}\",nonce=\"{}\"", self.algorithm, self.nonce));
        if !self.opaque.is_empty() {
            put(format_args!(",opaque={}", quoted(self.opaque)));
        }
        if self.utf8 {
            put(format_args!(",charset=UTF-8"));
        }
        if self.userhash {
            put(format_args!(",userhash=true"));
        }
        if self.stale {
            put(format_args!(",stale=true"));
        }
        text
    }
}

/// A quoted string (RFC 9110, section 5.6.4). The text has no control characters; that is seen to
/// where it comes in.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
