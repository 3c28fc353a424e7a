//! Who runs the loops: one thread for one loop, or a team for several.
//!
//! `slot`, `mailbox`, `watch` and `team` know nothing of sockets, services and loops; they are
//! generic over what they hand around, and a model checker runs these very files.

#[cfg(unix)]
pub(crate) mod forking;
pub(crate) mod mailbox;
mod predict;
mod single;
mod slot;
mod sync;
mod team;
mod threading;
mod watch;

pub(crate) use single::run_single;
pub(crate) use threading::{SharedService, run_threading};
