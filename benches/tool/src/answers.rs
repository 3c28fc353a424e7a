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

impl Answer {
    /// The first value of a field, whose name is in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
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
            // It has no body, whatever length it tells.
            _ if status == 304 => Vec::new(),
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

/// What an error of the socket means.
pub(crate) fn failure(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::Late,
        _ => Failure::Closed,
    }
}

fn status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// The length of a head that is whole, its status, and the length of the body if it tells one. A
/// status that is none is 0.
pub(crate) fn head_of(bytes: &[u8]) -> Option<(usize, u16, Option<usize>)> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let digits = status_bytes(bytes).and_then(|digits| std::str::from_utf8(digits).ok());
    let status = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Some((end, status, content_length(&bytes[..end])))
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

/// Something that is asked for, and its right answer.
#[derive(Debug)]
pub(crate) struct Route {
    /// How scenarios and pages call it: a path, and what is special about the request.
    pub(crate) name: &'static str,
    path: &'static str,
    content_type: Option<&'static str>,
    body: Body,
    /// Whether a server is right that does not have it.
    optional: bool,
}

#[derive(Debug)]
enum Body {
    Text(&'static str),
    Message,
    File,
    /// A part of the file, asked for with a range.
    Part,
    /// None, because the file did not change.
    Unchanged,
    /// What became of a small upload.
    Sizes,
}

/// The name of the part of a file.
pub(crate) const RANGE: &str = "/file, a range";
/// The name of the file that did not change.
pub(crate) const UNCHANGED: &str = "/file, unchanged";
/// The name of the upload.
pub(crate) const UPLOAD: &str = "/upload";

/// Everything that scenarios ask for.
pub(crate) const ROUTES: &[Route] = &[
    text("/plaintext", "Hello, World!"),
    Route { content_type: Some("application/json"), body: Body::Message, ..get("/json") },
    text("/user/ann/42", "user ann has number 42\n"),
    text("/hello", "Hello!\n"),
    Route { body: Body::File, ..get("/file") },
    text("/sleep/0", "ok"),
    Route { name: RANGE, body: Body::Part, optional: true, ..get("/file") },
    Route { name: UNCHANGED, body: Body::Unchanged, optional: true, ..get("/file") },
    Route { body: Body::Sizes, optional: true, ..get(UPLOAD) },
];

const fn get(path: &'static str) -> Route {
    Route { name: path, path, content_type: None, body: Body::File, optional: false }
}

const fn text(path: &'static str, body: &'static str) -> Route {
    Route { content_type: Some("text/plain"), body: Body::Text(body), ..get(path) }
}

/// The request for a path, as all drivers send it.
pub(crate) fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n")
}

/// The part of the file that is asked for: 100 KiB in the middle of 1 MiB.
pub(crate) const PART: std::ops::Range<usize> = 512 << 10..612 << 10;

/// The field that asks for the part.
pub(crate) fn range() -> String {
    format!("Range: bytes={}-{}\r\n", PART.start, PART.end - 1)
}

/// The field that asks for a file only if it changed since this answer: the strongest that the
/// server gave something for.
fn if_changed(answer: &Answer) -> Option<String> {
    let etag = answer.header("etag").map(|value| format!("If-None-Match: {value}\r\n"));
    etag.or_else(|| {
        let date = answer.header("last-modified")?;
        Some(format!("If-Modified-Since: {date}\r\n"))
    })
}

/// The field that a server wants to see to say that its file did not change.
///
/// # Errors
/// When it does not answer, or says nothing that one could ask with.
pub(crate) fn unchanged(address: SocketAddr) -> Result<String, String> {
    let words = |failure: Failure| failure.words().to_owned();
    let mut client = Client::connect(address, Duration::from_secs(2)).map_err(words)?;
    client.send(request("/file", "").as_bytes()).map_err(words)?;
    let answer = client.answer().map_err(words)?;
    if_changed(&answer).ok_or_else(|| "neither ETag nor Last-Modified".into())
}

/// The body between these fences is what browsers send for a form with a text and a file.
const FENCE: &str = "----PauperBench7MA4YWxkTrZu0gW";
/// What the text says.
const TITLE: &str = "a title";

/// A request that uploads these bytes as a file, after a short text.
pub(crate) fn upload(file: &[u8]) -> Vec<u8> {
    let before = format!(
        "--{FENCE}\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n{TITLE}\r\n\
         --{FENCE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"some.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let after = format!("\r\n--{FENCE}--\r\n");
    let length = before.len() + file.len() + after.len();
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1\r\n\
         Content-Type: multipart/form-data; boundary={FENCE}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), before.as_bytes(), file, after.as_bytes()].concat()
}

/// The answer to it: a line for each part, its name and how many bytes it has.
pub(crate) fn sizes(file: usize) -> String {
    format!("title={}\nfile={file}\n", TITLE.len())
}

/// How much the upload has that is only looked at.
const SMALL: usize = 40_000;

/// How many connections a server must answer on; one that loses some of them is found.
const CONNECTIONS: usize = 5;

/// What a server's answer to a route is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Right, and which usual headers it has.
    Right(Value),
    /// Nothing, because it does not have the route; what it says then.
    Missing(String),
    /// Wrong, for this reason.
    Wrong(String),
}

/// Asks a server for a route. `partial` is for servers that need not have any.
pub(crate) fn check(address: SocketAddr, route: &Route, file: &[u8], partial: bool) -> Said {
    let mut seen = Value::Null;
    for _ in 0..CONNECTIONS {
        let mut client = match Client::connect(address, Duration::from_secs(1)) {
            Ok(client) => client,
            Err(failure) => return Said::Wrong(failure.words().into()),
        };
        // Twice, because the second answer on a connection is what is timed.
        for _ in 0..2 {
            match once(&mut client, route, file) {
                Ok(answer) => {
                    let has = |name: &str| answer.header(name).is_some();
                    seen = json!({ "server": has("server"), "date": has("date") });
                }
                Err(Complaint { why, missing: true }) if partial || route.optional => {
                    return Said::Missing(why);
                }
                Err(Complaint { why, .. }) => return Said::Wrong(why),
            }
        }
    }
    Said::Right(seen)
}

/// Why an answer is not the right one, and whether it says that there is no such thing.
#[derive(Debug)]
struct Complaint {
    why: String,
    missing: bool,
}

impl From<Failure> for Complaint {
    fn from(failure: Failure) -> Self {
        Self { why: failure.words().into(), missing: false }
    }
}

/// Asks once; for a route that need not be there, to hang up is a way to say that it is not.
fn once(client: &mut Client, route: &Route, file: &[u8]) -> Result<Answer, Complaint> {
    ask(client, route, file).map_err(|mut complaint| {
        complaint.missing |= route.optional && complaint.why == Failure::Closed.words();
        complaint
    })
}

fn ask(client: &mut Client, route: &Route, file: &[u8]) -> Result<Answer, Complaint> {
    let request = match route.body {
        Body::Sizes => upload(&file[..SMALL.min(file.len())]),
        Body::Part => request(route.path, &range()).into_bytes(),
        Body::Unchanged => {
            client.send(request(route.path, "").as_bytes())?;
            let Some(field) = if_changed(&client.answer()?) else {
                let why = "neither ETag nor Last-Modified".into();
                return Err(Complaint { why, missing: true });
            };
            request(route.path, &field).into_bytes()
        }
        Body::Text(_) | Body::Message | Body::File => request(route.path, "").into_bytes(),
    };
    client.send(&request)?;
    let answer = client.answer()?;
    judge(&answer, route, file)?;
    Ok(answer)
}

fn judge(answer: &Answer, route: &Route, file: &[u8]) -> Result<(), Complaint> {
    let wrong = |why: String| Err(Complaint { why, missing: false });
    let (status, whole) = match route.body {
        Body::Part => (206, false),
        Body::Unchanged => (304, false),
        _ => (200, true),
    };
    if answer.status != status {
        // 200 to a condition or a range is an answer of those who do not know them.
        let unknown = matches!(answer.status, 404 | 405 | 501) || (answer.status == 200 && !whole);
        return Err(Complaint { why: format!("status {}", answer.status), missing: unknown });
    }
    if let Some(wanted) = route.content_type {
        let told = answer.header("content-type").unwrap_or_default();
        let media_type = told.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(wanted) {
            return wrong(format!("Content-Type `{told}`"));
        }
    }
    let right = match route.body {
        Body::Text(text) => answer.body == text.as_bytes(),
        Body::File => answer.body == file,
        Body::Part => {
            let told = format!("bytes {}-{}/{}", PART.start, PART.end - 1, file.len());
            answer.header("content-range") == Some(&told) && Some(&*answer.body) == file.get(PART)
        }
        Body::Unchanged => answer.body.is_empty(),
        Body::Sizes => {
            let wanted = sizes(SMALL.min(file.len()));
            answer.body.trim_ascii_end() == wanted.as_bytes().trim_ascii_end()
        }
        Body::Message => {
            let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
            value == Some(json!({ "message": "Hello, World!" }))
        }
    };
    if right { Ok(()) } else { wrong(format!("another body, of {} bytes", answer.body.len())) }
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
            // Closed with something unread it would be reset, and what was said be lost.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
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

    fn route(name: &str) -> &'static Route {
        ROUTES.iter().find(|route| route.name == name).unwrap()
    }

    #[test]
    fn wrong_answers_are_named() {
        let (plaintext, message) = (route("/plaintext"), route("/json"));
        for (right, answer, route) in [
            (true, answer(200, "text/plain; charset=utf-8", "Hello, World!"), plaintext),
            (false, answer(200, "text/html", "Hello, World!"), plaintext),
            (false, answer(200, "text/plain", "Hello, World"), plaintext),
            (false, answer(204, "text/plain", "Hello, World!"), plaintext),
            (true, answer(200, "application/json", r#"{ "message":"Hello, World!" }"#), message),
            (false, answer(200, "application/json", "{}"), message),
            (true, answer(200, "text/plain", "title=7\nfile=3\n"), route(UPLOAD)),
            (true, answer(200, "text/plain", "title=7\nfile=3"), route(UPLOAD)),
            (false, answer(200, "text/plain", "title=7\nfile=2\n"), route(UPLOAD)),
            (true, answer(304, "", ""), route(UNCHANGED)),
            (false, answer(304, "", "abc"), route(UNCHANGED)),
        ] {
            assert_eq!(judge(&answer, route, b"abc").is_ok(), right, "{answer:?}");
        }
    }

    #[test]
    fn a_part_is_compared_byte_for_byte() {
        let file: Vec<u8> = (0..1 << 20).map(|index: u32| (index / 7) as u8).collect();
        let range = format!("bytes {}-{}/{}", PART.start, PART.end - 1, file.len());
        let part = |bytes: &[u8], range: &str| {
            let headers = vec![("content-range".to_owned(), range.to_owned())];
            let answer = Answer { status: 206, headers, body: bytes.to_vec() };
            judge(&answer, route(RANGE), &file).is_ok()
        };
        assert!(part(&file[PART], &range));
        assert!(!part(&file[PART.start + 1..=PART.end], &range));
        assert!(!part(&file[PART], "bytes 0-1/2"));
    }

    #[test]
    fn who_does_not_have_a_route_is_not_wrong() {
        let nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for (text, route, partial, missing) in [
            (&nothing[..], route(UPLOAD), false, true),
            (nothing, route("/json"), false, false),
            (nothing, route("/json"), true, true),
            (whole, route(RANGE), false, true),
            (whole, route("/json"), true, false),
            (b"", route(UPLOAD), false, true),
            (b"", route("/json"), false, false),
        ] {
            let said = check(says(text), route, b"abc", partial);
            assert_eq!(matches!(said, Said::Missing(_)), missing, "{}: {said:?}", route.name);
            assert!(missing || matches!(said, Said::Wrong(_)), "{said:?}");
        }
    }

    #[test]
    fn an_upload_tells_its_own_length() {
        let request = upload(b"abc");
        let end = request.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(content_length(&request[..end]), Some(request.len() - end));
        assert!(request.ends_with(format!("\r\n\r\nabc\r\n--{FENCE}--\r\n").as_bytes()));
    }
}
