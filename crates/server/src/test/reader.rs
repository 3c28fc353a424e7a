//! A strict reader of responses: whatever is not exactly right is an error.

use std::fmt;

use super::Answer;

/// Why bytes are not a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Whether more bytes could still make a response of it.
    incomplete: bool,
    rule: String,
}

impl ReadError {
    /// Whether more bytes could still make a response of it.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)
    }
}

impl std::error::Error for ReadError {}

fn broken<T>(rule: impl Into<String>) -> Result<T, ReadError> {
    Err(ReadError { incomplete: false, rule: rule.into() })
}

fn incomplete<T>(rule: &str) -> Result<T, ReadError> {
    Err(ReadError { incomplete: true, rule: rule.to_owned() })
}

/// Reads one response from the beginning of `bytes`; gives it and how many bytes it has.
///
/// `method` is that of the request, since the answer to HEAD has no body. `closed` tells that the
/// connection ended after these bytes, which ends a body without a length.
///
/// An interim response (1xx) is read like any other, as an answer without a body.
///
/// # Errors
/// When the bytes are not one whole response: framing that is missing, doubled or contradicts the
/// status (RFC 9112, section 6), a header line that is malformed, or bytes that are missing.
pub fn read_answer(bytes: &[u8], method: &str, closed: bool) -> Result<(Answer, usize), ReadError> {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return incomplete("the head is not complete");
    };
    let mut lines = Lines(&bytes[..end + 2]);
    let Some(status_line) = lines.next() else { return broken("a head has a status line") };
    let (status, reason) = read_status_line(status_line)?;
    let mut headers = Vec::new();
    for line in lines {
        headers.push(read_header(line)?);
    }
    let mut answer = Answer { status, reason, headers, body: Vec::new(), chunks: None };
    let start = end + 4;
    let len = read_body(&mut answer, &bytes[start..], method, closed)?;
    Ok((answer, start + len))
}

/// The lines of a block that ends with CRLF.
struct Lines<'b>(&'b [u8]);

impl<'b> Iterator for Lines<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let end = find(self.0, b"\r\n")?;
        let line = &self.0[..end];
        self.0 = &self.0[end + 2..];
        Some(line)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn text(bytes: &[u8]) -> Result<String, ReadError> {
    if bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return broken(format!("a control byte in {:?}", bytes.escape_ascii().to_string()));
    }
    Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
}

fn read_status_line(line: &[u8]) -> Result<(u16, String), ReadError> {
    let line = text(line)?;
    let bad = || format!("not a status line: {line:?}");
    let Some(rest) = line.strip_prefix("HTTP/1.1 ") else { return broken(bad()) };
    let Some((digits, reason)) = rest.split_once(' ') else { return broken(bad()) };
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return broken(bad());
    }
    match digits.parse() {
        Ok(status) if status >= 100 => Ok((status, reason.to_owned())),
        _ => broken(bad()),
    }
}

fn read_header(line: &[u8]) -> Result<(String, String), ReadError> {
    let line = text(line)?;
    let bad = || format!("not a header line: {line:?}");
    let Some((name, value)) = line.split_once(": ") else { return broken(bad()) };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) || value.trim_matches([' ', '\t']) != value {
        return broken(bad());
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn read_body(
    answer: &mut Answer,
    bytes: &[u8],
    method: &str,
    closed: bool,
) -> Result<usize, ReadError> {
    let lengths: Vec<&str> = answer.header_all("content-length").collect();
    let codings: Vec<&str> = answer.header_all("transfer-encoding").collect();
    if lengths.len() + codings.len() > 1 {
        return broken("more than one header says where the body ends");
    }
    let length = match lengths.first() {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            match digits.parse::<usize>() {
                Ok(length) => Some(length),
                Err(_) => return broken("a Content-Length that is no number"),
            }
        }
        Some(_) => return broken("a Content-Length that is no number"),
        None => None,
    };
    let framed = length.is_some() || !codings.is_empty();
    let bodiless = matches!(answer.status, 100..=199 | 204);
    if bodiless && framed {
        return broken("a status without a body has no framing");
    }
    if bodiless || answer.status == 304 || method == "HEAD" {
        return Ok(0);
    }
    if let Some(length) = length {
        let Some(body) = bytes.get(..length) else { return incomplete("the body is not complete") };
        body.clone_into(&mut answer.body);
        return Ok(length);
    }
    if !codings.is_empty() {
        if codings[0] != "chunked" {
            return broken("an unknown transfer coding");
        }
        return read_chunks(answer, bytes);
    }
    if answer.header("connection") != Some("close") {
        return broken("a body without a length needs `Connection: close`");
    }
    if !closed {
        return incomplete("the connection is not closed");
    }
    bytes.clone_into(&mut answer.body);
    Ok(bytes.len())
}

fn read_chunks(answer: &mut Answer, bytes: &[u8]) -> Result<usize, ReadError> {
    let mut position = 0;
    let mut chunks = 0;
    loop {
        let rest = &bytes[position..];
        let Some(end) = find(rest, b"\r\n") else { return incomplete("a chunk is missing") };
        let digits = text(&rest[..end])?;
        let size = match usize::from_str_radix(&digits, 16) {
            Ok(size) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => size,
            _ => return broken(format!("not a chunk size: {digits:?}")),
        };
        let data = end + 2;
        let Some(chunk) = rest.get(data..data + size + 2) else {
            return incomplete("a chunk is not complete");
        };
        if !chunk.ends_with(b"\r\n") {
            return broken("a chunk ends with CRLF");
        }
        position += data + size + 2;
        if size == 0 {
            answer.chunks = Some(chunks);
            return Ok(position);
        }
        answer.body.extend_from_slice(&chunk[..size]);
        chunks += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, method: &str, closed: bool, body: &str, len: usize) {
        let (answer, read) = read_answer(text.as_bytes(), method, closed).unwrap();
        assert_eq!((answer.text(), read), (body, len), "{text:?}");
    }

    fn check_broken(text: &str) {
        let error = read_answer(text.as_bytes(), "GET", true).unwrap_err();
        assert!(!error.is_incomplete(), "{text:?}: {error}");
    }

    #[test]
    fn responses_are_read_and_no_byte_more() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP", "GET", false, "ab", 40);
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD", false, "", 38);
        check("HTTP/1.1 204 No Content\r\n\r\n", "GET", false, "", 27);
        check("HTTP/1.1 304 \r\nContent-Length: 2\r\n\r\n", "GET", false, "", 36);
        check("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab", "GET", true, "ab", 40);
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{chunked}2\r\nab\r\n1\r\nc\r\n0\r\n\r\nX"), "GET", false, "abc", 65);
    }

    #[test]
    fn every_prefix_is_incomplete() {
        let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        for end in 0..whole.len() {
            let error = read_answer(&whole.as_bytes()[..end], "GET", false).unwrap_err();
            assert!(error.is_incomplete(), "{end}: {error}");
        }
    }

    #[test]
    fn what_is_not_exactly_right_is_refused() {
        check_broken("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n");
        check_broken("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na");
        check_broken("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n");
        check_broken("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
        check_broken("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\nA b: 0\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nab\r\n0\r\n\r\n");
        check_broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n");
    }
}
