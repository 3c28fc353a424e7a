#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(all(test, not(feature = "std")))]
extern crate std;

pub mod chunk;
mod connection;
mod error;
mod framing;
pub mod grammar;
mod head;
pub mod header;
mod limits;
#[cfg(feature = "alloc")]
mod lines;
pub mod proxy_protocol;
mod reason;
mod scan;
mod span;
#[cfg(feature = "alloc")]
mod writer;

pub use chunk::{Chunk, ChunkDecoder};
pub use connection::{Connection, Event, Next, ResponseBody};
pub use error::{Error, ErrorKind};
pub use framing::{ConnectionOption, Framing};
pub use head::{BodyLength, Head, Progress, RequestHead, Status, TargetForm, Version, parse_head};
pub use head::{ResponseHead, ResponseLength, ResponseProgress, parse_response_head};
pub use header::{BlockProgress, HeaderBlock, parse_header_block, parse_header_line};
pub use limits::Limits;
#[cfg(feature = "alloc")]
pub use lines::{DateLine, Lines, PreparedLines};
pub use reason::reason;
pub use span::{HeaderSpan, Span};
#[cfg(feature = "alloc")]
pub use writer::HeadWriter;

/// For this crate's own benchmarks; no part of what is promised.
#[doc(hidden)]
pub mod measure {
    pub use crate::head::parse_head_syntax;
}
