#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`Server`] listens and runs a service; [`ServerConfig`] holds its limits and times;
//! [`Control`] stops it from elsewhere. [`exchange`] is what happens on one connection, without
//! sockets; [`test`] is a client on it.

mod config;
pub mod exchange;
mod log_macros;
pub mod test;

pub use config::ServerConfig;
