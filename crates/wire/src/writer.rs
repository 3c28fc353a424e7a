//! The only function that writes header bytes.

use alloc::vec::Vec;

use crate::lines::PreparedLines;
use crate::{ConnectionOption, Error, ErrorKind, Framing, scan};

/// Writes the head of one message to the end of a `Vec`.
///
/// Names, values, methods and targets are checked, so that no data can end a line early. The four
/// framing headers (Content-Length, Transfer-Encoding, Connection, Upgrade) cannot be set by name:
/// [`framing`](Self::framing) and [`upgrade`](Self::upgrade) write them.
///
/// A head that is not [finished](Self::finish) leaves no bytes behind: dropping the writer, as `?`
/// does, takes the vector back to where it was.
///
/// # Example
/// ```
/// use pauper_wire::{Framing, HeadWriter};
///
/// let mut out = Vec::new();
/// let mut head = HeadWriter::response(&mut out, 200, None)?;
/// head.header("Content-Type", b"text/plain")?;
/// assert!(head.header("X-Evil", b"a\r\nSet-Cookie: b").is_err());
/// head.framing(&Framing::fixed(2));
/// head.finish();
/// assert_eq!(
///     out,
///     b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n"
/// );
/// # Ok::<(), pauper_wire::Error>(())
/// ```
#[must_use = "a head that is not finished leaves no bytes"]
#[derive(Debug)]
pub struct HeadWriter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the head begins; `None` once it is finished.
    start: Option<usize>,
}

impl<'o> HeadWriter<'o> {
    /// The whole interim response that lets a client send its body (RFC 9110 section 15.2.1).
    pub const INTERIM_CONTINUE: &'static [u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

    /// Begins a response. Without `reason` the registered phrase is taken.
    ///
    /// The version is always HTTP/1.1, also in answers to HTTP/1.0 clients (RFC 9110 section
    /// 6.2): it says what the server can, and the framing says what the message is.
    ///
    /// # Errors
    /// If the status is not 100 to 999, or the reason holds a control byte.
    #[inline]
    pub fn response(
        out: &'o mut Vec<u8>,
        status: u16,
        reason: Option<&str>,
    ) -> Result<Self, Error> {
        let start = Some(out.len());
        match reason {
            None => match prepared(status) {
                Some(line) => out.extend_from_slice(line),
                None => status_line(out, status, crate::reason(status))?,
            },
            Some(reason) => status_line(out, status, reason)?,
        }
        Ok(Self { out, start })
    }

    /// Begins a request.
    ///
    /// # Errors
    /// If the method is not a token, or the target is empty or holds anything but visible ASCII
    /// other than `#`.
    pub fn request(out: &'o mut Vec<u8>, method: &str, target: &str) -> Result<Self, Error> {
        let (method, target) = (method.as_bytes(), target.as_bytes());
        for (word, end) in
            [(method, scan::token_end(method, 0)), (target, scan::target_end(target, 0))]
        {
            if word.is_empty() || end < word.len() {
                return Err(Error::at(ErrorKind::InvalidRequestLine, word, end));
            }
        }
        let start = Some(out.len());
        for part in [method, b" ", target, b" HTTP/1.1\r\n"] {
            out.extend_from_slice(part);
        }
        Ok(Self { out, start })
    }

    /// Writes one header line.
    ///
    /// # Errors
    /// If the name is not a token ([`ErrorKind::InvalidName`]), if it is one of the four framing
    /// headers ([`ErrorKind::FramingHeader`]), or if the value holds CR, LF, NUL or another control
    /// byte except HTAB, or begins or ends with whitespace ([`ErrorKind::InvalidValue`]). The
    /// head stays as it was before the call.
    pub fn header(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        checked_line(self.out, name, value)
    }

    /// Writes lines that were made in advance.
    #[inline]
    pub fn lines(&mut self, lines: &(impl PreparedLines + ?Sized)) {
        self.out.extend_from_slice(lines.bytes());
    }

    /// Writes the `Date` header with a date made up in advance (RFC 9110 section 5.6.7).
    ///
    /// # Panics
    /// If it holds a control byte: then it is no date.
    pub fn date(&mut self, imf_fixdate: &[u8; 29]) {
        assert!(check_value(imf_fixdate).is_ok(), "a date holds no control bytes");
        self.line(b"Date", imf_fixdate);
    }

    /// Writes Content-Length or Transfer-Encoding, and Connection, as `framing` says. Call it once.
    #[inline]
    pub fn framing(&mut self, framing: &Framing) {
        if let Some(length) = framing.length {
            let mut digits = [0; 20];
            self.line(b"Content-Length", decimal(length, &mut digits));
        } else if framing.chunked {
            self.line(b"Transfer-Encoding", b"chunked");
        }
        match framing.connection {
            ConnectionOption::None => {}
            ConnectionOption::Close => self.line(b"Connection", b"close"),
            ConnectionOption::KeepAlive => self.line(b"Connection", b"keep-alive"),
        }
    }

    /// Writes `Connection: upgrade` and `Upgrade` with this protocol, for a 101 response or a
    /// request that asks for one. It takes the place of [`framing`](Self::framing).
    ///
    /// # Errors
    /// If the protocol is not `token` or `token/token` (RFC 9110 section 7.8).
    pub fn upgrade(&mut self, protocol: &str) -> Result<(), Error> {
        let (name, version) = protocol.split_once('/').unwrap_or((protocol, "x"));
        for part in [name, version] {
            let end = scan::token_end(part.as_bytes(), 0);
            if part.is_empty() || end < part.len() {
                return Err(Error::at(ErrorKind::InvalidValue, part.as_bytes(), end));
            }
        }
        self.line(b"Connection", b"upgrade");
        self.line(b"Upgrade", protocol.as_bytes());
        Ok(())
    }

    /// Ends the head with the empty line.
    #[inline]
    pub fn finish(mut self) {
        self.out.extend_from_slice(b"\r\n");
        self.start = None;
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        line(self.out, name, value);
    }
}

/// Appends a header line, or nothing if it is not one.
pub(crate) fn checked_line(out: &mut Vec<u8>, name: &str, value: &[u8]) -> Result<(), Error> {
    let bytes = name.as_bytes();
    let end = scan::token_end(bytes, 0);
    if bytes.is_empty() || end < bytes.len() {
        return Err(Error::at(ErrorKind::InvalidName, bytes, end));
    }
    if is_framing(name) {
        return Err(Error::new(ErrorKind::FramingHeader, 0));
    }
    check_value(value)?;
    line(out, bytes, value);
    Ok(())
}

fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

impl Drop for HeadWriter<'_> {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.out.truncate(start);
        }
    }
}

/// Status lines that need no formatting.
fn prepared(status: u16) -> Option<&'static [u8]> {
    Some(match status {
        200 => b"HTTP/1.1 200 OK\r\n",
        201 => b"HTTP/1.1 201 Created\r\n",
        204 => b"HTTP/1.1 204 No Content\r\n",
        206 => b"HTTP/1.1 206 Partial Content\r\n",
        302 => b"HTTP/1.1 302 Found\r\n",
        303 => b"HTTP/1.1 303 See Other\r\n",
        304 => b"HTTP/1.1 304 Not Modified\r\n",
        400 => b"HTTP/1.1 400 Bad Request\r\n",
        401 => b"HTTP/1.1 401 Unauthorized\r\n",
        403 => b"HTTP/1.1 403 Forbidden\r\n",
        404 => b"HTTP/1.1 404 Not Found\r\n",
        500 => b"HTTP/1.1 500 Internal Server Error\r\n",
        _ => return None,
    })
}

fn status_line(out: &mut Vec<u8>, status: u16, reason: &str) -> Result<(), Error> {
    if !(100..=999).contains(&status) {
        return Err(Error::new(ErrorKind::InvalidStatus, 0));
    }
    let end = scan::value_end(reason.as_bytes(), 0);
    if end < reason.len() {
        return Err(Error::at(ErrorKind::InvalidReason, reason.as_bytes(), end));
    }
    let mut digits = [0; 20];
    let code = decimal(u64::from(status), &mut digits);
    for part in [b"HTTP/1.1 ", code, b" ", reason.as_bytes(), b"\r\n"] {
        out.extend_from_slice(part);
    }
    Ok(())
}

fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection", "upgrade"]
        .iter()
        .any(|framing| framing.eq_ignore_ascii_case(name))
}

fn check_value(value: &[u8]) -> Result<(), Error> {
    let end = scan::value_end(value, 0);
    if end < value.len() {
        return Err(Error::at(ErrorKind::InvalidValue, value, end));
    }
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if blank(value.first()) {
        return Err(Error::at(ErrorKind::InvalidValue, value, 0));
    }
    if blank(value.last()) {
        return Err(Error::at(ErrorKind::InvalidValue, value, value.len() - 1));
    }
    Ok(())
}

fn decimal(value: u64, out: &mut [u8; 20]) -> &[u8] {
    let mut start = out.len();
    let mut rest = value;
    loop {
        start -= 1;
        out[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return &out[start..];
        }
    }
}
