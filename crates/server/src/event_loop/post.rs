//! How a loop is told from elsewhere.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use mio::net::TcpStream;
use mio::{Registry, Token, Waker};

use super::WAKER;
use super::errand::Errand;
use crate::engine::mailbox::Mailbox;
use crate::log_macros::log_error;

const RUN: u8 = 0;
const RETIRE: u8 = 1;
const STOP: u8 = 2;
const STOP_NOW: u8 = 3;

/// What a loop should do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Run,
    /// Accept nobody, and be gone when those are who are here.
    Retire,
    Stop,
    StopNow,
}

/// What others have for a loop.
pub(crate) enum Mail {
    /// An errand that was done elsewhere.
    Done(Errand),
    /// Something happened that a connection wanted to be told of.
    Wake(usize),
    /// A connection that another loop accepted.
    Accepted(Accepted),
}

/// A connection that was accepted, and the number of the listener that it came by.
pub(crate) struct Accepted {
    pub(super) socket: TcpStream,
    pub(super) remote: Option<SocketAddr>,
    pub(super) place: usize,
}

/// The post box of a loop: mail, and orders that only ever grow more urgent.
pub(crate) struct Post {
    level: AtomicU8,
    mailbox: Mailbox<Mail>,
    waker: Waker,
    /// How many connections the loop has.
    connections: AtomicUsize,
    /// Whether the loop was asked for a sign and has not given it.
    pinged: AtomicBool,
}

impl Post {
    pub(super) fn new(registry: &Registry) -> io::Result<Self> {
        Ok(Self {
            level: AtomicU8::new(RUN),
            mailbox: Mailbox::new(),
            waker: Waker::new(registry, Token(WAKER))?,
            connections: AtomicUsize::new(0),
            pinged: AtomicBool::new(false),
        })
    }

    pub(crate) fn retire(&self) {
        self.raise(RETIRE);
    }

    pub(crate) fn stop(&self) {
        self.raise(STOP);
    }

    pub(crate) fn stop_now(&self) {
        self.raise(STOP_NOW);
    }

    fn raise(&self, level: u8) {
        self.level.fetch_max(level, Ordering::AcqRel);
        self.wake();
    }

    /// Wakes the loop, for it to look around.
    pub(super) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            // The loop will see what is new when it next wakes up.
            log_error!("cannot wake the loop: {error}");
            let _ = error;
        }
    }

    pub(super) fn order(&self) -> Order {
        match self.level.load(Ordering::Acquire) {
            RUN => Order::Run,
            RETIRE => Order::Retire,
            STOP => Order::Stop,
            _ => Order::StopNow,
        }
    }

    /// Sends mail to the loop.
    ///
    /// # Errors
    /// The mail back, if the loop is gone.
    pub(crate) fn send(&self, mail: Mail) -> Result<(), Mail> {
        if self.mailbox.send(mail)? {
            self.wake();
        }
        Ok(())
    }

    /// Asks the loop for a sign.
    #[cfg(unix)]
    pub(crate) fn ping(&self) {
        self.pinged.store(true, Ordering::Release);
        self.wake();
    }

    /// The loop gives it.
    pub(super) fn pong(&self) {
        self.pinged.store(false, Ordering::Release);
    }

    /// Whether it did.
    #[cfg(unix)]
    pub(crate) fn answered(&self) -> bool {
        !self.pinged.load(Ordering::Acquire)
    }

    pub(super) fn take(&self, into: &mut Vec<Mail>) {
        self.mailbox.take(into);
    }

    pub(super) fn close_if_empty(&self) -> bool {
        self.mailbox.close_if_empty()
    }

    pub(super) fn close(&self) -> Vec<Mail> {
        self.mailbox.close()
    }

    pub(super) fn set_connections(&self, count: usize) {
        self.connections.store(count, Ordering::Relaxed);
    }

    /// How many connections the loop has.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("order", &self.order()).finish_non_exhaustive()
    }
}
