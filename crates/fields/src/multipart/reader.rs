//! The pull adapter: parts out of a `Read`.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use pauper_wire::HeaderSpan;

use super::head::{Parsed, PartHead};
use super::{Boundary, Event, Limits, Parser};

/// Bytes of the buffer.
const BUFFER: usize = 64 * 1024;

/// Reads parts, one after the other, from a [`Read`]. Its buffer has 64 KiB and does not grow.
///
/// ```
/// use std::io::Read;
/// use pauper_fields::multipart::{Boundary, Limits, Reader};
///
/// let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
///     --x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n2\r\n--x--\r\n";
/// let limits = Limits::new();
/// let mut reader = Reader::new(&body[..], Boundary::new(b"x", &limits)?, limits);
/// let mut found = Vec::new();
/// while let Some(mut part) = reader.next_part()? {
///     let mut text = String::new();
///     part.read_to_string(&mut text)?;
///     found.push((part.head().name().unwrap_or_default().to_owned(), text));
/// }
/// assert_eq!(found, [("a".into(), "1".into()), ("b".into(), "2".into())]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Reader<R> {
    source: R,
    parser: Parser,
    buffer: Box<[u8]>,
    /// What was read and not given to the parser.
    unread: Range<usize>,
    data: Data,
    /// The head of the present part.
    head: OwnedHead,
}

/// Data of the present part that was not taken.
enum Data {
    Buffer(Range<usize>),
    /// What was thought to be a boundary; short.
    Held(Vec<u8>, usize),
    /// The part has ended, or there is none.
    Ended,
}

#[derive(Default)]
struct OwnedHead {
    block: Vec<u8>,
    slots: Vec<HeaderSpan>,
    name: Option<String>,
    parsed: Parsed,
}

impl<R: Read> Reader<R> {
    /// Reads a body of type `multipart/form-data`.
    pub fn new(source: R, boundary: Boundary, limits: Limits) -> Self {
        Self::with_parser(source, Parser::new(boundary, limits))
    }

    /// Reads a body with this parser, which must not have read anything yet.
    pub fn with_parser(source: R, parser: Parser) -> Self {
        Self {
            source,
            parser,
            buffer: vec![0; BUFFER].into(),
            unread: 0..0,
            data: Data::Ended,
            head: OwnedHead::default(),
        }
    }

    /// The next part, or `None` behind the last. What was not read of the part before is skipped.
    ///
    /// At the end the source is read to its end.
    ///
    /// # Errors
    ///
    /// Those of the source; and those of the parser, of kind `InvalidData`, or `UnexpectedEof` if
    /// the body is incomplete. The [`Error`](super::Error) is inside and tells the rule and the offset.
    pub fn next_part(&mut self) -> io::Result<Option<Part<'_, R>>> {
        loop {
            match self.step(true)? {
                Stepped::Part => return Ok(Some(Part { reader: self })),
                Stepped::Finished => return Ok(None),
                Stepped::Data | Stepped::PartEnd => {}
            }
        }
    }

    /// How many bytes of the body were parsed.
    pub fn offset(&self) -> u64 {
        self.parser.offset()
    }

    /// Goes on by one event. Stops at the end of a part unless `into_next`.
    fn step(&mut self, into_next: bool) -> io::Result<Stepped> {
        loop {
            let unread = &self.buffer[self.unread.clone()];
            let mut input = unread;
            let event = self.parser.feed(&mut input)?;
            let taken = unread.len() - input.len();
            let consumed = self.unread.start + taken;
            let stepped = match event {
                Some(Event::Part(head)) => {
                    self.head.block.clear();
                    self.head.block.extend_from_slice(head.block);
                    self.head.slots.clear();
                    self.head.slots.extend_from_slice(head.slots);
                    self.head.name = head.inherited.map(str::to_owned);
                    self.data = Data::Buffer(0..0);
                    Some(Stepped::Part)
                }
                Some(Event::Data(data)) => {
                    let base = self.buffer.as_ptr().addr();
                    let start = data.as_ptr().addr().wrapping_sub(base);
                    self.data = if start < self.buffer.len() {
                        Data::Buffer(start..start + data.len())
                    } else {
                        Data::Held(data.to_vec(), 0)
                    };
                    Some(Stepped::Data)
                }
                Some(Event::PartEnd) => {
                    self.data = Data::Ended;
                    Some(Stepped::PartEnd)
                }
                Some(Event::End) => None,
                None => {
                    let read = loop {
                        match self.source.read(&mut self.buffer) {
                            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                            other => break other?,
                        }
                    };
                    self.unread = 0..read;
                    if read == 0 {
                        self.parser.finish()?;
                        return Ok(Stepped::Finished);
                    }
                    continue;
                }
            };
            self.unread.start = consumed;
            if matches!(stepped, Some(Stepped::Part)) {
                self.head.parsed = self.parser.take_parsed();
            }
            match stepped {
                Some(Stepped::PartEnd) if into_next => {}
                Some(stepped) => return Ok(stepped),
                None => {}
            }
        }
    }
}

enum Stepped {
    Part,
    Data,
    PartEnd,
    Finished,
}

/// A part that is being read: its head, and its data as [`Read`] and [`BufRead`].
pub struct Part<'r, R> {
    reader: &'r mut Reader<R>,
}

impl<R> Part<'_, R> {
    /// The head.
    pub fn head(&self) -> PartHead<'_> {
        let OwnedHead { block, slots, name, parsed } = &self.reader.head;
        PartHead { block, slots, parsed, inherited: name.as_deref() }
    }
}

impl<R: Read> BufRead for Part<'_, R> {
    /// Data as it stands in the buffer; nothing is copied.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let reader = &mut *self.reader;
        let empty = match &reader.data {
            Data::Buffer(range) => range.is_empty(),
            Data::Held(bytes, at) => *at == bytes.len(),
            Data::Ended => false,
        };
        if empty {
            reader.step(false)?;
        }
        match &reader.data {
            Data::Buffer(range) => Ok(&reader.buffer[range.clone()]),
            Data::Held(bytes, at) => Ok(&bytes[*at..]),
            Data::Ended => Ok(&[]),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.reader.data {
            Data::Buffer(range) => range.start = range.end.min(range.start + amount),
            Data::Held(bytes, at) => *at = bytes.len().min(*at + amount),
            Data::Ended => {}
        }
    }
}

impl<R: Read> Read for Part<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let data = self.fill_buf()?;
        let length = data.len().min(out.len());
        out[..length].copy_from_slice(&data[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("parser", &self.parser).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Part<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("head", &self.head()).finish_non_exhaustive()
    }
}
