//! The server's side of an HTTP/1.x connection as a state machine without I/O.

use core::ops::Range;

use crate::chunk::{Chunk, ChunkDecoder};
use crate::{
    BodyLength, ConnectionOption, Error, ErrorKind, Framing, HeaderSpan, Limits, Progress,
    RequestHead, Status, Version, parse_head,
};

/// What [`Connection::receive`] found in the input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Nothing yet. Before a head nothing was consumed: call again with the same bytes and more.
    /// In a body everything was consumed.
    NeedMore,
    /// A request. Its head was consumed; keep the bytes for as long as the head is needed.
    Head(RequestHead),
    /// Data of the request's body.
    Data {
        /// Where it is in the input; never empty.
        span: Range<usize>,
        /// Whether the client's chunk ends here; without chunked coding, whether the body does.
        last_of_chunk: bool,
    },
    /// The request is complete. Comes once per request, also for one without body.
    End,
    /// The request is complete and its response is not: nothing is read before
    /// [`Connection::response_done`].
    Paused,
    /// No further request will be read here: the connection closes, or speaks another protocol.
    Closed,
}

/// How long a response's body is, as far as the server knows before it sends the head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseBody {
    /// This many bytes.
    Known(u64),
    /// Unknown: chunked, or up to the end of the connection for HTTP/1.0.
    Unknown,
}

/// What [`Connection::response_done`] wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Go on calling [`Connection::receive`], starting with what is left in the buffer.
    NextRequest,
    /// The client is still sending the body of the request that was just answered. Go on calling
    /// [`Connection::receive`] and drop the data until [`Event::End`]; the next request follows.
    /// How much and how long to drain is the caller's to bound: it may always close instead.
    Drain,
    /// Close the connection (lingering, if bytes may still be coming).
    Close,
    /// The connection speaks another protocol from the first byte that was not consumed.
    Upgraded,
}

/// Where the request stands.
#[derive(Clone, Debug)]
enum Reading {
    Head(Progress),
    Fixed(u64),
    Chunked(ChunkDecoder),
    /// All bytes were received, [`Event::End`] was not given yet.
    EndPending,
    Done,
    Failed(Error),
    Closed,
}

/// Where the response stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Writing {
    /// No request, or none that was answered yet.
    Idle,
    /// The head was framed; whether the connection may be used again.
    Started {
        reusable: bool,
    },
    /// Complete, while the request is being drained.
    Done,
    Upgraded,
}

/// What the response depends on, copied from the head.
#[derive(Clone, Copy, Debug)]
struct Asked {
    version: Version,
    keep_alive: bool,
    head_only: bool,
    connect: bool,
    upgrade: bool,
    /// The client waits for 100 and has not sent any of its body.
    awaits_continue: bool,
}

/// The server's side of one connection: bytes in, events out; what to answer in, framing out.
///
/// It owns no bytes and does no I/O. It decides where messages begin and end, whether the
/// connection can be used again (RFC 9112 section 9), when 100 is due (RFC 9110 section 10.1.1)
/// and how a response is framed (RFC 9112 section 6). Requests are taken strictly one by one:
/// pipelined bytes stay with the caller until the response before is done.
///
/// # Example
/// ```
/// use pauper_wire::{Connection, Event, HeaderSpan, Limits, Next, ResponseBody};
///
/// let mut input = &b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"[..];
/// let mut slots = [HeaderSpan::default(); 16];
/// let mut connection = Connection::new(Limits::new());
/// let mut events = Vec::new();
/// loop {
///     let (consumed, event) = connection.receive(input, &mut slots)?;
///     input = &input[consumed..];
///     let end = event == Event::End;
///     events.push(event);
///     if end {
///         break;
///     }
/// }
/// assert!(matches!(events[0], Event::Head(_)));
/// assert_eq!(events[1], Event::Data { span: 0..2, last_of_chunk: true });
///
/// let framing = connection.respond(200, ResponseBody::Known(5), false);
/// assert_eq!(framing.length, Some(5));
/// assert_eq!(connection.response_done(), Next::NextRequest);
/// # Ok::<(), pauper_wire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    limits: Limits,
    reading: Reading,
    writing: Writing,
    /// The current request, once its head is known.
    asked: Option<Asked>,
    eof: bool,
}

impl Connection {
    /// A fresh connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            reading: Reading::Head(Progress::new()),
            writing: Writing::Idle,
            asked: None,
            eof: false,
        }
    }

    /// Looks at the input; gives how many bytes of it were consumed and what they were.
    ///
    /// `input` begins with the first byte that was not consumed so far. The header lines of a head
    /// fill `slots`, see [`parse_head`].
    ///
    /// # Errors
    /// If the client breaks a rule. Afterwards every call gives the same error: what may follow is
    /// an error response, framed by [`respond`](Self::respond), and the end of the connection.
    #[inline]
    pub fn receive(
        &mut self,
        input: &[u8],
        slots: &mut [HeaderSpan],
    ) -> Result<(usize, Event), Error> {
        self.advance(input, slots).inspect_err(|error| self.reading = Reading::Failed(*error))
    }

    fn advance(&mut self, input: &[u8], slots: &mut [HeaderSpan]) -> Result<(usize, Event), Error> {
        match &mut self.reading {
            Reading::Failed(error) => Err(*error),
            Reading::Closed => Ok((0, Event::Closed)),
            Reading::Done => Ok((0, Event::Paused)),
            Reading::EndPending => {
                self.reading = Reading::Done;
                if self.writing == Writing::Done {
                    self.next_request();
                }
                Ok((0, Event::End))
            }
            Reading::Head(progress) => match parse_head(input, progress, slots, &self.limits)? {
                Status::Complete(head) => Ok((head.len(), self.begin(input, head))),
                Status::Partial if !self.eof => Ok((0, Event::NeedMore)),
                Status::Partial if progress.is_started() => Err(eof(input)),
                Status::Partial => {
                    self.reading = Reading::Closed;
                    Ok((0, Event::Closed))
                }
            },
            Reading::Fixed(_) | Reading::Chunked(_) if input.is_empty() => {
                if self.eof {
                    Err(eof(input))
                } else {
                    Ok((0, Event::NeedMore))
                }
            }
            Reading::Fixed(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= here as u64;
                let last_of_chunk = *left == 0;
                if last_of_chunk {
                    self.reading = Reading::EndPending;
                }
                self.body_begun();
                Ok((here, Event::Data { span: 0..here, last_of_chunk }))
            }
            Reading::Chunked(decoder) => {
                let (consumed, chunk) = decoder.decode(input)?;
                self.body_begun();
                match chunk {
                    Chunk::Data { span, last_of_chunk } => {
                        Ok((consumed, Event::Data { span, last_of_chunk }))
                    }
                    Chunk::End => {
                        self.reading = Reading::EndPending;
                        let (_, event) = self.advance(&[], slots)?;
                        Ok((consumed, event))
                    }
                    Chunk::NeedMore if self.eof => Err(eof(input)),
                    Chunk::NeedMore => Ok((consumed, Event::NeedMore)),
                }
            }
        }
    }

    fn begin(&mut self, input: &[u8], head: RequestHead) -> Event {
        self.asked = Some(Asked {
            version: head.version(),
            keep_alive: head.keep_alive(),
            head_only: head.method().of(input) == b"HEAD",
            connect: head.method().of(input) == b"CONNECT",
            upgrade: head.upgrade(),
            awaits_continue: head.expects_continue(),
        });
        self.reading = match head.body() {
            BodyLength::Empty => Reading::EndPending,
            BodyLength::Fixed(length) => Reading::Fixed(length),
            BodyLength::Chunked => Reading::Chunked(ChunkDecoder::new(&self.limits)),
        };
        Event::Head(head)
    }

    /// A client that sends its body does not wait for 100 any more.
    fn body_begun(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.awaits_continue = false;
        }
    }

    fn next_request(&mut self) {
        self.reading = Reading::Head(Progress::new());
        self.writing = Writing::Idle;
        self.asked = None;
    }

    /// The client will send nothing more. Call it after all bytes were given to
    /// [`receive`](Self::receive). A response that is due can still be sent, and requests that are
    /// complete in the caller's buffer are still read; then comes [`Event::Closed`].
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] if that cuts a message.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.eof = true;
        let cut = match &self.reading {
            Reading::Failed(error) => return Err(*error),
            Reading::Head(progress) => progress.is_started(),
            Reading::Fixed(_) | Reading::Chunked(_) => true,
            Reading::EndPending | Reading::Done | Reading::Closed => false,
        };
        if cut {
            let error = eof(&[]);
            self.reading = Reading::Failed(error);
            return Err(error);
        }
        Ok(())
    }

    /// Whether a final response is due: there is a request, or an error, that none was framed for.
    /// When false after an error (the response had begun, or a body was being drained), all that
    /// is left is to close.
    #[must_use]
    #[inline]
    pub fn response_due(&self) -> bool {
        self.writing == Writing::Idle
            && (self.asked.is_some() || matches!(self.reading, Reading::Failed(_)))
    }

    /// Whether the client waits for `100 Continue` before it sends its body, and it would still
    /// make sense to send it. Send it only when the body is really going to be read.
    #[must_use]
    pub fn wants_continue(&self) -> bool {
        self.writing == Writing::Idle
            && matches!(self.reading, Reading::Fixed(_) | Reading::Chunked(_))
            && self.asked.is_some_and(|asked| asked.awaits_continue)
    }

    /// `100 Continue` was sent.
    pub fn continue_sent(&mut self) {
        self.body_begun();
    }

    /// Frames the response to the current request, or to the error that [`receive`](Self::receive)
    /// gave. Call it once per request, when its status is known; before or after the request's
    /// body was read. `close` asks for the end of the connection after this response.
    ///
    /// The rules (RFC 9110 section 8.6, RFC 9112 section 6):
    /// - HEAD is answered with the header lines that GET would have, and no body.
    /// - 1xx and 204 have neither length nor body, 304 has no body and gives no length here,
    ///   and 2xx to CONNECT has neither.
    /// - 205 has no body and says so with a length of 0 (RFC 9110 section 15.3.6).
    /// - An unknown length is sent chunked, to HTTP/1.0 clients up to the end of the connection.
    /// - After an error, to an unanswered `Expect: 100-continue`, or where the client asked for
    ///   it, the connection closes.
    ///
    /// A status of 1xx is an interim response; it does not answer the request.
    #[inline]
    pub fn respond(&mut self, status: u16, body: ResponseBody, close: bool) -> Framing {
        if (100..200).contains(&status) {
            return Framing::none();
        }
        let failed = matches!(self.reading, Reading::Failed(_) | Reading::Closed);
        let received = matches!(self.reading, Reading::EndPending | Reading::Done);
        let asked = self.asked;
        let http11 = asked.is_some_and(|asked| asked.version == Version::Http11);
        let head_only = asked.is_some_and(|asked| asked.head_only);
        let tunnel = (200..300).contains(&status) && asked.is_some_and(|asked| asked.connect);
        let bodiless = matches!(status, 204 | 304) || tunnel;

        let mut framing = Framing::none();
        framing.send_body = !(bodiless || head_only || status == 205);
        match body {
            _ if bodiless => {}
            _ if status == 205 => framing.length = Some(0),
            ResponseBody::Known(length) => framing.length = Some(length),
            ResponseBody::Unknown if http11 => framing.chunked = true,
            ResponseBody::Unknown => framing.until_close = framing.send_body,
        }
        let stuck = !received && asked.is_some_and(|asked| asked.awaits_continue);
        let reusable = !(close || failed || stuck || tunnel || framing.until_close)
            && asked.is_some_and(|asked| asked.keep_alive);
        framing.connection = match reusable {
            false => ConnectionOption::Close,
            true if http11 => ConnectionOption::None,
            true => ConnectionOption::KeepAlive,
        };
        self.writing = Writing::Started { reusable };
        framing
    }

    /// The response was sent (or is in the output buffer) to its last byte.
    ///
    /// Without a [`respond`](Self::respond) before, that is: when the request is given up without
    /// an answer, the connection closes.
    #[inline]
    pub fn response_done(&mut self) -> Next {
        let failed = matches!(self.reading, Reading::Failed(_) | Reading::Closed);
        match self.writing {
            Writing::Upgraded => {
                self.reading = Reading::Closed;
                return Next::Upgraded;
            }
            Writing::Started { reusable: true } if !failed => {}
            _ => {
                if !matches!(self.reading, Reading::Failed(_)) {
                    self.reading = Reading::Closed;
                }
                return Next::Close;
            }
        }
        if matches!(self.reading, Reading::EndPending | Reading::Done) {
            self.next_request();
            Next::NextRequest
        } else {
            self.writing = Writing::Done;
            Next::Drain
        }
    }

    /// Accepts the upgrade that the client asked for: the response is 101, and after
    /// [`response_done`](Self::response_done) the connection is no longer HTTP. False, and nothing
    /// changed, if the current request did not ask for one or was answered already.
    pub fn upgrade(&mut self) -> bool {
        let granted = self.writing == Writing::Idle
            && matches!(self.reading, Reading::EndPending | Reading::Done)
            && self.asked.is_some_and(|asked| asked.upgrade);
        if granted {
            self.writing = Writing::Upgraded;
        }
        granted
    }
}

fn eof(input: &[u8]) -> Error {
    Error::new(ErrorKind::UnexpectedEof, input.len())
}
