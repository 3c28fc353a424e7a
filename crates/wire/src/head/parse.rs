//! The way through a head, stopping and going on at any byte.

use super::request_line::RequestLine;
use super::target::Target;
use super::verdict::Verdict;
use super::{RequestHead, Status};
use crate::header::Lines;
use crate::scan::{self, Cursor, Isa};
use crate::{Error, ErrorKind, HeaderSpan, Limits};

/// Where [`parse_head`] goes on when more bytes have come, and what it learned so far.
///
/// A head that arrives byte by byte costs no more than one that arrives at once. A head that is
/// complete or refused leaves it as new.
#[derive(Clone, Default, Debug)]
pub struct Progress {
    line: RequestLine,
    // Of meaning once the request line is complete.
    target: Target,
    lines: Lines,
    count: usize,
    verdict: Verdict,
}

impl Progress {
    /// The beginning of a message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether anything but empty lines has come: an end of input now would cut a message.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.line.is_started()
    }

    fn pos(&self) -> usize {
        if self.line.is_complete() { self.lines.pos() } else { self.line.pos() }
    }

    /// Forgets the head that was read.
    fn renew(&mut self) {
        // The rest is of no meaning before this has come to its end.
        self.line = RequestLine::default();
    }
}

/// A call of [`parse_head`], as a task for the scanner. Without `JUDGE` nobody looks at what the
/// header lines say.
struct Parse<'a, const JUDGE: bool> {
    buf: &'a [u8],
    progress: &'a mut Progress,
    slots: &'a mut [HeaderSpan],
    limits: &'a Limits,
}

impl<const JUDGE: bool> scan::Task for Parse<'_, JUDGE> {
    type Output = Result<Status<RequestHead>, Error>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let Self { buf, progress, slots, limits } = self;
        let buf = &buf[..buf.len().min(limits.max_head())];
        // Locals, so that they can stay in registers; kept only if more has to come.
        let (line, mut lines, mut count, mut cursor);
        if progress.line.is_complete() && progress.lines.pos() <= buf.len() {
            (line, lines, count) = (progress.line, progress.lines, progress.count);
            cursor = Cursor::new(isa, buf, lines.pos());
        } else {
            let end;
            let whole = if progress.line.is_started() {
                None
            } else {
                RequestLine::at_once(isa, buf, limits)
            };
            match whole {
                Some(whole) => (line, end, cursor) = whole,
                None => match resume_line(progress, buf, limits)? {
                    Status::Complete(whole) => {
                        (line, end) = whole;
                        cursor = Cursor::new(isa, buf, end);
                    }
                    Status::Partial => return partial(progress, buf, limits),
                },
            }
            if let Err(error) = progress.target.judge(buf, &line) {
                progress.renew();
                return Err(error);
            }
            (lines, count) = (Lines::starting_at(end), 0);
            progress.verdict = Verdict::new(line.version);
        }
        let room = slots.len().min(limits.max_headers());
        let slots = &mut slots[..room];
        let read = lines.read(&mut cursor, slots, &mut count, |name, field| {
            if JUDGE { progress.verdict.see(isa, buf, name, field) } else { Ok(()) }
        });
        let end = match read {
            Ok(Some(end)) => end,
            Ok(None) => {
                if !progress.line.is_complete() {
                    progress.line = line;
                }
                (progress.lines, progress.count) = (lines, count);
                return partial(progress, buf, limits);
            }
            Err(error) => {
                progress.renew();
                return Err(error);
            }
        };
        progress.renew();
        let Progress { target, verdict, .. } = progress;
        if JUDGE {
            verdict.check(target, end)?;
        }
        Ok(Status::Complete(RequestHead {
            len: end as u32,
            header_count: count as u32,
            method: line.method,
            target: line.target,
            question: line.question,
            kind: *target,
            verdict: *verdict,
        }))
    }
}

/// More has to come, unless the head may not be any larger.
#[cold]
fn partial(
    progress: &mut Progress,
    buf: &[u8],
    limits: &Limits,
) -> Result<Status<RequestHead>, Error> {
    if buf.len() < limits.max_head() {
        return Ok(Status::Partial);
    }
    progress.renew();
    Err(Error::new(ErrorKind::HeadTooLarge, buf.len()))
}

/// Goes on with a request line that came in pieces, or that is wrong: rare, so that it is compiled
/// once, and not for each instruction set. A line that is complete comes with the offset after it.
#[cold]
fn resume_line(
    progress: &mut Progress,
    buf: &[u8],
    limits: &Limits,
) -> Result<Status<(RequestLine, usize)>, Error> {
    if progress.pos() > buf.len() {
        // These are not the bytes of the last call.
        progress.renew();
    }
    let line = &mut progress.line;
    let mut cursor = Cursor::new(scan::BASELINE, buf, line.pos());
    match line.advance(&mut cursor, limits) {
        Ok(Status::Complete(end)) => Ok(Status::Complete((*line, end))),
        Ok(Status::Partial) => Ok(Status::Partial),
        Err(error) => {
            progress.renew();
            Err(error)
        }
    }
}

/// Parses the head of a request (RFC 9112 sections 2 to 6) and judges its framing.
///
/// `buf` begins at the first byte of the message and holds all bytes that have come so far; what
/// follows the head is not looked at. On [`Status::Partial`] call again with the same bytes and
/// more, the same `progress` and the same `slots`. Bytes seen before are not looked at again.
///
/// Header lines fill `slots` from the front; their number is a bound beside
/// [`Limits::with_max_headers`]. At most four empty lines before the request line are skipped
/// (RFC 9112 section 2.2) and counted into [`RequestHead::len`].
///
/// Of the bytes in a target, visible ASCII other than `#` is taken, also the `"<>\^{|}` and
/// back-quote that RFC 3986 leaves out: clients send them, and they can be read in one way only.
///
/// # Errors
/// If a rule is broken, as soon as the bytes that break it are there. What may follow is an answer
/// with [`Error::status`] and the end of the connection: where the next message would begin is
/// unknown.
///
/// # Example
/// ```
/// use pauper_wire::{BodyLength, HeaderSpan, Limits, Progress, Status, parse_head};
///
/// let buf = b"POST /form?a=1 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello";
/// let mut slots = [HeaderSpan::default(); 32];
/// let parsed = parse_head(buf, &mut Progress::new(), &mut slots, &Limits::new()).unwrap();
/// let Status::Complete(head) = parsed else { panic!("complete") };
///
/// assert_eq!(head.body(), BodyLength::Fixed(5));
/// assert_eq!(&buf[head.len()..], b"hello");
/// let view = head.view(buf, &slots);
/// assert_eq!((view.path(), view.query()), ("/form", Some("a=1")));
/// assert_eq!(view.header("host"), Some(&b"example.com"[..]));
/// ```
pub fn parse_head(
    buf: &[u8],
    progress: &mut Progress,
    slots: &mut [HeaderSpan],
    limits: &Limits,
) -> Result<Status<RequestHead>, Error> {
    scan::run(Parse::<true> { buf, progress, slots, limits })
}

/// As [`parse_head`], but nobody looks at what the header lines say: there is no judgement on Host,
/// body length and connection, and what the head says about them means nothing.
pub fn parse_head_syntax(
    buf: &[u8],
    progress: &mut Progress,
    slots: &mut [HeaderSpan],
    limits: &Limits,
) -> Result<Status<RequestHead>, Error> {
    scan::run(Parse::<false> { buf, progress, slots, limits })
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use std::vec::Vec;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;
    use crate::scan::tests::agree;
    use crate::scan::work;

    /// How many bytes the scans look at for a head that comes in pieces of `step` bytes.
    fn cost(input: &[u8], step: usize) -> usize {
        let mut progress = Progress::new();
        let mut slots = [HeaderSpan::default(); 100];
        let limits = Limits::new();
        work::take();
        let mut end = 0;
        loop {
            end = (end + step).min(input.len());
            let parsed = parse_head(&input[..end], &mut progress, &mut slots, &limits);
            if let Status::Complete(head) = parsed.expect("a good head") {
                assert_eq!(head.len(), input.len());
                return work::take();
            }
        }
    }

    /// Tungstenite CVE-2023-43669: a head that was parsed anew at every read.
    #[test]
    #[cfg_attr(miri, ignore = "takes too long")]
    fn a_head_that_comes_byte_by_byte_costs_at_most_twice_its_length() {
        let many: String = (0..99).map(|n| format!("Name-{n}: {}\r\n", "v".repeat(600))).collect();
        let long = format!("X: {}\r\n", "v".repeat(60_000));
        for lines in [many, long] {
            let input = format!("GET /{} HTTP/1.1\r\nHost: h\r\n{lines}\r\n", "p".repeat(4000));
            for step in [1, 2, 7, 1000, input.len()] {
                let cost = cost(input.as_bytes(), step);
                assert!(cost <= 2 * input.len(), "step {step}: {cost} for {}", input.len());
                assert!(cost >= input.len() / 2, "the count counts: {cost}");
            }
        }
    }

    /// A head that comes in pieces, as each instruction set sees it.
    struct Pieces<'a>(&'a [u8], &'a [usize], &'a Limits);

    impl scan::Task for Pieces<'_> {
        type Output = (Result<Status<RequestHead>, Error>, Vec<HeaderSpan>);

        #[inline(always)]
        fn with<I: Isa>(self, isa: I) -> Self::Output {
            let Self(input, ends, limits) = self;
            let mut progress = Progress::new();
            let mut slots = std::vec![HeaderSpan::default(); 20];
            let mut parsed = Ok(Status::Partial);
            for &end in ends {
                // Nothing may be read behind the end of such a piece.
                let buf: std::boxed::Box<[u8]> = input[..end].into();
                let (progress, slots) = (&mut progress, &mut slots[..]);
                parsed = Parse::<true> { buf: &buf, progress, slots, limits }.with(isa);
                if parsed != Ok(Status::Partial) {
                    break;
                }
            }
            (parsed, slots)
        }
    }

    /// Good request heads of many shapes.
    fn heads() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            6 => "[A-Za-z-]{1,40}:[ \t]{0,2}[ -~\u{fc}]{0,120}[ \t]{0,2}",
            1 => Just("Content-Length: 12".into()),
            1 => Just("Transfer-Encoding: chunked".into()),
            1 => Just("Connection: keep-alive, upgrade".into()),
        ];
        ("[A-Z]{1,8}", "/[!-\"$->@-~]{0,150}(\\?[!-\"$-~]{0,20})?", vec(line, 0..12)).prop_map(
            |(method, target, lines)| {
                let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
                format!("{method} {target} HTTP/1.1\r\nHost: example.com\r\n{lines}\r\n")
            },
        )
    }

    /// What Miri has the time for; see `all_instruction_sets_tell_the_same` for everybody else.
    #[test]
    fn all_instruction_sets_tell_the_same_of_some_heads() {
        let long = "v".repeat(150);
        let heads = [
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n".into(),
            format!("GET /{long}?a=b HTTP/1.1\r\nHost: www.example.com:80\r\nX: {long}\r\n\r\n"),
            format!(
                "POST /a?b HTTP/1.0\r\nA:\r\nB: \t1 \r\n{long}: 2\r\nContent-Length: 5\r\n\r\n"
            ),
            format!("CONNECT {long}:443 HTTP/1.1\r\nHost: {long}:443\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}\0\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: h\r\n{long}@: 1\r\n\r\n"),
            "\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, upgrade\r\n\n".into(),
        ];
        let limits = Limits::new();
        for head in &heads {
            let bytes = head.as_bytes();
            let at_once = [bytes.len()];
            let whole = agree(|| Pieces(bytes, &at_once, &limits));
            for cut in (1..bytes.len()).step_by(if cfg!(miri) { 23 } else { 1 }) {
                let ends = [cut, bytes.len()];
                let pieces = agree(|| Pieces(bytes, &ends, &limits));
                assert_eq!(pieces.0, whole.0, "{head:?} cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "takes too long")]
        fn all_instruction_sets_tell_the_same(
            head in heads(),
            mutations in vec((any::<Index>(), any::<u8>()), 0..3),
            special in vec((any::<Index>(), select(&b"\r\n\t :?#\0\x7f\x80,"[..])), 0..3),
            cuts in vec(any::<Index>(), 0..3),
        ) {
            let mut bytes = head.into_bytes();
            for (place, byte) in mutations.iter().chain(&special) {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
            ends.push(bytes.len());
            ends.sort_unstable();
            let (usual, at_once) = (Limits::new(), [bytes.len()]);
            let whole = agree(|| Pieces(&bytes, &at_once, &usual));
            let pieces = agree(|| Pieces(&bytes, &ends, &usual));
            prop_assert_eq!(&pieces.0, &whole.0);
            if whole.0.is_ok() {
                prop_assert_eq!(&pieces.1, &whole.1);
            }
            let limits = Limits::new().with_max_target(100).with_max_headers(6);
            let _ = agree(|| Pieces(&bytes, &ends, &limits));
        }
    }
}
