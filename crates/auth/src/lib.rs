#![doc = include_str!("../README.md")]

// --- what all share
mod compare;
mod encoding;
mod expiring;
mod keys;
mod once;
mod random;
mod secret;
mod store_error;

pub use compare::constant_time_eq;
pub use encoding::{from_hex, to_hex};
pub use keys::Keys;
pub use once::{MemoryOnceStore, OnceStore};
#[cfg(feature = "system-random")]
pub use random::SystemRandom;
pub use random::{RandomError, Randomness};
pub use secret::{Secret, SecretError};
pub use store_error::StoreError;
