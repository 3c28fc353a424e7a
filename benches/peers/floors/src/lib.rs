//! What the two floors share: fixed answers, and just enough of a look at a request to choose one.
//!
//! A floor is no server. It parses nothing, checks nothing and takes any path beginning with the
//! same letter for the same route; it shows what the kernel alone costs on this machine.

use std::ops::ControlFlow;

use memchr::memmem;

macro_rules! head {
    ($content_type:literal, $length:literal) => {
        concat!(
            "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Content-Type: ",
            $content_type,
            "\r\nContent-Length: ",
            $length,
            "\r\n\r\n"
        )
    };
}

const PLAINTEXT: &str = concat!(head!("text/plain", "13"), "Hello, World!");
const JSON: &str = concat!(head!("application/json", "27"), r#"{"message":"Hello, World!"}"#);
const USER: &str = concat!(head!("text/plain", "23"), "user ann has number 42\n");
const HELLO: &str = concat!(head!("text/plain", "7"), "Hello!\n");
const OK: &str = concat!(head!("text/plain", "2"), "ok");

/// The answer to one request.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// These bytes.
    Fixed(&'static str),
    /// A head and the file.
    File,
    /// These bytes after a pause of so many milliseconds, written in digits.
    After(&'a [u8]),
}

/// What was found in some bytes.
#[derive(Debug)]
pub struct Taken {
    /// How many bytes were whole requests, or as much of a body as there was.
    pub bytes: usize,
    /// Whether one of them asked for the connection to be closed.
    pub close: bool,
    /// A body of which not everything was there.
    pub owed: Option<Owed>,
}

/// The rest of an upload.
#[derive(Debug)]
pub struct Owed {
    /// How many bytes are to come.
    pub bytes: usize,
    /// What is to be answered then.
    pub answer: String,
}

/// The bytes for a request that had to wait.
pub const AFTER: &str = OK;

/// Calls `each` for every whole request in `input`. An upload is answered by what is owed, even if
/// nothing of it is. `None` when `each` breaks off.
pub fn requests(
    input: &[u8],
    mut each: impl FnMut(Answer<'_>) -> ControlFlow<()>,
) -> Option<Taken> {
    let mut taken = Taken { bytes: 0, close: false, owed: None };
    while let Some(end) = memmem::find(&input[taken.bytes..], b"\r\n\r\n") {
        let request = &input[taken.bytes..taken.bytes + end];
        taken.bytes += end + 4;
        taken.close |= memmem::find(request, b"onnection: close").is_some();
        let answer = match request.get(5) {
            Some(b'j') => Answer::Fixed(JSON),
            Some(b'u') => Answer::Fixed(USER),
            Some(b'h') => Answer::Fixed(HELLO),
            Some(b'f') => Answer::File,
            // GET /sleep/
            Some(b's') => {
                let rest = request.get(11..).unwrap_or_default();
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                Answer::After(&rest[..digits])
            }
            // POST /upload
            Some(b'/') if request.starts_with(b"POST") => {
                let length = length(request);
                let there = length.min(input.len() - taken.bytes);
                taken.bytes += there;
                taken.owed = Some(Owed { bytes: length - there, answer: uploaded(length) });
                return Some(taken);
            }
            _ => Answer::Fixed(PLAINTEXT),
        };
        if each(answer).is_break() {
            return None;
        }
    }
    Some(taken)
}

fn length(request: &[u8]) -> usize {
    let name = b"ontent-Length: ";
    let rest = memmem::find(request, name).map_or(&b""[..], |at| &request[at + name.len()..]);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    milliseconds(&rest[..digits]).try_into().unwrap_or(0)
}

/// How many bytes the driver's form has around its file.
const AROUND: usize = 271;

/// The answer to a body of so many bytes, nothing of which was looked at.
fn uploaded(length: usize) -> String {
    let body = format!("title=7\nfile={}\n", length.saturating_sub(AROUND));
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
         Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The head before a file of so many bytes.
pub fn file_head(length: u64) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// The number written in these digits.
pub fn milliseconds(digits: &[u8]) -> u64 {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
