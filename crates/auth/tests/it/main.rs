//! Sessions, tokens and login from outside.
//!
//! - `sessions`: the hook, its cookie and lifetimes
//! - `csrf`: tokens of forms, and the origin of requests

mod csrf;
mod sessions;
mod support;
