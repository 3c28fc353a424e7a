#![doc = include_str!("../README.md")]

mod access;
mod access_format;
mod birth;
mod civil;
mod commands;
mod daemon;
mod digest;
mod documents;
mod escape;
mod forking;
mod ini;
mod keys;
mod logger;
mod logs;
mod notify;
mod options;
mod pidfile;
mod privileges;
mod registry;
mod sink;
mod sockets;
mod supervise;

pub use daemon::{run, run_with};
pub use documents::{completions, key_tables, man_page};
pub use options::{Mode, Options, Task, UsageError};
pub use registry::Registry;
