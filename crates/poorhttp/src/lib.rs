#![doc = include_str!("../README.md")]

mod access;
mod civil;
mod daemon;
mod escape;
mod logger;
mod options;
mod signals;
mod stderr;

pub use daemon::{run, run_with};
pub use options::{Mode, Options, Task, UsageError};
