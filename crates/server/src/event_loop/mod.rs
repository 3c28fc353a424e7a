//! The loop: sockets and time on one side, exchanges on the other.
//!
//! The loop is a value. Whoever has it runs it; nothing of it belongs to a thread. It never does
//! anything that may block: it gives such things out as errands, and somebody else, holding no
//! loop, does them. All that is known of mio is known here.

mod accept;
mod clock;
mod connection;
mod errand;
mod extra;
#[cfg(not(feature = "tls"))]
mod plain;
mod post;
mod prepare;
mod slab;
mod socket;
mod timers;
mod upgrade;

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use pauper_message::{Peer, Shard};

use self::accept::{Backoff, Listener, Place};
use self::clock::{LoopClock, Stopwatch};
use self::connection::{Budget, Connection, Turn};
pub(crate) use self::errand::{Errand, Work};
use self::extra::Extra;
#[cfg(not(feature = "tls"))]
use self::plain as session;
use self::post::{Accepted, Order};
pub(crate) use self::post::{Mail, Post};
use self::slab::Slab;
use self::timers::Timers;
use crate::exchange::{Buffers, Chores, Exchange, Now, Shared};
use crate::log_macros::{log_info, log_warn};
#[cfg(feature = "tls")]
use crate::tls::session;

/// Tokens from this on are listeners, and the highest is the waker.
const FIRST_LISTENER: usize = 1 << (usize::BITS - 1);
const WAKER: usize = usize::MAX;
/// The token of errands that belong to no connection.
const NOBODY: usize = WAKER;
/// How many events are taken from the system at once.
const EVENTS: usize = 1024;
/// How many turns of accepting a stop waits for: enough for the longest queue of the system.
const LAST_TURNS: usize = 128;
/// How long time limits may wait because there are always more events.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many connections a worker accepts before others have a turn: the queue is that of all
/// workers.
const WORKERS_SHARE: usize = 2;
/// A loop with so many connections more than another gives it new ones.
const LEAD: usize = 4;

/// A loop with its listeners and connections.
pub(crate) struct EventLoop {
    number: usize,
    poll: Poll,
    events: Events,
    /// The post of all loops; ours is that of our number.
    posts: Arc<[Arc<Post>]>,
    shared: Arc<Shared>,
    listeners: Vec<Listener>,
    /// What is to be known of each listener, and is still when that was closed.
    places: Vec<Place>,
    backoff: Backoff,
    connections: Slab<Connection>,
    /// Connections that have more to do without waiting for their sockets.
    ready: VecDeque<usize>,
    timers: Timers,
    expired: Vec<usize>,
    buffers: Buffers,
    clock: LoopClock,
    /// The time of the last poll.
    polled: Now,
    phase: Phase,
    /// How many of `ready` have a turn in this round.
    in_round: usize,
    /// Whose turn it is, and what is left of it.
    current: Option<usize>,
    budget: Budget,
    /// Whose errand is being done, and whether the loop changed hands meanwhile.
    lent: Option<usize>,
    adopted: bool,
    chores: Chores,
    mail: Vec<Mail>,
    has_mail: bool,
    /// Where the numbers of the next connection's requests begin.
    next_number: u64,
    /// There is something to do although no event will tell of it.
    rush: bool,
    /// The loop has ended, and cut so many connections.
    ended: Option<usize>,
    /// Whoever has the loop runs its handlers and has no thread for one that waits for its client.
    keeps_streams: bool,
    /// When the connections that are left will be cut, once the loop was told to stop.
    stops_at: Option<Duration>,
    /// Until then connections may stay for one more request.
    retires: bool,
}

/// What a loop does one after another, round and round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Events,
    Serve,
    Expire,
    Stop,
    Poll,
}

/// What whoever has the loop has to do for it.
pub(crate) enum Todo {
    /// This, and bring it back; with [`EventLoop::finish`] or by mail.
    Errand(Errand),
    /// Call [`EventLoop::wait`].
    Wait,
    /// The loop stopped, and had to cut so many connections.
    Stopped(usize),
}

impl EventLoop {
    /// A loop that will accept from these listeners.
    pub(crate) fn new(listeners: Vec<crate::Listener>, shared: Arc<Shared>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let post = Arc::new(Post::new(poll.registry())?);
        let mut all = Vec::with_capacity(listeners.len());
        let mut places = Vec::with_capacity(listeners.len());
        for (number, listener) in listeners.into_iter().enumerate() {
            let (mut listener, place) = Listener::new(listener)?;
            listener.register(poll.registry(), Token(FIRST_LISTENER + number))?;
            all.push(listener);
            places.push(place);
        }
        let mut clock = LoopClock::new();
        let polled = *clock.read();
        Ok(Self {
            number: 0,
            poll,
            events: Events::with_capacity(EVENTS),
            posts: Arc::from([post]),
            shared,
            listeners: all,
            places,
            backoff: Backoff::default(),
            connections: Slab::new(),
            ready: VecDeque::new(),
            timers: Timers::new(),
            expired: Vec::new(),
            buffers: Buffers::new(),
            clock,
            polled,
            phase: Phase::Events,
            in_round: 0,
            current: None,
            budget: Budget::whole(),
            lent: None,
            adopted: false,
            chores: Chores::new(),
            mail: Vec::new(),
            has_mail: true,
            next_number: RandomState::new().hash_one(0),
            rush: false,
            ended: None,
            keeps_streams: false,
            stops_at: None,
            retires: false,
        })
    }

    /// The post box of this loop.
    pub(crate) fn post(&self) -> &Arc<Post> {
        &self.posts[self.number]
    }

    /// Which of the loops of its server this is.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Becomes one of several.
    pub(crate) fn join(&mut self, number: usize, posts: Arc<[Arc<Post>]>) {
        self.number = number;
        self.posts = posts;
    }

    /// Bodies that handlers want to read while they arrive are kept for them instead.
    pub(crate) fn keep_streams(&mut self) {
        self.keeps_streams = true;
    }

    /// Works until something has to be done that may block, or there is nothing to do.
    pub(crate) fn step(&mut self) -> Todo {
        if mem::take(&mut self.adopted)
            && let Some(token) = self.lent.take()
        {
            self.sent_away(token);
        }
        loop {
            match self.phase {
                Phase::Events => {
                    self.polled = *self.clock.read();
                    self.notice_events();
                    self.read_mail();
                    self.accept();
                    self.in_round = self.ready.len();
                    self.phase = Phase::Serve;
                }
                Phase::Serve => match self.serve() {
                    Some(errand) => {
                        self.lent = Some(errand.token);
                        return Todo::Errand(errand);
                    }
                    None => self.phase = Phase::Expire,
                },
                Phase::Expire => {
                    self.expire();
                    self.phase = Phase::Stop;
                    if !self.chores.is_empty() {
                        let chores = mem::take(&mut self.chores);
                        return Todo::Errand(Errand::new(NOBODY, Work::Chores(chores)));
                    }
                }
                Phase::Stop => {
                    self.phase = Phase::Poll;
                    if let Some(left) = self.ended {
                        return Todo::Stopped(left);
                    }
                    self.ended = self.stop_if_told();
                    if self.ended.is_some() || !self.chores.is_empty() {
                        // What the last connections left is done as all of that.
                        self.phase = Phase::Expire;
                    }
                }
                Phase::Poll => {
                    self.phase = Phase::Events;
                    return Todo::Wait;
                }
            }
        }
    }

    /// Waits for events, as long as there is nothing to do.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        let timeout = self.timeout();
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// The loop is taken from a thread that is held up by an errand.
    pub(crate) fn adopted(&mut self) {
        self.adopted = true;
    }

    /// When the loop last looked at its clock.
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        self.clock.stopwatch()
    }

    /// The counters of this loop.
    pub(crate) fn counts(&self) -> &Shard {
        self.shared.info().shard(self.number)
    }

    /// An errand was done.
    pub(crate) fn finish(&mut self, errand: Errand) {
        self.lent = None;
        let Errand { token, work, handled } = errand;
        let counts = self.shared.info().shard(self.number);
        let status = match &work {
            Work::Job(job) => job.status(),
            Work::Stream(stream) => stream.status,
            Work::File(_) | Work::Handshake(_) | Work::Chores(_) => None,
        };
        if let Some(status) = status {
            counts.request();
            counts.response(status);
            if let Some(worker) = self.shared.membership() {
                worker.served();
            }
        }
        if let Work::File(file) = &work {
            counts.bytes_out(file.sent);
        }
        if let Some((dispatch, time)) = handled {
            counts.handled(dispatch, time);
        }
        match work {
            // Kept for its buffer.
            Work::Chores(chores) if self.chores.is_empty() => self.chores = chores,
            work => {
                let now = self.clock.read();
                match self.connections.get_mut(token) {
                    Some(connection) => {
                        connection.finish(work, now, self.stops_at.is_some());
                        self.current = Some(token);
                    }
                    // Its connection is gone. What it brought may hold values of the user.
                    None => self.chores.drop_later(work),
                }
            }
        }
    }

    /// An errand went to another thread, and will come back by mail. What its connection has to say
    /// so far is said now.
    pub(crate) fn sent_away(&mut self, token: usize) {
        self.lent = None;
        self.current = None;
        let Some(connection) = self.connections.get_mut(token) else { return };
        let now = self.clock.now();
        if connection.exchange.has_output()
            && connection.flush(now, self.shared.info().shard(self.number)).is_err()
        {
            // The errand comes back to a connection that reads its failure itself.
            connection.readable = true;
        }
        connection.exchange.rest(&mut self.buffers);
        self.timers.set(slab::index(token), connection.exchange.deadline());
    }

    fn timeout(&mut self) -> Option<Duration> {
        let now = self.clock.now().elapsed();
        let pause = self.backoff.paused_until(now);
        let accepts = pause.is_none() && self.room() > 0;
        if mem::take(&mut self.rush)
            || !self.ready.is_empty()
            || (accepts && self.listeners.iter().any(|one| one.ready))
        {
            return Some(Duration::ZERO);
        }
        let next = [self.timers.next(), pause, self.stops_at].into_iter().flatten().min()?;
        Some(next.saturating_sub(now))
    }

    fn notice_events(&mut self) {
        for event in &self.events {
            match event.token().0 {
                WAKER => self.has_mail = true,
                token if token >= FIRST_LISTENER => {
                    if let Some(listener) = self.listeners.get_mut(token - FIRST_LISTENER) {
                        listener.ready = true;
                    }
                }
                token => {
                    if let Some(connection) = self.connections.get_mut(token) {
                        connection.notice(event);
                        if !mem::replace(&mut connection.queued, true) {
                            self.ready.push_back(token);
                        }
                    }
                }
            }
        }
    }

    fn read_mail(&mut self) {
        if !mem::take(&mut self.has_mail) {
            return;
        }
        self.post().pong();
        let mut mail = mem::take(&mut self.mail);
        self.post().take(&mut mail);
        for one in mail.drain(..) {
            match one {
                Mail::Done(errand) => {
                    let token = errand.token;
                    self.finish(errand);
                    self.current = None;
                    self.queue(token);
                }
                Mail::Wake(token) => {
                    if let Some(connection) = self.connections.get_mut(token) {
                        if let Some(waked) = &connection.waked {
                            waked.store(false, Ordering::SeqCst);
                        }
                        connection.exchange.woken();
                        self.queue(token);
                    }
                }
                Mail::Accepted(accepted) => self.admit(accepted),
            }
        }
        self.mail = mail;
    }

    /// Gives a connection a turn.
    fn queue(&mut self, token: usize) {
        if let Some(connection) = self.connections.get_mut(token)
            && !mem::replace(&mut connection.queued, true)
        {
            self.ready.push_back(token);
        }
    }

    /// One turn for everybody who stands in the list since the round began.
    fn serve(&mut self) -> Option<Errand> {
        loop {
            let token = match self.current.take() {
                Some(token) => token,
                None if self.in_round == 0 => return None,
                None => {
                    self.in_round -= 1;
                    let token = self.ready.pop_front()?;
                    let Some(connection) = self.connections.get_mut(token) else { continue };
                    connection.queued = false;
                    self.budget = Budget::whole();
                    token
                }
            };
            if let Some(work) = self.turn(token) {
                return Some(Errand::new(token, work));
            }
        }
    }

    fn turn(&mut self, token: usize) -> Option<Work> {
        let connection = self.connections.get_mut(token)?;
        let stopping = self.stops_at.is_some() && !self.retires;
        let (budget, buffers) = (&mut self.budget, &mut self.buffers);
        let counts = self.shared.info().shard(self.number);
        let turn = loop {
            match connection.turn(budget, &self.clock, buffers, stopping, counts) {
                Turn::Waker => connection.give_waker(&self.posts[self.number], token),
                turn => break turn,
            }
        };
        let state = connection.state();
        if state != connection.counted {
            counts.moved(mem::replace(&mut connection.counted, state), state);
        }
        connection.exchange.take_chores(&mut self.chores);
        if let Some(status) = connection.exchange.take_refusal() {
            counts.response(status);
        }
        if connection.exchange.take_shutdown() {
            self.posts.iter().for_each(|post| post.stop());
        }
        let deadline = match turn {
            Turn::Work(work) => return Some(work),
            Turn::Waits(deadline) => deadline,
            Turn::Waker => None,
            Turn::TakeOver(taken, mut socket) => {
                let peer = connection.exchange.peer();
                connection.close(self.clock.now());
                connection.exchange.take_chores(&mut self.chores);
                let _ = self.poll.registry().deregister(socket.source());
                upgrade::take_over(taken, socket, peer, &self.shared);
                self.leave(token);
                None
            }
            Turn::Again => {
                connection.queued = true;
                self.ready.push_back(token);
                None
            }
            Turn::Closed => {
                self.leave(token);
                None
            }
        };
        self.timers.set(slab::index(token), deadline);
        None
    }

    /// Tells the other loops how many connections there are.
    fn count(&self) {
        self.post().set_connections(self.connections.len());
    }

    /// How many more connections there may be, in all loops together. Loops look at each other
    /// without waiting, so each may let in a few too many at the same moment.
    fn room(&self) -> usize {
        let others = self.posts.iter().enumerate().filter(|(number, _)| *number != self.number);
        let elsewhere: usize = others.map(|(_, post)| post.connections()).sum();
        let most = self.shared.config.max_connections().min(Slab::<Connection>::MOST);
        most.saturating_sub(self.connections.len() + elsewhere)
    }

    /// A connection is over. If there could be no more, others may be waiting for its place.
    fn leave(&mut self, token: usize) {
        let was_full = self.room() == 0;
        if let Some(connection) = self.connections.remove(token) {
            self.shared.info().shard(self.number).closed(connection.counted);
        }
        self.count();
        if was_full {
            let others = self.posts.iter().enumerate().filter(|(number, _)| *number != self.number);
            others.for_each(|(_, post)| post.wake());
        }
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
        let ready = listeners.iter_mut().enumerate().filter(|(_, listener)| listener.ready);
        let share = self.shared.membership().map_or(usize::MAX, |_| WORKERS_SHARE);
        for (place, listener) in ready {
            let room = self.room().min(share);
            let mut accepted = 0;
            let result = listener.accept(room, |socket, remote| {
                accepted += 1;
                self.welcome(Accepted { socket, remote, place });
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
        // Accepting many takes its time, and no handler is to be blamed for that.
        self.clock.read();
    }

    /// Keeps a new connection, or gives it to a loop that has fewer.
    fn welcome(&mut self, accepted: Accepted) {
        if self.posts.len() > 1
            && self.stops_at.is_none()
            && let Some(other) = self.posts.iter().min_by_key(|post| post.connections())
            && other.connections() + LEAD <= self.connections.len()
        {
            let other = Arc::clone(other);
            if let Err(Mail::Accepted(accepted)) = other.send(Mail::Accepted(accepted)) {
                // That loop has stopped.
                self.admit(accepted);
            }
            return;
        }
        self.admit(accepted);
    }

    fn admit(&mut self, accepted: Accepted) {
        let Accepted { mut socket, remote, place } = accepted;
        let place = &self.places[place];
        let local = if place.is_tcp {
            // Neither failure harms anybody but this client, whose connection may be dead already.
            let _ = socket.set_nodelay(true);
            place.local.or_else(|| socket.local_addr().ok())
        } else {
            None
        };
        let peer = Peer::new(remote.map(canonical), local.map(canonical));
        let mut extra = Extra::default();
        if place.terms.expects_proxy(peer.remote) {
            extra.expect_proxy();
        } else if !extra.visit(&self.shared, &peer) {
            return;
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &place.terms.tls {
            match tls.session() {
                Ok(session) => extra.encrypt(session),
                Err(error) => {
                    log_warn!("{peer}: cannot be encrypted: {error}");
                    let _ = error;
                    return;
                }
            }
        }
        let token = self.connections.next_token();
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut socket, Token(token), interest) {
            log_warn!("{peer}: cannot be waited for: {error}");
            let _ = error;
            return;
        }
        let mut exchange = Exchange::new(Arc::clone(&self.shared), peer, self.clock.now());
        exchange.number_from(self.next_number);
        self.next_number = self.next_number.wrapping_add(1 << 32);
        if self.keeps_streams {
            exchange.keeps_streams();
        }
        if self.stops_at.is_some() {
            exchange.stop();
        }
        let mut connection = Connection::new(socket, exchange, extra);
        connection.queued = true;
        self.connections.insert(connection);
        self.shared.info().shard(self.number).accepted();
        self.timers.set(slab::index(token), None);
        self.ready.push_back(token);
        self.count();
    }

    fn expire(&mut self) {
        let Some(next) = self.timers.next() else { return };
        let overdue = self.polled.elapsed().saturating_sub(next);
        if self.events.iter().count() >= EVENTS && overdue < PATIENCE {
            return;
        }
        let mut expired = mem::take(&mut self.expired);
        self.timers.expired(self.polled.elapsed(), &mut expired);
        for slot in expired.drain(..) {
            let Some(token) = self.connections.token_at(slot) else { continue };
            if let Some(connection) = self.connections.get_mut(token) {
                connection.exchange.expire(&self.polled);
                self.queue(token);
            }
        }
        self.expired = expired;
    }

    /// Begins to stop, if that was asked for; gives how many connections were cut when it is
    /// done.
    fn stop_if_told(&mut self) -> Option<usize> {
        let order = self.post().order();
        if order == Order::Run {
            return None;
        }
        let now = *self.clock.read();
        let stops_at = |time| Some(now.elapsed().saturating_add(time));
        let (stop_time, drain_time) =
            (self.shared.config.stop_time(), self.shared.config.drain_time());
        if self.stops_at.is_some() && self.retires && order != Order::Retire {
            self.retires = false;
            self.stops_at = stops_at(stop_time);
            self.shared.stop();
            for token in self.connections.tokens() {
                self.queue(token);
            }
        }
        if self.stops_at.is_none() && order == Order::Retire {
            log_info!("retiring, with {} connections", self.connections.len());
            self.retires = true;
            self.stops_at = stops_at(drain_time);
            // Whoever waits in the queue of the system is for the others.
            for mut listener in mem::take(&mut self.listeners) {
                listener.deregister(self.poll.registry());
            }
            for token in self.connections.tokens() {
                if let Some(connection) = self.connections.get_mut(token) {
                    connection.exchange.stop();
                }
                self.queue(token);
            }
        } else if self.stops_at.is_none() {
            log_info!("stopping, with {} connections", self.connections.len());
            self.shared.stop();
            self.stops_at = stops_at(stop_time);
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
            for token in self.connections.tokens() {
                if let Some(connection) = self.connections.get_mut(token) {
                    connection.exchange.stop();
                    // One last look, for a request that is on its way.
                    connection.readable = true;
                }
                self.queue(token);
            }
        }
        let is_time = self.stops_at.is_some_and(|stops_at| stops_at <= now.elapsed());
        if !(is_time || order == Order::StopNow) {
            if !self.connections.is_empty() {
                return None;
            }
            if !self.post().close_if_empty() {
                // Somebody gave us a connection a moment ago, who was promised an answer.
                self.has_mail = true;
                self.rush = true;
                return None;
            }
        }
        let mut left = 0;
        for token in self.connections.tokens() {
            if let Some(mut connection) = self.connections.remove(token) {
                left += usize::from(!connection.exchange.is_idle());
                self.shared.info().shard(self.number).closed(connection.counted);
                connection.close(&now);
                connection.exchange.take_chores(&mut self.chores);
            }
        }
        // Connections that others gave us a moment ago were not begun, and what came back for ours
        // may hold values of the user.
        for mail in self.post().close() {
            if let Mail::Done(errand) = mail {
                self.chores.drop_later(errand);
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
