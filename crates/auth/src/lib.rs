// The example in it needs random numbers.
#![cfg_attr(feature = "system-random", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "system-random"), doc = "Sessions, tokens and login.")]

// --- what all share
mod compare;
mod encoding;
mod expiring;
mod keys;
mod once;
mod random;
mod sealer;
mod secret;
mod store_error;

pub use compare::constant_time_eq;
pub use encoding::{from_hex, to_hex};
pub use keys::Keys;
pub use once::{MemoryOnceStore, OnceStore};
#[cfg(feature = "system-random")]
pub use random::SystemRandom;
pub use random::{RandomError, Randomness};
pub use sealer::Sealer;
pub use secret::{Secret, SecretError};
pub use store_error::StoreError;

// --- sessions and what protects forms
#[cfg(feature = "compat")]
pub mod compat;
pub mod csrf;
#[cfg(feature = "json")]
pub mod jwt;
mod limiter;
pub mod session;
pub mod store;
mod token;

pub use limiter::{LoginLimiter, TooManyAttempts};
pub use token::Tokens;

// --- login
pub mod basic;
pub mod digest;
mod log_macros;
pub mod passwords;
mod user;

pub use user::{RequestUser, User};
