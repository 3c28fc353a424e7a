//! What the daemon says to whoever started it.

use std::fmt;
use std::io::{self, Write as _};

/// One line on standard error. Unlike `eprintln!` it goes on where nobody reads that any more.
pub(crate) fn say(message: impl fmt::Display) {
    let line = format!("{message}\n");
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
