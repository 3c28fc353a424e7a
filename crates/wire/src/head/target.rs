//! The four forms of a request target (RFC 9112 section 3.2).

use super::TargetForm;
use super::host::{self, Port};
use super::request_line::RequestLine;
use crate::{Error, ErrorKind, Span};

/// What kind of target it is; with that and the place of the first question mark, which never stands
/// before the path, path and query need no further look at its bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Target {
    pub(super) form: TargetForm,
    /// Its own host and port; empty without.
    authority: Span,
}

impl Target {
    /// Judges the target, or refuses one whose form does not fit the method.
    #[inline(always)]
    pub(super) fn judge(&mut self, buf: &[u8], line: &RequestLine) -> Result<(), Error> {
        if buf[line.target.start()] != b'/' || line.method.len() == CONNECT.len() {
            *self = Self::judge_other(buf, line.method, line.target)?;
        } else {
            (self.form, self.authority) = (TargetForm::Origin, Span::default());
        }
        Ok(())
    }

    /// What is not clearly in origin form.
    #[inline(never)]
    fn judge_other(buf: &[u8], method: Span, target: Span) -> Result<Self, Error> {
        let (start, end) = (target.start(), target.end());
        let bytes = target.of(buf);
        if method.of(buf) == CONNECT {
            host::check(buf, target, Port::Required)
                .map_err(|at| Error::at(ErrorKind::BadTargetForm, buf, at))?;
            return Ok(Self { form: TargetForm::Authority, authority: target });
        }
        if bytes[0] == b'/' {
            return Ok(Self { form: TargetForm::Origin, authority: Span::default() });
        }
        if bytes == b"*" && method.of(buf) == b"OPTIONS" {
            return Ok(Self { form: TargetForm::Asterisk, authority: Span::default() });
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
        host::check(buf, authority, Port::Optional)
            .map_err(|at| Error::at(ErrorKind::BadHost, buf, at))?;
        Ok(Self { form: TargetForm::Absolute, authority })
    }

    /// Host and port, if it has any itself.
    pub(super) const fn authority(&self) -> Option<Span> {
        if self.authority.is_empty() { None } else { Some(self.authority) }
    }

    /// Where its path begins, if the whole of it is here.
    pub(super) const fn path_start(&self, target: Span) -> usize {
        if self.authority.is_empty() { target.start() } else { self.authority.end() }
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
