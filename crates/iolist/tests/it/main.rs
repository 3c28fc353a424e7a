//! Integration tests, by topic:
//!
//! - `convert`: what a list can be made of, and equality
//! - `copies`: what is moved, shared, stored in place or collected
//! - `model`: random operations beside a `Vec<u8>`
//! - `nesting`: depth and breadth
//! - `write`: vectored, resumed and failing writes

mod convert;
mod copies;
mod model;
mod nesting;
mod write;

/// Bytes without a short period, so that a piece in the wrong place shows.
static PATTERN: [u8; 8192] = {
    let mut bytes = [0; 8192];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = (i ^ (i >> 8) ^ ((i * 7) >> 3)) as u8;
        i += 1;
    }
    bytes
};
