//! Limits and times, each with its default and the reason for it.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use pauper_wire::Limits;

use crate::exchange::AccessRecord;

/// What is called for every answer.
type OnAccess = Box<dyn Fn(&AccessRecord<'_>) + Send + Sync>;

/// The limits and times of a server.
///
/// The defaults suit a server that faces the internet directly. Whatever a client oversteps is
/// named in the answer it gets and in the log.
///
/// ```
/// use std::time::Duration;
/// use pauper_server::ServerConfig;
///
/// let config = ServerConfig::new()
///     .with_max_body(1024 * 1024)
///     .with_idle_time(Duration::from_secs(5));
/// assert_eq!(config.max_body(), 1_048_576);
/// assert_eq!(config.head_time(), Duration::from_secs(10));
/// ```
pub struct ServerConfig {
    limits: Limits,
    max_body: u64,
    max_sink_body: u64,
    body_in_memory: usize,
    head_time: Duration,
    body_grace: Duration,
    body_rate: u64,
    idle_time: Duration,
    write_stall: Duration,
    drain_limit: u64,
    linger_time: Duration,
    linger_limit: u64,
    max_requests: u64,
    max_connections: usize,
    stop_time: Duration,
    drain_time: Duration,
    loops: usize,
    workers: usize,
    worker_requests: u64,
    worker_stall: Duration,
    threads: usize,
    max_queue: usize,
    max_streams: usize,
    max_upgrades: usize,
    max_buffered: u64,
    max_unsent: usize,
    max_connections_per_address: usize,
    server_name: Option<HeaderValue>,
    on_access: Option<OnAccess>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerConfig {
    /// The defaults, which the setters document.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::new(),
            max_body: 16 * 1024 * 1024,
            max_sink_body: 1024 * 1024 * 1024,
            body_in_memory: 64 * 1024,
            head_time: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_rate: 1024,
            idle_time: Duration::from_secs(60),
            write_stall: Duration::from_secs(30),
            drain_limit: 256 * 1024,
            linger_time: Duration::from_secs(2),
            linger_limit: 16 * 1024 * 1024,
            max_requests: 0,
            max_connections: 10_000,
            stop_time: Duration::from_secs(10),
            drain_time: Duration::from_secs(30),
            loops: 0,
            workers: 0,
            worker_requests: 0,
            worker_stall: Duration::from_secs(60),
            threads: 48,
            max_queue: 1024,
            max_streams: 64,
            max_upgrades: 256,
            max_buffered: 256 * 1024 * 1024,
            max_unsent: 1024 * 1024,
            max_connections_per_address: 0,
            server_name: Some(HeaderValue::from_static("Pauper")),
            on_access: None,
        }
    }

    // --- sizes --------------------------------------------------------------------------------

    /// Bytes of a whole head. Default 65,536: ten times what browsers send, and the most memory
    /// that a client can claim before its request is known. Status 431 beyond.
    #[must_use]
    pub fn with_max_head(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_max_head(bytes);
        self
    }

    /// Bytes of the request target. Default 8,192, which RFC 9112, section 3, asks for at least.
    /// Status 414 beyond.
    #[must_use]
    pub fn with_max_target(mut self, bytes: usize) -> Self {
        self.limits = self.limits.with_max_target(bytes);
        self
    }

    /// Header lines of a request. Default 100; browsers send about 20. Status 431 beyond.
    #[must_use]
    pub fn with_max_headers(mut self, count: usize) -> Self {
        self.limits = self.limits.with_max_headers(count);
        self
    }

    /// Bytes of a body that is kept for a handler, unless its plan says otherwise. Default
    /// 16 MiB: a large photo passes, a flood does not fill the disk. Status 413 beyond.
    #[must_use]
    pub fn with_max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// Bytes of a body that is pushed into a sink. Default 1 GiB: the server keeps none of it,
    /// and sinks have limits of their own; this one ends endless bodies. Status 413 beyond.
    #[must_use]
    pub fn with_max_sink_body(mut self, bytes: u64) -> Self {
        self.max_sink_body = bytes;
        self
    }

    /// Bytes of a body that are kept in memory; a longer one goes to an unnamed temporary file.
    /// Default 65,536: forms and JSON stay in memory, and 1,000 uploads at once hold 64 MiB.
    #[must_use]
    pub fn with_body_in_memory(mut self, bytes: usize) -> Self {
        self.body_in_memory = bytes;
        self
    }

    /// Bytes of a body nobody wants that are read and dropped so that the connection can be used
    /// again, at the pace of any body ([`with_body_rate`](Self::with_body_rate)). Default 256 KiB:
    /// beyond, a new connection is cheaper than the rest of the body.
    #[must_use]
    pub fn with_drain_limit(mut self, bytes: u64) -> Self {
        self.drain_limit = bytes;
        self
    }

    /// Requests on one connection; the last one is answered with `Connection: close`. Default 0,
    /// which is no limit.
    #[must_use]
    pub fn with_max_requests(mut self, count: u64) -> Self {
        self.max_requests = count;
        self
    }

    /// Connections in all. Default 10,000. While there are as many no others are accepted: they
    /// wait in the queue of the operating system until one is closed, instead of being turned
    /// away.
    #[must_use]
    pub fn with_max_connections(mut self, count: usize) -> Self {
        self.max_connections = count.max(1);
        self
    }

    /// Connections of one client address. Default 0, which is no limit: behind a proxy all
    /// connections have its address. Those beyond are closed at once.
    #[must_use]
    pub fn with_max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = count;
        self
    }

    /// Bytes of bodies that are kept in memory, of all requests together. Default 256 MiB. Beyond,
    /// the rest of bodies that are arriving goes to files, and requests with new ones get status
    /// 503.
    #[must_use]
    pub fn with_max_buffered(mut self, bytes: u64) -> Self {
        self.max_buffered = bytes;
        self
    }

    /// Bytes that an upgraded connection driven by events may leave unsent, because its client does
    /// not take them. Default 1 MiB; the connection is closed beyond.
    #[must_use]
    pub fn with_max_unsent(mut self, bytes: usize) -> Self {
        self.max_unsent = bytes;
        self
    }

    /// See [`with_max_connections_per_address`](Self::with_max_connections_per_address).
    #[must_use]
    pub fn max_connections_per_address(&self) -> usize {
        self.max_connections_per_address
    }

    /// See [`with_max_buffered`](Self::with_max_buffered).
    #[must_use]
    pub fn max_buffered(&self) -> u64 {
        self.max_buffered
    }

    /// See [`with_max_unsent`](Self::with_max_unsent).
    #[must_use]
    pub fn max_unsent(&self) -> usize {
        self.max_unsent
    }

    // --- times --------------------------------------------------------------------------------

    /// How long a whole head may take: from the first byte, and on a new connection from its
    /// acceptance. Default 10 s, whatever the single bytes take. Status 408 beyond, or just a
    /// closed connection if no byte came.
    #[must_use]
    pub fn with_head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// How slow a body may be: no pause longer than `grace`, and in all no longer than `grace`
    /// and one second for each `rate` bytes. Defaults 10 s and 1,024 bytes: the slowest mobile
    /// link is ten times faster. Status 408 beyond.
    #[must_use]
    pub fn with_body_rate(mut self, grace: Duration, rate: u64) -> Self {
        self.body_grace = grace;
        self.body_rate = rate.max(1);
        self
    }

    /// How long a connection may wait for its next request. Default 60 s: an idle connection
    /// costs next to nothing, and proxies like to keep theirs.
    #[must_use]
    pub fn with_idle_time(mut self, time: Duration) -> Self {
        self.idle_time = time;
        self
    }

    /// How long a client may take no byte of an answer that is ready. Default 30 s, then the
    /// connection is cut.
    #[must_use]
    pub fn with_write_stall(mut self, time: Duration) -> Self {
        self.write_stall = time;
        self
    }

    /// How long, and for how many bytes, what a client still sends is read and dropped after an
    /// answer that ends the connection early. Defaults 2 s and 16 MiB. Without it the client's
    /// system would throw the answer away that says what was wrong.
    #[must_use]
    pub fn with_linger(mut self, time: Duration, bytes: u64) -> Self {
        self.linger_time = time;
        self.linger_limit = bytes;
        self
    }

    /// How long requests that are under way may take after the server was told to stop. Default
    /// 10 s, then their connections are cut.
    #[must_use]
    pub fn with_stop_time(mut self, time: Duration) -> Self {
        self.stop_time = time;
        self
    }

    // --- threads ------------------------------------------------------------------------------

    /// Loops, where the server [runs](crate::Server::run) on several threads. Default 0, which is
    /// one for each processor that the process may use; and one in each of several processes.
    #[must_use]
    pub fn with_loops(mut self, count: usize) -> Self {
        self.loops = count;
        self
    }

    /// How many handlers that block can be under way at the same time. Default 48: enough to wait
    /// for a database, few enough not to drown it. Each costs a thread once there is need for it.
    /// No endpoint takes more than three quarters of them, so that others still have some.
    #[must_use]
    pub fn with_threads(mut self, count: usize) -> Self {
        self.threads = count.max(1);
        self
    }

    /// How many requests may wait for a thread, at least one. Default 1,024; status 503 with Retry-After beyond.
    #[must_use]
    pub fn with_max_queue(mut self, count: usize) -> Self {
        self.max_queue = count.max(1);
        self
    }

    /// How many handlers that read their bodies as they arrive can be under way at the same time;
    /// each has a thread. Default 64; beyond, as many requests wait as
    /// [`with_max_queue`](Self::with_max_queue) lets.
    #[must_use]
    pub fn with_max_streams(mut self, count: usize) -> Self {
        self.max_streams = count.max(1);
        self
    }

    /// How many upgraded connections may have a thread each. Default 256; status 503 beyond. Those
    /// that are driven by events need no thread and are not counted.
    #[must_use]
    pub fn with_max_upgrades(mut self, count: usize) -> Self {
        self.max_upgrades = count;
        self
    }

    // --- processes ----------------------------------------------------------------------------

    /// Processes of a server that [forks](crate::Server::run_forking). Default 0, which is one for
    /// each processor that the process may use.
    #[must_use]
    pub fn with_workers(mut self, count: usize) -> Self {
        self.workers = count;
        self
    }

    /// How many requests a worker answers before another one takes its place, where handlers are
    /// suspected of losing memory. Each worker adds up to a tenth of its own choice, so that not all
    /// end together. Default 0, which is no limit.
    #[must_use]
    pub fn with_worker_requests(mut self, count: u64) -> Self {
        self.worker_requests = count;
        self
    }

    /// How long a worker may show no life before it is killed and replaced: its loops take no event,
    /// since a handler in a `single` worker does not return, or its factory does not. Handlers that
    /// block in threads do not count. Default 60 s; zero is for ever.
    #[must_use]
    pub fn with_worker_stall(mut self, time: Duration) -> Self {
        self.worker_stall = time;
        self
    }

    /// How long a worker that is to be replaced may keep the connections that it has: each is closed
    /// with the answer to its next request. Default 30 s, then they are cut.
    #[must_use]
    pub fn with_drain_time(mut self, time: Duration) -> Self {
        self.drain_time = time;
        self
    }

    /// How many workers there will be at first; see [`with_workers`](Self::with_workers).
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }

    /// See [`with_worker_requests`](Self::with_worker_requests).
    #[must_use]
    pub fn worker_requests(&self) -> u64 {
        self.worker_requests
    }

    /// See [`with_worker_stall`](Self::with_worker_stall).
    #[must_use]
    pub fn worker_stall(&self) -> Duration {
        self.worker_stall
    }

    /// See [`with_drain_time`](Self::with_drain_time).
    #[must_use]
    pub fn drain_time(&self) -> Duration {
        self.drain_time
    }

    /// See [`with_max_streams`](Self::with_max_streams).
    #[must_use]
    pub fn max_streams(&self) -> usize {
        self.max_streams
    }

    /// See [`with_max_upgrades`](Self::with_max_upgrades).
    #[must_use]
    pub fn max_upgrades(&self) -> usize {
        self.max_upgrades
    }

    /// See [`with_loops`](Self::with_loops).
    #[must_use]
    pub fn loops(&self) -> usize {
        self.loops
    }

    /// See [`with_threads`](Self::with_threads).
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// See [`with_max_queue`](Self::with_max_queue).
    #[must_use]
    pub fn max_queue(&self) -> usize {
        self.max_queue
    }

    // --- the rest -----------------------------------------------------------------------------

    /// The value of the Server header, where a handler does not set it. Default `Pauper`; `None`
    /// sends no such header.
    #[must_use]
    pub fn with_server_name(mut self, name: Option<HeaderValue>) -> Self {
        self.server_name = name;
        self
    }

    /// A function that is called for every answer when it was sent, or when its connection broke.
    /// Default none, which costs nothing. It runs on the loop, so it should not block.
    #[must_use]
    pub fn with_on_access(
        mut self,
        on_access: impl Fn(&AccessRecord<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_access = Some(Box::new(on_access));
        self
    }

    /// The limits of the parser.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// See [`with_max_body`](Self::with_max_body).
    #[must_use]
    pub fn max_body(&self) -> u64 {
        self.max_body
    }

    /// See [`with_max_sink_body`](Self::with_max_sink_body).
    #[must_use]
    pub fn max_sink_body(&self) -> u64 {
        self.max_sink_body
    }

    /// See [`with_body_in_memory`](Self::with_body_in_memory).
    #[must_use]
    pub fn body_in_memory(&self) -> usize {
        self.body_in_memory
    }

    /// See [`with_drain_limit`](Self::with_drain_limit).
    #[must_use]
    pub fn drain_limit(&self) -> u64 {
        self.drain_limit
    }

    /// See [`with_max_requests`](Self::with_max_requests).
    #[must_use]
    pub fn max_requests(&self) -> u64 {
        self.max_requests
    }

    /// See [`with_max_connections`](Self::with_max_connections).
    #[must_use]
    pub fn max_connections(&self) -> usize {
        self.max_connections
    }

    /// See [`with_head_time`](Self::with_head_time).
    #[must_use]
    pub fn head_time(&self) -> Duration {
        self.head_time
    }

    /// See [`with_body_rate`](Self::with_body_rate).
    #[must_use]
    pub fn body_grace(&self) -> Duration {
        self.body_grace
    }

    /// In bytes per second, see [`with_body_rate`](Self::with_body_rate).
    #[must_use]
    pub fn body_rate(&self) -> u64 {
        self.body_rate
    }

    /// See [`with_idle_time`](Self::with_idle_time).
    #[must_use]
    pub fn idle_time(&self) -> Duration {
        self.idle_time
    }

    /// See [`with_write_stall`](Self::with_write_stall).
    #[must_use]
    pub fn write_stall(&self) -> Duration {
        self.write_stall
    }

    /// See [`with_linger`](Self::with_linger).
    #[must_use]
    pub fn linger_time(&self) -> Duration {
        self.linger_time
    }

    /// In bytes, see [`with_linger`](Self::with_linger).
    #[must_use]
    pub fn linger_limit(&self) -> u64 {
        self.linger_limit
    }

    /// See [`with_stop_time`](Self::with_stop_time).
    #[must_use]
    pub fn stop_time(&self) -> Duration {
        self.stop_time
    }

    /// See [`with_server_name`](Self::with_server_name).
    #[must_use]
    pub fn server_name(&self) -> Option<&HeaderValue> {
        self.server_name.as_ref()
    }

    pub(crate) fn on_access(&self) -> Option<&OnAccess> {
        self.on_access.as_ref()
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("limits", &self.limits)
            .field("max_body", &self.max_body)
            .field("max_sink_body", &self.max_sink_body)
            .field("body_in_memory", &self.body_in_memory)
            .field("head_time", &self.head_time)
            .field("body_grace", &self.body_grace)
            .field("body_rate", &self.body_rate)
            .field("idle_time", &self.idle_time)
            .field("write_stall", &self.write_stall)
            .field("drain_limit", &self.drain_limit)
            .field("linger_time", &self.linger_time)
            .field("linger_limit", &self.linger_limit)
            .field("max_requests", &self.max_requests)
            .field("max_connections", &self.max_connections)
            .field("stop_time", &self.stop_time)
            .field("drain_time", &self.drain_time)
            .field("loops", &self.loops)
            .field("workers", &self.workers)
            .field("worker_requests", &self.worker_requests)
            .field("worker_stall", &self.worker_stall)
            .field("threads", &self.threads)
            .field("max_queue", &self.max_queue)
            .field("max_streams", &self.max_streams)
            .field("max_upgrades", &self.max_upgrades)
            .field("max_buffered", &self.max_buffered)
            .field("max_unsent", &self.max_unsent)
            .field("max_connections_per_address", &self.max_connections_per_address)
            .field("server_name", &self.server_name)
            .field("on_access", &self.on_access.is_some())
            .finish()
    }
}
