//! The only judge of body length and connection: Host, Content-Length, Transfer-Encoding,
//! Connection, Expect and Upgrade.

use super::host::{self, Port};
use super::request_line::RequestLine;
use super::target::Target;
use super::{BodyLength, RequestHead, TargetForm, Version};
use crate::{Error, ErrorKind, HeaderSpan, Span, scan};

/// What the header lines seen so far say.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Verdict {
    version: Version,
    host: Option<Span>,
    content_length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    connection_upgrade: bool,
    upgrade: bool,
    expects_continue: bool,
}

impl Verdict {
    pub(super) fn new(version: Version) -> Self {
        Self { version, ..Self::default() }
    }

    /// Takes note of one header line.
    #[inline(always)]
    pub(super) fn see(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        // Most names are none of ours, which length and first letter tell.
        match (field.name.len(), buf[field.name.start()] | 0x20) {
            (4, b'h') | (6, b'e') | (7, b'u') | (10 | 14, b'c') | (17, b't') => {
                self.judge(buf, field)
            }
            _ => Ok(()),
        }
    }

    /// The same for a header line of a response, where Host and Expect mean nothing.
    #[inline(always)]
    pub(super) fn see_response(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        match (field.name.len(), buf[field.name.start()] | 0x20) {
            (7, b'u') | (10 | 14, b'c') | (17, b't') => self.judge(buf, field),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    fn judge(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let name = field.name.of(buf);
        if is(name, b"host") {
            self.host(buf, field)
        } else if is(name, b"connection") {
            self.connection(buf, field)
        } else if is(name, b"content-length") {
            self.see_length(buf, field)
        } else if is(name, b"transfer-encoding") {
            self.transfer_encoding(buf, field)
        } else if is(name, b"expect") {
            self.expect(buf, field)
        } else if is(name, b"upgrade") {
            self.upgrade |= !field.value.is_empty();
            Ok(())
        } else {
            Ok(())
        }
    }

    /// Whether Host is there, and fits the target, when the head ends at `end`.
    pub(super) fn check_host(&self, target: &Target, end: usize) -> Result<(), Error> {
        match self.host {
            None if self.version == Version::Http11 => Err(Error::new(ErrorKind::MissingHost, end)),
            // An empty Host says that the target has no authority (RFC 9112 section 3.2).
            Some(host) if host.is_empty() && target.authority.is_some() => {
                Err(Error::new(ErrorKind::BadHost, host.start()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    pub(super) fn chunked(&self) -> bool {
        self.chunked
    }

    /// Whether the connection may stay open.
    pub(super) fn keep_alive(&self) -> bool {
        !self.close && (self.version == Version::Http11 || self.keep_alive)
    }

    /// `Upgrade` with a value, `Connection: upgrade`, and HTTP/1.1.
    pub(super) fn wants_upgrade(&self) -> bool {
        self.upgrade && self.connection_upgrade && self.version == Version::Http11
    }

    /// The whole head, which has `len` bytes and `count` header lines.
    #[inline(always)]
    pub(super) fn head(
        &self,
        line: &RequestLine,
        target: &Target,
        len: usize,
        count: usize,
    ) -> RequestHead {
        let body = match self.content_length {
            _ if self.chunked => BodyLength::Chunked,
            None | Some(0) => BodyLength::Empty,
            Some(length) => BodyLength::Fixed(length),
        };
        let upgrade = self.wants_upgrade()
            && body == BodyLength::Empty
            && target.form != TargetForm::Authority;
        let (path, query) = target.path_and_query(line);
        RequestHead {
            len: len as u32,
            header_count: count as u32,
            method: line.method,
            target: line.target,
            path,
            query,
            authority: target.authority.or(self.host.filter(|host| !host.is_empty())),
            host: self.host,
            body,
            form: target.form,
            version: self.version,
            keep_alive: self.keep_alive(),
            expects_continue: self.expects_continue && body != BodyLength::Empty,
            upgrade,
        }
    }

    fn host(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let value = field.value;
        if self.host.is_some() {
            return Err(Error::new(ErrorKind::DuplicateHost, field.name.start()));
        }
        if !value.is_empty() {
            host::check(value.of(buf), Port::Optional)
                .map_err(|at| Error::at(ErrorKind::BadHost, buf, value.start() + at))?;
        }
        self.host = Some(value);
        Ok(())
    }

    fn see_length(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        if self.content_length.is_some() {
            return Err(Error::new(ErrorKind::DuplicateContentLength, field.name.start()));
        }
        no_tab_around(buf, field, ErrorKind::BadContentLength)?;
        let length = decimal(field.value.of(buf))
            .map_err(|at| Error::at(ErrorKind::BadContentLength, buf, field.value.start() + at))?;
        if self.chunked {
            return Err(Error::new(ErrorKind::BothFramings, field.name.start()));
        }
        self.content_length = Some(length);
        Ok(())
    }

    fn transfer_encoding(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let refuse = |kind| Err(Error::new(kind, field.name.start()));
        if self.version == Version::Http10 {
            return refuse(ErrorKind::TransferEncodingInHttp10);
        }
        if self.chunked {
            return refuse(ErrorKind::DuplicateTransferEncoding);
        }
        no_tab_around(buf, field, ErrorKind::BadTransferEncoding)?;
        let value = field.value.of(buf);
        if !value.eq_ignore_ascii_case(b"chunked") {
            let coding = !value.is_empty() && scan::token_end(value, 0) == value.len();
            let kind =
                if coding { ErrorKind::UnknownCoding } else { ErrorKind::BadTransferEncoding };
            return Err(Error::new(kind, field.value.start()));
        }
        if self.content_length.is_some() {
            return refuse(ErrorKind::BothFramings);
        }
        self.chunked = true;
        Ok(())
    }

    fn connection(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let whole = field.value.of(buf);
        if is(whole, b"keep-alive") {
            self.keep_alive = true;
            return Ok(());
        }
        let mut start = field.value.start();
        for element in field.value.of(buf).split(|&byte| byte == b',') {
            let blanks = element.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let token = element.trim_ascii();
            let end = scan::token_end(token, 0);
            if end != token.len() {
                return Err(Error::at(ErrorKind::BadConnection, buf, start + blanks + end));
            }
            self.close |= token.eq_ignore_ascii_case(b"close");
            self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
            self.connection_upgrade |= token.eq_ignore_ascii_case(b"upgrade");
            start += element.len() + 1;
        }
        Ok(())
    }

    fn expect(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        // A server ignores expectations of HTTP/1.0 clients (RFC 9110 section 10.1.1).
        if self.version == Version::Http11 {
            if !field.value.of(buf).eq_ignore_ascii_case(b"100-continue") {
                return Err(Error::new(ErrorKind::UnknownExpectation, field.value.start()));
            }
            self.expects_continue = true;
        }
        Ok(())
    }
}

/// Whether a token is this word, which is written in small letters.
#[inline(always)]
fn is<const N: usize>(token: &[u8], word: &[u8; N]) -> bool {
    // In a token, no other byte than the letter itself becomes a small letter or a hyphen by this.
    let differ = |token: &[u8; N]| {
        token.iter().zip(word).fold(0, |differ, (byte, known)| differ | ((byte | 0x20) ^ known))
    };
    token.try_into().is_ok_and(|token| differ(token) == 0)
}

/// `1*DIGIT` that fits 64 bits; the error is the offset where it stops being one.
fn decimal(digits: &[u8]) -> Result<u64, usize> {
    if digits.is_empty() {
        return Err(0);
    }
    let mut value = 0u64;
    for (at, byte) in digits.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return Err(at);
        }
        let digit = u64::from(byte - b'0');
        value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or(at)?;
    }
    Ok(value)
}

/// A tab around the value of a framing header is legal, but not every peer strips it; two readings
/// are possible, so it is refused.
fn no_tab_around(buf: &[u8], field: &HeaderSpan, kind: ErrorKind) -> Result<(), Error> {
    let before = field.name.end() + 1..field.value.start();
    let after = buf[field.value.end()..].iter().take_while(|&&byte| byte != b'\r').count();
    let after = field.value.end()..field.value.end() + after;
    match before.chain(after).find(|&at| buf[at] == b'\t') {
        Some(at) => Err(Error::at(kind, buf, at)),
        None => Ok(()),
    }
}
