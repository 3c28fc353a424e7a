//! What belongs where: `readme` runs the tables of README.md; `heads`, `bodies`, `connections` and
//! `writing` and `responses` hold what a table cannot say; `advisories` has one test for each flaw of another
//! server; `corpus` replays the seeds of the fuzz
//! targets; `random` compares ways of delivery, and reference with parser, on generated input.

mod advisories;
mod bodies;
mod connections;
mod corpus;
mod heads;
mod proxy_protocol;
mod random;
mod readme;
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod responses;
mod support;
#[cfg(feature = "alloc")]
mod writing;
