#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`Server`] listens and runs a service; [`Listener`] is one of its sockets, [`UnixSocket`] and
//! [`InheritedSockets`] are where those come from that have no address; [`ServerConfig`] holds its
//! limits and times; `Tls` (feature `tls`) encrypts connections;
//! [`Control`] stops it from elsewhere, [`Handle`] is one on a thread of its own, [`serve()`] one
//! in a line. [`exchange`] is what happens on one connection, without sockets; [`mod@test`] is a
//! client on it.

#[cfg(feature = "client")]
pub mod client;
mod config;
mod control;
mod engine;
mod error;
mod event_loop;
pub mod exchange;
mod listen;
mod log_macros;
mod serve;
mod server;
pub mod test;
#[cfg(feature = "tls")]
mod tls;

pub use config::ServerConfig;
pub use control::Control;
pub use error::{ServeError, ServeResult, Served};
pub use listen::Listener;
#[cfg(unix)]
pub use listen::{InheritedSockets, UnixSocket};
pub use serve::serve;
pub use server::{Handle, Server};
#[cfg(feature = "tls")]
pub use tls::{ClientCertificates, Pem, Tls, TlsConfig, TlsError, TlsErrorKind};
