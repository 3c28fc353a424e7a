//! How a message to be sent is framed.

/// What the `Connection` header of a response has to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ConnectionOption {
    /// Nothing: HTTP/1.1 stays open by itself.
    #[default]
    None,
    /// `close`
    Close,
    /// `keep-alive`, for HTTP/1.0 clients that asked for it.
    KeepAlive,
}

/// How a message to be sent is framed: what the framing headers say and how the body is sent.
///
/// [`Connection::respond`](crate::Connection::respond) decides it for responses;
/// [`HeadWriter::framing`](crate::HeadWriter::framing) writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Framing {
    /// The Content-Length to send. With `send_body` exactly as many bytes have to follow.
    pub length: Option<u64>,
    /// `Transfer-Encoding: chunked`; with `send_body` the body is sent in chunks.
    pub chunked: bool,
    /// Whether a body follows the head. False for HEAD, 1xx, 204 and 304: not one byte may.
    pub send_body: bool,
    /// What the `Connection` header says.
    pub connection: ConnectionOption,
    /// The end of the body is the end of the connection.
    pub until_close: bool,
}

impl Framing {
    /// Neither length nor body, as in a GET request or a 204.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            length: None,
            chunked: false,
            send_body: false,
            connection: ConnectionOption::None,
            until_close: false,
        }
    }

    /// A body of this length.
    #[must_use]
    pub const fn fixed(length: u64) -> Self {
        Self { length: Some(length), send_body: true, ..Self::none() }
    }

    /// A chunked body.
    #[must_use]
    pub const fn chunked() -> Self {
        Self { chunked: true, send_body: true, ..Self::none() }
    }

    /// The same with another `Connection` header.
    #[must_use]
    pub const fn with_connection(mut self, connection: ConnectionOption) -> Self {
        self.connection = connection;
        self
    }

    /// Whether the connection ends after this message.
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.until_close || matches!(self.connection, ConnectionOption::Close)
    }
}
