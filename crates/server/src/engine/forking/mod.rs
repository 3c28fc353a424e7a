//! Several processes that accept from the same sockets, and one that looks after them.
//!
//! The master has one thread, which waits for its workers and for orders. It forks them while it
//! has one thread, so a worker begins as a copy that may do anything; the service is made there. A
//! worker is a server of one process, told by its master what a [`Control`](crate::Control) would
//! tell it. Sockets that listen are the same for all and are never closed while the server runs, so
//! that a connection that nobody has accepted yet is never lost with a worker.

mod fork;
mod link;
mod master;
mod worker;

pub(crate) use self::link::Link;
pub(crate) use self::master::{Role, run};
