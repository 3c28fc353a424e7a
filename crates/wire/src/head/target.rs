//! The four forms of a request target (RFC 9112 section 3.2).

use super::TargetForm;
use super::host::{self, Port};
use super::request_line::RequestLine;
use crate::{Error, ErrorKind, Span};

/// A target taken apart.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Target {
    pub(super) form: TargetForm,
    pub(super) path: Span,
    pub(super) query: Option<Span>,
    pub(super) authority: Option<Span>,
}

impl Target {
    /// Takes the target apart, or refuses one whose form does not fit the method.
    #[inline(always)]
    pub(super) fn judge(buf: &[u8], line: &RequestLine) -> Result<Self, Error> {
        let target = line.target;
        if buf[target.start()] != b'/' || line.method.len() == CONNECT.len() {
            return Self::judge_other(buf, line);
        }
        let (path, query) = split_query(target.start(), line);
        Ok(Self { form: TargetForm::Origin, path, query, authority: None })
    }

    /// What is not clearly in origin form.
    #[inline(never)]
    fn judge_other(buf: &[u8], line: &RequestLine) -> Result<Self, Error> {
        let target = line.target;
        let (start, end) = (target.start(), target.end());
        let bytes = target.of(buf);
        if line.method.of(buf) == CONNECT {
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
            let (path, query) = split_query(start, line);
            return Ok(Self { form: TargetForm::Origin, path, query, authority: None });
        }
        if bytes == b"*" && line.method.of(buf) == b"OPTIONS" {
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
        let (path, query) = split_query(authority.end(), line);
        Ok(Self { form: TargetForm::Absolute, path, query, authority: Some(authority) })
    }
}

const CONNECT: &[u8] = b"CONNECT";

/// The length of `http://` or `https://` at the beginning, in any case.
fn scheme_len(bytes: &[u8]) -> Option<usize> {
    [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| bytes.get(..scheme.len()).is_some_and(|b| b.eq_ignore_ascii_case(scheme)))
        .map(<[u8]>::len)
}

/// Path and query of a target whose path begins at `start`. No question mark can stand before it.
#[inline(always)]
fn split_query(start: usize, line: &RequestLine) -> (Span, Option<Span>) {
    let (mark, end) = (line.question as usize, line.target.end());
    match mark {
        0 => (Span::within(start, end), None),
        _ => (Span::within(start, mark), Some(Span::within(mark + 1, end))),
    }
}
