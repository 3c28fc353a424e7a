//! How a server ends.

use std::fmt;
use std::io;
use std::process::{ExitCode, Termination};

use pauper_message::CheckError;

/// What [`Server::run`](crate::Server::run) gives, and what `main` can give in turn: a server that
/// was stopped ends the process with success, one that could not run prints why.
pub type ServeResult = Result<Served, ServeError>;

/// A server was stopped, as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Served {
    left: usize,
}

impl Served {
    pub(crate) fn new(left: usize) -> Self {
        Self { left }
    }

    /// How many connections were cut because their requests were not done in time; see
    /// [`ServerConfig::with_stop_time`](crate::ServerConfig::with_stop_time).
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }
}

/// Success.
impl Termination for Served {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

/// Why a server could not run.
///
/// `Debug` is as readable as `Display`, for a `main` that returns it.
pub struct ServeError {
    kind: Kind,
}

enum Kind {
    Check(CheckError),
    Io(io::Error),
    Worker(String),
}

impl ServeError {
    /// No worker could serve, for this reason.
    #[cfg(unix)]
    pub(crate) fn worker(reason: String) -> Self {
        Self { kind: Kind::Worker(reason) }
    }

    /// The mistakes in the configuration of the service, if those were the reason. In a server of
    /// several processes they are text alone, which comes from a worker.
    #[must_use]
    pub fn mistakes(&self) -> Option<&CheckError> {
        match &self.kind {
            Kind::Check(error) => Some(error),
            Kind::Io(_) | Kind::Worker(_) => None,
        }
    }
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self { kind: Kind::Io(error) }
    }
}

impl From<CheckError> for ServeError {
    fn from(error: CheckError) -> Self {
        Self { kind: Kind::Check(error) }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Check(error) => error.fmt(f),
            Kind::Io(error) => error.fmt(f),
            Kind::Worker(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Check(error) => Some(error),
            Kind::Io(error) => Some(error),
            Kind::Worker(_) => None,
        }
    }
}
