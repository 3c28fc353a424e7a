//! Bodies that a handler reads itself, while they arrive.

use std::any::Any;
use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use http::StatusCode;
use pauper_message::{BodyError, BodySource, SourcePiece};

use super::job::{Job, Stage};
use super::{Exchange, Flush, Now, State};

/// A whole connection on loan to a handler, which reads its body from it.
pub(crate) struct Pump<S> {
    pub(crate) exchange: Exchange,
    pub(crate) socket: S,
    /// How long it has waited for the client, in all.
    waited: Duration,
}

/// A socket that can be waited for.
pub(crate) trait Waits: Read + Write + Send + 'static {
    /// Reads the clock.
    fn now(&mut self) -> Now;

    /// Waits until it can be read, or written as well; false if that took too long.
    fn wait(&mut self, writable: bool, most: Duration) -> io::Result<bool>;
}

impl<S: Waits> Pump<S> {
    pub(crate) fn new(exchange: Exchange, socket: S) -> Self {
        Self { exchange, socket, waited: Duration::ZERO }
    }

    fn fill(&mut self) -> io::Result<()> {
        let config = &self.exchange.shared.config;
        let fair = self.exchange.body_so_far.saturating_mul(1000) / config.body_rate();
        let in_all = config.body_grace().saturating_add(Duration::from_millis(fair));
        let most = in_all.saturating_sub(self.waited).min(config.body_grace());
        let before = self.socket.now();
        let mut blocked = false;
        if self.exchange.has_output() {
            let flush = self.exchange.write_to(&mut self.socket, u64::MAX, &before)?;
            blocked = flush == Flush::Blocked;
        }
        let read = self.socket.read(self.exchange.read_buf());
        match read {
            Ok(0) => self.exchange.eof(),
            Ok(n) => self.exchange.received(n, &before),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if !self.socket.wait(blocked, most)? {
                    let text = "the body took too long (body_rate)";
                    return Err(BodyError::new(StatusCode::REQUEST_TIMEOUT, text).into());
                }
                let after = self.socket.now().elapsed();
                self.waited += after.saturating_sub(before.elapsed());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl<S: Waits> BodySource for Pump<S> {
    fn read(&mut self, out: &mut Vec<u8>) -> io::Result<SourcePiece> {
        loop {
            let now = self.socket.now();
            if let Some(piece) = self.exchange.read_stream(out, &now)? {
                return Ok(piece);
            }
            self.fill()?;
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

impl Exchange {
    /// The job of a handler that reads its body itself, on [`Want::Stream`](super::Want::Stream).
    pub(crate) fn take_stream_job(&mut self, now: &Now) -> Option<Box<Job>> {
        if self.state != State::Stream {
            return None;
        }
        let mut job = self.job.take()?;
        job.stage = Stage::Call;
        self.job_is_away = true;
        self.enter(State::Away, now);
        Some(job)
    }

    /// A handler that read its body itself is done; see [`done`](Self::done). Its loop could not tell
    /// the exchange meanwhile that the server stops.
    pub(crate) fn streamed(&mut self, job: Box<Job>, now: &Now) {
        if self.shared.stops() {
            self.stop();
        }
        self.done(job, now);
    }

    /// What stands in the place of an exchange that is on loan: it waits, for ever.
    pub(crate) fn placeholder(&self, now: &Now) -> Self {
        let mut placeholder = Self::new(self.shared.clone(), self.peer, now);
        placeholder.trail = None;
        placeholder.state = State::Away;
        placeholder.job_is_away = true;
        placeholder
    }
}
