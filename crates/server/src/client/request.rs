//! A request that is being put together.

use std::io;

use http::Response;
use pauper_wire::{Framing, HeadWriter};

use super::{Client, ClientError};

/// A request that is not sent yet.
#[must_use = "a request does nothing before it is sent"]
#[derive(Debug)]
pub struct ClientRequest<'c> {
    client: &'c mut Client,
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl<'c> ClientRequest<'c> {
    pub(super) fn new(client: &'c mut Client, method: &str, path: &str) -> Self {
        let mut target = String::with_capacity(path.len());
        encode(&mut target, path, |byte| is_pchar(byte) || matches!(byte, b'/' | b'?' | b'%'));
        Self { client, method: method.into(), target, headers: Vec::new(), body: None }
    }

    /// Appends a pair to the query, both percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        encode(&mut self.target, name, is_unreserved);
        self.target.push('=');
        encode(&mut self.target, value, is_unreserved);
        self
    }

    /// Appends a header line. `Host` is there already and cannot be given; nor can the headers that
    /// say how long the message is and what becomes of the connection.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    /// The body, in place of an earlier one. Its type is to be said with
    /// [`header`](Self::header).
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it, and waits for the answer. A status of 4xx or 5xx is an answer like others.
    ///
    /// Interim answers (1xx) are skipped, and so are trailers.
    ///
    /// # Errors
    /// When something in it cannot be sent, the server cannot be reached, its answer breaks a rule or
    /// a bound, or takes too long. The connection is closed then.
    pub fn send(self) -> Result<Response<Vec<u8>>, ClientError> {
        let bytes = self.bytes()?;
        self.client.exchange(&self.method, &bytes)
    }

    fn bytes(&self) -> Result<Vec<u8>, ClientError> {
        if self.method == "CONNECT" {
            return Err(ClientError::Connect);
        }
        let mut bytes = Vec::with_capacity(256 + self.body.as_ref().map_or(0, Vec::len));
        let mut head = HeadWriter::request(&mut bytes, &self.method, &self.target)
            .map_err(ClientError::Request)?;
        let authority = self.client.authority();
        if authority.is_empty() || authority.starts_with(':') {
            // A server may be asked for no host at all, but nobody can be connected to there.
            let error = io::Error::new(io::ErrorKind::InvalidInput, "there is no host");
            return Err(ClientError::Unreachable(error));
        }
        let mut write =
            |name: &str, value: &[u8]| head.header(name, value).map_err(ClientError::Request);
        write("Host", authority.as_bytes())?;
        for (name, value) in &self.headers {
            write(name, value)?;
        }
        let framing = match &self.body {
            Some(body) => Framing::fixed(body.len() as u64),
            // A method that usually has a body says so when it has none (RFC 9110 section 8.6).
            None if matches!(&*self.method, "POST" | "PUT" | "PATCH") => Framing::fixed(0),
            None => Framing::none(),
        };
        head.framing(&framing);
        head.finish();
        judge(&bytes)?;
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        Ok(bytes)
    }
}

/// Whether a server that is as strict as ours takes this head: one Host, which is a host, a target
/// whose form fits.
fn judge(head: &[u8]) -> Result<(), ClientError> {
    use pauper_wire::{HeaderSpan, Limits, Progress, parse_head};
    let limits = Limits::new()
        .with_max_head(usize::MAX)
        .with_max_target(usize::MAX)
        .with_max_headers(usize::MAX);
    let lines = head.iter().filter(|byte| **byte == b'\n').count();
    let mut slots = vec![HeaderSpan::default(); lines];
    match parse_head(head, &mut Progress::new(), &mut slots, &limits) {
        Ok(_) => Ok(()),
        Err(error) => Err(ClientError::Request(error)),
    }
}

/// Appends `text`, percent-encoding every byte of which `keep` does not say that it may stay.
fn encode(out: &mut String, text: &str, keep: impl Fn(u8) -> bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii() && keep(byte) {
            out.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// RFC 3986 section 2.3
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 section 3.3, without the percent sign.
fn is_pchar(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: ClientRequest<'_>, expected: &str) {
        assert_eq!(String::from_utf8(request.bytes().unwrap()).unwrap(), expected);
    }

    #[test]
    fn what_is_sent() {
        let mut client = Client::new("h", 80);
        check(client.get("/"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        check(
            client.get("/a b/ü?x#y%2f"),
            "GET /a%20b/%C3%BC?x%23y%2f HTTP/1.1\r\nHost: h\r\n\r\n",
        );
        check(
            client.get("/q").query("a b", "1&2").query("c", "="),
            "GET /q?a%20b=1%262&c=%3D HTTP/1.1\r\nHost: h\r\n\r\n",
        );
        check(client.get("/q?a=1").query("b", ""), "GET /q?a=1&b= HTTP/1.1\r\nHost: h\r\n\r\n");
        check(
            client.put("/p").header("A", "b").body("text"),
            "PUT /p HTTP/1.1\r\nHost: h\r\nA: b\r\nContent-Length: 4\r\n\r\ntext",
        );
        check(client.post("/p"), "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        check(client.request("OPTIONS", "*"), "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    #[test]
    fn what_cannot_be_sent() {
        let mut client = Client::new("h", 80);
        for (method, path) in [("G T", "/"), ("", "/"), ("GET", ""), ("GET", "a"), ("GET", "*")] {
            let error = client.request(method, path).bytes().unwrap_err();
            assert!(matches!(error, ClientError::Request(_)), "{method} {path}: {error:?}");
        }
        for (name, value) in [
            ("A", "b\r\nC: d"),
            ("A ", "b"),
            ("Content-Length", "5"),
            ("Transfer-Encoding", "x"),
            ("Connection", "close"),
            ("Host", "other"),
        ] {
            let error = client.get("/").header(name, value).bytes().unwrap_err();
            assert!(matches!(error, ClientError::Request(_)), "{name}: {error:?}");
        }
        assert!(matches!(client.request("CONNECT", "h:1").bytes(), Err(ClientError::Connect)));
        for host in ["a b", "", "h/x", "u@h", "h\r\nX: y"] {
            assert!(Client::new(host, 80).get("/").bytes().is_err(), "{host:?}");
        }
    }
}
