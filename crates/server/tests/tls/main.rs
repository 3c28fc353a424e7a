//! Encrypted connections. The modules of `tests/it` that work on sockets run here once more, with a
//! client and servers of the same shape that encrypt; `own` has what is about encryption itself, and
//! `tools` what curl, openssl and Python make of it.
#![cfg(feature = "tls")]

#[path = "../it/bodies_out.rs"]
mod bodies_out;
#[path = "../it/engine.rs"]
mod engine;
#[path = "../it/socket.rs"]
mod socket;
#[path = "../it/stopping.rs"]
mod stopping;
#[path = "../it/streams.rs"]
mod streams;
#[path = "../it/stress.rs"]
mod stress;
#[path = "../it/upgrades.rs"]
mod upgrades;

mod encrypted;
mod own;
#[expect(dead_code, reason = "parts of it are replaced here")]
#[path = "../it/support.rs"]
mod plain;
mod tools;
/// What the modules above take for that of `tests/it`.
mod support {
    pub(crate) use crate::encrypted::{Wire, listen, serve, serve_in, serve_with};
    pub(crate) use crate::plain::*;
}
