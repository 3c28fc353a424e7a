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
//! use pauper_server::exchange::{Exchange, Now, Shared, Want, run_inline};
//!
//! let mut now = Now::new(Duration::ZERO, UNIX_EPOCH);
//! let shared = Arc::new(Shared::new(ServerConfig::new()));
//! let mut exchange = Exchange::new(shared, Peer::default(), &now);
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
//! The steps are separate so that what may block can go to another thread: [`Exchange::poll`] gives
//! a [`Step::Work`] with a [`Job`] that owns all it needs, and the driver brings it back with
//! [`Exchange::done`], whenever that is. The connection itself stays where it is.

mod access;
mod answer;
mod buffers;
mod chores;
mod collect;
mod inline;
mod input;
mod job;
mod lending;
mod now;
mod output;
mod receive;
mod refuse;
mod shared;
mod step;
mod stream;
mod timing;
mod upgraded;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use pauper_message::{ConnectionState, Error, FilePart, Peer, StatusCode, TlsInfo};
use pauper_wire::{BodyLength, Connection};

pub use access::AccessRecord;
pub use buffers::Buffers;
pub use chores::Chores;
pub use inline::{Clock, run_inline};
pub use job::Job;
pub use now::Now;
pub use output::Flush;
pub use shared::Shared;
pub(crate) use shared::{Membership, Permit, Visit};
pub use step::{Step, Want};

use crate::log_macros::Clean;
use access::Trail;
use chores::Chore;
use input::Input;
use job::Stage;
use output::{Output, SourceWants};
pub(crate) use stream::{Pump, Waits};
use timing::Timing;
use upgraded::Rare;
pub(crate) use upgraded::TakenOver;

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between requests, or in the middle of a head.
    Head,
    /// The driver has the request.
    Away,
    /// The body of a request is coming.
    Body,
    /// The answer is being sent.
    Sending,
    /// The answer is complete and the rest of its request's body is read and dropped.
    Draining,
    /// A handler is to read the body itself.
    Stream,
    /// Another protocol is spoken, and a driver speaks it.
    Driven,
    /// Another protocol is spoken by a function that takes the socket.
    TakenOver,
    /// The last answer is complete; close, or linger, when it is written.
    Closing {
        linger: bool,
    },
    /// All is written; what comes is dropped.
    Lingering,
    Closed,
}

/// One connection: bytes in, requests out; responses in, bytes out.
///
/// See the [module](self) for how it is driven. It keeps requests in order, bounds what it holds
/// in memory, decides when a connection can be used again, and answers by itself what no service
/// should see: heads that break a rule, bodies that are too long, requests that take too long.
pub struct Exchange {
    shared: Arc<Shared>,
    peer: Peer,
    wire: Connection,
    state: State,
    input: Input,
    output: Output,
    timing: Timing,
    /// All about the current request, while no driver has it; between requests just its buffers.
    job: Option<Box<Job>>,
    job_is_away: bool,
    trail: Option<Box<Trail>>,
    chores: Chores,
    /// How the end of the current request's body is found, and how much of it came.
    body: BodyLength,
    body_so_far: u64,
    /// Whether the current request was read to its end.
    request_read: bool,
    /// The client sends nothing more; and whether the wire knows that.
    eof: bool,
    eof_told: bool,
    /// Every answer from now on closes the connection.
    stopping: bool,
    wants_shutdown: bool,
    /// The status of an answer that no service gave, until it is counted.
    refusal: Option<StatusCode>,
    broken: bool,
    /// The driver sends files by itself.
    sends_files: bool,
    /// Bodies that a handler wants to read as they arrive are kept for it instead.
    keeps_streams: bool,
    /// Something outside happened that it asked to be told of.
    woken: bool,
    stop_told: bool,
    /// What only few connections have.
    rare: Option<Box<Rare>>,
    /// The number of the next request.
    next_id: u64,
    requests: u64,
    /// Bytes consumed, and those of them that were dropped after the last answer's request.
    read: u64,
    dropped: u64,
}

impl Exchange {
    /// A fresh connection, accepted now.
    #[must_use]
    pub fn new(shared: Arc<Shared>, peer: Peer, now: &Now) -> Self {
        Self {
            wire: Connection::new(*shared.config.limits()),
            trail: shared.config.on_access().is_some().then(Box::default),
            shared,
            peer,
            state: State::Head,
            input: Input::default(),
            output: Output::default(),
            timing: Timing::new(now),
            job: None,
            job_is_away: false,
            chores: Chores::new(),
            body: BodyLength::Empty,
            body_so_far: 0,
            request_read: true,
            eof: false,
            eof_told: false,
            stopping: false,
            wants_shutdown: false,
            refusal: None,
            broken: false,
            sends_files: false,
            keeps_streams: false,
            woken: false,
            stop_told: false,
            rare: None,
            next_id: 0,
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

    /// The connection turns out to be between others, as the proxy says that passes it on. Before
    /// the first byte of it is received.
    pub fn set_peer(&mut self, peer: Peer) {
        self.peer = peer;
    }

    /// The connection is encrypted. Its requests know that, and what else is known of it.
    pub fn set_tls(&mut self, tls: Arc<TlsInfo>) {
        self.peer.secure = true;
        self.rare().tls = Some(tls);
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Numbers its requests from `first` on, in leaps that make their numbers look like nothing in
    /// particular. Connections of one server get beginnings that are 2^32 apart.
    pub fn number_from(&mut self, first: u64) {
        self.next_id = first;
    }

    /// Bodies that a handler wants to read as they arrive are kept whole and given to it then; for
    /// drivers that cannot lend their connection ([`Want::Stream`]).
    pub fn keeps_streams(&mut self) {
        self.keeps_streams = true;
    }

    /// What is to be called, from any thread, when something happened that the exchange waits for
    /// and the driver does not see. The driver then calls [`woken`](Self::woken) and
    /// [`poll`](Self::poll). Asked for by [`Want::Waker`].
    pub fn set_waker(&mut self, waker: Arc<dyn Fn() + Send + Sync>) {
        self.rare().waker = Some(waker);
    }

    /// The driver will send files by itself where it is asked to by [`Want::File`].
    pub fn sends_files(&mut self) {
        self.sends_files = true;
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
        matches!(
            self.state,
            State::Body | State::Draining | State::Lingering | State::Driven | State::Away
        )
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
            if self.dropped > self.shared.config.linger_limit() {
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

    /// What is to be done next. Call it after input, output, and finished jobs.
    pub fn poll(&mut self, now: &Now) -> Step {
        loop {
            let step = match self.state {
                State::Head => self.read_head(now),
                State::Body => self.read_body(now),
                State::Draining => self.drain(now),
                State::Away => Some(Step::Wait(Want::Answer)),
                State::Stream => Some(Step::Wait(Want::Stream)),
                State::Driven if self.job_is_away => Some(Step::Wait(Want::Answer)),
                State::Driven => self.drive(now),
                State::TakenOver if self.output.is_empty() => Some(Step::Wait(Want::TakeOver)),
                State::TakenOver => Some(Step::Wait(Want::Write)),
                State::Sending if self.output.has_source() => self.send_more(now),
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

    /// A job of this exchange is done as far as it goes.
    ///
    /// # Panics
    /// If no job is under way.
    pub fn done(&mut self, mut job: Box<Job>, now: &Now) {
        assert!(self.job_is_away, "no job is under way");
        self.job_is_away = false;
        self.take_buffer(&mut job);
        match job.stage {
            Stage::Answered => {
                job.stage = Stage::Idle;
                if self.state == State::Away {
                    self.send_answer(&mut job, now);
                } else {
                    // The connection ended meanwhile.
                    self.chores.drop_later(job.answer.take());
                }
                self.job = Some(job);
            }
            Stage::Pulled => {
                job.stage = Stage::Idle;
                let (spring, pulled) = (job.spring.take(), job.pulled.take());
                self.job = Some(job);
                let pulled = pulled.unwrap_or(Ok(None));
                let (rest, result) = self.output.pulled(spring, pulled);
                if let Some(rest) = rest {
                    self.chores.drop_later(rest);
                }
                if let Err(error) = result {
                    self.break_off(error, now);
                }
            }
            Stage::Driven => {
                job.stage = Stage::Idle;
                self.drove(&mut job, now);
                self.job = Some(job);
            }
            Stage::Stream if self.state == State::Away => {
                self.job = Some(job);
                self.enter(State::Stream, now);
            }
            Stage::Collect if self.state == State::Away => {
                self.job = Some(job);
                self.state = State::Body;
            }
            // The connection ended meanwhile, or a driver brings back what it did not do.
            _ => {
                self.chores.drop_later(job);
                if self.state == State::Away {
                    self.enter(State::Closed, now);
                }
            }
        }
    }

    /// Hands the job to the driver.
    fn hand_out(&mut self, mut job: Box<Job>, stage: Stage) -> Step {
        job.stage = stage;
        self.job_is_away = true;
        Step::Work(job)
    }

    /// Whether the job holds nothing but buffers.
    fn job_is_free(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.stage == Stage::Idle)
    }

    /// Moves what is to be done later, and may block, to the end of `chores`.
    pub fn take_chores(&mut self, chores: &mut Chores) {
        if !self.chores.is_empty() {
            chores.append(&mut self.chores);
        }
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

    /// The status of an answer that no service gave, since the last call.
    pub(crate) fn take_refusal(&mut self) -> Option<StatusCode> {
        self.refusal.take()
    }

    /// What it is doing, for those who count.
    pub(crate) fn connection_state(&self) -> ConnectionState {
        match self.state {
            // The next request may be there already; it waits until the answers have gone.
            State::Head if !self.output.is_empty() => ConnectionState::Writing,
            State::Head if self.input.is_empty() => ConnectionState::Idle,
            State::Head | State::Body | State::Draining => ConnectionState::Reading,
            State::Away | State::Stream => ConnectionState::Working,
            State::Driven | State::TakenOver => ConnectionState::Upgraded,
            State::Sending | State::Closing { .. } | State::Lingering | State::Closed => {
                ConnectionState::Writing
            }
        }
    }

    /// Whether all that it could want is input.
    pub(crate) fn waits_for_input(&self) -> bool {
        self.state == State::Head && self.input.is_empty() && self.output.is_empty() && !self.eof
    }

    /// Whether it waits for a request of which no byte has come, with nothing left to write.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.state == State::Head && self.input.is_empty() && self.output.is_empty()
    }

    /// Bytes written since the beginning of the connection.
    pub(crate) fn written(&self) -> u64 {
        self.output.written()
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
        if let Some(trail) = &mut self.trail {
            let written = self.output.written();
            trail.broken(self.read, written, now, &self.shared, &mut self.chores);
        }
        self.abandon_output();
        self.drop_request();
        if let Some(rare) = self.rare.take() {
            self.chores.drop_later(rare);
        }
        self.state = State::Closed;
    }

    // --- output -------------------------------------------------------------------------------

    /// Whether there is anything to write.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// Writes the output that is there until there is no more, the writer blocks, or about
    /// `budget` bytes were taken. It runs no code of the user and reads no file.
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
        result
    }

    /// Whether what is to be written now is followed by a part of a file.
    #[cfg(target_os = "linux")]
    pub(crate) fn sends_file(&self) -> bool {
        self.output.is_file()
    }

    /// The part of a file that is to be sent now, on [`Want::File`]; give back what is left of it
    /// with [`file_sent`](Self::file_sent).
    pub fn take_file(&mut self) -> Option<FilePart> {
        self.output.take_file()
    }

    /// The driver sent `n` bytes of a file, of which `left` is left.
    ///
    /// If `result` is an error the body breaks off, and the connection with it.
    pub fn file_sent(&mut self, n: u64, left: Option<FilePart>, result: io::Result<()>, now: &Now) {
        self.output.file_sent(n, left);
        if n > 0 {
            self.output_written(now);
        }
        if let Err(error) = result {
            self.break_off(error.into(), now);
        }
    }

    /// Makes more of an answer whose bytes so far are written.
    fn send_more(&mut self, now: &Now) -> Option<Step> {
        if self.output.pending() > 0 {
            return Some(Step::Wait(Want::Write));
        }
        if self.sends_files && self.output.is_file() {
            return Some(Step::Wait(Want::File));
        }
        match self.output.source_wants(self.rare.as_ref().and_then(|rare| rare.waker.as_ref())) {
            SourceWants::Pull(spring) => {
                let mut job = self.take_job();
                job.spring = Some(spring);
                Some(self.hand_out(job, Stage::Pull))
            }
            SourceWants::Wait => Some(Step::Wait(Want::Answer)),
            SourceWants::Waker => Some(Step::Wait(Want::Waker)),
            SourceWants::Again => {
                self.timing.written(now);
                None
            }
            SourceWants::Break(error) => {
                self.break_off(error, now);
                None
            }
        }
    }

    /// An answer cannot be completed.
    #[cold]
    fn break_off(&mut self, error: Error, now: &Now) {
        let text = format!("{}: a body broke off: {}", self.peer, Clean(error.log_text()));
        self.chores.push(Chore::Error(text));
        self.chores.drop_later(error);
        self.abandon_output();
        self.broken = true;
        self.enter(State::Closing { linger: false }, now);
    }

    fn abandon_output(&mut self) {
        let source = self.output.abandon();
        if !matches!(source, output::Source::None) {
            self.chores.drop_later(source);
        }
    }

    fn output_written(&mut self, now: &Now) {
        self.timing.written(now);
        if self.state == State::Head && self.output.is_empty() {
            // Only now does the client have its answer, and time for another request.
            self.timing.enter(now, !self.input.is_empty());
        }
        if let Some(trail) = &mut self.trail {
            trail.written(self.output.written(), now, &self.shared, &mut self.chores);
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
