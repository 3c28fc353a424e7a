//! What the micro benchmarks measure: inputs, and for each the work of ours and of its rivals.
//!
//! One table serves two drivers: `cargo bench --manifest-path benches/Cargo.toml` (divan: time,
//! bytes per second, allocations) and `cargo xtask bench instructions` (callgrind: instructions).

mod forms;
pub mod inputs;
pub mod instructions;
pub mod pages;
pub mod routes;
mod work;

pub use work::{CASES, Case, picohttpparser_cases};
