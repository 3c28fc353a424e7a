//! Stopping a server from elsewhere.

use std::sync::Arc;

use crate::event_loop::Signal;

/// Stops a server, from another thread or a signal handler's one; see
/// [`Server::control`](crate::Server::control).
#[derive(Clone, Debug)]
pub struct Control {
    signal: Arc<Signal>,
}

impl Control {
    pub(crate) fn new(signal: Arc<Signal>) -> Self {
        Self { signal }
    }

    /// Stops gracefully: nobody is accepted any more, idle connections are closed at once,
    /// requests under way are finished for as long as
    /// [`ServerConfig::stop_time`](crate::ServerConfig::stop_time).
    ///
    /// Returns at once; [`Server::run`](crate::Server::run) returns when it is done. A server that
    /// is not running yet will stop as soon as it runs.
    pub fn stop(&self) {
        self.signal.stop();
    }

    /// Stops without waiting for requests under way.
    pub fn stop_now(&self) {
        self.signal.stop_now();
    }
}
