//! What the connections of one server share.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pauper_message::ServerInfo;

use pauper_wire::Lines;

use crate::ServerConfig;

/// What all exchanges of one server share: its configuration, and what is bounded across them.
pub struct Shared {
    pub(crate) config: ServerConfig,
    info: Arc<ServerInfo>,
    /// The Server header.
    server_line: Lines,
    /// Upgraded connections that have threads.
    upgrades: AtomicUsize,
    /// Connections by address, where those are limited.
    addresses: Mutex<HashMap<IpAddr, usize>>,
    /// Whether the server stops, for those who have no loop that tells them.
    stops: AtomicBool,
    /// The sockets of upgraded connections with threads, to wake those when the server has stopped.
    enrolled: Mutex<Vec<Arc<TcpStream>>>,
    /// In a server of several processes, what this one is among them.
    membership: Option<Membership>,
}

/// What a worker is among the workers of its server.
pub(crate) struct Membership {
    number: usize,
    /// How many requests it answers before somebody is told; 0 is never.
    limit: u64,
    answered: AtomicU64,
    worn: Box<dyn Fn() + Send + Sync>,
}

impl Membership {
    #[cfg(unix)]
    pub(crate) fn new(number: usize, limit: u64, worn: impl Fn() + Send + Sync + 'static) -> Self {
        Self { number, limit, answered: AtomicU64::new(0), worn: Box::new(worn) }
    }

    /// A request was answered.
    pub(crate) fn served(&self) {
        if self.limit > 0 && self.answered.fetch_add(1, Ordering::Relaxed) + 1 == self.limit {
            (self.worn)();
        }
    }
}

impl Shared {
    /// For a server with one loop, or a driver of one's own.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self::for_loops(config, 1, None)
    }

    pub(crate) fn for_loops(
        config: ServerConfig,
        loops: usize,
        membership: Option<Membership>,
    ) -> Self {
        let mut info = ServerInfo::new(loops);
        if let Some(membership) = &membership {
            info = info.in_worker(membership.number);
        }
        let mut server_line = Lines::new();
        if let Some(name) = config.server_name() {
            // A header value of `http` is one for the writer, too; else there is no such line.
            let _ = server_line.push("Server", name.as_bytes().trim_ascii());
        }
        Self {
            config,
            server_line,
            info: Arc::new(info),
            membership,
            upgrades: AtomicUsize::new(0),
            addresses: Mutex::default(),
            stops: AtomicBool::new(false),
            enrolled: Mutex::default(),
        }
    }

    /// The counters of the server. An exchange counts nothing by itself but hands them to requests.
    #[must_use]
    pub fn info(&self) -> &Arc<ServerInfo> {
        &self.info
    }

    /// What this process is among several, if there are several.
    pub(crate) fn membership(&self) -> Option<&Membership> {
        self.membership.as_ref()
    }

    pub(super) fn server_line(&self) -> &Lines {
        &self.server_line
    }

    /// Whether no more bodies should be kept in memory.
    pub(super) fn is_full(&self) -> bool {
        self.info.buffered_bytes() >= self.config.max_buffered()
    }

    /// The server stops.
    pub(crate) fn stop(&self) {
        self.stops.store(true, Ordering::Release);
    }

    /// Whether the server stops.
    pub(super) fn stops(&self) -> bool {
        self.stops.load(Ordering::Acquire)
    }

    /// Remembers the socket of an upgraded connection for as long as what it gives exists.
    pub(crate) fn enroll(self: &Arc<Self>, socket: &TcpStream) -> Option<Enrolled> {
        let socket = Arc::new(socket.try_clone().ok()?);
        let mut enrolled = self.enrolled.lock().unwrap_or_else(PoisonError::into_inner);
        enrolled.push(Arc::clone(&socket));
        Some(Enrolled { shared: Arc::clone(self), socket })
    }

    /// Ends all upgraded connections that have threads, and gives how many there were.
    pub(crate) fn end_upgraded(&self) -> usize {
        let enrolled = self.enrolled.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in enrolled.iter() {
            // One that the client has ended needs no other end.
            let _ = socket.shutdown(Shutdown::Both);
        }
        enrolled.len()
    }

    /// A place for a connection of this address, unless it has too many.
    pub(crate) fn visit(self: &Arc<Self>, address: IpAddr) -> Result<Option<Visit>, ()> {
        let most = self.config.max_connections_per_address();
        if most == 0 {
            return Ok(None);
        }
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address).or_insert(0);
        if *count >= most {
            return Err(());
        }
        *count += 1;
        Ok(Some(Visit { shared: Arc::clone(self), address }))
    }

    /// A place for an upgraded connection with a thread, if there is one.
    pub(super) fn permit(self: &Arc<Self>) -> Option<Permit> {
        let most = self.config.max_upgrades();
        let take = |count: usize| (count < most).then_some(count + 1);
        self.upgrades.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()?;
        Some(Permit { shared: Arc::clone(self) })
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Bytes of one body that are in memory, counted.
pub(super) struct Held {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Held {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, bytes: 0 }
    }

    /// Counts more bytes, if there may be more.
    pub(super) fn grow(&mut self, bytes: u64) -> bool {
        if self.shared.is_full() {
            return false;
        }
        self.bytes += bytes;
        self.shared.info.buffered(bytes);
        true
    }

    /// They are not in memory any more.
    pub(super) fn release(&mut self) {
        if self.bytes > 0 {
            self.shared.info.unbuffered(self.bytes);
            self.bytes = 0;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

/// The place of an upgraded connection that has a thread.
pub(crate) struct Permit {
    shared: Arc<Shared>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.upgrades.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The socket of an upgraded connection among those of its server.
pub(crate) struct Enrolled {
    shared: Arc<Shared>,
    socket: Arc<TcpStream>,
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        let mut enrolled = self.shared.enrolled.lock().unwrap_or_else(PoisonError::into_inner);
        enrolled.retain(|other| !Arc::ptr_eq(other, &self.socket));
    }
}

/// The place of a connection among those of its address.
pub(crate) struct Visit {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut addresses = self.shared.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}
