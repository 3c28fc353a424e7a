//! Bytes to be sent, strictly in order.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::mem;
use std::sync::Arc;

use pauper_iolist::IoList;
use pauper_message::{BodyReceiver, Error, FilePart, Pieces, Received};
use pauper_wire::chunk;

use super::job::{Pulled, Spring};

/// Bodies up to this size are copied behind their head: cheaper than one more slice, and answers
/// to pipelined requests leave in one write.
const COPIED: usize = 4 * 1024;
/// With so many bytes waiting no further pipelined request is begun.
const CONGESTED: usize = 64 * 1024;
/// How many pieces without bytes are skipped before somebody else has a turn.
const EMPTY_PIECES: usize = 64;
/// How many slices go into one system call.
const SLICES: usize = 64;

/// What a call of [`Exchange::write_to`](super::Exchange::write_to) came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// All output is written.
    Done,
    /// The writer takes no more at the moment.
    Blocked,
    /// The bytes allowed for this turn are written, and there are more.
    More,
}

/// Output in three stages: `bytes`, then `list`, then what `source` gives. A further answer is
/// added only while the last two are empty, so the order is that of the requests.
///
/// Invariant: `start <= bytes.len()`; `start == 0` when all is written.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    start: usize,
    /// Apart, since most connections wait most of the time and have none.
    rest: Option<Box<Rest>>,
    /// Bytes written since the beginning of the connection.
    written: u64,
}

/// What follows the bytes of the output.
#[derive(Default)]
struct Rest {
    list: IoList,
    source: Source,
}

/// Where the rest of a body comes from while it is being sent.
#[derive(Default)]
pub(super) enum Source {
    #[default]
    None,
    File(FilePart),
    Pieces {
        pieces: Pieces,
        framed: PiecesFraming,
    },
    /// Bytes that other threads send.
    Channel {
        receiver: BodyReceiver,
        started: bool,
        framed: PiecesFraming,
    },
    /// A driver has the file or the pieces; how what they give is framed.
    Away(PiecesFraming),
    /// What was promised cannot be kept; the connection has to end.
    Broken(Error),
}

#[derive(Clone, Copy)]
pub(super) enum PiecesFraming {
    Chunked,
    /// So many bytes are left of what was promised.
    Left(u64),
    UntilClose,
}

/// What a channel calls when there is something.
pub(super) type Waker = Arc<dyn Fn() + Send + Sync>;

/// What the source of the output wants, when all before it is written.
pub(super) enum SourceWants {
    /// To be pulled, elsewhere.
    Pull(Spring),
    /// Nothing, it is away.
    Wait,
    /// A waker, to be told when there is more.
    Waker,
    /// Nothing, there is more.
    Again,
    /// The connection to end.
    Break(Error),
}

impl Output {
    /// The buffer to write a head into. Only while the answers before are complete.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        debug_assert!(self.list_len() == 0 && !self.has_source());
        &mut self.bytes
    }

    /// Puts bytes behind those that are there.
    pub(super) fn push_list(&mut self, list: IoList) {
        if self.list_len() > 0 {
            self.rest().list.append(list);
        } else if list.len() <= COPIED {
            for piece in list.pieces() {
                self.bytes.extend_from_slice(piece);
            }
        } else {
            self.rest().list = list;
        }
    }

    pub(super) fn set_source(&mut self, source: Source) {
        if self.rest.is_some() || !matches!(source, Source::None) {
            self.rest().source = source;
            self.tidy();
        }
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    fn list_len(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.list.len())
    }

    /// Where more comes from, if from anywhere.
    fn source(&self) -> Option<&Source> {
        let source = &self.rest.as_ref()?.source;
        if matches!(source, Source::None) { None } else { Some(source) }
    }

    fn take_source(&mut self) -> Source {
        self.rest.as_mut().map_or(Source::None, |rest| mem::take(&mut rest.source))
    }

    /// Gives back what is not needed any more.
    fn tidy(&mut self) {
        if self.source().is_none() && self.list_len() == 0 {
            self.rest = None;
        }
    }

    pub(super) fn has_source(&self) -> bool {
        self.source().is_some()
    }

    /// Whether there is something that the client has only to take.
    pub(super) fn waits_for_client(&self) -> bool {
        self.pending() > 0 || self.is_file()
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.source(), Some(Source::File(_)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending() == 0 && !self.has_source()
    }

    /// Whether the output has to shrink before another answer is made.
    pub(super) fn is_congested(&self) -> bool {
        self.list_len() > 0 || self.has_source() || self.bytes.len() - self.start >= CONGESTED
    }

    /// Bytes that are there to be written.
    pub(super) fn pending(&self) -> usize {
        self.bytes.len() - self.start + self.list_len()
    }

    /// Bytes written since the beginning of the connection.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Where in the stream of all output the next byte that is added will stand.
    pub(super) fn end(&self) -> u64 {
        self.written + self.pending() as u64
    }

    /// Takes away what is not written, to be dropped.
    pub(super) fn abandon(&mut self) -> Source {
        self.bytes.clear();
        self.start = 0;
        let rest = self.rest.take();
        rest.map_or(Source::None, |rest| rest.source)
    }

    /// Writes until all that is there is written, the writer blocks, or about `budget` bytes were
    /// taken.
    pub(super) fn write_to(
        &mut self,
        writer: &mut (impl Write + ?Sized),
        budget: u64,
    ) -> io::Result<Flush> {
        let stop = self.written.saturating_add(budget);
        while self.pending() > 0 {
            match self.write_once(writer) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.advance(n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flush::Blocked),
                Err(error) => return Err(error),
            }
            if self.written >= stop && self.pending() > 0 {
                return Ok(Flush::More);
            }
        }
        Ok(Flush::Done)
    }

    fn write_once(&self, writer: &mut (impl Write + ?Sized)) -> io::Result<usize> {
        let bytes = &self.bytes[self.start..];
        if self.list_len() == 0 {
            return writer.write(bytes);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let first = usize::from(!bytes.is_empty());
        slices[0] = IoSlice::new(bytes);
        let rest = self.rest.as_ref();
        let filled = first + rest.map_or(0, |rest| rest.list.io_slices(&mut slices[first..]));
        writer.write_vectored(&slices[..filled])
    }

    fn advance(&mut self, n: usize) {
        self.written += n as u64;
        let here = n.min(self.bytes.len() - self.start);
        self.start += here;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        if let Some(rest) = &mut self.rest
            && n > here
        {
            rest.list.advance(n - here);
            self.tidy();
        }
    }

    /// What is to be done for more bytes, when all others are written.
    pub(super) fn source_wants(&mut self, waker: Option<&Waker>) -> SourceWants {
        debug_assert!(self.pending() == 0);
        match self.take_source() {
            Source::Channel { receiver, started, framed } => {
                self.receive(receiver, started, framed, waker)
            }
            Source::File(part) => {
                self.set_source(Source::Away(PiecesFraming::Left(part.len)));
                SourceWants::Pull(Spring::File(part))
            }
            Source::Pieces { pieces, framed } => {
                self.set_source(Source::Away(framed));
                SourceWants::Pull(Spring::Pieces(pieces))
            }
            Source::Broken(error) => SourceWants::Break(error),
            away @ (Source::Away(_) | Source::None) => {
                self.set_source(away);
                SourceWants::Wait
            }
        }
    }

    /// Takes what a channel has.
    fn receive(
        &mut self,
        mut receiver: BodyReceiver,
        started: bool,
        framed: PiecesFraming,
        waker: Option<&Waker>,
    ) -> SourceWants {
        if !started {
            let Some(waker) = waker else {
                self.set_source(Source::Channel { receiver, started, framed });
                return SourceWants::Waker;
            };
            receiver.start(Arc::clone(waker));
        }
        while self.list_len() == 0 && self.bytes.len() < CONGESTED {
            match receiver.try_next() {
                Received::Piece(mut list) => {
                    if matches!(framed, PiecesFraming::Chunked) {
                        self.bytes.extend_from_slice(chunk::header(list.len(), &mut [0; 20]));
                        list.push_static(chunk::END);
                    }
                    self.push_list(list);
                }
                Received::Empty => {
                    let waits = self.pending() == 0;
                    self.set_source(Source::Channel { receiver, started: true, framed });
                    return if waits { SourceWants::Wait } else { SourceWants::Again };
                }
                Received::End => {
                    if matches!(framed, PiecesFraming::Chunked) {
                        self.bytes.extend_from_slice(chunk::LAST);
                    }
                    return SourceWants::Again;
                }
                Received::Broken(error) => {
                    if self.pending() == 0 {
                        return SourceWants::Break(error);
                    }
                    self.set_source(Source::Broken(error));
                    return SourceWants::Again;
                }
                _ => return SourceWants::Break(io::Error::other("an unknown channel").into()),
            }
        }
        self.set_source(Source::Channel { receiver, started: true, framed });
        SourceWants::Again
    }

    /// The file to be sent next, when all before it is written.
    pub(super) fn take_file(&mut self) -> Option<FilePart> {
        if self.pending() > 0 || !matches!(self.source(), Some(Source::File(_))) {
            return None;
        }
        match self.source_wants(None) {
            SourceWants::Pull(Spring::File(part)) => Some(part),
            _ => None,
        }
    }

    /// The driver sent `n` bytes of a file by itself, and gives back what is left of it.
    pub(super) fn file_sent(&mut self, n: u64, left: Option<FilePart>) {
        self.written += n;
        self.set_source(left.map_or(Source::None, Source::File));
    }

    /// The source gave a piece, or came to its end, or failed. Gives what is to be dropped.
    ///
    /// # Errors
    /// When the body cannot become what was promised.
    pub(super) fn pulled(
        &mut self,
        spring: Option<Spring>,
        pulled: Pulled,
    ) -> (Option<Spring>, Result<(), Error>) {
        let Source::Away(mut framed) = self.take_source() else { return (spring, Ok(())) };
        let mut list = match pulled {
            Err(error) => return (spring, Err(error)),
            Ok(None) => {
                let end = match framed {
                    PiecesFraming::Left(left) if left > 0 => Err(io::Error::new(
                        ErrorKind::UnexpectedEof,
                        format!("the pieces of a body ended {left} bytes early"),
                    )
                    .into()),
                    PiecesFraming::Chunked => {
                        self.bytes.extend_from_slice(chunk::LAST);
                        Ok(())
                    }
                    PiecesFraming::Left(_) | PiecesFraming::UntilClose => Ok(()),
                };
                return (spring, end);
            }
            Ok(Some(list)) => list,
        };
        let mut over = false;
        match &mut framed {
            PiecesFraming::UntilClose => {}
            PiecesFraming::Chunked if list.is_empty() => {}
            PiecesFraming::Chunked => {
                self.bytes.extend_from_slice(chunk::header(list.len(), &mut [0; 20]));
                list.push_static(chunk::END);
            }
            PiecesFraming::Left(left) => {
                let excess = (list.len() as u64).saturating_sub(*left);
                if excess > 0 {
                    list.truncate(*left as usize);
                    let text = format!("the pieces of a body have {excess} bytes too many");
                    self.set_source(Source::Broken(io::Error::other(text).into()));
                    self.rest().list = list;
                    return (spring, Ok(()));
                }
                *left -= list.len() as u64;
                over = *left == 0;
            }
        }
        self.push_list(list);
        if over {
            return (spring, Ok(()));
        }
        let source = match spring {
            Some(Spring::Pieces(pieces)) => Source::Pieces { pieces, framed },
            Some(Spring::File(part)) => Source::File(part),
            // It gave its piece and then nothing more to come from it: an end that comes late.
            None => Source::Broken(
                io::Error::new(ErrorKind::UnexpectedEof, "the source of a body was lost").into(),
            ),
        };
        self.set_source(source);
        (None, Ok(()))
    }

    /// Takes the buffer away, if nothing stands in it.
    pub(super) fn give_back(&mut self) -> Option<Vec<u8>> {
        (self.bytes.is_empty() && self.bytes.capacity() > 0).then(|| mem::take(&mut self.bytes))
    }

    /// Gives it a buffer, if it has none.
    ///
    /// # Errors
    /// The buffer back.
    pub(super) fn lend(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        if self.bytes.capacity() > 0 {
            return Err(bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn has_buffer(&self) -> bool {
        self.bytes.capacity() > 0
    }
}

/// The next piece that has bytes; an empty one after a long run of them.
pub(super) fn next_with_bytes(pieces: &mut Pieces) -> io::Result<Option<IoList>> {
    for _ in 0..EMPTY_PIECES {
        match pieces.next().transpose()? {
            Some(list) if list.is_empty() => {}
            end_or_piece => return Ok(end_or_piece),
        }
    }
    Ok(Some(IoList::new()))
}

/// Reads without moving the position that clones of the handle share.
pub(super) fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, out, offset);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, out, offset);
        match read {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pauper_message::{Body, BodyKind};

    /// Takes so many bytes per call, then blocks once.
    struct Slow {
        taken: Vec<u8>,
        per_call: usize,
        block: bool,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.block = !self.block;
            if !self.block {
                return Err(ErrorKind::WouldBlock.into());
            }
            let n = bytes.len().min(self.per_call);
            self.taken.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pieces(all: &[&'static str]) -> Pieces {
        let all = all.to_vec();
        match Body::pieces(all.into_iter().map(Ok), None).into_kind() {
            BodyKind::Pieces { pieces, .. } => pieces,
            _ => unreachable!("a body of pieces"),
        }
    }

    /// As a job pulls.
    fn pull(mut spring: Spring) -> (Option<Spring>, Pulled) {
        let pulled = match &mut spring {
            Spring::Pieces(pieces) => next_with_bytes(pieces).map_err(Error::from),
            Spring::File(_) => unreachable!("files are read by jobs"),
        };
        (matches!(pulled, Ok(Some(_))).then_some(spring), pulled)
    }

    fn check(source: Source, per_call: usize, expected: &[u8], whole: bool) {
        let mut output = Output::default();
        output.buffer().extend_from_slice(b"head ");
        output.set_source(source);
        let mut writer = Slow { taken: Vec::new(), per_call, block: false };
        let ended = loop {
            if output.write_to(&mut writer, 10).unwrap() != Flush::Done {
                continue;
            }
            match output.source_wants(None) {
                SourceWants::Pull(spring) => {
                    let (spring, pulled) = pull(spring);
                    if output.pulled(spring, pulled).1.is_err() {
                        break false;
                    }
                }
                SourceWants::Wait => break true,
                SourceWants::Waker | SourceWants::Again => unreachable!("it is no channel"),
                SourceWants::Break(_) => break false,
            }
        };
        assert_eq!((writer.taken.as_slice(), ended), (expected, whole));
        assert_eq!(output.written(), expected.len() as u64);
    }

    #[test]
    fn pieces_are_framed_and_never_more_than_promised() {
        for per_call in [1, 2, 3, 100] {
            let make = |all, framed| Source::Pieces { pieces: pieces(all), framed };
            let chunked = PiecesFraming::Chunked;
            check(
                make(&["ab", "", "c"], chunked),
                per_call,
                b"head 2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                true,
            );
            check(make(&[], chunked), per_call, b"head 0\r\n\r\n", true);
            check(make(&["ab", "c"], PiecesFraming::UntilClose), per_call, b"head abc", true);
            check(make(&["ab", "c"], PiecesFraming::Left(3)), per_call, b"head abc", true);
            check(make(&["ab", "c"], PiecesFraming::Left(4)), per_call, b"head abc", false);
            check(make(&["ab", "cd"], PiecesFraming::Left(3)), per_call, b"head abc", false);
        }
    }

    #[test]
    fn many_empty_pieces_neither_end_a_body_nor_spin() {
        let mut all = vec![""; 10 * EMPTY_PIECES];
        all.push("x");
        let source = Source::Pieces { pieces: pieces(&all), framed: PiecesFraming::Left(1) };
        check(source, 100, b"head x", true);
    }

    #[test]
    fn an_error_in_a_piece_breaks_the_body() {
        let fails = [Ok(IoList::from("a")), Err(io::Error::other("no"))].into_iter();
        let source = Source::Pieces { pieces: Box::new(fails), framed: PiecesFraming::Chunked };
        check(source, 100, b"head 1\r\na\r\n", false);
    }

    #[test]
    fn large_lists_are_sent_after_what_stands_before_them() {
        let long = "x".repeat(2 * COPIED);
        for per_call in [1000, 100_000] {
            let mut output = Output::default();
            output.buffer().extend_from_slice(b"head ");
            output.push_list(long.clone().into());
            assert!(output.is_congested());
            let mut writer = Slow { taken: Vec::new(), per_call, block: false };
            while output.write_to(&mut writer, u64::MAX).is_ok_and(|flush| flush != Flush::Done) {}
            assert_eq!(writer.taken, format!("head {long}").as_bytes());
            assert!(output.is_empty() && !output.is_congested());
        }
    }
}
