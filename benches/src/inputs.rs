//! The bytes that are parsed.

/// A request as a browser sends it: nine headers, a long cookie, 700 bytes.
pub fn browser() -> Vec<u8> {
    let mut text = String::from(
        "GET /articles/2024/05/a-long-title-of-a-page?from=newsletter&page=2 HTTP/1.1\r\n\
         Host: www.example.com\r\n\
         User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0\r\n\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n\
         Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Referer: https://www.example.com/articles/2024/05/\r\n\
         Connection: keep-alive\r\n\
         Upgrade-Insecure-Requests: 1\r\n\
         Cookie: ",
    );
    cookie(&mut text, 698);
    text.push_str("\r\n\r\n");
    text.into_bytes()
}

/// A request of 100 bytes.
pub fn short() -> Vec<u8> {
    let mut text = String::from(
        "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: ",
    );
    while text.len() < 96 {
        text.push('w');
    }
    text.push_str("\r\n\r\n");
    text.into_bytes()
}

/// A request with sixty short headers.
pub fn many_headers() -> Vec<u8> {
    let mut text = String::from("GET / HTTP/1.1\r\nHost: a\r\n");
    for number in 1..60 {
        text.push_str(&format!("X-H{number}: {}\r\n", number * 7));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A request with a cookie of 8 KiB.
pub fn large_cookie() -> Vec<u8> {
    let mut text = String::from("GET / HTTP/1.1\r\nHost: www.example.com\r\nCookie: ");
    let end = text.len() + (8 << 10);
    cookie(&mut text, end);
    text.push_str("\r\n\r\n");
    text.into_bytes()
}

/// The head of a response with ten header lines.
pub fn response() -> Vec<u8> {
    let mut text = String::from(
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: benches\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Length: 1234\r\n\
         Cache-Control: max-age=3600\r\n",
    );
    for number in 0..5 {
        text.push_str(&format!("X-Header-{number}: some value {number}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A chunked body of so many chunks of this size, whole.
pub fn chunked(size: usize, count: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..count {
        body.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        body.resize(body.len() + size, b'x');
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    body
}

/// Appends cookie pairs until the text has this length.
fn cookie(text: &mut String, length: usize) {
    let pair = "session=4fd1c9a0b7e24f6d; theme=dark; _ga=GA1.2.1234567890.1700000000; ";
    text.extend(pair.chars().cycle().take(length - text.len() - 1));
    // A value does not end with a space.
    text.push('x');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_as_large_as_they_say() {
        assert_eq!(short().len(), 100);
        assert_eq!(browser().len(), 702);
        assert_eq!(many_headers().iter().filter(|byte| **byte == b'\n').count(), 62);
        assert!((8192..8300).contains(&large_cookie().len()));
        assert_eq!(chunked(16, 2).len(), 2 * (2 + 2 + 16 + 2) + 5);
    }
}
