//! Sessions, tokens and login from outside.
//!
//! - `sessions`: the hook, its cookie and lifetimes, with sealed sessions
//! - `formats`: the other formats: stored, JSON web tokens, plain
//! - `csrf`: tokens of forms, and the origin of requests
//! - `stores`: what every store has to do, with threads and with a real Redis
//! - `digest`, `passwords`: HTTP Digest and Basic, and who they know
//! - `compat`: cookies of PoorWSGI, both ways
//! - `corpus`: the seeds of the fuzz targets

#[cfg(feature = "compat")]
mod compat;
mod corpus;
mod csrf;
mod digest;
mod formats;
mod passwords;
mod random;
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod sessions;
mod stores;
mod support;

/// A test that lacks an outside tool says so, or fails where all tools have to be there.
#[cfg(feature = "password-file")]
fn skipped(tool: &str) {
    let required = std::env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{tool} is missing");
    println!("skipped: {tool} is missing");
}
