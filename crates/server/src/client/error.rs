//! Why there is no answer.

use std::{fmt, io};

use pauper_wire as wire;

/// Why a [`Client`](super::Client) has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The request cannot be sent: a bad method, path, header or host.
    Request(wire::Error),
    /// CONNECT, which is for proxies.
    Connect,
    /// The host has no address, or none of its addresses takes a connection.
    Unreachable(io::Error),
    /// It took longer than it may.
    TimedOut,
    /// Reading or writing failed.
    Io(io::Error),
    /// The server closed the connection before the answer was complete; whether anything of it had
    /// come.
    Closed {
        /// Whether anything of the answer had come.
        begun: bool,
    },
    /// The answer breaks a rule of HTTP.
    Answer(wire::Error),
    /// The server changes to another protocol, for which nobody asked.
    Upgrade,
    /// The answer's body is longer than this many bytes.
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

impl ClientError {
    /// Whether the connection ended with no sign that the request was seen.
    pub(super) fn is_before_answer(&self) -> bool {
        match self {
            Self::Closed { begun } => !begun,
            Self::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
            ),
            _ => false,
        }
    }

    /// A failure of a socket with a time limit.
    pub(super) fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "the request cannot be sent: {error}"),
            Self::Connect => f.write_str("the request cannot be sent: CONNECT is for proxies"),
            Self::Unreachable(error) => write!(f, "no connection to the server: {error}"),
            Self::TimedOut => f.write_str("the answer took too long"),
            Self::Io(error) => write!(f, "the connection failed: {error}"),
            Self::Closed { begun: false } => {
                f.write_str("the server closed the connection without an answer")
            }
            Self::Closed { begun: true } => {
                f.write_str("the server closed the connection in the middle of its answer")
            }
            Self::Answer(error) => write!(f, "the answer breaks a rule: {error}"),
            Self::Upgrade => f.write_str("the server changes to a protocol that nobody asked for"),
            Self::TooLarge { limit } => write!(f, "the answer is longer than {limit} bytes"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Request(error) | Self::Answer(error) => Some(error),
            Self::Unreachable(error) | Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
