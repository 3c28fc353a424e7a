#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`Server`] listens and runs a service; [`ServerConfig`] holds its limits and times;
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

pub use config::ServerConfig;
pub use control::Control;
pub use error::{ServeError, ServeResult, Served};
pub use serve::serve;
pub use server::{Handle, Server};
