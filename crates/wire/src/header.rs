//! Header lines: `name ":" OWS value OWS CRLF` (RFC 9112 section 5), for heads, trailers and the
//! heads of multipart parts alike.

use crate::grammar::trim_ows;
use crate::scan::{self, Cursor, Isa};
use crate::{Error, ErrorKind, HeaderSpan, Span, Status};

/// What the header lines of a block have come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeaderBlock {
    len: u32,
    count: u32,
}

impl HeaderBlock {
    /// Bytes of the block, the final empty line included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Never: even a block without headers has its final CRLF.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many slots were filled.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count as usize
    }
}

/// Where [`parse_header_block`] goes on when more bytes have come.
#[derive(Clone, Default, Debug)]
pub struct BlockProgress {
    lines: Lines,
    count: usize,
}

impl BlockProgress {
    /// The beginning of a block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Parses one header line that is given without its CRLF.
///
/// The same rules as in a request head: a token directly followed by a colon, then a value without
/// control bytes other than HTAB. The whitespace around the value is not part of its span.
///
/// # Errors
/// If the line breaks a rule; a CR or LF anywhere in it does.
///
/// # Example
/// ```
/// use pauper_wire::header::parse_header_line;
///
/// let line = b"Content-Type: text/plain ";
/// let header = parse_header_line(line).unwrap();
/// assert_eq!(header.name.of(line), b"Content-Type");
/// assert_eq!(header.value.of(line), b"text/plain");
/// assert!(parse_header_line(b"Name : value").is_err());
/// ```
pub fn parse_header_line(line: &[u8]) -> Result<HeaderSpan, Error> {
    if let Some(kind) = line.first().and_then(|&byte| line_start_error(byte, true)) {
        return Err(Error::at(kind, line, 0));
    }
    let colon = scan::token_end(line, 0);
    match line.get(colon) {
        Some(b':') if colon > 0 => {}
        Some(b':') => return Err(Error::at(ErrorKind::EmptyName, line, 0)),
        Some(&byte) => return Err(Error::at(name_error(byte), line, colon)),
        None => return Err(Error::new(ErrorKind::MissingColon, colon)),
    }
    let end = scan::value_end(line, colon + 1);
    match line.get(end) {
        None => {
            let value = trim(line, colon + 1, line.len());
            Ok(HeaderSpan { name: Span::within(0, colon), value })
        }
        Some(b'\r') => Err(Error::at(ErrorKind::BareCr, line, end)),
        Some(&byte) => Err(Error::at(value_error(byte), line, end)),
    }
}

/// Parses header lines up to and including the empty line after them, as they stand at the
/// beginning of a multipart part.
///
/// `buf` begins at the first header line and holds all bytes that have come so far; on `Partial`
/// call again with the same bytes and more. Bytes seen before are not looked at again. At most
/// `slots.len()` header lines and `max_len` bytes are taken.
///
/// # Errors
/// If a line breaks a rule or a bound is reached ([`ErrorKind::HeadTooLarge`],
/// [`ErrorKind::TooManyHeaders`]).
///
/// # Example
/// ```
/// use pauper_wire::{HeaderSpan, Status};
/// use pauper_wire::header::{BlockProgress, parse_header_block};
///
/// let buf = b"A: 1\r\nB: 2\r\n\r\nbody";
/// let mut slots = [HeaderSpan::default(); 16];
/// let Status::Complete(block) =
///     parse_header_block(buf, &mut BlockProgress::new(), &mut slots, 8192).unwrap()
/// else {
///     panic!("complete");
/// };
/// assert_eq!((block.count(), block.len()), (2, 14));
/// assert_eq!(slots[1].value.of(buf), b"2");
/// ```
pub fn parse_header_block(
    buf: &[u8],
    progress: &mut BlockProgress,
    slots: &mut [HeaderSpan],
    max_len: usize,
) -> Result<Status<HeaderBlock>, Error> {
    let max_len = max_len.min(Span::LAST);
    let window = &buf[..buf.len().min(max_len)];
    if progress.lines.pos() > window.len() {
        *progress = BlockProgress::new();
    }
    match scan::run(ReadBlock { buf: window, progress, slots })? {
        None if window.len() == max_len => Err(Error::new(ErrorKind::HeadTooLarge, max_len)),
        None => Ok(Status::Partial),
        Some(end) => {
            let block = HeaderBlock { len: end as u32, count: progress.count as u32 };
            *progress = BlockProgress::new();
            Ok(Status::Complete(block))
        }
    }
}

/// A call of [`parse_header_block`], as a task for the scanner.
struct ReadBlock<'a> {
    buf: &'a [u8],
    progress: &'a mut BlockProgress,
    slots: &'a mut [HeaderSpan],
}

impl scan::Task for ReadBlock<'_> {
    type Output = Result<Option<usize>, Error>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let BlockProgress { lines, count } = self.progress;
        let mut cursor = Cursor::new(isa, self.buf, lines.pos());
        lines.read(&mut cursor, self.slots, count, |_, _| Ok(()))
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum State {
    /// At the beginning of a line.
    #[default]
    Start,
    Name,
    Value,
}

/// A cursor over header lines that can stop at any byte and go on from there.
///
/// Invariant: `start <= colon <= pos` while inside a line; no byte before `pos` is looked at again
/// (the whitespace around a value excepted, once).
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Lines {
    state: State,
    later: bool,
    start: u32,
    colon: u32,
    pos: u32,
}

impl Lines {
    /// Header lines that begin at `pos`.
    pub(crate) fn starting_at(pos: usize) -> Self {
        Self { pos: pos as u32, ..Self::default() }
    }

    /// Every byte before this one has been looked at.
    pub(crate) fn pos(&self) -> usize {
        self.pos as usize
    }

    /// Fills `slots` from `filled` on with the lines that are complete in the cursor's buffer, and
    /// asks `judge` about each, whose name comes with it. The offset after the empty line if that is there, `None` if more has
    /// to come.
    ///
    /// After an error there is no going on.
    #[inline(always)]
    pub(crate) fn read<I: Isa>(
        &mut self,
        cursor: &mut Cursor<'_, I>,
        slots: &mut [HeaderSpan],
        filled: &mut usize,
        mut judge: impl FnMut(&[u8], &HeaderSpan) -> Result<(), Error>,
    ) -> Result<Option<usize>, Error> {
        let buf = cursor.buf();
        let room = slots.get_mut(*filled..).unwrap_or_default();
        let (free, mut slots) = (room.len(), room.iter_mut());
        let begun = if self.state == State::Start { self.pos() } else { self.start as usize };
        let (mut start, mut pos, mut colon) = (begun, self.pos(), self.colon as usize);
        let state = 'more: {
            if self.state == State::Value {
                pos = cursor.value_end(pos);
            } else {
                pos = cursor.token_end(pos);
                if !is_name_end(buf, start, pos) {
                    match no_name(buf, start, pos, !self.later)? {
                        NoName::Empty(end) => return Ok(Some(end)),
                        NoName::More(state) => break 'more state,
                    }
                }
                colon = pos;
                pos = cursor.value_end(colon + 1);
            }
            loop {
                if !is_line_end(buf, pos) {
                    no_line_end(buf, pos)?;
                    break 'more State::Value;
                }
                let Some(slot) = slots.next() else {
                    return Err(Error::new(ErrorKind::TooManyHeaders, start));
                };
                slot.name = Span::within(start, colon);
                slot.value = trim(buf, colon + 1, pos);
                judge(&buf[start..colon], slot)?;
                start = pos + 2;
                pos = cursor.token_end(start);
                if !is_name_end(buf, start, pos) {
                    if pos == start && is_line_end(buf, pos) {
                        *filled += free - slots.len();
                        return Ok(Some(pos + 2));
                    }
                    match no_name(buf, start, pos, false)? {
                        NoName::Empty(_) => unreachable!("seen already"),
                        NoName::More(state) => break 'more state,
                    }
                }
                colon = pos;
                pos = cursor.value_end(colon + 1);
            }
        };
        *filled += free - slots.len();
        self.state = state;
        self.later |= start > begun;
        (self.start, self.colon, self.pos) = (start as u32, colon as u32, pos as u32);
        Ok(None)
    }
}

/// Whether a name that begins at `start` ends at `pos`.
#[inline(always)]
fn is_name_end(buf: &[u8], start: usize, pos: usize) -> bool {
    buf.get(pos) == Some(&b':') && pos > start
}

/// What stands at the beginning of a line instead of a name.
enum NoName {
    /// The empty line after the header lines, which ends here.
    Empty(usize),
    /// Not enough to tell.
    More(State),
}

/// Tells what stands at `start` instead of a name, when there are `tchar`s up to `pos`.
#[cold]
fn no_name(buf: &[u8], start: usize, pos: usize, first: bool) -> Result<NoName, Error> {
    match buf.get(pos) {
        Some(b'\r') if pos == start => Ok(match line_end(buf, pos)? {
            Some(end) => NoName::Empty(end),
            None => NoName::More(State::Start),
        }),
        Some(&byte) => {
            let kind = (pos == start).then(|| line_start_error(byte, first)).flatten();
            Err(Error::at(kind.unwrap_or(name_error(byte)), buf, pos))
        }
        None if pos == start => Ok(NoName::More(State::Start)),
        None => Ok(NoName::More(State::Name)),
    }
}

/// Tells what is wrong with the end of a value, if anything is certain yet.
#[cold]
fn no_line_end(buf: &[u8], pos: usize) -> Result<(), Error> {
    match buf.get(pos) {
        Some(b'\r') => line_end(buf, pos).map(drop),
        Some(&byte) => Err(Error::at(value_error(byte), buf, pos)),
        None => Ok(()),
    }
}

/// Whether CRLF stands at `pos`, as it nearly always does at the end of a value.
#[inline(always)]
fn is_line_end(buf: &[u8], pos: usize) -> bool {
    buf[pos..].first_chunk() == Some(b"\r\n")
}

/// The offset after the CRLF whose CR stands at `cr`, or `None` if the LF has not come yet.
pub(crate) fn line_end(buf: &[u8], cr: usize) -> Result<Option<usize>, Error> {
    match buf.get(cr + 1) {
        Some(b'\n') => Ok(Some(cr + 2)),
        Some(_) => Err(Error::at(ErrorKind::BareCr, buf, cr + 1)),
        None => Ok(None),
    }
}

/// What is wrong with a line that starts with this byte (CR is the caller's), if anything is
/// certain yet.
pub(crate) fn line_start_error(byte: u8, first: bool) -> Option<ErrorKind> {
    match byte {
        b' ' | b'\t' if first => Some(ErrorKind::LeadingWhitespace),
        b' ' | b'\t' => Some(ErrorKind::ObsFold),
        b':' => Some(ErrorKind::EmptyName),
        b'\n' => Some(ErrorKind::BareLf),
        _ => None,
    }
}

/// What is wrong with a name that this byte ends.
pub(crate) fn name_error(byte: u8) -> ErrorKind {
    match byte {
        b' ' | b'\t' => ErrorKind::SpaceBeforeColon,
        b'\r' => ErrorKind::MissingColon,
        b'\n' => ErrorKind::BareLf,
        _ => ErrorKind::BadName,
    }
}

/// What is wrong with a value that this byte ends.
pub(crate) fn value_error(byte: u8) -> ErrorKind {
    if byte == b'\n' { ErrorKind::BareLf } else { ErrorKind::BadValue }
}

/// The span of `buf[start..end]` without spaces and tabs around it. Of control bytes there are only
/// tabs.
#[inline(always)]
fn trim(buf: &[u8], start: usize, end: usize) -> Span {
    let value = &buf[start..end];
    // One space in front and none behind is what everybody sends.
    match value {
        [b' ', rest @ ..] if rest.first() > Some(&b' ') && rest.last() > Some(&b' ') => {
            Span::within(start + 1, end)
        }
        _ => trim_all(value, start),
    }
}

/// The same for whatever is sent.
#[inline(never)]
fn trim_all(value: &[u8], start: usize) -> Span {
    let trimmed = trim_ows(value);
    let before =
        if trimmed.is_empty() { 0 } else { trimmed.as_ptr().addr() - value.as_ptr().addr() };
    Span::within(start + before, start + before + trimmed.len())
}
