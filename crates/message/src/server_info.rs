//! What a server knows about itself, readable at any time.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;

use crate::request::Request;

/// How many buckets the histogram of handler times has.
pub const HANDLER_BUCKETS: usize = 28;

/// Counters and gauges of a running server; see [`Request::server_info`].
///
/// Reading takes no lock and stops nobody. The numbers of one snapshot are not of one instant: a
/// request may be counted whose answer is not yet.
///
/// Inside it has a [`Shard`] for each event loop, so that counting costs no traffic between
/// processor cores, and a few shared gauges for what belongs to no loop. In a server of several
/// processes each has its own.
#[derive(Debug)]
pub struct ServerInfo {
    shards: Box<[Shard]>,
    threads: AtomicU64,
    threads_busy: AtomicU64,
    queued: AtomicU64,
    buffered: AtomicU64,
    worker: Option<usize>,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Waits for a request of which no byte has come.
    Idle,
    /// A request is arriving.
    Reading,
    /// The service has the request.
    Working,
    /// An answer is being sent, or the connection is being closed.
    Writing,
    /// It speaks another protocol now.
    Upgraded,
}

const STATES: usize = 5;

/// How a request came to its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dispatch {
    /// On the thread of its event loop.
    Inline,
    /// On the thread of its event loop, which was then given to another thread because the handler
    /// blocked.
    Rescued,
    /// On a thread of the pool, because the handler was expected to block.
    Predicted,
}

/// A counter with one writer: it is loaded and stored, which is cheaper than to add atomically.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn add(&self, n: u64) {
        self.0.store(self.get().wrapping_add(n), Relaxed);
    }

    fn sub(&self, n: u64) {
        self.0.store(self.get().saturating_sub(n), Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The numbers of one event loop.
///
/// Only one thread at a time may write to a shard: the one that has the loop. Others would not
/// break anything but lose counts. Anybody may read.
// A cache line of its own, and the neighbour that processors fetch with it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Shard {
    states: [Count; STATES],
    accepted: Count,
    requests: Count,
    responses: [Count; 5],
    refused: Count,
    bytes_in: Count,
    bytes_out: Count,
    inline: Count,
    predicted: Count,
    rescued: Count,
    handler_micros: Count,
    handler_times: [Count; HANDLER_BUCKETS],
}

impl Shard {
    /// A connection was accepted; it is idle.
    pub fn accepted(&self) {
        self.accepted.add(1);
        self.states[ConnectionState::Idle as usize].add(1);
    }

    /// A connection does something else now.
    #[inline]
    pub fn moved(&self, from: ConnectionState, to: ConnectionState) {
        if from != to {
            self.states[from as usize].sub(1);
            self.states[to as usize].add(1);
        }
    }

    /// A connection is gone that was in this state.
    pub fn closed(&self, from: ConnectionState) {
        self.states[from as usize].sub(1);
    }

    /// The service answered a request.
    #[inline]
    pub fn request(&self) {
        self.requests.add(1);
    }

    /// A response of this status goes out. A status above 599 counts as one of the fifth class.
    #[inline]
    pub fn response(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5);
        self.responses[class - 1].add(1);
    }

    /// A request got 503 because the server has too much to do; to be counted beside
    /// [`response`](Self::response).
    pub fn refused(&self) {
        self.refused.add(1);
    }

    /// So many bytes were read from sockets.
    #[inline]
    pub fn bytes_in(&self, bytes: u64) {
        self.bytes_in.add(bytes);
    }

    /// So many bytes were written to sockets.
    #[inline]
    pub fn bytes_out(&self, bytes: u64) {
        self.bytes_out.add(bytes);
    }

    /// A handler ran, this way and for so long.
    #[inline]
    pub fn handled(&self, dispatch: Dispatch, time: Duration) {
        match dispatch {
            Dispatch::Inline => &self.inline,
            Dispatch::Rescued => &self.rescued,
            Dispatch::Predicted => &self.predicted,
        }
        .add(1);
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.handler_micros.add(micros);
        self.handler_times[bucket(micros)].add(1);
    }
}

fn bucket(micros: u64) -> usize {
    ((u64::BITS - micros.leading_zeros()) as usize).min(HANDLER_BUCKETS - 1)
}

impl ServerInfo {
    /// All zero, for a server with so many event loops (at least one).
    pub fn new(loops: usize) -> Self {
        Self {
            shards: (0..loops.max(1)).map(|_| Shard::default()).collect(),
            threads: AtomicU64::new(0),
            threads_busy: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            buffered: AtomicU64::new(0),
            worker: None,
        }
    }

    /// The same of one of several processes that together are a server, for servers.
    #[must_use]
    pub fn in_worker(mut self, number: usize) -> Self {
        self.worker = Some(number);
        self
    }

    /// The number of this process among the workers of its server, from 0; none of a server that is
    /// one process. The numbers of workers that ended are used again.
    ///
    /// Where there is one, memory is not shared by all requests: what is kept in it, like nonces,
    /// counts and sessions, is known to those alone that come to the same worker.
    pub fn worker(&self) -> Option<usize> {
        self.worker
    }

    /// The shard of a loop, for servers.
    ///
    /// # Panics
    /// When there is no such loop.
    pub fn shard(&self, index: usize) -> &Shard {
        &self.shards[index]
    }

    /// How many event loops the server has.
    pub fn loops(&self) -> usize {
        self.shards.len()
    }

    /// A thread began, for servers.
    pub fn thread_started(&self) {
        self.threads.fetch_add(1, Relaxed);
    }

    /// A thread ended, for servers.
    pub fn thread_ended(&self) {
        subtract(&self.threads);
    }

    /// A thread has something to do, for servers.
    pub fn thread_busy(&self) {
        self.threads_busy.fetch_add(1, Relaxed);
    }

    /// A thread has nothing to do any more, for servers.
    pub fn thread_idle(&self) {
        subtract(&self.threads_busy);
    }

    /// A request waits for a thread, for servers.
    pub fn queued(&self) {
        self.queued.fetch_add(1, Relaxed);
    }

    /// A request waits for a thread no more, for servers.
    pub fn unqueued(&self) {
        subtract(&self.queued);
    }

    /// So many more bytes of bodies are kept in memory, for servers.
    pub fn buffered(&self, bytes: u64) {
        self.buffered.fetch_add(bytes, Relaxed);
    }

    /// So many bytes of bodies that were kept in memory are gone, for servers.
    pub fn unbuffered(&self, bytes: u64) {
        self.buffered.fetch_sub(bytes, Relaxed);
    }

    /// How many bytes of bodies are kept in memory.
    pub fn buffered_bytes(&self) -> u64 {
        self.buffered.load(Relaxed)
    }

    /// All numbers as they are now.
    pub fn snapshot(&self) -> ServerSnapshot {
        let mut sum = ServerSnapshot {
            loops: self.shards.len() as u64,
            threads: self.threads.load(Relaxed),
            threads_busy: self.threads_busy.load(Relaxed),
            queued: self.queued.load(Relaxed),
            buffered: self.buffered_bytes(),
            ..ServerSnapshot::default()
        };
        for shard in &self.shards {
            let state = |state: ConnectionState| shard.states[state as usize].get();
            sum.idle += state(ConnectionState::Idle);
            sum.reading += state(ConnectionState::Reading);
            sum.working += state(ConnectionState::Working);
            sum.writing += state(ConnectionState::Writing);
            sum.upgraded += state(ConnectionState::Upgraded);
            sum.accepted += shard.accepted.get();
            sum.requests += shard.requests.get();
            sum.refused += shard.refused.get();
            sum.bytes_in += shard.bytes_in.get();
            sum.bytes_out += shard.bytes_out.get();
            sum.inline += shard.inline.get();
            sum.predicted += shard.predicted.get();
            sum.rescued += shard.rescued.get();
            sum.handler_micros = sum.handler_micros.wrapping_add(shard.handler_micros.get());
            add(&mut sum.responses, &shard.responses);
            add(&mut sum.handler_times, &shard.handler_times);
        }
        sum
    }
}

fn add(sums: &mut [u64], counts: &[Count]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        sum.add_assign(count.get());
    }
}

/// Subtracts one, never below zero: a gauge that lost a step must not show 2^64.
fn subtract(gauge: &AtomicU64) {
    let _ = gauge.fetch_update(Relaxed, Relaxed, |value| value.checked_sub(1));
}

/// The numbers of a [`ServerInfo`] at about one time. Counters begin with the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSnapshot {
    /// Connections that wait for a request.
    pub idle: u64,
    /// Connections whose request is arriving.
    pub reading: u64,
    /// Connections whose request the service has.
    pub working: u64,
    /// Connections whose answer is being sent, or that are being closed.
    pub writing: u64,
    /// Connections that speak another protocol now.
    pub upgraded: u64,
    /// Connections accepted in all.
    pub accepted: u64,
    /// Requests that the service answered, in all; those that it has now are [`working`](Self::working).
    pub requests: u64,
    /// Responses in all, by the class of their status: the first number is that of 1xx.
    pub responses: [u64; 5],
    /// Requests that got 503 because the server had too much to do.
    pub refused: u64,
    /// Bytes read from sockets in all.
    pub bytes_in: u64,
    /// Bytes written to sockets in all.
    pub bytes_out: u64,
    /// Bytes that are in buffers.
    pub buffered: u64,
    /// Requests whose handler ran on the thread of its event loop and did not hold it up.
    pub inline: u64,
    /// Requests that went to the pool because their handler was expected to block.
    pub predicted: u64,
    /// Requests whose handler blocked on the thread of its event loop, which was given to another
    /// thread.
    pub rescued: u64,
    /// The sum of all handler times in microseconds.
    pub handler_micros: u64,
    /// How many handlers took how long: the number at `i` counts those below 2^`i` microseconds
    /// and not below 2^(`i` - 1); the last one all that took longer. The first is 0 microseconds.
    pub handler_times: [u64; HANDLER_BUCKETS],
    /// Requests that wait for a thread.
    pub queued: u64,
    /// Threads.
    pub threads: u64,
    /// Threads that have something to do.
    pub threads_busy: u64,
    /// Event loops.
    pub loops: u64,
}

impl ServerSnapshot {
    /// Connections that are open.
    pub fn connections(&self) -> u64 {
        self.idle + self.reading + self.working + self.writing + self.upgraded
    }

    /// A time that this share of all handlers did not exceed, 0.99 for 99 %: the upper bound of its
    /// bucket, so at most twice too much. None before the first request, and where the bucket has
    /// no bound.
    pub fn handler_time(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.handler_times.iter().sum();
        let wanted = (all as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut so_far = 0;
        for (index, count) in self.handler_times[..HANDLER_BUCKETS - 1].iter().enumerate() {
            so_far += count;
            if so_far >= wanted {
                return Some(Duration::from_micros(1 << index));
            }
        }
        None
    }
}

impl fmt::Display for ServerSnapshot {
    /// One line for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections ({} idle), {} requests, {} refused, {} of {} threads busy, {} queued",
            self.connections(),
            self.idle,
            self.requests,
            self.refused,
            self.threads_busy,
            self.threads,
            self.queued
        )
    }
}

impl Request {
    /// The counters of the server that brought this request; none from a server that keeps none,
    /// and in tests.
    pub fn server_info(&self) -> Option<&ServerInfo> {
        self.server_info.as_deref()
    }

    /// Tells the request its server's counters. For servers.
    pub fn set_server_info(&mut self, info: Arc<ServerInfo>) {
        self.server_info = Some(info);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sums_all_loops() {
        let info = ServerInfo::new(2);
        assert_eq!(info.worker(), None);
        assert_eq!(ServerInfo::new(1).in_worker(3).worker(), Some(3));
        for index in 0..2 {
            let shard = info.shard(index);
            shard.accepted();
            shard.accepted();
            shard.moved(ConnectionState::Idle, ConnectionState::Reading);
            shard.request();
            shard.response(StatusCode::OK);
            shard.response(StatusCode::SERVICE_UNAVAILABLE);
            shard.response(StatusCode::from_u16(999).unwrap());
            shard.refused();
            shard.bytes_in(100);
            shard.bytes_out(1000);
            shard.handled(Dispatch::Inline, Duration::from_micros(3));
            shard.handled(Dispatch::Predicted, Duration::from_millis(2));
            shard.handled(Dispatch::Rescued, Duration::from_secs(1000));
        }
        info.shard(1).closed(ConnectionState::Idle);
        info.thread_started();
        info.thread_busy();
        info.thread_idle();
        info.thread_idle();
        info.queued();
        info.buffered(80);
        info.unbuffered(20);
        let sum = info.snapshot();
        assert_eq!((sum.idle, sum.reading, sum.connections()), (1, 2, 3));
        assert_eq!((sum.accepted, sum.requests, sum.refused), (4, 2, 2));
        assert_eq!(sum.responses, [0, 2, 0, 0, 4]);
        assert_eq!((sum.bytes_in, sum.bytes_out, sum.buffered), (200, 2000, 60));
        assert_eq!((sum.inline, sum.predicted, sum.rescued), (2, 2, 2));
        assert_eq!((sum.threads, sum.threads_busy, sum.queued, sum.loops), (1, 0, 1, 2));
        assert_eq!(sum.handler_times[2], 2, "3 us are in 2 to 4");
        assert_eq!(sum.handler_times[HANDLER_BUCKETS - 1], 2);
        assert_eq!(sum.handler_micros, 2 * (3 + 2000 + 1_000_000_000));
    }

    #[test]
    fn buckets_are_powers_of_two() {
        for (micros, expected) in
            [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (1023, 10), (1024, 11), (u64::MAX, 27)]
        {
            assert_eq!(bucket(micros), expected, "{micros}");
        }
    }

    #[test]
    fn shares_of_handler_times() {
        let info = ServerInfo::new(1);
        assert_eq!(info.snapshot().handler_time(0.5), None);
        for _ in 0..99 {
            info.shard(0).handled(Dispatch::Inline, Duration::from_micros(3));
        }
        info.shard(0).handled(Dispatch::Inline, Duration::from_micros(900));
        let sum = info.snapshot();
        assert_eq!(sum.handler_time(0.0), Some(Duration::from_micros(4)));
        assert_eq!(sum.handler_time(0.99), Some(Duration::from_micros(4)));
        assert_eq!(sum.handler_time(1.0), Some(Duration::from_micros(1024)));
    }

    #[test]
    fn requests_know_their_server() {
        let mut req = Request::builder().build().unwrap();
        assert!(req.server_info().is_none());
        req.set_server_info(Arc::new(ServerInfo::new(3)));
        assert_eq!(req.server_info().map(ServerInfo::loops), Some(3));
    }
}
