//! Connections that change their protocol (RFC 9110, section 7.8).

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use pauper_iolist::IoList;
use pauper_wire::grammar;

use crate::error::Error;
use crate::request::Peer;
use crate::response::Response;

type Blocking = Box<dyn FnOnce(Box<dyn UpgradedSocket>) + Send>;

/// What happens to a connection after the answer that upgrades it.
///
/// ```
/// use pauper_message::{Driver, Outbox, Response, Upgrade};
///
/// /// Sends back what it gets.
/// struct Echo;
///
/// impl Driver for Echo {
///     fn feed(&mut self, bytes: &[u8], out: &mut Outbox) {
///         out.send(bytes.to_vec());
///     }
/// }
///
/// let response = Response::upgrade("echo", Upgrade::driver(Echo));
/// assert_eq!(response.status(), 101);
/// ```
pub struct Upgrade {
    protocol: Box<str>,
    kind: UpgradeKind,
}

/// Who talks on an upgraded connection, for servers.
#[non_exhaustive]
pub enum UpgradeKind {
    /// A function that has the socket and a thread for itself. The connection is closed when the
    /// function drops the last clone of the socket.
    Blocking(Box<dyn FnOnce(Box<dyn UpgradedSocket>) + Send>),
    /// Code that is called when something happens.
    Driver(Box<dyn Driver>),
}

impl Upgrade {
    /// Gives the socket to `run`, on a thread of its own. Simple to write; but threads are few, and
    /// beyond the server's limit for such connections the client gets 503.
    pub fn blocking(run: impl FnOnce(Box<dyn UpgradedSocket>) + Send + 'static) -> Self {
        Self { protocol: "".into(), kind: UpgradeKind::Blocking(Box::new(run) as Blocking) }
    }

    /// Lets `driver` talk, on the server's event loops; thousands of such connections cost no
    /// thread.
    pub fn driver(driver: impl Driver + 'static) -> Self {
        Self { protocol: "".into(), kind: UpgradeKind::Driver(Box::new(driver)) }
    }

    /// The name of the protocol, for the Upgrade header.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Who talks.
    pub fn into_kind(self) -> UpgradeKind {
        self.kind
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            UpgradeKind::Blocking(_) => "blocking",
            UpgradeKind::Driver(_) => "driver",
        };
        write!(f, "Upgrade({:?}, {kind})", self.protocol)
    }
}

impl Response {
    /// 101: from now on the connection speaks `protocol`, a name such as `websocket` (RFC 9110,
    /// section 7.8). The server writes the headers Upgrade and Connection; others can be added.
    ///
    /// Only for requests that asked for this protocol; a server that cannot upgrade the connection
    /// (HTTP/1.0, a body that is still coming) answers an error instead. A name that cannot stand
    /// in the header spoils the response.
    #[track_caller]
    pub fn upgrade(protocol: &str, mut upgrade: Upgrade) -> Self {
        let response = Self::new(StatusCode::SWITCHING_PROTOCOLS);
        // Name and version, each a token (RFC 9110, section 7.8).
        let mut parts = protocol.splitn(2, '/');
        if !parts.all(|part| grammar::is_token(part.as_bytes())) {
            let text = format!("{protocol:?} cannot be the name of a protocol");
            return Self::failed(Error::with_source(
                StatusCode::INTERNAL_SERVER_ERROR,
                None,
                io::Error::other(text),
            ));
        }
        upgrade.protocol = protocol.into();
        response.with_upgrade(upgrade)
    }
}

/// The socket of an upgraded connection, in blocking mode, encrypted if the connection is. Bytes
/// that the client sent behind its request are read first.
pub trait UpgradedSocket: Read + Write + Send {
    /// How long a read may take before it fails with `WouldBlock` or `TimedOut`; none for ever.
    ///
    /// # Errors
    /// When the system refuses, as it does for zero.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// How long a write may take before it fails with `WouldBlock` or `TimedOut`; none for ever.
    ///
    /// # Errors
    /// When the system refuses, as it does for zero.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Shuts down reading, writing or both.
    ///
    /// # Errors
    /// When the system refuses, because the client is gone for instance.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// The same connection once more, so that one thread reads and another writes.
    ///
    /// # Errors
    /// When the system refuses; `Unsupported` where a connection cannot be shared.
    fn try_clone(&self) -> io::Result<Box<dyn UpgradedSocket>>;

    /// The two ends of the connection.
    fn peer(&self) -> Peer;
}

/// A protocol that is driven by events: it is called when something happens, leaves what is to be
/// sent in the outbox, and never touches a socket.
///
/// Its calls never overlap. They may block as handlers may; one that panics closes its connection.
/// When the connection is over, however that came,
/// the driver is dropped.
pub trait Driver: Send {
    /// The answer that upgraded the connection is written.
    fn start(&mut self, out: &mut Outbox) {
        let _ = out;
    }

    /// Bytes of the client, at least one, as they came.
    fn feed(&mut self, bytes: &[u8], out: &mut Outbox);

    /// The time of [`Outbox::wake_after`] is over.
    fn timer(&mut self, out: &mut Outbox) {
        let _ = out;
    }

    /// The client sends nothing more, but may still read; closes the connection if not written.
    fn eof(&mut self, out: &mut Outbox) {
        out.close();
    }

    /// Another thread called [`DriverWaker::wake`], once or several times.
    fn woken(&mut self, out: &mut Outbox) {
        let _ = out;
    }

    /// The server stops: say goodbye and close, before its deadline; closes the connection at once
    /// if not written.
    fn stop(&mut self, out: &mut Outbox) {
        out.close();
    }
}

/// What a [`Driver`] wants to happen, and what it may know.
pub struct Outbox {
    list: IoList,
    closing: bool,
    deadline: Option<Duration>,
    now: Duration,
    unsent: usize,
    waker: DriverWaker,
}

impl Outbox {
    /// An empty outbox; for servers and for tests of drivers.
    pub fn new(waker: DriverWaker) -> Self {
        Self {
            list: IoList::new(),
            closing: false,
            deadline: None,
            now: Duration::ZERO,
            unsent: 0,
            waker,
        }
    }

    /// Sends bytes behind those that were sent before. Dropped after [`close`](Self::close).
    pub fn send(&mut self, bytes: impl Into<IoList>) {
        if !self.closing {
            self.list.append(bytes.into());
        }
    }

    /// Closes the connection when everything is sent. What the client sends until then is not
    /// looked at.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Calls [`Driver::timer`] when this much time is over. There is one timer: a later call sets
    /// it anew.
    pub fn wake_after(&mut self, after: Duration) {
        self.deadline = Some(self.now.saturating_add(after));
    }

    /// Stops the timer.
    pub fn cancel_timer(&mut self) {
        self.deadline = None;
    }

    /// What other threads wake this driver by.
    pub fn waker(&self) -> DriverWaker {
        self.waker.clone()
    }

    /// The time of this call, on a clock that only goes forward and begins anywhere.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// How many bytes wait to be sent, those of this call included. A driver whose client reads
    /// slowly sees it grow, and has to leave out or close before it is too much: beyond the
    /// server's limit the connection is closed.
    pub fn unsent(&self) -> usize {
        self.unsent + self.list.len()
    }

    // --- for servers --------------------------------------------------------------------------

    /// Tells the time, before each call. For servers.
    pub fn set_now(&mut self, now: Duration) {
        self.now = now;
    }

    /// Tells how many bytes of earlier calls wait to be sent, before each call. For servers.
    pub fn set_unsent(&mut self, bytes: usize) {
        self.unsent = bytes;
    }

    /// Takes out what is to be sent. For servers.
    pub fn take_output(&mut self) -> IoList {
        std::mem::take(&mut self.list)
    }

    /// Whether the connection is to be closed when all is sent. For servers.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// When [`Driver::timer`] is to be called, on the clock of [`set_now`](Self::set_now). For
    /// servers.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Whether the timer ran out, by the time of [`set_now`](Self::set_now); if so it is stopped,
    /// and [`Driver::timer`] is to be called. For servers.
    pub fn take_expired(&mut self) -> bool {
        let expired = self.deadline.is_some_and(|deadline| deadline <= self.now);
        if expired {
            self.deadline = None;
        }
        expired
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("bytes", &self.list.len())
            .field("closing", &self.closing)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Wakes a [`Driver`] from any thread; see [`Outbox::waker`].
#[derive(Clone)]
pub struct DriverWaker(Arc<dyn Fn() + Send + Sync>);

impl DriverWaker {
    /// A waker that calls `wake`, on the thread that wakes; for servers.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self(wake)
    }

    /// Lets [`Driver::woken`] be called soon; once for calls that come together. Of a connection
    /// that is gone it does nothing.
    pub fn wake(&self) {
        (self.0)();
    }
}

/// A waker that wakes nobody, for tests.
impl Default for DriverWaker {
    fn default() -> Self {
        Self(Arc::new(|| {}))
    }
}

impl fmt::Debug for DriverWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DriverWaker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    struct Silent;
    impl Driver for Silent {
        fn feed(&mut self, _: &[u8], _: &mut Outbox) {}
    }

    #[test]
    fn an_upgrade_carries_its_protocol() {
        for protocol in ["websocket", "echo/1.0", "h2c"] {
            let parts = Response::upgrade(protocol, Upgrade::driver(Silent)).into_parts().unwrap();
            assert_eq!(parts.status, 101);
            assert_eq!(parts.upgrade.unwrap().protocol(), protocol);
        }
        for protocol in ["", "a b", "a,b", "a\r\nb", "/1", "a/", "a/b/c", "ä"] {
            let response = Response::upgrade(protocol, Upgrade::blocking(drop));
            assert!(response.into_parts().is_err(), "{protocol:?}");
        }
    }

    #[test]
    fn a_response_that_becomes_another_one_upgrades_nothing() {
        let response = Response::upgrade("echo", Upgrade::driver(Silent)).with_status(200);
        assert!(response.into_parts().unwrap().upgrade.is_none());
        // An interim status is no answer, and 101 alone leads nowhere.
        for status in [100, 101, 103, 199] {
            assert!(Response::text("").with_status(status).into_parts().is_err(), "{status}");
        }
    }

    #[test]
    fn the_outbox_keeps_order_and_ends_with_close() {
        let mut out = Outbox::new(DriverWaker::default());
        out.send("a");
        out.send("b");
        out.set_unsent(3);
        assert_eq!(out.unsent(), 5);
        assert_eq!(out.take_output().into_bytes(), "ab");
        assert!(!out.is_closing());
        Silent.stop(&mut out);
        out.send("c");
        assert!(out.is_closing() && out.take_output().is_empty());
    }

    #[test]
    fn one_timer() {
        let second = Duration::from_secs(1);
        let mut out = Outbox::new(DriverWaker::default());
        out.set_now(second * 10);
        assert!(!out.take_expired());
        out.wake_after(second);
        out.wake_after(second * 2);
        assert_eq!(out.deadline(), Some(second * 12));
        out.set_now(second * 11);
        assert!(!out.take_expired());
        out.set_now(second * 12);
        assert!(out.take_expired() && !out.take_expired());
        out.wake_after(Duration::MAX);
        assert_eq!(out.deadline(), Some(Duration::MAX));
        out.cancel_timer();
        assert_eq!(out.deadline(), None);
    }

    #[test]
    fn wakers_go_to_other_threads() {
        let woken = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&woken);
        let waker = DriverWaker::new(Arc::new(move || flag.store(true, Ordering::SeqCst)));
        let waker = Outbox::new(waker).waker();
        std::thread::spawn(move || waker.wake()).join().unwrap();
        assert!(woken.load(Ordering::SeqCst));
    }
}
