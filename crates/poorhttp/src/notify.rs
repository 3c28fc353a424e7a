//! What systemd is told (`sd_notify`), and how often it wants to hear of us.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to the manager of services, if one started us.
pub(crate) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notify {
    /// From the values of `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub(crate) fn new(socket: Option<&str>, usec: Option<&str>, pid: Option<&str>) -> Self {
        let address = socket.and_then(|path| match path.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(path).ok(),
        });
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        let own = std::process::id().to_string();
        let watchdog = usec
            .filter(|_| pid.is_none_or(|pid| pid == own))
            .and_then(|usec| usec.parse().ok())
            .filter(|usec| *usec > 0)
            // Twice as often as it has to be.
            .map(|usec: u64| Duration::from_micros(usec / 2).max(Duration::from_millis(1)));
        Self { watchdog: watchdog.filter(|_| socket.is_some()), socket }
    }

    /// From the environment of this process.
    pub(crate) fn from_environment() -> Self {
        let get = |name| std::env::var(name).ok();
        let (socket, usec) = (get("NOTIFY_SOCKET"), get("WATCHDOG_USEC"));
        Self::new(socket.as_deref(), usec.as_deref(), get("WATCHDOG_PID").as_deref())
    }

    /// How often the manager wants to hear that we live.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Tells the manager something. Where there is none, or it does not listen, nothing happens.
    pub(crate) fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(message.as_bytes(), address);
        }
    }

    /// That the configuration is being read.
    pub(crate) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let usec = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
    }
}
