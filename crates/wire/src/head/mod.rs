//! Heads: request or status line and header lines into spans and a verdict.

mod host;
mod parse;
mod request_line;
mod response;
mod target;
mod verdict;
mod view;

pub use parse::{Progress, parse_head, parse_head_syntax};
pub use response::{ResponseHead, ResponseLength, ResponseProgress, parse_response_head};
pub use view::Head;

use core::fmt;

use crate::{HeaderSpan, Span};
use target::Target;
use verdict::Verdict;

/// Whether there was enough input. Needing more is not an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status<T> {
    /// All of it was there.
    Complete(T),
    /// Call again with the same bytes and more.
    Partial,
}

/// The version of a request. Others are refused with 505.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Version {
    /// `HTTP/1.0`
    Http10,
    /// `HTTP/1.1`
    #[default]
    Http11,
}

impl Version {
    /// As it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// The four forms of a request target (RFC 9112 section 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TargetForm {
    /// `/path?query`
    #[default]
    Origin,
    /// `http://host/path?query`, or `https`
    Absolute,
    /// `host:port`, with CONNECT only
    Authority,
    /// `*`, with OPTIONS only
    Asterisk,
}

/// How the end of a request's body is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum BodyLength {
    /// No body: no framing header, or `Content-Length: 0`.
    #[default]
    Empty,
    /// This many bytes, at least one.
    Fixed(u64),
    /// Chunks up to the one of length 0.
    Chunked,
}

/// A parsed request head: spans into the bytes it was parsed from, and the verdict on framing and
/// connection. Copied freely, borrows nothing.
///
/// The header lines are in the slots that were given to [`parse_head`]; [`view`](Self::view) brings
/// head, bytes and slots together again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestHead {
    len: u32,
    header_count: u32,
    method: Span,
    target: Span,
    /// The first question mark of the target; 0 without one.
    question: u32,
    kind: Target,
    verdict: Verdict,
}

impl RequestHead {
    /// Bytes of the head, from the first byte (leading empty lines included) to the end of the
    /// final empty line.
    #[expect(clippy::len_without_is_empty, reason = "a head is never empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// The method as sent, a token. Methods are case-sensitive.
    #[must_use]
    #[inline]
    pub const fn method(&self) -> Span {
        self.method
    }

    /// The whole target as sent.
    #[must_use]
    #[inline]
    pub const fn target(&self) -> Span {
        self.target
    }

    /// Which form the target has.
    #[must_use]
    pub const fn form(&self) -> TargetForm {
        self.kind.form
    }

    /// The path as sent, still percent-encoded. In absolute form it is what stands between
    /// authority and query, and may be empty (`http://host?q`); `*` in asterisk form; empty in
    /// authority form.
    #[must_use]
    #[inline]
    pub const fn path(&self) -> Span {
        let end = match self.question {
            0 => self.target.end(),
            question => question as usize,
        };
        Span::within(self.kind.path_start(self.target), end)
    }

    /// What follows the first `?`, without it.
    #[must_use]
    #[inline]
    pub const fn query(&self) -> Option<Span> {
        match self.question {
            0 => None,
            question => Some(Span::within(question as usize + 1, self.target.end())),
        }
    }

    /// Host and port that the request is for: the target's own authority in absolute and
    /// authority form, the Host header otherwise (RFC 9112 section 3.2.2). `None` without Host
    /// (HTTP/1.0) and with an empty one.
    #[must_use]
    pub const fn authority(&self) -> Option<Span> {
        match (self.kind.authority(), self.verdict.host()) {
            (None, Some(host)) if !host.is_empty() => Some(host),
            (own, _) => own,
        }
    }

    /// The value of the Host header, which may be empty.
    #[must_use]
    pub const fn host(&self) -> Option<Span> {
        self.verdict.host()
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.verdict.version()
    }

    /// How many slots were filled.
    #[must_use]
    pub const fn header_count(&self) -> usize {
        self.header_count as usize
    }

    /// How the end of the body is found.
    #[must_use]
    #[inline]
    pub const fn body(&self) -> BodyLength {
        self.verdict.body()
    }

    /// Whether the client wants the connection to stay open: HTTP/1.1 without
    /// `Connection: close`, HTTP/1.0 with `keep-alive` and without `close`.
    #[must_use]
    pub const fn keep_alive(&self) -> bool {
        self.verdict.keep_alive()
    }

    /// Whether the client waits for 100 before it sends the body: `Expect: 100-continue` on
    /// HTTP/1.1 with a body.
    #[must_use]
    pub const fn expects_continue(&self) -> bool {
        self.verdict.expects_continue() && self.has_body()
    }

    /// Whether the client asks for another protocol in a way that can be granted: HTTP/1.1,
    /// `Upgrade`, `Connection: upgrade`, and no body.
    #[must_use]
    pub const fn upgrade(&self) -> bool {
        let authority = matches!(self.kind.form, TargetForm::Authority);
        self.verdict.wants_upgrade() && !self.has_body() && !authority
    }

    const fn has_body(&self) -> bool {
        !matches!(self.verdict.body(), BodyLength::Empty)
    }

    /// The head together with its bytes and header lines, to read names and values from.
    ///
    /// `buf` and `slots` are those that were given to [`parse_head`] (or copies of their first
    /// [`len`](Self::len) bytes and [`header_count`](Self::header_count) slots).
    ///
    /// # Panics
    /// If either is shorter than that. With bytes of another message, the getters of the view
    /// may panic or give nonsense.
    #[must_use]
    #[inline]
    pub fn view<'b>(&'b self, buf: &'b [u8], slots: &'b [HeaderSpan]) -> Head<'b> {
        Head::new(self, &buf[..self.len()], &slots[..self.header_count()])
    }
}

impl fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("len", &self.len)
            .field("header_count", &self.header_count)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("form", &self.form())
            .field("path", &self.path())
            .field("query", &self.query())
            .field("authority", &self.authority())
            .field("host", &self.host())
            .field("version", &self.version())
            .field("body", &self.body())
            .field("keep_alive", &self.keep_alive())
            .field("expects_continue", &self.expects_continue())
            .field("upgrade", &self.upgrade())
            .finish()
    }
}
