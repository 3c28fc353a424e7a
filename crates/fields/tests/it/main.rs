//! Integration tests, by topic:
//!
//! - `args`: the form interface and its errors
//! - `hostile`: input made to be expensive
//! - `percent`: decoding and encoding of components and paths
//! - `urlencoded`: how queries and forms are split

mod args;
mod hostile;
mod percent;
mod urlencoded;
