//! The push parser.

use std::fmt;
use std::ops::Range;

use memchr::{memchr, memmem, memrchr};
use pauper_wire::header::{BlockProgress, parse_header_block};
use pauper_wire::{HeaderSpan, Status};

use super::boundary::PREFIX;
use super::head::{self, Parsed, PartHead, Rules};
use super::{Boundary, Error, ErrorKind, Limits, TransferEncoding, work};

/// What stands in a multipart body, piece by piece.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A part begins.
    Part(PartHead<'a>),
    /// The next bytes of the part's data, as they were sent; never empty. They are a slice of the
    /// input, or, where a piece of the input before ended with something that might have been a
    /// boundary and was none, of the boundary.
    Data(&'a [u8]),
    /// The part is whole.
    PartEnd,
    /// The closing boundary was there. What follows is ignored, within limits.
    End,
}

/// Reads a multipart body as it arrives: bytes in, [`Event`]s out, no I/O.
///
/// Between calls it keeps a number that says how much of a boundary the input ended with, and the
/// head of a part if the input ended in one. It keeps no data, and allocates nothing for it.
///
/// ```
/// use pauper_fields::multipart::{Boundary, Event, Limits, Parser};
///
/// let limits = Limits::new();
/// let mut parser = Parser::new(Boundary::new(b"xyz", &limits)?, limits);
/// let mut note = Vec::new();
/// // Pieces may end anywhere.
/// for mut piece in [
///     &b"--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nTo be\r\n-"[..],
///     b"- or not\r\n--xy",
///     b"z--\r\n",
/// ] {
///     while let Some(event) = parser.feed(&mut piece)? {
///         match event {
///             Event::Part(head) => assert_eq!(head.name(), Some("note")),
///             Event::Data(bytes) => note.extend_from_slice(bytes),
///             _ => {}
///         }
///     }
/// }
/// parser.finish()?;
/// assert_eq!(note, b"To be\r\n-- or not");
/// # Ok::<(), pauper_fields::multipart::Error>(())
/// ```
///
/// # What is a boundary
///
/// CRLF, two hyphens and the boundary, wherever they stand in the data; at the beginning of the
/// body, or directly after the headers of a part, without CRLF. Spaces and tabs may follow, then
/// a line end (RFC 2046, section 5.1.1). If anything else follows, the body is refused: some
/// would read that line as data. A lone LF or CR is data and never ends a line.
pub struct Parser {
    limits: Limits,
    rules: Rules,
    /// The open multiparts, the outermost first. Never empty.
    levels: Vec<Level>,
    /// Finds what all delimiters begin with; made when there are several.
    prefix: Option<memmem::Finder<'static>>,
    state: State,
    /// How much of the delimiter of level `candidate` the input ended with.
    ///
    /// Invariant: less than the whole, and the first `unsent` of it belong to no data: they stood
    /// in the line before.
    held: usize,
    unsent: usize,
    candidate: usize,
    /// Of the next byte of the input, in the body.
    offset: u64,
    /// Bytes of the part, preamble or epilogue so far.
    counted: u64,
    parts: usize,
    closed: bool,
    /// The beginning of a head that the input ended in.
    head: Vec<u8>,
    progress: BlockProgress,
    slots: Box<[HeaderSpan]>,
    headers: usize,
    parsed: Parsed,
}

struct Level {
    boundary: Boundary,
    /// Finds the first [`QUICK`] bytes of the delimiter.
    finder: memmem::Finder<'static>,
    /// The name of the part that this multipart is.
    name: Option<String>,
}

/// Searches are fastest for so many bytes, and prepared at once.
const QUICK: usize = 32;

/// Fields are short: the delimiter is looked for in so many bytes before a search is prepared.
const SHORT: usize = 64;

impl Level {
    fn new(boundary: Boundary, name: Option<String>) -> Self {
        let delimiter = boundary.delimiter();
        let start = &delimiter[..delimiter.len().min(QUICK)];
        let finder = memmem::Finder::new(start).into_owned();
        Self { boundary, finder, name }
    }

    /// Finds the delimiter of this level, where it is the only one.
    fn find(&self, input: &[u8]) -> Found {
        let delimiter = self.boundary.delimiter();
        let short = &input[..input.len().min(SHORT)];
        let mut from = 0;
        if let Some(at) = memchr(b'\r', short) {
            work::add(at);
            if input[at..].starts_with(delimiter) {
                return Found::Delimiter { at, level: 0 };
            }
            from = at;
        }
        while let Some(found) = self.finder.find(&input[from..]) {
            work::add(found + QUICK);
            let at = from + found;
            let same = QUICK.min(delimiter.len());
            let same = same + common_prefix(&delimiter[same..], &input[at + same..]);
            if same == delimiter.len() {
                return Found::Delimiter { at, level: 0 };
            }
            // CR stands at the beginning only, so no other delimiter begins in what was the same.
            from = at + same;
        }
        work::add(input.len() - from);
        let at = tail(input, delimiter.len(), |rest| delimiter.starts_with(rest));
        Found::Tail { at: at.unwrap_or(input.len()), level: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first boundary of the innermost multipart.
    Preamble,
    /// Behind a boundary, in its line.
    Line,
    LineDash,
    LinePadding,
    LineCr,
    /// In the headers of a part.
    Head,
    /// In the data of a part.
    Data,
    /// Behind the boundary that ended a part, which was not told yet.
    PartEnd,
    /// Behind a closing boundary, in its line.
    CloseLine,
    CloseCr,
    /// Behind a closing boundary, until the next boundary of the multipart around it.
    Epilogue,
    Failed(Error),
}

/// An [`Event`] without what it borrows.
enum Step {
    /// The head stands in the input, or was collected.
    Part(Option<Range<usize>>),
    /// In the input.
    Data(Range<usize>),
    /// In the delimiter of this level.
    Held(usize, Range<usize>),
    PartEnd,
    End,
}

/// What a search for delimiters gives.
enum Found {
    /// The delimiter of a level begins here.
    Delimiter { at: usize, level: usize },
    /// The input ends; from here on it is the beginning of the delimiter of a level.
    Tail { at: usize, level: usize },
}

impl Parser {
    /// A parser of a body of type `multipart/form-data`: every part has to be a named field.
    pub fn new(boundary: Boundary, limits: Limits) -> Self {
        Self::with_rules(boundary, limits, Rules::Form)
    }

    /// A parser of a body of any other multipart type, such as `multipart/mixed`: parts need no
    /// headers.
    pub fn general(boundary: Boundary, limits: Limits) -> Self {
        Self::with_rules(boundary, limits, Rules::General)
    }

    /// A parser for a body of this Content-Type.
    ///
    /// # Errors
    ///
    /// As for [`Boundary::of_content_type`].
    pub fn of_content_type(value: &[u8], limits: Limits) -> Result<Self, Error> {
        let (boundary, form) = Boundary::of_content_type(value, &limits)?;
        Ok(Self::with_rules(boundary, limits, if form { Rules::Form } else { Rules::General }))
    }

    fn with_rules(boundary: Boundary, limits: Limits, rules: Rules) -> Self {
        Self {
            limits,
            rules,
            levels: vec![Level::new(boundary, None)],
            prefix: None,
            state: State::Preamble,
            // The beginning of the body is the beginning of a line.
            held: 2,
            unsent: 2,
            candidate: 0,
            offset: 0,
            counted: 0,
            parts: 0,
            closed: false,
            head: Vec::new(),
            progress: BlockProgress::new(),
            slots: vec![HeaderSpan::default(); limits.max_headers].into(),
            headers: 0,
            parsed: Parsed::default(),
        }
    }

    /// Takes bytes from the beginning of `input` and gives the next event; `None` when all of them
    /// are taken and more have to come.
    ///
    /// # Errors
    ///
    /// When the body breaks a rule or a limit. The parser then gives the same error for ever.
    pub fn feed<'e, 'i: 'e>(
        &'e mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Event<'e>>, Error> {
        let all: &'i [u8] = input;
        let left = self.limits.max_body - self.offset;
        let window = if all.len() as u64 > left { &all[..left as usize] } else { all };
        let mut at = 0;
        let step = match self.run(window, &mut at) {
            Ok(None) if window.len() < all.len() => {
                Err(Error::limit("max_body", self.limits.max_body, self.offset))
            }
            other => other,
        };
        *input = &all[at..];
        match step {
            Ok(step) => Ok(step.map(|step| self.event(step, all))),
            Err(error) => {
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    /// Says that the body has ended.
    ///
    /// # Errors
    ///
    /// [`Incomplete`](ErrorKind::Incomplete) when the closing boundary did not come, and the error
    /// of [`feed`](Self::feed) if there was one.
    pub fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Failed(error) => Err(error),
            State::CloseLine | State::Epilogue if self.closed => Ok(()),
            _ => Err(Error::new(ErrorKind::Incomplete, self.offset)),
        }
    }

    /// How many bytes were taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the closing boundary was there.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Bytes that are kept for a head.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.head.capacity()
    }

    /// What the headers of the last part said, for who keeps its head.
    pub(super) fn take_parsed(&mut self) -> Parsed {
        std::mem::take(&mut self.parsed)
    }

    fn event<'a>(&'a self, step: Step, input: &'a [u8]) -> Event<'a> {
        match step {
            Step::Part(range) => Event::Part(PartHead {
                block: range.map_or(&self.head, |range| &input[range]),
                slots: &self.slots[..self.headers],
                parsed: &self.parsed,
                inherited: self.innermost().name.as_deref(),
            }),
            Step::Data(range) => Event::Data(&input[range]),
            Step::Held(level, range) => {
                Event::Data(&self.levels[level].boundary.delimiter()[range])
            }
            Step::PartEnd => Event::PartEnd,
            Step::End => Event::End,
        }
    }

    fn innermost(&self) -> &Level {
        &self.levels[self.levels.len() - 1]
    }

    /// `at` moves over `input` as bytes are taken.
    fn run(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Step>, Error> {
        loop {
            let before = *at;
            let step = match self.state {
                State::Failed(error) => return Err(error),
                State::PartEnd => {
                    self.state = State::Line;
                    return Ok(Some(Step::PartEnd));
                }
                State::Epilogue if self.closed => {
                    *at = input.len();
                    self.count(input.len() - before, self.offset)?;
                    None
                }
                _ if *at == input.len() => return Ok(None),
                State::Preamble | State::Data | State::Epilogue => self.search(input, at)?,
                State::Head => self.head(input, at)?,
                _ => self.line(input, at)?,
            };
            self.offset += (*at - before) as u64;
            if step.is_some() {
                return Ok(step);
            }
            if *at == input.len() && self.state != State::PartEnd {
                return Ok(None);
            }
        }
    }

    // --- data ---------------------------------------------------------------------------------

    /// Goes to the next delimiter, or to the end of the input.
    fn search(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Step>, Error> {
        let entry = *at;
        let before = (self.held - self.unsent) as u64;
        if self.held > 0 {
            match self.resume(input, at) {
                Resumed::More => return Ok(None),
                Resumed::Delimiter => {
                    return self.found(self.offset + (*at - entry) as u64, self.candidate);
                }
                Resumed::Data(Range { start, end }) if end > start => {
                    let length = self.count(end - start, self.offset - before)?;
                    if self.state != State::Preamble && self.state != State::Epilogue {
                        return Ok(Some(Step::Held(self.candidate, start..start + length)));
                    }
                    if *at == input.len() {
                        return Ok(None);
                    }
                }
                Resumed::Data(_) => {}
            }
        }
        let start = *at;
        let offset = self.offset + (start - entry) as u64;
        let (data, delimiter, level) = match self.find(&input[start..]) {
            Found::Delimiter { at, level } => {
                (at, self.levels[level].boundary.delimiter().len(), level)
            }
            Found::Tail { at: tail, level } => {
                self.held = input.len() - start - tail;
                self.unsent = 0;
                self.candidate = level;
                (tail, 0, level)
            }
        };
        let is_data = self.state == State::Data;
        let length = self.count(data, offset)?;
        if length < data {
            // The limit is told by the next call.
            *at = start + length;
            return Ok(Some(Step::Data(start..*at)));
        }
        *at = if delimiter == 0 { input.len() } else { start + data + delimiter };
        let end = offset + (*at - start) as u64;
        if !is_data || data == 0 {
            return if delimiter > 0 { self.found(end, level) } else { Ok(None) };
        }
        if delimiter > 0 {
            // The delimiter is taken together with the data, and told by the next call.
            match self.found(end, level) {
                Ok(_) => self.state = State::PartEnd,
                Err(error) => self.state = State::Failed(error),
            }
        }
        Ok(Some(Step::Data(start..start + data)))
    }

    /// Goes on with a delimiter whose beginning was at the end of the input before.
    fn resume(&mut self, input: &[u8], at: &mut usize) -> Resumed {
        let start = *at;
        let unsent = self.unsent;
        let nothing_sent = self.held == unsent;
        loop {
            let delimiter = self.levels[self.candidate].boundary.delimiter();
            let same = common_prefix(&delimiter[self.held..], &input[*at..]);
            *at += same;
            self.held += same;
            if self.held == delimiter.len() {
                (self.held, self.unsent) = (0, 0);
                return Resumed::Delimiter;
            }
            if *at == input.len() {
                return Resumed::More;
            }
            // Another delimiter may begin with the same bytes and go on with this one.
            let held = &delimiter[..self.held];
            let fits = |level: &Level| {
                let other = level.boundary.delimiter();
                other.starts_with(held) && other.get(held.len()) == Some(&input[*at])
            };
            match self.levels.iter().position(fits) {
                Some(level) => self.candidate = level,
                None => break,
            }
        }
        let held = self.held;
        (self.held, self.unsent) = (0, 0);
        if nothing_sent {
            // All of it stands in this input.
            *at = start;
            return Resumed::Data(unsent..unsent);
        }
        Resumed::Data(unsent..held)
    }

    /// Finds the first delimiter, or the beginning of one at the end.
    fn find(&self, input: &[u8]) -> Found {
        if let [only] = &self.levels[..] {
            return only.find(input);
        }
        let mut from = 0;
        let prefix = self.prefix.as_ref();
        while let Some(found) = prefix.and_then(|prefix| prefix.find(&input[from..])) {
            work::add(found + PREFIX.len());
            let at = from + found;
            for (level, Level { boundary, .. }) in self.levels.iter().enumerate() {
                let delimiter = boundary.delimiter();
                let same = common_prefix(delimiter, &input[at..]);
                if same == delimiter.len() {
                    return Found::Delimiter { at, level };
                }
                if same == input.len() - at {
                    return Found::Tail { at, level };
                }
            }
            from = at + PREFIX.len();
        }
        work::add(input.len() - from);
        let rest = &input[from..];
        let at = tail(rest, PREFIX.len(), |rest| PREFIX.starts_with(rest));
        Found::Tail { at: from + at.unwrap_or(rest.len()), level: 0 }
    }

    /// Behind a delimiter, which ends at `end` in the body.
    fn found(&mut self, end: u64, level: usize) -> Result<Option<Step>, Error> {
        if level + 1 < self.levels.len() {
            return Err(Error::new(ErrorKind::WrongNesting, end));
        }
        if self.state == State::Data {
            self.state = State::Line;
            return Ok(Some(Step::PartEnd));
        }
        self.state = State::Line;
        Ok(None)
    }

    /// Counts bytes of a part or of what is ignored around parts, the first of which is at `offset`
    /// in the body. Gives how many of them are allowed; with data the error is then left for the
    /// next call, so that all that is allowed is told, however the input was cut.
    fn count(&mut self, bytes: usize, offset: u64) -> Result<usize, Error> {
        let (name, limit) = match self.state {
            State::Data => ("max_part", self.limits.max_part),
            State::Preamble => ("max_preamble", self.limits.max_preamble),
            _ => ("max_epilogue", self.limits.max_epilogue),
        };
        let left = limit - self.counted;
        if bytes as u64 <= left {
            self.counted += bytes as u64;
            return Ok(bytes);
        }
        let error = Error::limit(name, limit, offset + left);
        if self.state != State::Data || left == 0 {
            return Err(error);
        }
        self.state = State::Failed(error);
        Ok(left as usize)
    }

    // --- lines of boundaries ------------------------------------------------------------------

    fn line(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Step>, Error> {
        let start = *at;
        while let Some(&byte) = input.get(*at) {
            let next = match (self.state, byte) {
                (State::Line, b'-') => State::LineDash,
                (State::Line | State::LinePadding, b' ' | b'\t') => State::LinePadding,
                (State::Line | State::LinePadding, b'\r') => State::LineCr,
                (State::LineCr, b'\n') => State::Head,
                (State::LineDash, b'-') => State::CloseLine,
                (State::CloseLine, b' ' | b'\t') => State::CloseLine,
                (State::CloseLine, b'\r') => State::CloseCr,
                (State::CloseCr, b'\n') => State::Epilogue,
                (state, _) => {
                    let kind = match state {
                        State::CloseLine | State::CloseCr => ErrorKind::JunkAfterClose,
                        _ => ErrorKind::JunkAfterBoundary,
                    };
                    return Err(Error::new(kind, self.offset + (*at - start) as u64));
                }
            };
            *at += 1;
            let before = std::mem::replace(&mut self.state, next);
            match next {
                State::CloseLine if before == State::LineDash => {
                    self.counted = 0;
                    if self.levels.len() > 1 {
                        self.levels.pop();
                    } else {
                        self.closed = true;
                        return Ok(Some(Step::End));
                    }
                }
                State::Head => {
                    self.parts += 1;
                    if self.parts > self.limits.max_parts {
                        let offset = self.offset + (*at - start) as u64;
                        let limit = self.limits.max_parts as u64;
                        return Err(Error::limit("max_parts", limit, offset));
                    }
                    self.head.clear();
                    self.progress = BlockProgress::new();
                    return Ok(None);
                }
                State::Epilogue => {
                    // The line end may belong to the next boundary of the multipart around.
                    (self.held, self.unsent, self.candidate) = (2, 2, 0);
                    return Ok(None);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    // --- heads --------------------------------------------------------------------------------

    fn head(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Step>, Error> {
        let start = *at;
        let max = self.limits.max_header_bytes;
        let collected = self.head.len();
        if collected > 0 {
            let more = (max - collected).min(input.len() - start);
            self.head.extend_from_slice(&input[start..start + more]);
        }
        let block = if collected > 0 { &self.head[..] } else { &input[start..] };
        let status = parse_header_block(block, &mut self.progress, &mut self.slots, max)
            .map_err(|error| self.header_error(block, collected, error))?;
        let Status::Complete(found) = status else {
            if collected == 0 {
                self.head.extend_from_slice(&input[start..]);
            }
            *at = input.len();
            return Ok(None);
        };
        let length = found.len();
        self.headers = found.count();
        let slots = &self.slots[..self.headers];
        let offset = self.offset - collected as u64;
        let block = &block[..length];
        let hidden = slots.iter().find(|slot| self.begins_boundary(&block[slot.name.start()..]));
        if let Some(slot) = hidden {
            let offset = offset + slot.name.start() as u64;
            return Err(Error::new(ErrorKind::BoundaryInHeaders, offset));
        }
        let rules = if self.levels.len() == 1 { self.rules } else { Rules::General };
        self.parsed = head::parse(block, slots, rules).map_err(|error| error.moved(offset))?;
        let nested = self.nested(block, offset)?;
        let range = if collected > 0 {
            self.head.truncate(length);
            None
        } else {
            Some(start..start + length)
        };
        *at = start + length - collected;
        // A part without data may have the boundary directly after the empty line (RFC 2046,
        // section 5.1.1: the CRLF after the headers is optional).
        (self.held, self.unsent, self.candidate) = (2, 2, self.levels.len() - 1);
        self.counted = 0;
        if let Some(level) = nested {
            self.prefix.get_or_insert_with(|| memmem::Finder::new(PREFIX));
            self.candidate = self.levels.len();
            self.levels.push(level);
            self.state = State::Preamble;
            return Ok(None);
        }
        self.state = State::Data;
        Ok(Some(Step::Part(range)))
    }

    /// The multipart that a part is, if it is one.
    ///
    /// Only `multipart/mixed` without a file name (RFC 2388, section 4.2). Any other is a file or
    /// a text in the eyes of whoever sent it.
    fn nested(&self, block: &[u8], offset: u64) -> Result<Option<Level>, Error> {
        let Some(span) = self.parsed.content_type.filter(|_| self.parsed.filename.is_none()) else {
            return Ok(None);
        };
        let value = span.of(block);
        let mixed =
            value.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/mixed"));
        if !mixed || value.get(15).is_some_and(|next| !matches!(next, b';' | b' ' | b'\t')) {
            return Ok(None);
        }
        let offset = offset + span.start() as u64;
        if self.levels.len() > self.limits.max_nesting {
            return Err(Error::limit("max_nesting", self.limits.max_nesting as u64, offset));
        }
        if self.parsed.encoding != TransferEncoding::Identity {
            return Err(Error::new(ErrorKind::UnknownTransferEncoding, offset));
        }
        let bad = Error::new(ErrorKind::BadNestedBoundary, offset);
        let (boundary, _) = Boundary::of_content_type(value, &self.limits).map_err(|_| bad)?;
        if self.levels.iter().any(|level| level.boundary.is_like(&boundary)) {
            return Err(bad);
        }
        let name = self.parsed.name.as_ref().map(|name| name.of(block));
        let name = name.or(self.innermost().name.as_deref()).map(str::to_owned);
        Ok(Some(Level::new(boundary, name)))
    }

    /// Whether a line begins with a delimiter without its CRLF.
    fn begins_boundary(&self, line: &[u8]) -> bool {
        line.starts_with(b"--")
            && self.levels.iter().any(|level| line.starts_with(&level.boundary.delimiter()[2..]))
    }

    #[cold]
    fn header_error(&self, block: &[u8], collected: usize, error: pauper_wire::Error) -> Error {
        let at = error.offset().min(block.len());
        let place = self.offset - collected as u64 + at as u64;
        match error.kind() {
            pauper_wire::ErrorKind::HeadTooLarge => {
                Error::limit("max_header_bytes", self.limits.max_header_bytes as u64, place)
            }
            pauper_wire::ErrorKind::TooManyHeaders => {
                Error::limit("max_headers", self.limits.max_headers as u64, place)
            }
            kind => {
                let line =
                    block[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                if self.begins_boundary(&block[line..at]) {
                    let back = (at - line) as u64;
                    return Error::new(ErrorKind::BoundaryInHeaders, place - back);
                }
                Error::new(ErrorKind::Header(kind), place)
            }
        }
    }
}

/// What became of a delimiter whose beginning was at the end of the input before.
enum Resumed {
    /// The input ended again.
    More,
    /// It is one.
    Delimiter,
    /// It was none; this much of the candidate's delimiter is data.
    Data(Range<usize>),
}

/// Where the beginning of a delimiter of `length` bytes stands at the end of the input.
///
/// CR stands at the beginning of a delimiter and nowhere else, so only the last one can begin it.
fn tail(input: &[u8], length: usize, begins: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let from = input.len().saturating_sub(length - 1);
    let at = from + memrchr(b'\r', &input[from..])?;
    begins(&input[at..]).then_some(at)
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    work::add(same + 1);
    same
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser")
            .field("state", &self.state)
            .field("offset", &self.offset)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}
