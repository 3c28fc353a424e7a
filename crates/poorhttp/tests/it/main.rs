//! The real binary, from outside. One module for each thing that somebody sees of it; what only
//! the code sees is tested beside it.

mod access_log;
mod background;
mod browser;
#[path = "../../../../examples/tests/cdp/mod.rs"]
mod cdp;
mod clients;
mod command_line;
mod daemon;
mod demo;
mod files;
mod packaging;
mod signals;
mod systemd;
mod tool;
