//! `method SP request-target SP HTTP-version CRLF` (RFC 9112 section 3).

use super::{Status, Version};
use crate::header::line_end;
use crate::scan::{Cursor, Isa};
use crate::{Error, ErrorKind, Limits, Span};

/// Empty lines that are skipped before a request line.
const MAX_EMPTY_LINES: u8 = 4;
/// The longest registered method has 17 bytes (`UPDATEREDIRECTREF`).
const MAX_METHOD: usize = 32;

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum Word {
    #[default]
    Before,
    Method,
    Target,
    Version,
    Done,
}

/// A cursor through the request line that can stop at any byte.
///
/// Invariant: `start <= pos`; no byte before `pos` is looked at again.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct RequestLine {
    word: Word,
    empty_lines: u8,
    start: u32,
    pos: u32,
    pub(super) method: Span,
    pub(super) target: Span,
    /// The first question mark of the target; 0 without one.
    pub(super) question: u32,
    pub(super) version: Version,
}

impl RequestLine {
    pub(super) fn pos(&self) -> usize {
        self.pos as usize
    }

    pub(super) fn is_started(&self) -> bool {
        !matches!(self.word, Word::Before)
    }

    /// Whether all of it was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.word == Word::Done
    }

    /// The line at the beginning of a message, the offset after its CRLF and the cursor that found
    /// it, if it is whole and right and nothing stands before it, as nearly always. Anything else is for
    /// [`advance`](Self::advance), which says what is wrong or waits for more.
    #[inline(always)]
    pub(super) fn at_once<'b, I: Isa>(
        isa: I,
        buf: &'b [u8],
        limits: &Limits,
    ) -> Option<(Self, usize, Cursor<'b, I>)> {
        let (mut cursor, masks) = Cursor::at_start(isa, buf);
        let method_end = cursor.token_end(0);
        if method_end == 0 || method_end > MAX_METHOD || *buf.get(method_end)? != b' ' {
            return None;
        }
        let start = method_end + 1;
        let (end, question) = cursor.target_end_from_start(start, masks);
        let [b' ', rest @ ..] = buf.get(end..)? else { return None };
        let version = line_version(rest.first_chunk()?)?;
        if end == start || end - start > limits.max_target() {
            return None;
        }
        let line = Self {
            word: Word::Done,
            empty_lines: 0,
            start: 0,
            pos: 0,
            method: Span::within(0, method_end),
            target: Span::within(start, end),
            question: question as u32,
            version,
        };
        Some((line, end + 11, cursor))
    }

    /// Goes on until the line is complete; then the offset after its CRLF.
    pub(super) fn advance<I: Isa>(
        &mut self,
        cursor: &mut Cursor<'_, I>,
        limits: &Limits,
    ) -> Result<Status<usize>, Error> {
        let buf = cursor.buf();
        if self.word == Word::Before && !self.skip_empty_lines(buf)? {
            return Ok(Status::Partial);
        }
        if self.word == Word::Method {
            let (pos, start) = (self.pos(), self.start as usize);
            let end = cursor.token_end(pos);
            if end - start > MAX_METHOD {
                return Err(Error::new(ErrorKind::MethodTooLong, start + MAX_METHOD));
            }
            self.pos = end as u32;
            let Some(&byte) = buf.get(end) else { return Ok(Status::Partial) };
            if byte != b' ' || end == start {
                return Err(Error::at(method_error(byte, end > start), buf, end));
            }
            self.method = Span::within(start, end);
            self.next_word(Word::Target, end + 1);
        }
        if self.word == Word::Target {
            let (pos, start) = (self.pos(), self.start as usize);
            let (end, question) = cursor.target_end(pos);
            if self.question == 0 {
                self.question = question as u32;
            }
            if end - start > limits.max_target() {
                let offset = start + limits.max_target();
                return Err(Error::new(ErrorKind::TargetTooLong, offset));
            }
            self.pos = end as u32;
            let Some(&byte) = buf.get(end) else { return Ok(Status::Partial) };
            if byte != b' ' || end == start {
                return Err(Error::at(target_error(byte), buf, end));
            }
            self.target = Span::within(start, end);
            self.next_word(Word::Version, end + 1);
        }
        let start = self.start as usize;
        self.version = match buf[start..].first_chunk().map(line_version) {
            Some(Some(version)) => version,
            _ => {
                self.pos = other_version(buf, start, self.pos())? as u32;
                return Ok(Status::Partial);
            }
        };
        self.word = Word::Done;
        Ok(Status::Complete(start + 10))
    }

    /// Skips empty lines; true when something else has come.
    #[inline]
    fn skip_empty_lines(&mut self, buf: &[u8]) -> Result<bool, Error> {
        loop {
            let pos = self.pos();
            match buf.get(pos) {
                None => return Ok(false),
                Some(b'\r') => {
                    let Some(next) = line_end(buf, pos)? else { return Ok(false) };
                    if self.empty_lines == MAX_EMPTY_LINES {
                        return Err(Error::new(ErrorKind::EmptyLines, pos));
                    }
                    self.empty_lines += 1;
                    self.pos = next as u32;
                }
                Some(b'\n') => return Err(Error::at(ErrorKind::BareLf, buf, pos)),
                Some(_) => {
                    self.next_word(Word::Method, pos);
                    return Ok(true);
                }
            }
        }
    }

    fn next_word(&mut self, word: Word, start: usize) {
        self.word = word;
        self.start = start as u32;
        self.pos = start as u32;
    }
}

/// Looks from `pos` on at a version that begins at `start` and is not a whole line with `HTTP/1.1`
/// or `HTTP/1.0`; gives how far it came. Another version is told from a misspelled one only when
/// the line is complete.
#[cold]
fn other_version(buf: &[u8], start: usize, mut pos: usize) -> Result<usize, Error> {
    while pos < start + 8 {
        let Some(&byte) = buf.get(pos) else { return Ok(pos) };
        let fits = match pos - start {
            5 | 7 => byte.is_ascii_digit(),
            index => byte == b"HTTP/1.1"[index],
        };
        if !fits {
            return Err(Error::at(version_error(byte), buf, pos));
        }
        pos += 1;
    }
    match buf.get(pos) {
        None => return Ok(pos),
        Some(b'\r') => {}
        Some(&byte) => return Err(Error::at(version_error(byte), buf, pos)),
    }
    match line_end(buf, pos)? {
        // Those that are spoken here would not have come this way.
        Some(_) => Err(Error::new(ErrorKind::UnsupportedVersion, start)),
        None => Ok(pos),
    }
}

/// Of `HTTP/1.1` or `HTTP/1.0` with its CRLF; `None` for anything else.
#[inline(always)]
fn line_version(line: &[u8; 10]) -> Option<Version> {
    match (u64::from_be_bytes(*line.first_chunk()?), u16::from_be_bytes(*line.last_chunk()?)) {
        (HTTP11, CRLF) => Some(Version::Http11),
        (HTTP10, CRLF) => Some(Version::Http10),
        _ => None,
    }
}

const HTTP11: u64 = u64::from_be_bytes(*b"HTTP/1.1");
const HTTP10: u64 = u64::from_be_bytes(*b"HTTP/1.0");
const CRLF: u16 = u16::from_be_bytes(*b"\r\n");

fn method_error(byte: u8, named: bool) -> ErrorKind {
    match byte {
        b'\n' => ErrorKind::BareLf,
        b'\r' | b'\t' if named => ErrorKind::BadRequestLine,
        _ => ErrorKind::BadMethod,
    }
}

fn target_error(byte: u8) -> ErrorKind {
    match byte {
        b'\n' => ErrorKind::BareLf,
        // An empty target, or the end of an HTTP/0.9 request.
        b' ' | b'\t' | b'\r' => ErrorKind::BadRequestLine,
        _ => ErrorKind::BadTarget,
    }
}

fn version_error(byte: u8) -> ErrorKind {
    if byte == b'\n' { ErrorKind::BareLf } else { ErrorKind::BadVersion }
}
