//! The trailer section (RFC 9112 section 7.1.2): the grammar of header lines in constant memory.

use crate::header::{line_start_error, name_error, value_error};
use crate::{Error, ErrorKind, Limits, scan};

#[derive(Clone, Copy, Default, Debug)]
enum State {
    #[default]
    Start,
    Name,
    Value,
    Lf,
    EndLf,
}

/// The trailer section, as far as it has come.
#[derive(Clone, Debug)]
pub(super) struct Trailers {
    state: State,
    later: bool,
    bytes_left: usize,
    lines_left: usize,
}

impl Trailers {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            state: State::Start,
            later: false,
            bytes_left: limits.max_trailers(),
            lines_left: limits.max_headers(),
        }
    }

    /// Goes on at `pos`; the offset after the section if it is complete, `None` if all input was
    /// consumed before.
    pub(super) fn advance(&mut self, input: &[u8], pos: usize) -> Result<Option<usize>, Error> {
        let mut pos = pos;
        while let Some(&byte) = input.get(pos) {
            match self.state {
                State::Start if byte == b'\r' => {
                    self.state = State::EndLf;
                    pos += 1;
                }
                State::Start => {
                    if let Some(kind) = line_start_error(byte, !self.later) {
                        return Err(Error::at(kind, input, pos));
                    }
                    let left = self.lines_left.checked_sub(1);
                    self.lines_left = left.ok_or(Error::new(ErrorKind::TooManyHeaders, pos))?;
                    self.state = State::Name;
                }
                State::Name => {
                    let end = scan::token_end(input, pos);
                    pos = self.pay(pos, end)?;
                    match input.get(pos) {
                        None => {}
                        Some(b':') => {
                            pos = self.pay(pos, pos + 1)?;
                            self.state = State::Value;
                        }
                        Some(&byte) => return Err(Error::at(name_error(byte), input, pos)),
                    }
                }
                State::Value => {
                    let end = scan::value_end(input, pos);
                    pos = self.pay(pos, end)?;
                    match input.get(pos) {
                        None => {}
                        Some(b'\r') => {
                            pos = self.pay(pos, pos + 1)?;
                            self.state = State::Lf;
                        }
                        Some(&byte) => return Err(Error::at(value_error(byte), input, pos)),
                    }
                }
                State::Lf | State::EndLf if byte != b'\n' => {
                    return Err(Error::at(ErrorKind::BareCr, input, pos));
                }
                State::Lf => {
                    pos = self.pay(pos, pos + 1)?;
                    self.later = true;
                    self.state = State::Start;
                }
                State::EndLf => return Ok(Some(pos + 1)),
            }
        }
        Ok(None)
    }

    /// Counts the bytes from `pos` to `end` against the limit; gives `end`.
    fn pay(&mut self, pos: usize, end: usize) -> Result<usize, Error> {
        match self.bytes_left.checked_sub(end - pos) {
            Some(left) => {
                self.bytes_left = left;
                Ok(end)
            }
            None => Err(Error::new(ErrorKind::TrailersTooLarge, pos + self.bytes_left)),
        }
    }
}
