//! Response heads, for clients and proxies: status line and header lines into spans, and the rules
//! for the length of the body.

use super::verdict::Verdict;
use super::{Status, Version};
use crate::header::{Lines, line_end};
use crate::scan::{self, Cursor, Isa};
use crate::{Error, ErrorKind, HeaderSpan, Limits, Span};

/// How the end of a response's body is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ResponseLength {
    /// No body, whatever the header lines say; or `Content-Length: 0`.
    Empty,
    /// This many bytes, at least one.
    Fixed(u64),
    /// Chunks up to the one of length 0.
    Chunked,
    /// All bytes up to the end of the connection. Whether some are missing cannot be known.
    UntilClose,
    /// No body: from here on the connection is a tunnel.
    Tunnel,
}

/// A parsed response head: spans into the bytes it was parsed from, and the verdict on framing and
/// connection. Copied freely, borrows nothing.
///
/// The header lines are in the slots that were given to [`parse_response_head`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResponseHead {
    len: u32,
    header_count: u32,
    status: u16,
    version: Version,
    reason: Span,
    content_length: Option<u64>,
    chunked: bool,
    keep_alive: bool,
    upgrade: bool,
}

impl ResponseHead {
    /// Bytes of the head, from the first byte to the end of the final empty line.
    #[expect(clippy::len_without_is_empty, reason = "a head is never empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// How many slots were filled.
    #[must_use]
    pub const fn header_count(&self) -> usize {
        self.header_count as usize
    }

    /// The status, 100 to 999. One beyond 599 is to be taken for a 5xx (RFC 9110 section 15).
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The reason phrase as sent, often empty. It means nothing, and need not be UTF-8.
    #[must_use]
    pub const fn reason(&self) -> Span {
        self.reason
    }

    /// Whether another response follows this one for the same request: a status of 1xx other than
    /// 101 (RFC 9110 section 15.2).
    #[must_use]
    pub const fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// How the end of the body is found in the response to a request with this method; methods are
    /// case-sensitive.
    #[must_use]
    pub fn body(&self, method: &[u8]) -> ResponseLength {
        match (self.status, self.content_length) {
            (101, _) => ResponseLength::Tunnel,
            (200..=299, _) if method == b"CONNECT" => ResponseLength::Tunnel,
            (100..=199 | 204 | 304, _) => ResponseLength::Empty,
            _ if method == b"HEAD" => ResponseLength::Empty,
            _ if self.chunked => ResponseLength::Chunked,
            (_, Some(0)) => ResponseLength::Empty,
            (_, Some(length)) => ResponseLength::Fixed(length),
            (_, None) => ResponseLength::UntilClose,
        }
    }

    /// The value of Content-Length, also where it does not say how long the body is (in responses
    /// to HEAD, and with 304).
    #[must_use]
    pub const fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Whether the server lets the connection be used again: HTTP/1.1 without
    /// `Connection: close`, HTTP/1.0 with `keep-alive` and without `close`. Not after a body
    /// [until the end](ResponseLength::UntilClose), of course.
    #[must_use]
    pub const fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether the server changes to another protocol: 101 with `Connection: upgrade` and
    /// `Upgrade`. A 101 without them is a mistake of the server.
    #[must_use]
    pub const fn upgrade(&self) -> bool {
        self.upgrade
    }
}

/// Where [`parse_response_head`] goes on when more bytes have come, and what it learned so far.
///
/// A head that is complete or refused leaves it as new.
#[derive(Clone, Default, Debug)]
pub struct ResponseProgress {
    line: StatusLine,
    // Of meaning once the status line is complete.
    lines: Lines,
    count: usize,
    verdict: Verdict,
}

impl ResponseProgress {
    /// The beginning of a message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether anything has come: an end of input now would cut a message.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.line.pos > 0
    }

    fn pos(&self) -> usize {
        if self.line.complete { self.lines.pos() } else { self.line.pos as usize }
    }
}

/// Parses the head of a response (RFC 9112 sections 4 to 6) and judges its framing.
///
/// It is to be called as [`parse_head`](crate::parse_head) is: `buf` begins at the first byte of the
/// message, and on [`Status::Partial`] the same bytes and more are to be given, with the same
/// `progress` and `slots`. Bytes seen before are not looked at again. Of `limits`, those on head
/// size and header count are looked at.
///
/// # Errors
/// If a rule is broken, as soon as the bytes that break it are there. Nothing that follows on the
/// connection can be relied on. A gateway answers with 502, whatever [`Error::status`] says: that
/// is what a server would answer a client with.
///
/// # Example
/// ```
/// use pauper_wire::{HeaderSpan, Limits, ResponseLength, ResponseProgress, Status};
/// use pauper_wire::parse_response_head;
///
/// let buf = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
/// let mut slots = [HeaderSpan::default(); 32];
/// let mut progress = ResponseProgress::new();
/// let parsed = parse_response_head(buf, &mut progress, &mut slots, &Limits::new())?;
/// let Status::Complete(head) = parsed else { panic!("complete") };
///
/// assert_eq!((head.status(), head.reason().of(buf)), (200, &b"OK"[..]));
/// assert_eq!(head.body(b"GET"), ResponseLength::Fixed(5));
/// assert_eq!(head.body(b"HEAD"), ResponseLength::Empty);
/// assert_eq!(slots[0].value.of(buf), b"text/plain");
/// assert_eq!(&buf[head.len()..], b"hello");
/// # Ok::<(), pauper_wire::Error>(())
/// ```
pub fn parse_response_head(
    buf: &[u8],
    progress: &mut ResponseProgress,
    slots: &mut [HeaderSpan],
    limits: &Limits,
) -> Result<Status<ResponseHead>, Error> {
    let window = &buf[..buf.len().min(limits.max_head())];
    if progress.pos() > window.len() {
        // These are not the bytes of the last call.
        *progress = ResponseProgress::new();
    }
    let parsed = match scan::run(Parse { buf: window, progress, slots, limits }) {
        Ok(Status::Partial) if window.len() < limits.max_head() => return Ok(Status::Partial),
        Ok(Status::Partial) => Err(Error::new(ErrorKind::HeadTooLarge, window.len())),
        done => done,
    };
    *progress = ResponseProgress::new();
    parsed
}

/// A call of [`parse_response_head`], as a task for the scanner.
struct Parse<'a> {
    buf: &'a [u8],
    progress: &'a mut ResponseProgress,
    slots: &'a mut [HeaderSpan],
    limits: &'a Limits,
}

impl scan::Task for Parse<'_> {
    type Output = Result<Status<ResponseHead>, Error>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let Self { buf, slots, limits, .. } = self;
        let mut cursor = Cursor::new(isa, buf, self.progress.pos());
        let ResponseProgress { line, lines, count, verdict } = self.progress;
        if !line.complete {
            let Status::Complete(end) = line.advance(&mut cursor)? else {
                return Ok(Status::Partial);
            };
            *lines = Lines::starting_at(end);
            *verdict = Verdict::new(line.version);
        }
        let room = slots.len().min(limits.max_headers());
        let slots = &mut slots[..room];
        let end = lines.read(&mut cursor, slots, count, |name, field| {
            verdict.see_response(buf, name, field)
        })?;
        let Some(end) = end else { return Ok(Status::Partial) };
        Ok(Status::Complete(ResponseHead {
            len: end as u32,
            header_count: *count as u32,
            status: line.status,
            version: line.version,
            reason: line.reason,
            content_length: verdict.content_length(),
            chunked: verdict.chunked(),
            keep_alive: verdict.keep_alive(),
            upgrade: line.status == 101 && verdict.wants_upgrade(),
        }))
    }
}

/// `HTTP/1.1 200 ` and what has to stand where in it; `0` is any digit.
const PATTERN: &[u8; 13] = b"HTTP/0.0 000 ";

/// `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 section 4), as far as it has
/// come.
#[derive(Clone, Copy, Default, Debug)]
struct StatusLine {
    pos: u32,
    complete: bool,
    status: u16,
    version: Version,
    reason: Span,
}

impl StatusLine {
    /// Goes on until the line is complete; then the offset after its CRLF.
    #[inline(always)]
    fn advance<I: Isa>(&mut self, cursor: &mut Cursor<'_, I>) -> Result<Status<usize>, Error> {
        let buf = cursor.buf();
        if self.pos == 0 && buf.first_chunk().is_some_and(is_usual) {
            self.pos = PATTERN.len() as u32;
        }
        while let Some(&wanted) = PATTERN.get(self.pos as usize) {
            let pos = self.pos as usize;
            let Some(&byte) = buf.get(pos) else { return Ok(Status::Partial) };
            let fits = if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
            // There is no status 012.
            if !fits || (pos == 9 && byte == b'0') {
                return Err(Error::at(status_line_error(byte, pos), buf, pos));
            }
            self.pos += 1;
        }
        let end = cursor.value_end(self.pos as usize);
        self.pos = end as u32;
        let next = match buf.get(end) {
            None => return Ok(Status::Partial),
            Some(b'\r') => line_end(buf, end)?,
            Some(&byte) => return Err(Error::at(status_line_error(byte, end), buf, end)),
        };
        let Some(next) = next else { return Ok(Status::Partial) };
        self.version = match (buf[5], buf[7]) {
            (b'1', b'1') => Version::Http11,
            (b'1', b'0') => Version::Http10,
            _ => return Err(Error::new(ErrorKind::UnsupportedVersion, 0)),
        };
        self.status = buf[9..12].iter().fold(0, |all, digit| all * 10 + u16::from(digit - b'0'));
        self.reason = Span::within(PATTERN.len(), end);
        self.complete = true;
        Ok(Status::Complete(next))
    }
}

/// Whether a line begins as nearly every one does. Others may be right as well.
#[inline(always)]
fn is_usual(line: &[u8; PATTERN.len()]) -> bool {
    let [version @ .., b' ', hundreds, tens, ones, b' '] = line else { return false };
    let digits = matches!(hundreds, b'1'..=b'9') && tens.is_ascii_digit() && ones.is_ascii_digit();
    version == b"HTTP/1.1" && digits
}

fn status_line_error(byte: u8, pos: usize) -> ErrorKind {
    match byte {
        b'\n' => ErrorKind::BareLf,
        _ if pos < 8 => ErrorKind::BadVersion,
        _ => ErrorKind::BadStatusLine,
    }
}
