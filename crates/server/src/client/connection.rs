//! A connection to a server: requests out, answers in.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Response, StatusCode, Version};
use pauper_wire::{
    Chunk, ChunkDecoder, HeaderSpan, Limits, ResponseHead, ResponseLength, ResponseProgress,
    Status, parse_response_head,
};

use super::ClientError;

/// Header lines of an answer.
const MAX_HEADERS: usize = 128;
/// Interim answers before the one that counts.
const MAX_INTERIM: usize = 16;
/// Bytes asked for in one go.
const READ: usize = 16 << 10;

/// A connection, and what was read from it and belongs to no answer yet.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    /// Tries the addresses of the host in turn.
    pub(super) fn open(host: &str, port: u16, deadline: Instant) -> Result<Self, ClientError> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        let addresses = (host, port).to_socket_addrs().map_err(ClientError::Unreachable)?;
        for address in addresses {
            match TcpStream::connect_timeout(&address, left(deadline)?) {
                Ok(stream) => {
                    // Requests are written in one go: there is nothing to wait for.
                    stream.set_nodelay(true).map_err(ClientError::Io)?;
                    return Ok(Self { stream, unread: Vec::new() });
                }
                Err(error) => last = error,
            }
        }
        match left(deadline) {
            Ok(_) => Err(ClientError::Unreachable(last)),
            Err(late) => Err(late),
        }
    }

    /// Whether it is open and silent, so that it can be used again.
    pub(super) fn is_idle(&self) -> bool {
        let silent = |stream: &TcpStream| {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            // An end is 0 bytes, and more than that nobody asked for.
            Ok::<_, io::Error>(peeked.is_err_and(|it| it.kind() == io::ErrorKind::WouldBlock))
        };
        self.unread.is_empty() && silent(&self.stream).unwrap_or(false)
    }

    pub(super) fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), ClientError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(left(deadline)?)).map_err(ClientError::Io)?;
            match self.stream.write(rest) {
                Ok(0) => return Err(ClientError::Closed { begun: false }),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A server may answer and close before it read everything: the answer counts.
                Err(error) if is_closed(&error) => return Ok(()),
                Err(error) => return Err(ClientError::of(error)),
            }
        }
        Ok(())
    }

    /// Reads the answer to a request with this method; and whether the connection can be used again.
    pub(super) fn receive(
        &mut self,
        method: &str,
        max_head: usize,
        max_body: usize,
        deadline: Instant,
    ) -> Result<(Response<Vec<u8>>, bool), ClientError> {
        let mut slots = [HeaderSpan::default(); MAX_HEADERS];
        for _ in 0..=MAX_INTERIM {
            let head = self.head(max_head, &mut slots, deadline)?;
            let bytes: Vec<u8> = self.unread.drain(..head.len()).collect();
            if head.is_interim() {
                continue;
            }
            let length = head.body(method.as_bytes());
            let body = self.body(length, max_body, deadline)?;
            let reusable = head.keep_alive() && length != ResponseLength::UntilClose;
            return Ok((response(&head, &bytes, &slots, body)?, reusable));
        }
        Err(ClientError::TooLarge { limit: max_head })
    }

    fn head(
        &mut self,
        max_head: usize,
        slots: &mut [HeaderSpan],
        deadline: Instant,
    ) -> Result<ResponseHead, ClientError> {
        let limits = Limits::new().with_max_head(max_head).with_max_headers(MAX_HEADERS);
        let mut progress = ResponseProgress::new();
        loop {
            match parse_response_head(&self.unread, &mut progress, slots, &limits) {
                Ok(Status::Complete(head)) => return Ok(head),
                Ok(Status::Partial) if self.read(deadline)? == 0 => {
                    return Err(ClientError::Closed { begun: !self.unread.is_empty() });
                }
                Ok(Status::Partial) => {}
                Err(error) => return Err(ClientError::Answer(error)),
            }
        }
    }

    fn body(
        &mut self,
        length: ResponseLength,
        limit: usize,
        deadline: Instant,
    ) -> Result<Vec<u8>, ClientError> {
        let too_large = Err(ClientError::TooLarge { limit });
        match length {
            ResponseLength::Empty => Ok(Vec::new()),
            ResponseLength::Tunnel => Err(ClientError::Upgrade),
            ResponseLength::Fixed(length) => {
                let Some(length) = usize::try_from(length).ok().filter(|it| *it <= limit) else {
                    return too_large;
                };
                while self.unread.len() < length {
                    self.read_more(deadline)?;
                }
                let rest = self.unread.split_off(length);
                Ok(std::mem::replace(&mut self.unread, rest))
            }
            ResponseLength::UntilClose => {
                while self.read(deadline)? > 0 {
                    if self.unread.len() > limit {
                        return too_large;
                    }
                }
                let body = std::mem::take(&mut self.unread);
                if body.len() > limit { too_large } else { Ok(body) }
            }
            ResponseLength::Chunked => self.chunks(limit, deadline),
        }
    }

    fn chunks(&mut self, limit: usize, deadline: Instant) -> Result<Vec<u8>, ClientError> {
        let mut decoder = ChunkDecoder::new(&Limits::new());
        let mut body = Vec::new();
        let mut taken = 0;
        loop {
            let (consumed, chunk) =
                decoder.decode(&self.unread[taken..]).map_err(ClientError::Answer)?;
            match chunk {
                Chunk::Data { span, .. } => {
                    if span.len() > limit - body.len() {
                        return Err(ClientError::TooLarge { limit });
                    }
                    body.extend_from_slice(&self.unread[taken..][span]);
                    taken += consumed;
                }
                Chunk::NeedMore => {
                    self.unread.clear();
                    taken = 0;
                    self.read_more(deadline)?;
                }
                Chunk::End => {
                    self.unread.drain(..taken + consumed);
                    return Ok(body);
                }
            }
        }
    }

    /// Reads in the middle of an answer.
    fn read_more(&mut self, deadline: Instant) -> Result<(), ClientError> {
        match self.read(deadline)? {
            0 => Err(ClientError::Closed { begun: true }),
            _ => Ok(()),
        }
    }

    /// Reads what is there, or waits for something; 0 at the end.
    fn read(&mut self, deadline: Instant) -> Result<usize, ClientError> {
        let old = self.unread.len();
        self.unread.resize(old + READ, 0);
        let read = loop {
            let left = match left(deadline) {
                Ok(left) => left,
                Err(late) => break Err(late),
            };
            if let Err(error) = self.stream.set_read_timeout(Some(left)) {
                break Err(ClientError::Io(error));
            }
            match self.stream.read(&mut self.unread[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(ClientError::of),
            }
        };
        self.unread.truncate(old + read.as_ref().map_or(0, |read| *read));
        read
    }
}

/// The time until the deadline, which is more than nothing.
fn left(deadline: Instant) -> Result<Duration, ClientError> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(ClientError::TimedOut),
        left => Ok(left),
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// The answer as a value. The wire has checked what the types of `http` check.
fn response(
    head: &ResponseHead,
    bytes: &[u8],
    slots: &[HeaderSpan],
    body: Vec<u8>,
) -> Result<Response<Vec<u8>>, ClientError> {
    let foreign = |error| ClientError::Io(io::Error::new(io::ErrorKind::InvalidData, error));
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(head.status()).map_err(|error| foreign(error.to_string()))?;
    *response.version_mut() = match head.version() {
        pauper_wire::Version::Http10 => Version::HTTP_10,
        pauper_wire::Version::Http11 => Version::HTTP_11,
    };
    for line in &slots[..head.header_count()] {
        let name = HeaderName::from_bytes(line.name.of(bytes))
            .map_err(|error| foreign(error.to_string()))?;
        let value = HeaderValue::from_bytes(line.value.of(bytes))
            .map_err(|error| foreign(error.to_string()))?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}
