//! The four forms of a request target (RFC 9112 section 3.2).

use super::TargetForm;
use super::host::{self, Port};
use super::request_line::RequestLine;
use crate::{Error, ErrorKind, Span};

/// What kind of target it is; with that, path and query need no further look at its bytes.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Target {
    pub(super) form: TargetForm,
    pub(super) authority: Option<Span>,
}

impl Target {
    /// Judges the target, or refuses one whose form does not fit the method.
    #[inline(always)]
    pub(super) fn judge(&mut self, buf: &[u8], line: &RequestLine) -> Result<(), Error> {
        if buf[line.target.start()] != b'/' || line.method.len() == CONNECT.len() {
            *self = Self::judge_other(buf, line)?;
        } else {
            (self.form, self.authority) = (TargetForm::Origin, None);
        }
        Ok(())
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
            return Ok(Self { form: TargetForm::Authority, authority: Some(target) });
        }
        if bytes[0] == b'/' {
            return Ok(Self { form: TargetForm::Origin, authority: None });
        }
        if bytes == b"*" && line.method.of(buf) == b"OPTIONS" {
            return Ok(Self { form: TargetForm::Asterisk, authority: None });
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
        Ok(Self { form: TargetForm::Absolute, authority: Some(authority) })
    }

    /// Path and query. The first question mark of a target never stands before its path.
    #[inline(always)]
    pub(super) fn path_and_query(&self, line: &RequestLine) -> (Span, Option<Span>) {
        let end = line.target.end();
        let start = self.authority.map_or(line.target.start(), Span::end);
        match line.question as usize {
            0 => (Span::within(start, end), None),
            mark => (Span::within(start, mark), Some(Span::within(mark + 1, end))),
        }
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
