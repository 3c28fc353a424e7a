//! Telling a server what to do from elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pauper_message::ServerInfo;

#[cfg(unix)]
use crate::engine::forking::Link;
use crate::event_loop::Post;

/// Stops a server and looks at its counters, from another thread, or from anywhere else; see
/// [`Server::control`](crate::Server::control).
///
/// In a server of [several processes](crate::Server::run_forking) it also reloads, grows and
/// shrinks. What is ordered in a worker, by a handler that has a `Control` from before the fork,
/// goes to the master and is for the whole server.
#[derive(Clone, Debug, Default)]
pub struct Control {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    order: Option<Order>,
    /// Of the loops, once the server runs.
    posts: Vec<Arc<Post>>,
    info: Option<Arc<ServerInfo>>,
    #[cfg(unix)]
    forking: Forking,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Order {
    Retire,
    Stop,
    StopNow,
}

/// What there is to know in a server of several processes.
#[cfg(unix)]
#[derive(Default)]
struct Forking {
    /// To the master, wherever this is; and what was ordered before there was one.
    master: Option<std::os::unix::net::UnixStream>,
    early: Vec<Command>,
    /// In a worker.
    link: Option<Arc<Link>>,
    watched: Vec<Watched>,
}

/// What the master calls with what it reads.
#[cfg(unix)]
type Callback = Box<dyn FnMut(&Control, &[u8]) + Send>;

/// A file that the master waits for.
#[cfg(unix)]
pub(crate) struct Watched {
    pub(crate) file: std::os::fd::OwnedFd,
    pub(crate) callback: Callback,
}

/// What a master can be told, as a byte.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    Retire,
    Stop,
    StopNow,
    Reload,
    Grow,
    Shrink,
}

#[cfg(unix)]
impl Command {
    const ALL: [Self; 6] =
        [Self::Retire, Self::Stop, Self::StopNow, Self::Reload, Self::Grow, Self::Shrink];

    fn to_byte(self) -> u8 {
        self as u8 + b'a'
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.to_byte() == byte)
    }
}

impl Control {
    /// Stops gracefully: nobody is accepted any more, idle connections are closed at once,
    /// requests under way are finished for as long as
    /// [`ServerConfig::stop_time`](crate::ServerConfig::stop_time).
    ///
    /// Returns at once; [`Server::run`](crate::Server::run) returns when it is done. A server that
    /// is not running yet will stop as soon as it runs.
    pub fn stop(&self) {
        self.give(Order::Stop);
    }

    /// Leaves the field to another server on the same sockets, in this process or another one:
    /// nobody is accepted any more, and who waits in the sockets' queues is left to the other one.
    /// Connections are closed with the answer to their next request, or after
    /// [`ServerConfig::drain_time`](crate::ServerConfig::drain_time), so that no request meets a
    /// connection that is being closed.
    ///
    /// Returns at once, as [`stop`](Self::stop) does, which may follow.
    pub fn retire(&self) {
        self.give(Order::Retire);
    }

    /// Stops without waiting for requests under way.
    pub fn stop_now(&self) {
        self.give(Order::StopNow);
    }

    fn give(&self, order: Order) {
        let mut state = self.lock();
        #[cfg(unix)]
        {
            let command = match order {
                Order::Retire => Command::Retire,
                Order::Stop => Command::Stop,
                Order::StopNow => Command::StopNow,
            };
            if state.forking.master.is_some() {
                state.forking.command(command);
                return;
            }
            state.forking.early.push(command);
        }
        state.order = state.order.max(Some(order));
        state.pass_on();
    }

    /// The counters of the server, once it runs: for a page or a probe that has to answer when no
    /// handler does. In a server of several processes each worker has its own, and the master none.
    #[must_use]
    pub fn info(&self) -> Option<Arc<ServerInfo>> {
        self.lock().info.clone()
    }

    /// The server runs with these loops.
    pub(crate) fn attach(&self, posts: Vec<Arc<Post>>, info: Arc<ServerInfo>) {
        let mut state = self.lock();
        state.posts = posts;
        state.info = Some(info);
        state.pass_on();
        #[cfg(unix)]
        if let Some(link) = &state.forking.link {
            link.tell_ready();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For servers of several processes; see [`Server::run_forking`](crate::Server::run_forking).
#[cfg(unix)]
impl Control {
    /// Replaces all workers: as many new ones are started, and when all of them serve, the old ones
    /// retire. No request is lost: sockets that listen are the same as before, and a connection
    /// that an old worker has is closed with the answer to its next request, or after
    /// [`ServerConfig::drain_time`](crate::ServerConfig::drain_time).
    ///
    /// If a new worker ends before it serves, because its factory fails, say, the reload is
    /// abandoned and the old ones go on.
    ///
    /// Nothing happens in a server of one process.
    pub fn reload(&self) {
        self.lock().forking.command(Command::Reload);
    }

    /// One worker more, up to 1,024. Nothing happens in a server of one process.
    pub fn grow(&self) {
        self.lock().forking.command(Command::Grow);
    }

    /// One worker less, but never none; it finishes what it has. Nothing happens in a server of
    /// one process.
    pub fn shrink(&self) {
        self.lock().forking.command(Command::Shrink);
    }

    /// Lets the master wait for a file too, and call a function with what it reads there, up to
    /// 1,024 bytes at a time: so signals reach a process that must not have a second thread. At the
    /// end of the file the function is called with no bytes, for the last time.
    ///
    /// The handler of a signal may write to the other end of such a pipe, or pair of sockets, at
    /// any moment; the function, which the master calls between two waits, may do anything that
    /// does not block.
    ///
    /// ```no_run
    /// use std::io::Write as _;
    /// use std::os::unix::net::UnixStream;
    /// use pauper_message::Request;
    /// use pauper_server::Server;
    ///
    /// let server = Server::bind("localhost:8080")?;
    /// let (reader, writer) = UnixStream::pair()?;
    /// writer.set_nonblocking(true)?;
    /// // Here `writer` goes to whatever handles SIGHUP.
    /// server.control().watch(reader, |control, _| control.reload());
    /// let _ = server.run_forking(|| |_: &mut Request| "hello")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Nothing happens in a server of one process, which may have a thread for that.
    pub fn watch(
        &self,
        file: impl Into<std::os::fd::OwnedFd>,
        callback: impl FnMut(&Self, &[u8]) + Send + 'static,
    ) {
        let watched = Watched { file: file.into(), callback: Box::new(callback) };
        self.lock().forking.watched.push(watched);
    }

    pub(crate) fn take_watched(&self) -> Vec<Watched> {
        std::mem::take(&mut self.lock().forking.watched)
    }

    /// Whoever has the other end is the master, and learns what was ordered so far.
    pub(crate) fn become_master(&self, master: std::os::unix::net::UnixStream) {
        let mut state = self.lock();
        state.forking.master = Some(master);
        for command in std::mem::take(&mut state.forking.early) {
            state.forking.command(command);
        }
    }

    /// There is no master any more.
    pub(crate) fn become_nobody(&self) {
        self.lock().forking.master = None;
    }

    /// This is a worker now. What was ordered before was ordered from the master.
    pub(crate) fn become_worker(&self, link: Arc<Link>) {
        let mut state = self.lock();
        state.order = None;
        state.forking.link = Some(link);
    }

    pub(crate) fn posts(&self) -> Vec<Arc<Post>> {
        self.lock().posts.clone()
    }
}

#[cfg(unix)]
impl Forking {
    fn command(&mut self, command: Command) {
        use std::io::Write as _;
        match &mut self.master {
            // A pipe that is full tells the master enough.
            Some(master) => drop(master.write(&[command.to_byte()])),
            None => self.early.push(command),
        }
    }
}

impl State {
    fn pass_on(&self) {
        for post in &self.posts {
            match self.order {
                None => {}
                Some(Order::Retire) => post.retire(),
                Some(Order::Stop) => post.stop(),
                Some(Order::StopNow) => post.stop_now(),
            }
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("order", &self.order)
            .field("posts", &self.posts)
            .finish_non_exhaustive()
    }
}
