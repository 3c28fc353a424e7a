//! The chunked transfer coding (RFC 9112 section 7.1): a push decoder, and what a sender puts
//! around its data.

mod decode;
mod encode;
mod size_line;
mod trailers;

pub use decode::{Chunk, ChunkDecoder};
pub use encode::{END, LAST, header};
