//! The loop: sockets and time on one side, exchanges on the other.
//!
//! The loop is a value. Whoever has it runs it; nothing of it belongs to a thread. All that is
//! known of mio is known here.

mod accept;
mod clock;
mod connection;
mod signal;
mod slab;
mod timers;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use pauper_message::{Peer, Service};

use self::accept::{Backoff, Listener};
use self::clock::SystemClock;
use self::connection::{Connection, Turn};
use self::signal::Order;
pub(crate) use self::signal::Signal;
use self::slab::Slab;
use self::timers::Timers;
use crate::ServerConfig;
use crate::exchange::{Buffers, Clock, Exchange, Now};
use crate::log_macros::{log_info, log_warn};

/// Tokens from this on are listeners, and the highest is the waker.
const FIRST_LISTENER: usize = 1 << (usize::BITS - 1);
const WAKER: usize = usize::MAX;
/// How many events are taken from the system at once.
const EVENTS: usize = 1024;
/// How many turns of accepting a stop waits for: enough for the longest queue of the system.
const LAST_TURNS: usize = 128;
/// How long time limits may wait because there are always more events.
const PATIENCE: Duration = Duration::from_secs(1);

/// A loop with its listeners and connections.
pub(crate) struct EventLoop {
    poll: Poll,
    events: Events,
    signal: Arc<Signal>,
    config: Arc<ServerConfig>,
    listeners: Vec<Listener>,
    backoff: Backoff,
    connections: Slab<Connection>,
    /// Connections that have more to do without waiting for their sockets.
    ready: VecDeque<usize>,
    timers: Timers,
    expired: Vec<usize>,
    buffers: Buffers,
    clock: SystemClock,
    /// When the connections that are left will be cut, once the loop was told to stop.
    stops_at: Option<Duration>,
}

impl EventLoop {
    /// A loop that will accept from these listeners.
    pub(crate) fn new(listeners: Vec<TcpListener>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let signal = Arc::new(Signal::new(poll.registry())?);
        let mut all = Vec::with_capacity(listeners.len());
        for (number, listener) in listeners.into_iter().enumerate() {
            let mut listener = Listener::new(listener)?;
            let token = Token(FIRST_LISTENER + number);
            poll.registry().register(&mut listener.socket, token, Interest::READABLE)?;
            all.push(listener);
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(EVENTS),
            signal,
            config: Arc::default(),
            listeners: all,
            backoff: Backoff::default(),
            connections: Slab::new(),
            ready: VecDeque::new(),
            timers: Timers::new(),
            expired: Vec::new(),
            buffers: Buffers::new(),
            clock: SystemClock::new(),
            stops_at: None,
        })
    }

    pub(crate) fn signal(&self) -> &Arc<Signal> {
        &self.signal
    }

    pub(crate) fn configure(&mut self, config: Arc<ServerConfig>) {
        self.config = config;
    }

    /// Runs until it is told to stop; gives how many connections had to be cut.
    pub(crate) fn run(&mut self, service: &dyn Service) -> io::Result<usize> {
        loop {
            let timeout = self.timeout();
            match self.poll.poll(&mut self.events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            // Time limits count up to here: what a client sends while a handler keeps the loop
            // busy is seen by the next poll, before the limit is.
            let polled = *self.clock.now();
            self.serve_events(service);
            self.serve_ready(service);
            self.accept();
            self.expire(&polled, service);
            if let Some(left) = self.stop_if_told() {
                return Ok(left);
            }
        }
    }

    fn timeout(&mut self) -> Option<Duration> {
        let now = self.clock.now().elapsed();
        let pause = self.backoff.paused_until(now);
        let accepts = pause.is_none() && self.room() > 0;
        if !self.ready.is_empty() || (accepts && self.listeners.iter().any(|one| one.ready)) {
            return Some(Duration::ZERO);
        }
        let next = [self.timers.next(), pause, self.stops_at].into_iter().flatten().min()?;
        Some(next.saturating_sub(now))
    }

    fn serve_events(&mut self, service: &dyn Service) {
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            match event.token().0 {
                WAKER => {}
                token if token >= FIRST_LISTENER => {
                    if let Some(listener) = self.listeners.get_mut(token - FIRST_LISTENER) {
                        listener.ready = true;
                    }
                }
                token => {
                    if let Some(connection) = self.connections.get_mut(token) {
                        connection.notice(event);
                        if !connection.queued {
                            self.turn(token, service);
                        }
                    }
                }
            }
        }
        self.events = events;
    }

    /// One turn for everybody who stands in the list now.
    fn serve_ready(&mut self, service: &dyn Service) {
        for _ in 0..self.ready.len() {
            let Some(token) = self.ready.pop_front() else { return };
            if let Some(connection) = self.connections.get_mut(token) {
                connection.queued = false;
                self.turn(token, service);
            }
        }
    }

    fn turn(&mut self, token: usize, service: &dyn Service) {
        let Some(connection) = self.connections.get_mut(token) else { return };
        let stopping = self.stops_at.is_some();
        let turn = connection.turn(service, &mut self.clock, &mut self.buffers, stopping);
        if connection.exchange.take_shutdown() {
            self.signal.stop();
        }
        let deadline = match turn {
            Turn::Waits(deadline) => deadline,
            Turn::Again => {
                connection.queued = true;
                self.ready.push_back(token);
                None
            }
            Turn::Closed => {
                self.connections.remove(token);
                None
            }
        };
        self.timers.set(slab::index(token), deadline);
    }

    /// How many more connections there may be.
    fn room(&self) -> usize {
        let most = self.config.max_connections().min(Slab::<Connection>::MOST);
        most.saturating_sub(self.connections.len())
    }

    fn accept(&mut self) {
        if !self.listeners.iter().any(|listener| listener.ready) {
            return;
        }
        let now = *self.clock.now();
        if self.backoff.paused_until(now.elapsed()).is_some() {
            return;
        }
        let mut listeners = mem::take(&mut self.listeners);
        for listener in listeners.iter_mut().filter(|listener| listener.ready) {
            let room = self.room();
            let mut accepted = 0;
            let result = listener.accept(room, |socket, remote, local| {
                accepted += 1;
                self.admit(socket, remote, local, &now);
            });
            match result {
                Ok(()) if accepted > 0 => self.backoff.worked(),
                Ok(()) => {}
                Err(error) => {
                    let pause = self.backoff.failed(now.elapsed());
                    log_warn!("cannot accept, pausing for {pause:?}: {error}");
                    let _ = (pause, error);
                }
            }
        }
        self.listeners = listeners;
    }

    fn admit(
        &mut self,
        mut socket: TcpStream,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        now: &Now,
    ) {
        // Neither failure harms anybody but this client, whose connection may be dead already.
        let _ = socket.set_nodelay(true);
        let token = self.connections.next_token();
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut socket, Token(token), interest) {
            log_warn!("{remote}: cannot be waited for: {error}");
            let _ = error;
            return;
        }
        let local = local.or_else(|| socket.local_addr().ok());
        let peer = Peer::new(Some(canonical(remote)), local.map(canonical));
        let exchange = Exchange::new(Arc::clone(&self.config), peer, now);
        let mut connection = Connection::new(socket, exchange);
        connection.queued = true;
        self.connections.insert(connection);
        self.timers.set(slab::index(token), None);
        self.ready.push_back(token);
    }

    fn expire(&mut self, polled: &Now, service: &dyn Service) {
        let Some(next) = self.timers.next() else { return };
        let overdue = polled.elapsed().saturating_sub(next);
        if self.events.iter().count() >= EVENTS && overdue < PATIENCE {
            return;
        }
        let mut expired = mem::take(&mut self.expired);
        self.timers.expired(polled.elapsed(), &mut expired);
        for slot in expired.drain(..) {
            let Some(token) = self.connections.token_at(slot) else { continue };
            if let Some(connection) = self.connections.get_mut(token) {
                connection.exchange.expire(polled);
                self.turn(token, service);
            }
        }
        self.expired = expired;
    }

    /// Begins to stop, if that was asked for; gives how many connections were cut when it is
    /// done.
    fn stop_if_told(&mut self) -> Option<usize> {
        let order = self.signal.order();
        if order == Order::Run {
            return None;
        }
        let now = *self.clock.now();
        if self.stops_at.is_none() {
            log_info!("stopping, with {} connections", self.connections.len());
            // Whoever waits in the queue of the system was promised an answer. There are no more
            // than the queue holds; those who come meanwhile may be too late.
            for listener in &mut self.listeners {
                // It may be so without having been told yet.
                listener.ready = true;
            }
            for _ in 0..LAST_TURNS {
                self.accept();
                let pauses = self.backoff.paused_until(now.elapsed()).is_some();
                if pauses || self.room() == 0 || self.listeners.iter().all(|one| !one.ready) {
                    break;
                }
            }
            self.listeners.clear();
            self.stops_at = Some(now.elapsed().saturating_add(self.config.stop_time()));
            for token in self.connections.tokens() {
                if let Some(connection) = self.connections.get_mut(token) {
                    connection.exchange.stop();
                    // One last look, for a request that is on its way.
                    connection.readable = true;
                    if !mem::replace(&mut connection.queued, true) {
                        self.ready.push_back(token);
                    }
                }
            }
        }
        let is_time = self.stops_at.is_some_and(|stops_at| stops_at <= now.elapsed());
        if !(self.connections.is_empty() || is_time || order == Order::StopNow) {
            return None;
        }
        let left = self.connections.len();
        for token in self.connections.tokens() {
            if let Some(mut connection) = self.connections.remove(token) {
                connection.close(&now);
            }
        }
        log_info!("stopped, {left} connections were cut");
        Some(left)
    }
}

/// An IPv4 address that was mapped into IPv6 as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
