//! The push decoder of chunked bodies.

use core::ops::Range;

use super::encode::{END, LAST};
use super::size_line::{self, SizeLine};
use super::trailers::Trailers;
use crate::{Error, ErrorKind, Limits};

/// What a piece of input held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chunk {
    /// All input was consumed, and the body is not complete.
    NeedMore,
    /// Data of the body.
    Data {
        /// Where it is in the input; never empty.
        span: Range<usize>,
        /// Whether the sender's chunk ends with it.
        last_of_chunk: bool,
    },
    /// The body is complete, trailers included. What follows in the input belongs to the next
    /// message.
    End,
}

#[derive(Clone, Debug)]
enum State {
    Size(SizeLine),
    /// This many bytes of the chunk are to come, at least one.
    Data(u64),
    DataCr,
    DataLf,
    Trailers,
    End,
    Failed(Error),
}

/// Decodes a chunked body that arrives in pieces of any size, in constant memory.
///
/// It keeps no bytes: data is handed out as ranges of the input, one range per call, in such a way
/// that the sender's chunk boundaries can be seen. Chunk extensions are checked and dropped.
/// Trailers have to obey the rules for header lines, are counted against their limits, and are
/// dropped: none is ever merged into the header section (RFC 9112 section 7.1.2).
///
/// # Example
/// ```
/// use pauper_wire::{Limits, chunk::{Chunk, ChunkDecoder}};
///
/// let mut decoder = ChunkDecoder::new(&Limits::new());
/// let mut input = &b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\nGET /next"[..];
/// let mut body = Vec::new();
/// loop {
///     let (consumed, chunk) = decoder.decode(input).unwrap();
///     match chunk {
///         Chunk::Data { span, .. } => body.extend_from_slice(&input[span]),
///         Chunk::NeedMore => unreachable!("all of it is there"),
///         Chunk::End => {
///             input = &input[consumed..];
///             break;
///         }
///     }
///     input = &input[consumed..];
/// }
/// assert_eq!(body, b"hello!");
/// assert_eq!(input, b"GET /next");
/// ```
#[derive(Clone, Debug)]
pub struct ChunkDecoder {
    state: State,
    trailers: Trailers,
    max_line: u32,
    /// How many more bytes of extensions are tolerated; every byte of data adds one.
    tolerance: u64,
}

impl ChunkDecoder {
    /// The beginning of a body, with the chunk and trailer limits of `limits`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            state: State::Size(SizeLine::default()),
            trailers: Trailers::new(limits),
            max_line: limits.max_chunk_line() as u32,
            tolerance: limits.max_chunk_excess() as u64,
        }
    }

    /// Whether the body is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// Takes the next piece of input; gives how many bytes of it were consumed and what they held.
    ///
    /// Call it with what was not consumed until it says [`Chunk::NeedMore`] (then everything was)
    /// or [`Chunk::End`]; after the end it consumes nothing and says `End` again. Where data ends a
    /// chunk, the CRLF after it may be consumed with it.
    ///
    /// # Errors
    /// If a rule is broken or a limit reached. The offset counts from the beginning of this input.
    /// Afterwards every call gives the same error.
    pub fn decode(&mut self, input: &[u8]) -> Result<(usize, Chunk), Error> {
        if let State::Size(line) = &self.state
            && line.is_new()
        {
            // Nearly every chunk comes whole and plain: one look, and no change of state.
            if let Some((span, end)) = whole_chunk(input, self.max_line) {
                self.tolerance = self.tolerance.saturating_add(span.len() as u64);
                return Ok((end, Chunk::Data { span, last_of_chunk: true }));
            }
            if input.starts_with(LAST) && self.max_line > 0 {
                self.state = State::End;
                return Ok((LAST.len(), Chunk::End));
            }
        }
        self.step(input)
    }

    /// The same for everything else. Kept apart, so that whole chunks need no room on the stack.
    #[inline(never)]
    fn step(&mut self, input: &[u8]) -> Result<(usize, Chunk), Error> {
        self.advance(input).inspect_err(|error| self.state = State::Failed(*error))
    }

    fn advance(&mut self, input: &[u8]) -> Result<(usize, Chunk), Error> {
        let mut pos = 0;
        loop {
            match self.state {
                State::End => return Ok((pos, Chunk::End)),
                State::Failed(error) => return Err(error),
                _ => {}
            }
            let Some(&byte) = input.get(pos) else { return Ok((pos, Chunk::NeedMore)) };
            match &mut self.state {
                State::Size(line) => {
                    let whole =
                        line.is_new().then(|| size_line::plain(&input[pos..], self.max_line));
                    if let Some((size, len)) = whole.flatten() {
                        self.state = data_or_trailers(size);
                        pos += len;
                        continue;
                    }
                    if line
                        .push(byte, self.max_line, &mut self.tolerance)
                        .map_err(|kind| Error::at(kind, input, pos))?
                    {
                        self.state = data_or_trailers(line.size());
                    }
                    pos += 1;
                }
                State::Data(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX);
                    let span = pos..pos + here.min(input.len() - pos);
                    *left -= span.len() as u64;
                    self.tolerance = self.tolerance.saturating_add(span.len() as u64);
                    let last_of_chunk = *left == 0;
                    if last_of_chunk {
                        self.state = State::DataCr;
                    }
                    return Ok((span.end, Chunk::Data { span, last_of_chunk }));
                }
                State::DataCr => {
                    if byte != b'\r' {
                        let lf = byte == b'\n';
                        let kind = if lf { ErrorKind::BareLf } else { ErrorKind::MissingChunkEnd };
                        return Err(Error::at(kind, input, pos));
                    }
                    self.state = State::DataLf;
                    pos += 1;
                }
                State::DataLf => {
                    if byte != b'\n' {
                        return Err(Error::at(ErrorKind::BareCr, input, pos));
                    }
                    self.state = State::Size(SizeLine::default());
                    pos += 1;
                }
                State::Trailers => {
                    let Some(end) = self.trailers.advance(input, pos)? else {
                        return Ok((input.len(), Chunk::NeedMore));
                    };
                    self.state = State::End;
                    pos = end;
                }
                State::End | State::Failed(_) => unreachable!("handled above"),
            }
        }
    }
}

/// Where the data of a chunk at the beginning of `input` is, and the offset after its CRLF, if it has
/// data, a plain size line, and all of it is there.
#[inline(always)]
fn whole_chunk(input: &[u8], max_line: u32) -> Option<(Range<usize>, usize)> {
    let (size, start) = size_line::plain(input, max_line)?;
    let rest = &input[start..];
    // Compared as it is, a size beyond `usize` is beyond the input as well.
    if size == 0 || size >= rest.len() as u64 {
        return None;
    }
    let end = start + size as usize;
    let end_of_chunk = input[end..].first_chunk() == Some(END);
    end_of_chunk.then_some((start..end, end + END.len()))
}

fn data_or_trailers(size: u64) -> State {
    match size {
        0 => State::Trailers,
        size => State::Data(size),
    }
}
