//! One connection's way from bytes to requests and from responses to bytes, without sockets,
//! clocks and threads.
//!
//! An [`Exchange`] stands between a *driver*, which moves bytes and calls a service, and the
//! rules of HTTP. The event loop of this crate is such a driver, the test client another, a
//! fuzzer can be a third:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, UNIX_EPOCH};
//! use pauper_message::{Peer, Request};
//! use pauper_server::ServerConfig;
//! use pauper_server::exchange::{Exchange, Now, Want, run_inline};
//!
//! let mut now = Now::new(Duration::ZERO, UNIX_EPOCH);
//! let mut exchange = Exchange::new(Arc::new(ServerConfig::new()), Peer::default(), &now);
//!
//! let bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
//! exchange.read_buf()[..bytes.len()].copy_from_slice(bytes);
//! exchange.received(bytes.len(), &now);
//!
//! let service = |_: &mut Request| "Hello!";
//! assert_eq!(run_inline(&mut exchange, &service, &mut now, &mut 32), Want::Read);
//!
//! let mut sent = Vec::new();
//! exchange.write_to(&mut sent, u64::MAX, &now).unwrap();
//! let sent = String::from_utf8(sent).unwrap();
//! assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"), "{sent}");
//! assert!(sent.ends_with("Hello!"), "{sent}");
//! ```
//!
//! The steps are separate so that a request can go to another thread: [`Exchange::poll`] gives a
//! [`Step::Begin`] or [`Step::Call`] with the owned [`Request`], and the driver brings it back
//! with [`Exchange::began`] or [`Exchange::answered`], whenever that is. The connection itself
//! stays where it is.

mod access;
mod answer;
mod buffers;
mod collect;
mod inline;
mod input;
mod lending;
mod now;
mod output;
mod receive;
mod refuse;
mod step;
mod timing;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use http::StatusCode;
use pauper_message::{BodyPlan, Error, Peer, Plan, Request, Response};
use pauper_wire::{BodyLength, Connection, HeaderSpan};

pub use access::AccessRecord;
pub use buffers::Buffers;
pub use inline::{Clock, run_inline};
pub use now::Now;
pub use output::Flush;
pub use step::{Step, Want};

use crate::ServerConfig;
use crate::log_macros::{Clean, log_error};
use access::Trail;
use collect::Collector;
use input::Input;
use output::{Output, WriteError};
use timing::Timing;

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between requests, or in the middle of a head.
    Head,
    /// The driver has the request, for `begin` or `call`.
    Begin,
    Call,
    /// The body of a request is coming.
    Body,
    /// The answer is being sent.
    Sending,
    /// The answer is complete and the rest of its request's body is read and dropped.
    Draining,
    /// The last answer is complete; close, or linger, when it is written.
    Closing {
        linger: bool,
    },
    /// All is written; what comes is dropped.
    Lingering,
    Closed,
}

/// A request whose body is coming.
struct Collecting {
    request: Request,
    collector: Collector,
}

/// One connection: bytes in, requests out; responses in, bytes out.
///
/// See the [module](self) for how it is driven. It keeps requests in order, bounds what it holds
/// in memory, decides when a connection can be used again, and answers by itself what no service
/// should see: heads that break a rule, bodies that are too long, requests that take too long.
pub struct Exchange {
    config: Arc<ServerConfig>,
    peer: Peer,
    wire: Connection,
    state: State,
    input: Input,
    output: Output,
    timing: Timing,
    /// The table of headers, while no request has it.
    slots: Vec<HeaderSpan>,
    /// For heads that have to be copied, and for bodies in memory.
    spare_head: Vec<u8>,
    spare_body: Vec<u8>,
    collecting: Option<Box<Collecting>>,
    trail: Option<Box<Trail>>,
    /// How the end of the current request's body is found.
    body: BodyLength,
    /// Whether the current request was read to its end.
    request_read: bool,
    /// The client sends nothing more; and whether the wire knows that.
    eof: bool,
    eof_told: bool,
    /// Every answer from now on closes the connection.
    stopping: bool,
    wants_shutdown: bool,
    broken: bool,
    requests: u64,
    /// Bytes consumed, and those of them that were dropped after the last answer's request.
    read: u64,
    dropped: u64,
}

impl Exchange {
    /// A fresh connection, accepted now.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, peer: Peer, now: &Now) -> Self {
        Self {
            wire: Connection::new(*config.limits()),
            trail: config.on_access().is_some().then(Box::default),
            config,
            peer,
            state: State::Head,
            input: Input::default(),
            output: Output::default(),
            timing: Timing::new(now),
            slots: Vec::new(),
            spare_head: Vec::new(),
            spare_body: Vec::new(),
            collecting: None,
            body: BodyLength::Empty,
            request_read: true,
            eof: false,
            eof_told: false,
            stopping: false,
            wants_shutdown: false,
            broken: false,
            requests: 0,
            read: 0,
            dropped: 0,
        }
    }

    /// The two ends of the connection.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.peer
    }

    // --- input --------------------------------------------------------------------------------

    /// Room for input, of at least one byte. Tell with [`received`](Self::received) how many bytes
    /// were put at its beginning.
    pub fn read_buf(&mut self) -> &mut [u8] {
        let for_body = self.reads_much();
        self.input.room(for_body)
    }

    /// Whether what comes is not a head, so that larger reads are worth their buffer.
    fn reads_much(&self) -> bool {
        matches!(self.state, State::Body | State::Draining | State::Lingering)
    }

    /// `n` bytes were put into [`read_buf`](Self::read_buf).
    ///
    /// # Panics
    /// If there was less room than that.
    pub fn received(&mut self, n: usize, now: &Now) {
        self.input.filled(n);
        if n == 0 {
            return;
        }
        self.timing.received(now);
        if self.state == State::Head {
            self.timing.begin_head(now, self.requests == 0);
        }
        if matches!(self.state, State::Lingering | State::Closed) {
            self.input.clear();
            self.dropped += n as u64;
            if self.dropped > self.config.linger_limit() {
                self.state = State::Closed;
            }
        }
    }

    /// The client will send nothing more. What it sent is still answered.
    pub fn eof(&mut self) {
        self.eof = true;
        if self.state == State::Lingering {
            self.state = State::Closed;
        }
    }

    // --- steps --------------------------------------------------------------------------------

    /// What is to be done next. Call it after input, output, and answers.
    pub fn poll(&mut self, now: &Now) -> Step {
        loop {
            let step = match self.state {
                State::Head => self.read_head(now),
                State::Body => self.read_body(now),
                State::Draining => self.drain(now),
                State::Begin | State::Call => Some(Step::Wait(Want::Answer)),
                State::Sending if self.output.has_source() => Some(Step::Wait(Want::Write)),
                State::Sending => {
                    self.answer_done(now);
                    None
                }
                State::Closing { .. } if !self.output.is_empty() => Some(Step::Wait(Want::Write)),
                State::Closing { linger } => {
                    let linger = linger && !self.eof;
                    self.enter(if linger { State::Lingering } else { State::Closed }, now);
                    None
                }
                State::Lingering => {
                    self.input.clear();
                    Some(Step::Wait(Want::Linger))
                }
                State::Closed => Some(Step::Wait(Want::Close)),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// The service looked at the head of `req` and has this plan for its body.
    ///
    /// # Panics
    /// If no [`Step::Begin`] is under way.
    pub fn began(&mut self, mut req: Request, plan: Plan, now: &Now) -> Step {
        assert_eq!(self.state, State::Begin, "no request is being begun");
        req.set_endpoint(plan.endpoint);
        let collector = match plan.body {
            BodyPlan::Buffer { limit } => {
                let limit = limit.unwrap_or(self.config.max_body());
                let buffer = mem::take(&mut self.spare_body);
                Ok(Collector::buffer(buffer, self.config.body_in_memory(), limit))
            }
            BodyPlan::Sink(sink) => Ok(Collector::sink(sink, self.config.max_sink_body())),
            BodyPlan::Reject(response) => Err(response),
            BodyPlan::Pass => {
                Err(self.answer_to_error(Error::new(StatusCode::NOT_FOUND, "no such page")))
            }
            other => {
                log_error!("{}: a plan that this server does not know: {other:?}", self.peer);
                let _ = other;
                Err(pauper_message::plain_answer(pauper_message::abort(500)))
            }
        };
        match collector {
            Ok(collector) => self.collect(req, collector, now),
            Err(response) => {
                self.reclaim(req);
                self.send(response, now);
                self.poll(now)
            }
        }
    }

    /// The service answered.
    ///
    /// `req` need not be the request that was handed out: what a handler did with that is its
    /// own affair. Only the buffers in it are of interest.
    ///
    /// # Panics
    /// If no [`Step::Call`] is under way.
    pub fn answered(&mut self, req: Request, response: Response, now: &Now) {
        assert_eq!(self.state, State::Call, "no request is being answered");
        self.reclaim(req);
        self.send(response, now);
    }

    /// Every answer from now on closes the connection, because the server stops.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether a handler asked the server to stop with an answer that was made since the last
    /// call.
    pub fn take_shutdown(&mut self) -> bool {
        mem::take(&mut self.wants_shutdown)
    }

    /// Whether it waits for a request of which no byte has come, with nothing left to write.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.state == State::Head && self.input.is_empty() && self.output.is_empty()
    }

    /// Whether an answer could not be completed as it was promised. A driver should then reset
    /// the connection, since its ordinary end may look like the end of the body.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// The connection is over, whatever it was doing.
    pub fn close(&mut self, now: &Now) {
        self.output_written(now);
        if let (Some(trail), Some(tell)) = (&mut self.trail, self.config.on_access()) {
            trail.broken(self.read, self.output.written(), self.peer, now, tell);
        }
        self.output.abandon();
        self.drop_collecting();
        self.state = State::Closed;
    }

    // --- output -------------------------------------------------------------------------------

    /// Whether there is anything to write.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// Whether the output comes from a file or from pieces that the application makes, so that
    /// [`write_to`](Self::write_to) may block for other reasons than the writer's.
    #[must_use]
    pub fn output_may_block(&self) -> bool {
        self.output.has_source()
    }

    /// Writes output until there is no more, the writer blocks, or about `budget` bytes were
    /// taken.
    ///
    /// # Errors
    /// Those of the writer, but for `WouldBlock` and `Interrupted`. The connection is over then.
    pub fn write_to(
        &mut self,
        writer: &mut (impl Write + ?Sized),
        budget: u64,
        now: &Now,
    ) -> io::Result<Flush> {
        let before = self.output.written();
        let result = self.output.write_to(writer, budget);
        if self.output.written() > before {
            self.output_written(now);
        }
        match result {
            Ok(flush) => Ok(flush),
            Err(WriteError::Io(error)) => Err(error),
            Err(WriteError::Body(error)) => {
                log_error!("{}: a body broke off: {}", self.peer, Clean(error.log_text()));
                let _ = error;
                self.output.abandon();
                self.broken = true;
                self.enter(State::Closing { linger: false }, now);
                Ok(Flush::Done)
            }
        }
    }

    fn output_written(&mut self, now: &Now) {
        self.timing.written(now);
        if self.state == State::Head && self.output.is_empty() {
            // Only now does the client have its answer, and time for another request.
            self.timing.enter(now, !self.input.is_empty());
        }
        if let (Some(trail), Some(tell)) = (&mut self.trail, self.config.on_access()) {
            trail.written(self.output.written(), self.peer, now, tell);
        }
    }

    // --- inside -------------------------------------------------------------------------------

    fn enter(&mut self, state: State, now: &Now) {
        self.state = state;
        self.timing.enter(now, !self.input.is_empty());
    }

    fn consume(&mut self, n: usize) {
        self.input.consume(n);
        self.read += n as u64;
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("peer", &self.peer)
            .field("state", &self.state)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}
