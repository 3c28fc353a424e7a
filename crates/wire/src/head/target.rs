//! The four forms of a request target (RFC 9112 section 3.2).

use super::TargetForm;
use super::host::{self, Port};
use crate::{Error, ErrorKind, Span};

/// A target taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) form: TargetForm,
    pub(super) path: Span,
    pub(super) query: Option<Span>,
    pub(super) authority: Option<Span>,
}

impl Target {
    /// Takes the target apart, or refuses one whose form does not fit the method.
    pub(super) fn judge(buf: &[u8], method: Span, target: Span) -> Result<Self, Error> {
        let (start, end) = (target.start(), target.end());
        let bytes = target.of(buf);
        if method.of(buf) == b"CONNECT" {
            host::check(bytes, Port::Required)
                .map_err(|at| Error::at(ErrorKind::BadTargetForm, buf, start + at))?;
            return Ok(Self {
                form: TargetForm::Authority,
                path: Span::new(end, end),
                query: None,
                authority: Some(target),
            });
        }
        if bytes[0] == b'/' {
            let (path, query) = split_query(buf, start, end);
            return Ok(Self { form: TargetForm::Origin, path, query, authority: None });
        }
        if bytes == b"*" && method.of(buf) == b"OPTIONS" {
            let form = TargetForm::Asterisk;
            return Ok(Self { form, path: target, query: None, authority: None });
        }
        let Some(scheme) = scheme_len(bytes) else {
            return Err(Error::at(ErrorKind::BadTargetForm, buf, start));
        };
        let from = start + scheme;
        let len = bytes[scheme..].iter().position(|byte| matches!(byte, b'/' | b'?'));
        let authority = Span::new(from, len.map_or(end, |len| from + len));
        if authority.is_empty() {
            return Err(Error::at(ErrorKind::BadTargetForm, buf, from));
        }
        host::check(authority.of(buf), Port::Optional)
            .map_err(|at| Error::at(ErrorKind::BadHost, buf, from + at))?;
        let (path, query) = split_query(buf, authority.end(), end);
        Ok(Self { form: TargetForm::Absolute, path, query, authority: Some(authority) })
    }
}

/// The length of `http://` or `https://` at the beginning, in any case.
fn scheme_len(bytes: &[u8]) -> Option<usize> {
    [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| bytes.get(..scheme.len()).is_some_and(|b| b.eq_ignore_ascii_case(scheme)))
        .map(<[u8]>::len)
}

fn split_query(buf: &[u8], start: usize, end: usize) -> (Span, Option<Span>) {
    match memchr::memchr(b'?', &buf[start..end]) {
        Some(mark) => {
            let mark = start + mark;
            (Span::new(start, mark), Some(Span::new(mark + 1, end)))
        }
        None => (Span::new(start, end), None),
    }
}
