//! A small HTTP client, and what right answers look like.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection.
    Refused,
    /// The connection was closed or reset before the answer was whole.
    Closed,
    /// Nothing came in time.
    Late,
    /// Something came that is no answer, or not the right one.
    Wrong,
}

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer with a Content-Length, or in chunks.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Failure {
    /// For a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Refused => "no connection",
            Self::Closed => "closed before the answer was whole",
            Self::Late => "no answer in time",
            Self::Wrong => "not the answer",
        }
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, patience: Duration) -> Result<Self, Failure> {
        let stream = TcpStream::connect_timeout(&address, patience).map_err(|error| {
            if error.kind() == ErrorKind::TimedOut { Failure::Late } else { Failure::Refused }
        })?;
        let set = stream.set_read_timeout(Some(patience));
        let set = set.and_then(|()| stream.set_write_timeout(Some(patience)));
        set.and_then(|()| stream.set_nodelay(true)).map_err(|_| Failure::Refused)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends these bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).map_err(|error| failure(&error))
    }

    /// Reads the next answer.
    pub(crate) fn answer(&mut self) -> Result<Answer, Failure> {
        let head = self.head()?;
        let text = std::str::from_utf8(&self.buffer[..head]).map_err(|_| Failure::Wrong)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(status).ok_or(Failure::Wrong)?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = content_length(&self.buffer[..head]);
        let chunked = headers.iter().any(|(name, value)| {
            name == "transfer-encoding" && value.eq_ignore_ascii_case("chunked")
        });
        self.buffer.drain(..head);
        let body = match length {
            Some(length) if !chunked => self.take(length)?,
            None if chunked => self.chunks()?,
            _ => return Err(Failure::Wrong),
        };
        Ok(Answer { status, headers, body })
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        self.fill(length)?;
        Ok(self.buffer.drain(..length).collect())
    }

    /// Reads chunks up to the last one; trailers are not expected.
    fn chunks(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = self.buffer.windows(2).position(|it| it == b"\r\n") {
                    break self.take(end + 2)?;
                }
                self.fill(self.buffer.len() + 1)?;
            };
            let size = std::str::from_utf8(&line).ok().and_then(|line| line.split(';').next());
            let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
            let size = size.filter(|size| *size <= 64 << 20).ok_or(Failure::Wrong)?;
            let mut chunk = self.take(size + 2)?;
            if chunk.split_off(size) != b"\r\n" {
                return Err(Failure::Wrong);
            }
            if size == 0 {
                return Ok(body);
            }
            body.append(&mut chunk);
        }
    }

    /// Reads the next answer without keeping it; whether status and length of the body are these.
    pub(crate) fn expect(&mut self, length: usize) -> Result<(), Failure> {
        let head = self.head()?;
        let told = content_length(&self.buffer[..head]);
        if status_bytes(&self.buffer) != Some(b"200") || told != Some(length) {
            return Err(Failure::Wrong);
        }
        self.fill(head + length)?;
        self.buffer.drain(..head + length);
        Ok(())
    }

    /// Reads until the head is whole; its length.
    fn head(&mut self) -> Result<usize, Failure> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                return Ok(end + 4);
            }
            if self.buffer.len() > 64 << 10 {
                return Err(Failure::Wrong);
            }
            self.fill(self.buffer.len() + 1)?;
        }
    }

    fn fill(&mut self, wanted: usize) -> Result<(), Failure> {
        let mut chunk = [0; 16 << 10];
        while self.buffer.len() < wanted {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Failure::Closed),
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
                Err(error) => return Err(failure(&error)),
            }
        }
        Ok(())
    }

    /// Whether the other side has closed; does not wait.
    pub(crate) fn is_closed(&self) -> bool {
        let _ = self.stream.set_nonblocking(true);
        let closed = match self.stream.peek(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        let _ = self.stream.set_nonblocking(false);
        closed
    }
}

fn failure(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::Late,
        _ => Failure::Closed,
    }
}

fn status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn status_bytes(head: &[u8]) -> Option<&[u8]> {
    head.strip_prefix(b"HTTP/1.1 ")?.get(..3)
}

fn content_length(head: &[u8]) -> Option<usize> {
    let name = b"\r\ncontent-length:";
    let start = head.windows(name.len()).position(|it| it.eq_ignore_ascii_case(name))?;
    let value = &head[start + name.len()..];
    let end = value.iter().position(|byte| *byte == b'\r')?;
    std::str::from_utf8(&value[..end]).ok()?.trim().parse().ok()
}

/// A path and its right answer.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    content_type: Option<&'static str>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Text(&'static str),
    Message,
    File,
}

/// Everything that scenarios ask for.
pub(crate) const ROUTES: &[Route] = &[
    text("/plaintext", "Hello, World!"),
    Route { path: "/json", content_type: Some("application/json"), body: Body::Message },
    text("/user/ann/42", "user ann has number 42\n"),
    text("/hello", "Hello!\n"),
    Route { path: "/file", content_type: None, body: Body::File },
    text("/sleep/0", "ok"),
];

const fn text(path: &'static str, body: &'static str) -> Route {
    Route { path, content_type: Some("text/plain"), body: Body::Text(body) }
}

/// The request for a path, as all drivers send it.
pub(crate) fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n")
}

/// How many connections a server must answer on; one that loses some of them is found.
const CONNECTIONS: usize = 5;

/// What is wrong with a server's answer to a route; else which usual headers it has.
///
/// # Errors
/// A sentence.
pub(crate) fn check(address: SocketAddr, route: &Route, file: &[u8]) -> Result<Value, String> {
    let failed = |failure: Failure| format!("{}: {}", route.path, failure.words());
    let mut seen = Value::Null;
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(address, Duration::from_secs(1)).map_err(failed)?;
        // Twice, because the second answer on a connection is what is timed.
        once(&mut client, route, file)?;
        seen = once(&mut client, route, file)?;
    }
    Ok(seen)
}

fn once(client: &mut Client, route: &Route, file: &[u8]) -> Result<Value, String> {
    let failed = |failure: Failure| format!("{}: {}", route.path, failure.words());
    client.send(request(route.path, "").as_bytes()).map_err(failed)?;
    let answer = client.answer().map_err(failed)?;
    judge(&answer, route, file).map_err(|why| format!("{}: {why}", route.path))?;
    let has = |name: &str| answer.headers.iter().any(|(it, _)| it == name);
    Ok(json!({ "server": has("server"), "date": has("date") }))
}

fn judge(answer: &Answer, route: &Route, file: &[u8]) -> Result<(), String> {
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    if let Some(wanted) = route.content_type {
        let told = answer.headers.iter().find(|(name, _)| name == "content-type");
        let told = told.map_or("", |(_, value)| value);
        let media_type = told.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(wanted) {
            return Err(format!("Content-Type `{told}`"));
        }
    }
    let right = match route.body {
        Body::Text(text) => answer.body == text.as_bytes(),
        Body::File => answer.body == file,
        Body::Message => {
            let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
            value == Some(json!({ "message": "Hello, World!" }))
        }
    };
    if right { Ok(()) } else { Err(format!("another body, of {} bytes", answer.body.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says this once to whoever connects.
    fn says(text: &'static [u8]) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for byte in text {
                stream.write_all(&[*byte]).unwrap();
            }
        });
        address
    }

    #[test]
    fn answers_are_read_by_length_and_in_chunks() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                        5\r\nHello\r\n8;x=y\r\n, World!\r\n0\r\n\r\n";
        let counted = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello";
        let endless = b"HTTP/1.1 200 OK\r\n\r\nHello, World!";
        for (text, expected) in [
            (&chunked[..], Ok(b"Hello, World!".to_vec())),
            (counted, Ok(b"Hello, World!".to_vec())),
            (cut, Err(Failure::Closed)),
            (endless, Err(Failure::Wrong)),
        ] {
            let mut client = Client::connect(says(text), Duration::from_secs(5)).unwrap();
            assert_eq!(client.answer().map(|answer| answer.body), expected);
        }
    }

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Answer { status, headers, body: body.into() }
    }

    #[test]
    fn lengths_are_found_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-LENGTH:  13\r\n\r\n";
        assert_eq!(content_length(head), Some(13));
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\nX-Content-Length: 1\r\n\r\n"), None);
        assert_eq!(status_bytes(head), Some(&b"200"[..]));
        assert_eq!(status("HTTP/1.0 200 OK"), None);
    }

    #[test]
    fn wrong_answers_are_named() {
        let (plaintext, message) = (&ROUTES[0], &ROUTES[1]);
        for (right, answer, route) in [
            (true, answer(200, "text/plain; charset=utf-8", "Hello, World!"), plaintext),
            (false, answer(200, "text/html", "Hello, World!"), plaintext),
            (false, answer(200, "text/plain", "Hello, World"), plaintext),
            (false, answer(204, "text/plain", "Hello, World!"), plaintext),
            (true, answer(200, "application/json", r#"{ "message":"Hello, World!" }"#), message),
            (false, answer(200, "application/json", "{}"), message),
        ] {
            assert_eq!(judge(&answer, route, b"").is_ok(), right, "{answer:?}");
        }
    }
}
