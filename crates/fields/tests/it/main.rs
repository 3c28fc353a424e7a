//! Integration tests, by topic:
//!
//! - `advisories`: what went wrong in others
//! - `args`: the form interface and its errors
//! - `corpus`: the seeds of the fuzz targets, replayed
//! - `hostile`: input made to be expensive
//! - `multipart`: the push parser and its pull adapter
//! - `percent`: decoding and encoding of components and paths
//! - `storage`: forms as fields with values, files and sinks
//! - `urlencoded`: how queries and forms are split

#[cfg(feature = "multipart")]
mod advisories;
mod args;
#[cfg(feature = "multipart")]
mod corpus;
mod hostile;
#[cfg(feature = "multipart")]
mod multipart;
mod percent;
#[cfg(feature = "multipart")]
#[path = "../../../../fuzz/replay.rs"]
mod replay;
#[cfg(feature = "multipart")]
mod storage;
mod urlencoded;
