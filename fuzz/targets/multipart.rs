//! Multipart bodies: however they are cut, the parser gives the same events, and those of a slow
//! reading of the whole.
//!
//! The first line of an input is the boundary, the rest is the body.

use pauper_fields::multipart::{
    Boundary, Error, ErrorKind, Event, Limits, Parser, Reader, TransferEncoding,
};
use pauper_wire::header::{BlockProgress, parse_header_block};
use pauper_wire::{HeaderSpan, Status};

/// An event of whole data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Name, file name, Content-Type, bytes of the head.
    Part(Option<String>, Option<String>, Option<String>, Vec<u8>),
    Data(Vec<u8>),
    PartEnd,
    End,
}

pub(crate) type Reading = (Vec<Seen>, Result<(), Error>);

/// Low, so that small inputs reach them.
pub(crate) fn limits() -> Limits {
    Limits::new()
        .max_body(3000)
        .max_part(500)
        .max_parts(12)
        .max_header_bytes(300)
        .max_headers(4)
        .max_preamble(40)
        .max_epilogue(40)
        .max_nesting(2)
}

pub(crate) fn run(data: &[u8]) {
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (text, body) = (&data[..line], &data[line + 1..]);
    let limits = limits();
    let Ok(boundary) = Boundary::new(text, &limits) else { return };

    let whole = read(&boundary, &limits, [body]);
    let (events, error) = reference(text, body);
    assert_eq!(whole.0, events, "{:?} {error:?}", whole.1);
    assert_eq!(whole.1.map_err(|error| error.kind()), error);

    assert_eq!(read(&boundary, &limits, body.chunks(1)), whole);
    // Pieces of odd lengths, taken from the body itself.
    let mut pieces = Vec::new();
    let mut rest = body;
    while let Some(&first) = rest.first() {
        let (piece, other) = rest.split_at(rest.len().min(usize::from(first) % 23 + 1));
        pieces.push(piece);
        rest = other;
    }
    assert_eq!(read(&boundary, &limits, pieces), whole);
    // Bytes one by one have met every state already; so some places are enough here.
    for cut in (body.len() % 5..body.len().min(200)).step_by(5) {
        assert_eq!(read(&boundary, &limits, [&body[..cut], &body[cut..]]), whole, "cut at {cut}");
    }
    pull(&boundary, &limits, body, &whole);
}

/// Feeds the pieces to a parser.
pub(crate) fn read<'a>(
    boundary: &Boundary,
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    let mut parser = Parser::new(boundary.clone(), *limits);
    let mut seen = Vec::new();
    let mut expected = 0;
    for piece in pieces {
        let mut input = piece;
        expected += piece.len() as u64;
        loop {
            match parser.feed(&mut input) {
                Ok(Some(event)) => note(&mut seen, event),
                Ok(None) => break,
                Err(error) => {
                    assert!(error.offset() <= expected, "{error}");
                    assert_eq!(parser.feed(&mut &b"--x"[..]).unwrap_err(), error);
                    assert_eq!(parser.finish(), Err(error));
                    return (seen, Err(error));
                }
            }
        }
        assert!(input.is_empty(), "all of it is taken");
        assert_eq!(parser.offset(), expected);
    }
    (seen, parser.finish())
}

fn note(seen: &mut Vec<Seen>, event: Event<'_>) {
    match event {
        Event::Part(head) => {
            let own = |text: Option<&str>| text.map(str::to_owned);
            seen.push(Seen::Part(
                own(head.name()),
                own(head.filename()),
                own(head.content_type()),
                head.as_bytes().to_vec(),
            ));
        }
        Event::Data(bytes) => {
            assert!(!bytes.is_empty());
            match seen.last_mut() {
                Some(Seen::Data(data)) => data.extend_from_slice(bytes),
                _ => seen.push(Seen::Data(bytes.to_vec())),
            }
        }
        Event::PartEnd => seen.push(Seen::PartEnd),
        Event::End => seen.push(Seen::End),
        other => panic!("{other:?}"),
    }
}

/// The pull adapter gives the same.
fn pull(boundary: &Boundary, limits: &Limits, body: &[u8], (events, result): &Reading) {
    use std::io::Read;
    let mut reader = Reader::new(body, boundary.clone(), *limits);
    let mut seen = Vec::new();
    let error = loop {
        let mut part = match reader.next_part() {
            Ok(Some(part)) => part,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        let head = part.head();
        let own = |text: Option<&str>| text.map(str::to_owned);
        let (name, file) = (own(head.name()), own(head.filename()));
        seen.push(Seen::Part(name, file, own(head.content_type()), head.as_bytes().to_vec()));
        let mut data = Vec::new();
        let ended = part.read_to_end(&mut data);
        if !data.is_empty() {
            seen.push(Seen::Data(data));
        }
        match ended {
            Ok(_) => seen.push(Seen::PartEnd),
            Err(error) => break Some(error),
        }
    };
    let inner = error.map(|error| {
        *error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).expect("the parser's")
    });
    assert_eq!(inner, result.err());
    let told = events.iter().filter(|event| **event != Seen::End);
    assert!(told.eq(&seen), "{seen:?}\n{events:?}");
}

/// The same by a slow reading of the whole: every position is compared with every delimiter.
///
/// What the headers of a part say is asked of a parser that is given that part alone.
pub(crate) fn reference(boundary: &[u8], body: &[u8]) -> (Vec<Seen>, Result<(), ErrorKind>) {
    let mut seen = Vec::new();
    let result = Slow { body: &body[..body.len().min(3000)], at: 0 }.read(boundary, &mut seen);
    let result = match result {
        Err(Stop::End) if body.len() > 3000 => Err(too("max_body", 3000)),
        Err(Stop::End) => Err(ErrorKind::Incomplete),
        Err(Stop::Wrong(kind)) => Err(kind),
        Ok(()) if body.len() > 3000 => Err(too("max_body", 3000)),
        Ok(()) => Ok(()),
    };
    (seen, result)
}

enum Stop {
    End,
    Wrong(ErrorKind),
}

fn too(name: &'static str, limit: u64) -> ErrorKind {
    ErrorKind::LimitExceeded { name, limit }
}

struct Slow<'a> {
    body: &'a [u8],
    at: usize,
}

impl Slow<'_> {
    fn read(&mut self, boundary: &[u8], seen: &mut Vec<Seen>) -> Result<(), Stop> {
        let mut open: Vec<(Vec<u8>, Option<String>)> = vec![(boundary.to_vec(), None)];
        let mut parts = 0;
        self.go_to_delimiter(&open, "max_preamble", 40)?;
        loop {
            // Behind a delimiter of the innermost multipart.
            if self.body[self.at..].starts_with(b"-") {
                self.expect(b"--", ErrorKind::JunkAfterBoundary)?;
                let last = open.len() == 1;
                if last {
                    seen.push(Seen::End);
                }
                self.blanks();
                if last && self.at == self.body.len() {
                    return Ok(());
                }
                self.expect(b"\r\n", ErrorKind::JunkAfterClose)?;
                if last {
                    if self.body.len() - self.at > 40 {
                        return Err(Stop::Wrong(too("max_epilogue", 40)));
                    }
                    return Ok(());
                }
                open.pop();
                self.go_to_delimiter(&open, "max_epilogue", 40)?;
                continue;
            }
            self.blanks();
            self.expect(b"\r\n", ErrorKind::JunkAfterBoundary)?;
            parts += 1;
            if parts > 12 {
                return Err(Stop::Wrong(too("max_parts", 12)));
            }
            let (part, nested) = self.head(&open)?;
            if let Some(boundary) = nested {
                let Seen::Part(name, ..) = part else { unreachable!("a head") };
                open.push((boundary, name));
                self.go_to_delimiter(&open, "max_preamble", 40)?;
                continue;
            }
            seen.push(part);
            let (data, found) = self.until_delimiter(&open);
            let allowed = data.len().min(500);
            if allowed > 0 {
                seen.push(Seen::Data(data[..allowed].to_vec()));
            }
            if allowed < data.len() {
                return Err(Stop::Wrong(too("max_part", 500)));
            }
            match found {
                None => return Err(Stop::End),
                Some(level) if level + 1 < open.len() => {
                    return Err(Stop::Wrong(ErrorKind::WrongNesting));
                }
                Some(_) => seen.push(Seen::PartEnd),
            }
        }
    }

    fn expect(&mut self, bytes: &[u8], otherwise: ErrorKind) -> Result<(), Stop> {
        for &byte in bytes {
            match self.body.get(self.at) {
                None => return Err(Stop::End),
                Some(&found) if found != byte => return Err(Stop::Wrong(otherwise)),
                Some(_) => self.at += 1,
            }
        }
        Ok(())
    }

    fn blanks(&mut self) {
        while matches!(self.body.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn go_to_delimiter(
        &mut self,
        open: &[(Vec<u8>, Option<String>)],
        name: &'static str,
        limit: usize,
    ) -> Result<(), Stop> {
        let (ignored, found) = self.until_delimiter(open);
        if ignored.len() > limit {
            return Err(Stop::Wrong(too(name, limit as u64)));
        }
        match found {
            None => Err(Stop::End),
            Some(level) if level + 1 < open.len() => Err(Stop::Wrong(ErrorKind::WrongNesting)),
            Some(_) => Ok(()),
        }
    }

    /// What stands before the next delimiter, and whose it is. At the end of the body, what might
    /// be the beginning of a delimiter counts as neither.
    fn until_delimiter(&mut self, open: &[(Vec<u8>, Option<String>)]) -> (Vec<u8>, Option<usize>) {
        let start = self.at;
        for at in start..=self.body.len() {
            let rest = &self.body[at..];
            for (level, (boundary, _)) in open.iter().enumerate() {
                let delimiter = [b"\r\n--", &boundary[..]].concat();
                let mut forms = vec![&delimiter[..]];
                // A line begins here.
                if at == start {
                    forms.push(&delimiter[2..]);
                }
                for form in forms {
                    if rest.starts_with(form) {
                        self.at = at + form.len();
                        return (self.body[start..at].to_vec(), Some(level));
                    }
                    if form.starts_with(rest) {
                        self.at = self.body.len();
                        return (self.body[start..at].to_vec(), None);
                    }
                }
            }
        }
        unreachable!("nothing is the beginning of every delimiter")
    }

    /// The head of a part, and the boundary of the multipart that it is.
    fn head(
        &mut self,
        open: &[(Vec<u8>, Option<String>)],
    ) -> Result<(Seen, Option<Vec<u8>>), Stop> {
        let rest = &self.body[self.at..];
        let length = rest.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let length = if rest.starts_with(b"\r\n") { Some(2) } else { length };
        let block = &rest[..length.unwrap_or(rest.len())];
        self.check_lines(block, open)?;
        self.at += block.len();

        // What the headers say is asked of a parser that sees this head alone, and without the
        // Content-Type that would make it a multipart.
        let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
        let is_type = |line: &&&[u8]| {
            line.get(..13).is_some_and(|start| start.eq_ignore_ascii_case(b"content-type:"))
        };
        let types: Vec<&&[u8]> = lines.iter().filter(is_type).collect();
        let mixed = match types[..] {
            [line] => std::str::from_utf8(&line[13..]).ok().map(str::trim).filter(|value| {
                let kind = value.split([';', ' ', '\t']).next().unwrap_or_default();
                kind.eq_ignore_ascii_case("multipart/mixed")
            }),
            _ => None,
        };
        let mut alone = b"--a-boundary-that-nobody-has\r\n".to_vec();
        for line in lines.iter().filter(|line| mixed.is_none() || !is_type(line)) {
            alone.extend_from_slice(line);
        }
        let limits = limits();
        let boundary = Boundary::new(b"a-boundary-that-nobody-has", &limits).expect("a boundary");
        let mut parser = if open.len() == 1 {
            Parser::new(boundary, limits)
        } else {
            Parser::general(boundary, limits)
        };
        let mut input = &alone[..];
        let head = match parser.feed(&mut input) {
            Ok(Some(Event::Part(head))) => head,
            Ok(other) => panic!("{other:?}"),
            Err(error) => return Err(Stop::Wrong(error.kind())),
        };
        let own = |text: Option<&str>| text.map(str::to_owned);
        let name = own(head.name()).or_else(|| open.last().and_then(|(_, name)| name.clone()));
        let (file, kind) = (own(head.filename()), own(head.content_type().or(mixed)));
        let Some(mixed) = mixed.filter(|_| file.is_none()) else {
            return Ok((Seen::Part(name, file, kind, block.to_vec()), None));
        };
        if open.len() > 2 {
            return Err(Stop::Wrong(too("max_nesting", 2)));
        }
        if head.transfer_encoding() != TransferEncoding::Identity {
            return Err(Stop::Wrong(ErrorKind::UnknownTransferEncoding));
        }
        let bad = Stop::Wrong(ErrorKind::BadNestedBoundary);
        let Ok((inner, _)) = Boundary::of_content_type(mixed.as_bytes(), &limits) else {
            return Err(bad);
        };
        let inner = inner.as_bytes();
        if open.iter().any(|(outer, _)| outer.starts_with(inner) || inner.starts_with(outer)) {
            return Err(bad);
        }
        Ok((Seen::Part(name, file, kind, block.to_vec()), Some(inner.to_vec())))
    }

    /// Whether these are header lines, and none is a boundary.
    fn check_lines(&self, block: &[u8], open: &[(Vec<u8>, Option<String>)]) -> Result<(), Stop> {
        let begins = |line: &[u8]| {
            open.iter().any(|(text, _)| line.starts_with(&[b"--", &text[..]].concat()))
        };
        let mut slots = [HeaderSpan::default(); 4];
        match parse_header_block(block, &mut BlockProgress::new(), &mut slots, 300) {
            Ok(Status::Partial) => Err(Stop::End),
            Ok(Status::Complete(_)) => {
                let mut lines = block.split_inclusive(|byte| *byte == b'\n');
                let hidden = lines.any(begins);
                if hidden { Err(Stop::Wrong(ErrorKind::BoundaryInHeaders)) } else { Ok(()) }
            }
            Err(error) => Err(Stop::Wrong(match error.kind() {
                pauper_wire::ErrorKind::HeadTooLarge => too("max_header_bytes", 300),
                pauper_wire::ErrorKind::TooManyHeaders => too("max_headers", 4),
                kind => {
                    let before = &block[..error.offset().min(block.len())];
                    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                    if begins(line) {
                        ErrorKind::BoundaryInHeaders
                    } else {
                        ErrorKind::Header(kind)
                    }
                }
            })),
        }
    }
}
