//! The only judge of body length and connection: Host, Content-Length, Transfer-Encoding,
//! Connection, Expect and Upgrade.

use super::host::{self, Port};
use super::target::Target;
use super::{BodyLength, TargetForm, Version};
use crate::scan::{self, Isa};
use crate::{Error, ErrorKind, HeaderSpan, Span};

/// What the header lines seen so far say.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    said: Said,
    /// Of meaning with [`Said::HOST`], and empty without.
    host: Span,
    /// Of meaning with [`Said::LENGTH`], and 0 without.
    content_length: u64,
}

/// A set of what was said, as bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Said(u32);

impl Said {
    const HTTP11: u32 = 1;
    const HOST: u32 = 1 << 1;
    const LENGTH: u32 = 1 << 2;
    const CHUNKED: u32 = 1 << 3;
    const CLOSE: u32 = 1 << 4;
    const KEEP_ALIVE: u32 = 1 << 5;
    const CONNECTION_UPGRADE: u32 = 1 << 6;
    const UPGRADE: u32 = 1 << 7;
    const CONTINUE: u32 = 1 << 8;

    /// Whether all of these were.
    #[inline(always)]
    const fn all(self, these: u32) -> bool {
        self.0 & these == these
    }

    #[inline(always)]
    fn add(&mut self, this: u32) {
        self.0 |= this;
    }

    #[inline(always)]
    fn add_if(&mut self, condition: bool, this: u32) {
        self.0 |= if condition { this } else { 0 };
    }
}

impl Verdict {
    #[inline(always)]
    pub(super) fn new(version: Version) -> Self {
        let said = Said(if version == Version::Http11 { Said::HTTP11 } else { 0 });
        Self { said, ..Self::default() }
    }

    /// Takes note of one header line.
    #[inline(always)]
    pub(super) fn see<I: Isa>(
        &mut self,
        isa: I,
        buf: &[u8],
        name: &[u8],
        field: &HeaderSpan,
    ) -> Result<(), Error> {
        // Most names are none of ours, which length and first letter tell.
        if !may_count(name) {
            return Ok(());
        }
        let value = field.value;
        // Everybody sends these, and nearly everybody with such values.
        if is(name, b"host") && self.is_first_host(value) && host::is_usual(isa, buf, value) {
            self.said.add(Said::HOST);
            self.host = value;
            return Ok(());
        }
        if is(name, b"connection") && is(value.of(buf), b"keep-alive") {
            self.said.add(Said::KEEP_ALIVE);
            return Ok(());
        }
        self.judge::<true>(buf, field)
    }

    #[inline(always)]
    fn is_first_host(&self, value: Span) -> bool {
        !self.said.all(Said::HOST) && !value.is_empty()
    }

    /// The same for a header line of a response, where Host and Expect mean nothing.
    #[inline(always)]
    pub(super) fn see_response(
        &mut self,
        buf: &[u8],
        name: &[u8],
        field: &HeaderSpan,
    ) -> Result<(), Error> {
        if may_count(name) { self.judge::<false>(buf, field) } else { Ok(()) }
    }

    #[inline(never)]
    fn judge<const REQUEST: bool>(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let name = field.name.of(buf);
        match name.len() {
            4 if REQUEST && is(name, b"host") => return self.see_host(buf, field),
            6 if REQUEST && is(name, b"expect") => return self.expect(buf, field),
            7 if is(name, b"upgrade") => self.said.add_if(!field.value.is_empty(), Said::UPGRADE),
            10 if is(name, b"connection") => return self.connection(buf, field),
            14 if is(name, b"content-length") => return self.see_length(buf, field),
            17 if is(name, b"transfer-encoding") => return self.transfer_encoding(buf, field),
            _ => {}
        }
        Ok(())
    }

    /// Whether Host is there, and all of it fits the target, when the head ends at `end`.
    #[inline(always)]
    pub(super) fn check(&self, target: &Target, end: usize) -> Result<(), Error> {
        if self.host.is_empty() || target.form == TargetForm::Authority {
            return self.check_unusual(target, end);
        }
        Ok(())
    }

    #[cold]
    fn check_unusual(&self, target: &Target, end: usize) -> Result<(), Error> {
        // What follows the head of CONNECT is the tunnel's, so there is no telling whose a body is.
        let framed = self.said.all(Said::CHUNKED) || self.content_length > 0;
        if framed && target.form == TargetForm::Authority {
            return Err(Error::new(ErrorKind::ConnectBody, end));
        }
        match self.host() {
            None if self.said.all(Said::HTTP11) => Err(Error::new(ErrorKind::MissingHost, end)),
            // An empty Host says that the target has no authority (RFC 9112 section 3.2).
            Some(host) if host.is_empty() && target.authority().is_some() => {
                Err(Error::new(ErrorKind::BadHost, host.start()))
            }
            _ => Ok(()),
        }
    }

    pub(super) const fn version(&self) -> Version {
        if self.said.all(Said::HTTP11) { Version::Http11 } else { Version::Http10 }
    }

    pub(super) const fn host(&self) -> Option<Span> {
        if self.said.all(Said::HOST) { Some(self.host) } else { None }
    }

    pub(super) const fn content_length(&self) -> Option<u64> {
        if self.said.all(Said::LENGTH) { Some(self.content_length) } else { None }
    }

    pub(super) const fn chunked(&self) -> bool {
        self.said.all(Said::CHUNKED)
    }

    /// How the end of a request's body is found.
    pub(super) const fn body(&self) -> BodyLength {
        match self.content_length {
            _ if self.chunked() => BodyLength::Chunked,
            0 => BodyLength::Empty,
            length => BodyLength::Fixed(length),
        }
    }

    /// Whether the connection may stay open.
    pub(super) const fn keep_alive(&self) -> bool {
        let open = self.said.all(Said::HTTP11) || self.said.all(Said::KEEP_ALIVE);
        open && !self.said.all(Said::CLOSE)
    }

    /// `Upgrade` with a value, `Connection: upgrade`, and HTTP/1.1.
    pub(super) const fn wants_upgrade(&self) -> bool {
        self.said.all(Said::UPGRADE | Said::CONNECTION_UPGRADE | Said::HTTP11)
    }

    /// `Expect: 100-continue`, whether there is a body or not.
    pub(super) const fn expects_continue(&self) -> bool {
        self.said.all(Said::CONTINUE)
    }

    fn see_host(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let value = field.value;
        if self.said.all(Said::HOST) {
            return Err(Error::new(ErrorKind::DuplicateHost, field.name.start()));
        }
        if !value.is_empty() {
            host::check(buf, value, Port::Optional)
                .map_err(|at| Error::at(ErrorKind::BadHost, buf, at))?;
        }
        self.said.add(Said::HOST);
        self.host = value;
        Ok(())
    }

    fn see_length(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        if self.said.all(Said::LENGTH) {
            return Err(Error::new(ErrorKind::DuplicateContentLength, field.name.start()));
        }
        no_tab_around(buf, field, ErrorKind::BadContentLength)?;
        let length = decimal(field.value.of(buf))
            .map_err(|at| Error::at(ErrorKind::BadContentLength, buf, field.value.start() + at))?;
        if self.chunked() {
            return Err(Error::new(ErrorKind::BothFramings, field.name.start()));
        }
        self.said.add(Said::LENGTH);
        self.content_length = length;
        Ok(())
    }

    fn transfer_encoding(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let refuse = |kind| Err(Error::new(kind, field.name.start()));
        if self.version() == Version::Http10 {
            return refuse(ErrorKind::TransferEncodingInHttp10);
        }
        if self.chunked() {
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
        if self.said.all(Said::LENGTH) {
            return refuse(ErrorKind::BothFramings);
        }
        self.said.add(Said::CHUNKED);
        Ok(())
    }

    fn connection(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        let mut start = field.value.start();
        for element in field.value.of(buf).split(|&byte| byte == b',') {
            let blanks = element.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let token = element.trim_ascii();
            let end = scan::token_end(token, 0);
            if end != token.len() {
                return Err(Error::at(ErrorKind::BadConnection, buf, start + blanks + end));
            }
            // A gateway takes off what is named here; with these gone it would read another message.
            if is(token, b"content-length") || is(token, b"host") {
                return Err(Error::at(ErrorKind::BadConnection, buf, start + blanks));
            }
            self.said.add_if(is(token, b"close"), Said::CLOSE);
            self.said.add_if(is(token, b"keep-alive"), Said::KEEP_ALIVE);
            self.said.add_if(is(token, b"upgrade"), Said::CONNECTION_UPGRADE);
            start += element.len() + 1;
        }
        Ok(())
    }

    fn expect(&mut self, buf: &[u8], field: &HeaderSpan) -> Result<(), Error> {
        // A server ignores expectations of HTTP/1.0 clients (RFC 9110 section 10.1.1).
        if self.version() == Version::Http11 {
            if !field.value.of(buf).eq_ignore_ascii_case(b"100-continue") {
                return Err(Error::new(ErrorKind::UnknownExpectation, field.value.start()));
            }
            self.said.add(Said::CONTINUE);
        }
        Ok(())
    }
}

/// The first letters of the names that count, by the lengths of the names; 0 where there is none.
static FIRST_LETTERS: [u8; 32] = {
    let mut letters = [0; 32];
    letters[b"host".len()] = b'h';
    letters[b"expect".len()] = b'e';
    letters[b"upgrade".len()] = b'u';
    letters[b"connection".len()] = b'c';
    letters[b"content-length".len()] = b'c';
    letters[b"transfer-encoding".len()] = b't';
    letters
};

/// Whether a name has the length and the first letter of one that counts; longer ones may be taken
/// for shorter ones.
#[inline(always)]
fn may_count(name: &[u8]) -> bool {
    name.first().is_some_and(|first| FIRST_LETTERS[name.len() & 31] == first | 0x20)
}

/// Whether a token is this word, which is written in small letters, in any case.
#[inline(always)]
fn is<const N: usize>(token: &[u8], word: &[u8; N]) -> bool {
    // In a token, no other byte than the letter itself becomes a small letter or a hyphen by this.
    const FOLD: u64 = u64::from_ne_bytes([0x20; 8]);
    let Ok(token) = <&[u8; N]>::try_from(token) else { return false };
    // Eight or four bytes at a time, the last ones together with some of those before.
    let mut differ = 0;
    if N < 8 {
        let four = |bytes: &[u8; N], at: usize| {
            bytes[at..].first_chunk().map_or(0, |four| u32::from_ne_bytes(*four))
        };
        for at in [0, N - 4] {
            differ |= u64::from((four(token, at) | FOLD as u32) ^ four(word, at));
        }
    } else {
        let eight = |bytes: &[u8; N], at: usize| {
            bytes[at..].first_chunk().map_or(0, |eight| u64::from_ne_bytes(*eight))
        };
        for at in [0, (N - 8) / 2, N - 8] {
            differ |= (eight(token, at) | FOLD) ^ eight(word, at);
        }
    }
    differ == 0
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
