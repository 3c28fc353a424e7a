//! Tests of the server, through its public API.
//!
//! In memory: `requests` (heads, bodies, pipelines), `responses` (framing), `refusals` (broken
//! rules and limits), `smuggling` (no request out of another's body), `times` (time limits with
//! an own clock), `access` (records), `logs` (lines of the log), `panics` (of the application),
//! `random` and `answers` (properties). Over sockets: `socket` (what the loop adds to that),
//! `stopping`, `engine`, `bodies_out`, `streams`, `upgrades`, `client`, `rules` (those of the engine, one
//! by one), `robust` (many clients that misbehave), `stress` (all at once), `outside` (nginx, curl, Python), `front` (behind nginx and haproxy),
//! `exhaustion` (no more files; nothing to do), `listeners` (where sockets come from) and
//! `proxy_protocol` (whose connections they are).

mod access;
mod answers;
mod bodies_out;
#[cfg(feature = "client")]
mod client;
mod engine;
#[cfg(target_os = "linux")]
mod exhaustion;
#[cfg(unix)]
mod front;
#[cfg(unix)]
mod listeners;
#[cfg(feature = "log")]
mod logs;
mod outside;
mod panics;
mod proxy_protocol;
mod random;
mod refusals;
mod requests;
mod responses;
mod robust;
mod rules;
mod smuggling;
mod socket;
mod stopping;
mod streams;
mod stress;
mod support;
mod times;
mod upgrades;
