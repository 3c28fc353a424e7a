//! Sessions, tokens and login from outside.
//!
//! - `sessions`: the hook, its cookie and lifetimes, with sealed sessions
//! - `formats`: the other formats: stored, JSON web tokens, plain
//! - `csrf`: tokens of forms, and the origin of requests
//! - `stores`: what every store has to do, with threads and with a real Redis
//! - `compat`: cookies of PoorWSGI, both ways
//! - `corpus`: the seeds of the fuzz targets

#[cfg(feature = "compat")]
mod compat;
#[cfg(feature = "compat")]
mod corpus;
mod csrf;
mod formats;
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod sessions;
mod stores;
mod support;
