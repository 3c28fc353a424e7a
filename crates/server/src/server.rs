//! The server.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use pauper_message::{Network, Service};

use crate::control::Control;
#[cfg(unix)]
use crate::engine::forking::{self, Role};
use crate::engine::{SharedService, run_single, run_threading};
use crate::error::{ServeError, ServeResult, Served};
use crate::event_loop::EventLoop;
use crate::exchange::{Membership, Shared};
use crate::{Listener, ServerConfig, log_macros};

/// A server that listens, and runs when it gets a service.
///
/// From [`bind`](Self::bind) on clients can connect; they are answered when [`run`](Self::run) is
/// called.
///
/// There are three modes:
///
/// - [`run`](Self::run), *threading*: one loop for each processor, and handlers that may block. A
///   handler that is quick runs on the loop; one that is known to block runs on a thread of its
///   own; and a loop that is held up all the same is given to another thread within milliseconds.
///   The service is called by several threads at once.
/// - [`run_single`](Self::run_single), *single*: one loop on the calling thread, with handlers
///   strictly one after another. The service needs no `Send` and no locks, and everybody waits
///   while a handler does; a handler that sends a request to its own server waits for ever.
/// - [`run_forking`](Self::run_forking) and [`run_forking_single`](Self::run_forking_single),
///   *forking*: several processes, each as one of these, under a master that replaces those that
///   die. A crash costs the connections of one of them.
///
/// ```no_run
/// use pauper_message::Request;
/// use pauper_server::{ServeResult, Server};
///
/// fn main() -> ServeResult {
///     Server::bind("localhost:8080")?.run(|req: &mut Request| format!("{}\n", req.path()))
/// }
/// ```
pub struct Server {
    listeners: Vec<Listener>,
    control: Control,
    addresses: Vec<SocketAddr>,
    config: ServerConfig,
    /// In a server of several processes, what this one is among them.
    membership: Option<Membership>,
}

impl Server {
    /// Listens on every address that `addr` stands for, so that `localhost:8080` is 127.0.0.1 and
    /// `[::1]` where there is IPv6. Port 0 is a free port, the same for all addresses.
    ///
    /// # Errors
    /// When the name is unknown or an address cannot be had; the error names it.
    pub fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        Self::from_listeners(Listener::bind(addr)?)
    }

    /// Listens on a host at the first of these ports that nobody else uses;
    /// [`local_addr`](Self::local_addr) tells which. See [`Listener::bind_first`].
    ///
    /// ```
    /// use pauper_server::Server;
    ///
    /// let server = Server::bind_first("localhost", [8080, 8081, 0])?;
    /// assert_ne!(server.local_addr().port(), 0);
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// As [`bind`](Self::bind); [`AddrInUse`](io::ErrorKind::AddrInUse) if all ports are taken.
    pub fn bind_first(host: &str, ports: impl IntoIterator<Item = u16>) -> io::Result<Self> {
        Self::from_listeners(Listener::bind_first(host, ports)?)
    }

    /// Takes over a socket that listens already.
    ///
    /// # Errors
    /// None at present.
    pub fn from_listener(listener: TcpListener) -> io::Result<Self> {
        Self::from_listeners(vec![listener.into()])
    }

    /// Takes over any number of sockets that listen already: on several addresses, Unix sockets,
    /// inherited ones.
    ///
    /// # Errors
    /// When there are none.
    pub fn from_listeners(listeners: Vec<Listener>) -> io::Result<Self> {
        if listeners.is_empty() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "no socket to listen on"));
        }
        let addresses = listeners.iter().filter_map(Listener::local_addr).collect();
        let (control, config) = (Control::default(), ServerConfig::new());
        Ok(Self { listeners, control, addresses, config, membership: None })
    }

    /// Encrypts the connections of all its listeners; see [`Tls`](crate::Tls).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: &crate::Tls) -> Self {
        self.listeners = self.listeners.into_iter().map(|one| one.with_tls(tls)).collect();
        self
    }

    /// Expects the PROXY protocol on all its listeners, from peers within these networks; see
    /// [`Listener::with_proxy_protocol`].
    #[must_use]
    pub fn proxy_protocol(mut self, from: impl IntoIterator<Item = Network>) -> Self {
        let from: Vec<Network> = from.into_iter().collect();
        let with = |one: Listener| one.with_proxy_protocol(from.iter().copied());
        self.listeners = self.listeners.into_iter().map(with).collect();
        self
    }

    /// With other limits and times.
    #[must_use]
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// The first address that it listens on.
    ///
    /// # Panics
    /// If it listens on Unix sockets alone, which have none.
    #[must_use]
    #[track_caller]
    pub fn local_addr(&self) -> SocketAddr {
        first(&self.addresses)
    }

    /// All addresses that it listens on, but for Unix sockets.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The sockets that it listens on.
    #[must_use]
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Something to stop it with, from anywhere and at any time.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Serves until it is stopped: by its [`Control`], or by a response with
    /// [`and_shutdown`](pauper_message::Response::and_shutdown). Handlers run on several threads.
    ///
    /// A handler that is still busy when the server has stopped (after
    /// [`ServerConfig::stop_time`]) keeps its thread and the service until it returns.
    ///
    /// # Errors
    /// When the service is [misconfigured](Service::check), before anybody is accepted; when
    /// threads cannot be started; or when the operating system refuses to wait for events.
    pub fn run(self, service: impl Service + Send + Sync + 'static) -> ServeResult {
        service.check()?;
        self.run_shared(Arc::new(service))
    }

    fn run_shared(self, service: SharedService) -> ServeResult {
        let count = match self.config.loops() {
            0 if self.membership.is_some() => 1,
            0 => thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let _files = self.begin();
        let another = match self.membership {
            // A socket of its own would take connections along when the worker ends.
            #[cfg(unix)]
            Some(_) => Listener::same,
            _ => Listener::another,
        };
        let mut all = vec![self.listeners];
        for _ in 1..count {
            let others = all[0].iter().map(another).collect::<io::Result<Vec<_>>>()?;
            all.push(others);
        }
        let shared = Arc::new(Shared::for_loops(self.config, count, self.membership));
        let mut loops = Vec::with_capacity(count);
        for listeners in all {
            loops.push(EventLoop::new(listeners, Arc::clone(&shared))?);
        }
        let posts = loops.iter().map(|one| Arc::clone(one.post())).collect();
        self.control.attach(posts, Arc::clone(shared.info()));
        Ok(Served::new(run_threading(loops, service, &shared)?))
    }

    /// Serves like [`run`](Self::run), but with one loop on the calling thread that also runs the
    /// handlers, strictly one after another. Bodies that a plan wants streamed are kept first, and
    /// look as if they arrived while the handler reads, so that no client can hold a handler up.
    ///
    /// # Errors
    /// As `run`.
    #[expect(clippy::needless_pass_by_value, reason = "`run_single(app)` is what a main says")]
    pub fn run_single(self, service: impl Service) -> ServeResult {
        self.run_dyn(&service)
    }

    fn run_dyn(self, service: &dyn Service) -> ServeResult {
        service.check()?;
        let _files = self.begin();
        let shared = Arc::new(Shared::for_loops(self.config, 1, self.membership));
        let mut event_loop = EventLoop::new(self.listeners, Arc::clone(&shared))?;
        self.control.attach(vec![Arc::clone(event_loop.post())], Arc::clone(shared.info()));
        let left = run_single(&mut event_loop, service)?;
        Ok(Served::new(left + shared.end_upgraded()))
    }

    /// Serves with several processes ([`ServerConfig::with_workers`]), each as [`run`](Self::run)
    /// does, with one loop unless the configuration says otherwise.
    ///
    /// The calling process becomes the master: it forks the workers, all of which accept from the
    /// sockets that it has, and looks after them, without a thread of its own. `factory` makes the
    /// service, and is called in each worker after the fork, since few things survive one: a
    /// connection to a database has to be opened there. Workers never return from this.
    ///
    /// - A worker that dies is replaced at once, and after a pause that grows up to ten seconds where
    ///   workers die young. Its connections are lost, nobody else's.
    /// - One that shows no life for [`ServerConfig::worker_stall`] is killed and replaced.
    /// - One that has answered [`ServerConfig::worker_requests`] is replaced without a loss.
    /// - When the master dies, however that happens, its workers stop gracefully.
    /// - [`Control`] stops, reloads, grows and shrinks; [`Control::watch`] lets signals do that.
    ///   Signals that the master catches do nothing in workers.
    /// - A worker whose service asks for a shutdown
    ///   ([`and_shutdown`](pauper_message::Response::and_shutdown)) stops all.
    ///
    /// Workers share no memory. Whatever a process keeps there is known to those requests alone that
    /// come to it:
    ///
    /// | what | in a server of several processes |
    /// |---|---|
    /// | state of the application, caches, sessions in memory | one of each worker |
    /// | nonces of digest authentication, kept in memory | one table of each worker: an answer to another's nonce is stale, and a replay to another is not seen; see [`ServerInfo::worker`](pauper_message::ServerInfo::worker) |
    /// | secrets drawn at random at the start | one of each worker, if the factory draws them; draw them before, or configure them |
    /// | counters ([`ServerInfo`](pauper_message::ServerInfo)) | those of the worker that answers; the master has none |
    /// | [`max_connections`](ServerConfig::max_connections), [`max_connections_per_address`](ServerConfig::max_connections_per_address), [`max_buffered`](ServerConfig::max_buffered), [`max_upgrades`](ServerConfig::max_upgrades), [`max_streams`](ServerConfig::max_streams), [`threads`](ServerConfig::threads), [`max_queue`](ServerConfig::max_queue) | for each worker |
    /// | broadcasts to WebSockets and event streams | reach the clients of the same worker |
    /// | which endpoints block | learnt by each worker |
    /// | certificates and other files read by the factory | read again by new workers ([`Control::reload`]) |
    /// | sockets that listen, files opened before, standard output | the same for all |
    /// | numbers of requests in access records | begin anywhere in each worker, and may meet |
    ///
    /// ```no_run
    /// use pauper_message::Request;
    /// use pauper_server::{ServeResult, Server, ServerConfig};
    ///
    /// fn main() -> ServeResult {
    ///     let config = ServerConfig::new().with_workers(4);
    ///     Server::bind("localhost:8080")?.config(config).run_forking(|| {
    ///         let process = std::process::id();
    ///         move |_: &mut Request| format!("process {process}\n")
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// When this process has more than one thread (where the system tells; elsewhere it must not
    /// have), when it cannot fork, or when no worker came to serve: its service is
    /// [misconfigured](Service::check), its factory panics, and so on.
    #[cfg(unix)]
    pub fn run_forking<S>(self, factory: impl Fn() -> S) -> ServeResult
    where
        S: Service + Send + Sync + 'static,
    {
        self.fork(|server, obey| {
            let service: SharedService = Arc::new(factory());
            service.check()?;
            obey(&server)?;
            server.run_shared(service)
        })
    }

    /// Serves like [`run_forking`](Self::run_forking), with workers that call one handler at a time
    /// each, as [`run_single`](Self::run_single) does. A handler that takes longer than
    /// [`ServerConfig::worker_stall`] ends with its worker.
    ///
    /// # Errors
    /// As `run_forking`.
    #[cfg(unix)]
    pub fn run_forking_single<S: Service>(self, factory: impl Fn() -> S) -> ServeResult {
        self.fork(|server, obey| {
            let service = factory();
            service.check()?;
            obey(&server)?;
            server.run_dyn(&service)
        })
    }

    #[cfg(unix)]
    fn fork(
        mut self,
        serve: impl Fn(Self, &dyn Fn(&Self) -> io::Result<()>) -> ServeResult,
    ) -> ServeResult {
        tell(&self.listeners);
        let files = files(&self.listeners);
        match forking::run(&self.config, &self.control)? {
            Role::Master(served) => Ok(served),
            Role::Worker(seat) => {
                // They are the master's.
                std::mem::forget(files);
                seat.work(|seat| {
                    self.membership = Some(seat.membership());
                    serve(self, &|server| seat.obey(&server.control, &server.config))
                })
            }
        }
    }

    /// Says where it listens. The files of Unix sockets go when what this gives is dropped; in a
    /// worker they stay, since they are the master's.
    fn begin(&self) -> Option<impl Drop + use<>> {
        if self.membership.is_some() {
            return None;
        }
        tell(&self.listeners);
        Some(files(&self.listeners))
    }

    /// [Runs](Self::run) on a thread of its own, for tests and for programs with other work.
    ///
    /// # Errors
    /// When the service is [misconfigured](Service::check), or there can be no more threads.
    pub fn spawn(
        self,
        service: impl Service + Send + Sync + 'static,
    ) -> Result<Handle, ServeError> {
        service.check()?;
        self.spawn_with(move |server| server.run_shared(Arc::new(service)))
    }

    /// [Runs as one loop](Self::run_single) on a thread of its own.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_single(
        self,
        service: impl Service + Send + 'static,
    ) -> Result<Handle, ServeError> {
        service.check()?;
        self.spawn_with(move |server| server.run_dyn(&service))
    }

    fn spawn_with(
        self,
        serve: impl FnOnce(Self) -> ServeResult + Send + 'static,
    ) -> Result<Handle, ServeError> {
        let (addresses, control) = (self.addresses.clone(), self.control());
        let main = move || serve(self);
        let thread = thread::Builder::new().name("pauper-server".to_owned()).spawn(main)?;
        Ok(Handle { addresses, control, thread: Some(thread) })
    }
}

fn tell(listeners: &[Listener]) {
    for listener in listeners {
        log_macros::log_info!("listening on {listener}");
        let _ = listener;
    }
}

/// The files of Unix sockets, which go when this is dropped.
fn files(listeners: &[Listener]) -> impl Drop + use<> {
    #[cfg(unix)]
    return listeners.iter().filter_map(Listener::file).collect::<Vec<_>>();
    #[cfg(not(unix))]
    return Vec::<()>::with_capacity(listeners.len());
}

#[track_caller]
fn first(addresses: &[SocketAddr]) -> SocketAddr {
    *addresses.first().expect("a server on Unix sockets alone has no address")
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listeners", &self.listeners)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// A server on a thread of its own; see [`Server::spawn`]. Dropping it stops the server at once.
#[derive(Debug)]
pub struct Handle {
    addresses: Vec<SocketAddr>,
    control: Control,
    thread: Option<JoinHandle<ServeResult>>,
}

impl Handle {
    /// The first address that it listens on.
    ///
    /// # Panics
    /// If it listens on Unix sockets alone, which have none.
    #[must_use]
    #[track_caller]
    pub fn addr(&self) -> SocketAddr {
        first(&self.addresses)
    }

    /// All addresses that it listens on, but for Unix sockets.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Something to stop it with.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Stops it gracefully; see [`Control::stop`].
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// As [`Server::run`].
    ///
    /// # Panics
    /// If the server panicked, with its panic.
    pub fn join(mut self) -> ServeResult {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(Served::new(0)),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.control.stop_now();
            let _ = thread.join();
        }
    }
}
