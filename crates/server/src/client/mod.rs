//! A small blocking client: one host, one request at a time.
//!
//! For scripts, health checks and tests that want real sockets. It speaks HTTP/1.1 as strictly as the
//! server does, and everything it reads and waits for has a bound. There is no TLS; it keeps no
//! cookies, follows no redirects and undoes no compression.
//!
//! ```
//! use pauper_server::Server;
//! use pauper_server::client::Client;
//!
//! let service = |req: &mut pauper_message::Request| format!("Hello, {}!", req.query());
//! let server = Server::bind("127.0.0.1:0")?.spawn(service)?;
//!
//! let mut client = Client::new("127.0.0.1", server.addr().port());
//! let answer = client.get("/hello").query("name", "a b").send()?;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.body(), b"Hello, name=a%20b!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod error;
mod request;

pub use error::ClientError;
pub use request::ClientRequest;

use std::time::{Duration, Instant};

use connection::Connection;
use http::Response;

/// A blocking client of one host.
///
/// It keeps its connection from one request to the next, if the server lets it. A connection that was
/// closed meanwhile is made anew: the request is sent again if its method is idempotent (RFC 9110
/// section 9.2.2) and nothing of an answer had come.
#[derive(Debug)]
pub struct Client {
    host: String,
    port: u16,
    timeout: Duration,
    max_head: usize,
    max_body: usize,
    connection: Option<Connection>,
}

impl Client {
    /// A client of this host: a name, an IPv4 address or an IPv6 address without brackets. It
    /// connects with the first request.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            timeout: Duration::from_secs(30),
            max_head: 65_536,
            max_body: 16 << 20,
            connection: None,
        }
    }

    /// How long a request may take, from connecting to the last byte of the answer; looking up a
    /// name is not counted. Default 30 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Bytes of an answer's head. Default 65 536.
    #[must_use]
    pub fn with_max_head(mut self, bytes: usize) -> Self {
        self.max_head = bytes;
        self
    }

    /// Bytes of an answer's body. Default 16 MiB.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// A GET request for this path; see [`request`](Self::request).
    pub fn get(&mut self, path: &str) -> ClientRequest<'_> {
        self.request("GET", path)
    }

    /// A HEAD request for this path; see [`request`](Self::request).
    pub fn head(&mut self, path: &str) -> ClientRequest<'_> {
        self.request("HEAD", path)
    }

    /// A POST request for this path; see [`request`](Self::request).
    pub fn post(&mut self, path: &str) -> ClientRequest<'_> {
        self.request("POST", path)
    }

    /// A PUT request for this path; see [`request`](Self::request).
    pub fn put(&mut self, path: &str) -> ClientRequest<'_> {
        self.request("PUT", path)
    }

    /// A DELETE request for this path; see [`request`](Self::request).
    pub fn delete(&mut self, path: &str) -> ClientRequest<'_> {
        self.request("DELETE", path)
    }

    /// A request with this method, which is case-sensitive, for this path.
    ///
    /// What may not stand in a path (RFC 3986 section 3.3) is percent-encoded. `%` is left alone, so
    /// that paths which are encoded already stay as they are, and so is a `?` with a query behind it.
    /// Whatever is wrong is told by [`ClientRequest::send`].
    pub fn request(&mut self, method: &str, path: &str) -> ClientRequest<'_> {
        ClientRequest::new(self, method, path)
    }

    /// What `Host` says: brackets around IPv6 addresses, and no port if it is the usual one.
    fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }

    /// Sends the bytes of a request, and reads the answer to one with this method.
    fn exchange(&mut self, method: &str, request: &[u8]) -> Result<Response<Vec<u8>>, ClientError> {
        let now = Instant::now();
        // A time beyond what the clock can tell is no limit.
        let deadline = now.checked_add(self.timeout).unwrap_or(now + Duration::from_secs(1 << 31));
        let kept = self.connection.take().filter(Connection::is_idle);
        let again = kept.is_some() && is_idempotent(method);
        let connection = match kept {
            Some(kept) => kept,
            None => Connection::open(&self.host, self.port, deadline)?,
        };
        match self.exchange_on(connection, method, request, deadline) {
            // It was closed while the request was on its way.
            Err(error) if again && error.is_before_answer() => {
                let connection = Connection::open(&self.host, self.port, deadline)?;
                self.exchange_on(connection, method, request, deadline)
            }
            done => done,
        }
    }

    fn exchange_on(
        &mut self,
        mut connection: Connection,
        method: &str,
        request: &[u8],
        deadline: Instant,
    ) -> Result<Response<Vec<u8>>, ClientError> {
        connection.send(request, deadline)?;
        let (answer, keep) = connection.receive(method, self.max_head, self.max_body, deadline)?;
        self.connection = keep.then_some(connection);
        Ok(answer)
    }
}

/// Whether to send it twice does no more than to send it once.
fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE")
}

#[cfg(test)]
mod tests {
    use super::Client;

    #[test]
    fn host_headers() {
        for (host, port, expected) in [
            ("example.com", 80, "example.com"),
            ("example.com", 8080, "example.com:8080"),
            ("127.0.0.1", 80, "127.0.0.1"),
            ("::1", 8080, "[::1]:8080"),
        ] {
            assert_eq!(Client::new(host, port).authority(), expected);
        }
    }
}
