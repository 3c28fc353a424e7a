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

/// The bytes for a request that had to wait.
pub const AFTER: &str = OK;

/// Calls `each` for every whole request in `input`; says how many bytes they were, and whether one
/// of them asked for the connection to be closed. `None` when `each` breaks off.
pub fn requests(
    input: &[u8],
    mut each: impl FnMut(Answer<'_>) -> ControlFlow<()>,
) -> Option<(usize, bool)> {
    let (mut taken, mut close) = (0, false);
    while let Some(end) = memmem::find(&input[taken..], b"\r\n\r\n") {
        let request = &input[taken..taken + end];
        taken += end + 4;
        close |= memmem::find(request, b"onnection: close").is_some();
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
            _ => Answer::Fixed(PLAINTEXT),
        };
        if each(answer).is_break() {
            return None;
        }
    }
    Some((taken, close))
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
