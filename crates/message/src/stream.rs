//! Bodies of requests that are read while they arrive.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::mem;

use http::StatusCode;

use crate::error::Error;
use crate::request::Request;
use crate::request_body::RequestBody;

/// Where the bytes of a streamed body come from. Servers implement it; it may block.
pub trait BodySource: Any + Send {
    /// Appends the next bytes of the body to `out`, at least one unless the result says that
    /// something ended, and none beyond that end.
    ///
    /// # Errors
    /// When the body does not arrive whole. A [`BodyError`] inside says whose fault that is; the
    /// source is not asked again.
    fn read(&mut self, out: &mut Vec<u8>) -> io::Result<SourcePiece>;

    /// The source itself, for the server that made it: `|self| self`.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// What stands behind the bytes that a [`BodySource`] gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourcePiece {
    /// More of the same chunk.
    More,
    /// The end of a chunk of the client (RFC 9112, section 7.1). A body without chunks may be cut
    /// anywhere.
    ChunkEnd,
    /// The end of the body.
    End,
}

/// Whose fault it is that a body does not arrive, and how that is answered. It travels inside an
/// [`io::Error`] through a handler's `?` and becomes the answer with this status and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyError {
    status: StatusCode,
    message: Box<str>,
}

impl BodyError {
    /// An error that answers `status` with `message` for the client to read.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into().into_boxed_str() }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The message for the client.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The one that `error` is or carries.
    pub(crate) fn find<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        match error.downcast_ref::<io::Error>() {
            Some(error) => error.get_ref()?.downcast_ref(),
            None => error.downcast_ref(),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for BodyError {}

impl From<BodyError> for io::Error {
    fn from(error: BodyError) -> Self {
        let kind = match error.status {
            StatusCode::REQUEST_TIMEOUT => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// The body of a request, read while it arrives; see [`Request::stream`].
///
/// It is a [`Read`] and a [`BufRead`], and [`next_chunk`](Self::next_chunk) gives the client's own
/// chunks. Reading waits for the client, as long as the times of the server allow. Its errors go
/// through `?` to an answer: 413 when the body is too long, 408 when it takes too long.
pub struct BodyStream {
    origin: Origin,
    /// Invariant: `position <= buffer.len()`.
    buffer: Vec<u8>,
    position: usize,
    /// Whether a chunk ends where the buffer ends.
    boundary: bool,
    ended: bool,
    failed: bool,
    max_chunk: usize,
}

enum Origin {
    Source(Box<dyn BodySource>),
    /// A body that is there already, and how much of it was read.
    Kept {
        body: RequestBody,
        position: u64,
        /// Where its chunks end, in order, if they are known.
        cuts: std::vec::IntoIter<usize>,
    },
}

/// How much of a body that is kept is read at a time.
const PIECE: u64 = 64 * 1024;

impl BodyStream {
    fn new(origin: Origin) -> Self {
        Self {
            origin,
            buffer: Vec::new(),
            position: 0,
            boundary: false,
            ended: false,
            failed: false,
            max_chunk: 1024 * 1024,
        }
    }

    pub(crate) fn of_source(source: Box<dyn BodySource>) -> Self {
        Self::new(Origin::Source(source))
    }

    pub(crate) fn of_kept(body: RequestBody) -> Self {
        Self::of_chunks(body, Vec::new())
    }

    pub(crate) fn of_chunks(body: RequestBody, cuts: Vec<usize>) -> Self {
        Self::new(Origin::Kept { body, position: 0, cuts: cuts.into_iter() })
    }

    /// The body that was there already, whole, or the source.
    pub(crate) fn into_origin(self) -> Result<RequestBody, Box<dyn BodySource>> {
        match self.origin {
            Origin::Kept { body, .. } => Ok(body),
            Origin::Source(source) => Err(source),
        }
    }

    pub(crate) fn kept(&self) -> Option<&RequestBody> {
        match &self.origin {
            Origin::Kept { body, .. } => Some(body),
            Origin::Source(_) => None,
        }
    }

    /// The longest chunk that [`next_chunk`](Self::next_chunk) gives, in bytes; 1 MiB if not set.
    /// It bounds the memory that a client can claim.
    pub fn set_max_chunk(&mut self, bytes: usize) {
        self.max_chunk = bytes;
    }

    /// The next chunk as the client cut it, or `None` at the end of the body; never an empty one.
    /// After a partial read it is the rest of that chunk.
    ///
    /// A body with a Content-Length has no chunks: it comes in the pieces that it arrived in, so
    /// that nobody waits for more than is there.
    ///
    /// # Errors
    /// 413 inside when the chunk is longer than [`set_max_chunk`](Self::set_max_chunk); otherwise
    /// as for reading.
    pub fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let unread = self.buffer.len() - self.position;
            if unread > self.max_chunk {
                self.failed = true;
                let text = format!("a chunk is longer than {} bytes (max_chunk)", self.max_chunk);
                return Err(BodyError::new(StatusCode::PAYLOAD_TOO_LARGE, text).into());
            }
            if unread > 0 && (self.boundary || self.ended) {
                let mut chunk = mem::take(&mut self.buffer);
                chunk.drain(..self.position);
                self.position = 0;
                self.boundary = false;
                return Ok(Some(chunk));
            }
            if self.ended {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Asks the origin for more, behind what is unread.
    fn fill(&mut self) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("the body broke off before"));
        }
        if self.position == self.buffer.len() {
            self.buffer.clear();
            self.position = 0;
        }
        self.boundary = false;
        let before = self.buffer.len();
        let piece = match &mut self.origin {
            Origin::Source(source) => source.read(&mut self.buffer),
            Origin::Kept { body, position, cuts } => {
                let end = cuts.next().map(|end| end as u64);
                read_kept(body, position, end, &mut self.buffer)
            }
        };
        // Until a result says otherwise; a source that panics is not asked again either.
        self.failed = true;
        match piece? {
            SourcePiece::More if self.buffer.len() == before => {
                return Err(io::Error::other("the source of a body gave nothing"));
            }
            SourcePiece::More => {}
            SourcePiece::ChunkEnd => self.boundary = true,
            SourcePiece::End => self.ended = true,
        }
        self.failed = false;
        Ok(())
    }
}

/// Bodies that are kept are cut like those with a length, unless it is known where a chunk ends.
fn read_kept(
    body: &RequestBody,
    position: &mut u64,
    end: Option<u64>,
    out: &mut Vec<u8>,
) -> io::Result<SourcePiece> {
    let left = body.len().saturating_sub(*position);
    let piece = end.map_or(left.min(PIECE), |end| end.saturating_sub(*position).min(left));
    let read = body.reader_at(*position).take(piece).read_to_end(out)? as u64;
    *position += read;
    Ok(if read == left { SourcePiece::End } else { SourcePiece::ChunkEnd })
}

impl BufRead for BodyStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.position == self.buffer.len() && !self.ended {
            self.fill()?;
        }
        Ok(&self.buffer[self.position..])
    }

    fn consume(&mut self, bytes: usize) {
        self.position = (self.position + bytes).min(self.buffer.len());
    }
}

impl Read for BodyStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Request {
    /// The body as a stream: of a route that asked for one ([`Plan::stream`](crate::Plan::stream))
    /// while it arrives, of any other from what was kept. So a handler that reads this way works in
    /// both.
    ///
    /// ```
    /// use pauper_message::{Error, Request};
    /// use std::io::Read;
    ///
    /// fn count(req: &mut Request) -> Result<String, Error> {
    ///     let mut chunks = 0;
    ///     while let Some(chunk) = req.stream().next_chunk()? {
    ///         chunks += 1;
    ///     }
    ///     Ok(format!("{chunks} chunks\n"))
    /// }
    /// ```
    pub fn stream(&mut self) -> &mut BodyStream {
        self.body.stream_mut()
    }
}

impl Error {
    /// Status and message of a body that did not arrive.
    pub(crate) fn of_body(error: &(dyn StdError + 'static)) -> Option<(StatusCode, Box<str>)> {
        BodyError::find(error).map(|error| (error.status, error.message.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Gives what a script says.
    struct Script(VecDeque<(&'static str, SourcePiece)>);

    impl BodySource for Script {
        fn read(&mut self, out: &mut Vec<u8>) -> io::Result<SourcePiece> {
            let Some((bytes, piece)) = self.0.pop_front() else {
                return Err(BodyError::new(StatusCode::REQUEST_TIMEOUT, "too slow").into());
            };
            out.extend_from_slice(bytes.as_bytes());
            Ok(piece)
        }

        fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
            self
        }
    }

    const CHUNKS: [(&str, SourcePiece); 6] = [
        ("a", SourcePiece::More),
        ("b", SourcePiece::ChunkEnd),
        ("cde", SourcePiece::More),
        ("", SourcePiece::ChunkEnd),
        ("f", SourcePiece::ChunkEnd),
        ("", SourcePiece::End),
    ];

    fn request(script: &[(&'static str, SourcePiece)]) -> Request {
        let mut req = Request::builder().build().unwrap();
        req.set_body(RequestBody::stream(Script(script.iter().copied().collect())));
        req
    }

    #[test]
    fn chunks_stay_as_the_client_cut_them() {
        let mut req = request(&CHUNKS);
        let mut chunks = Vec::new();
        while let Some(chunk) = req.stream().next_chunk().unwrap() {
            chunks.push(chunk);
        }
        assert_eq!(chunks, [&b"ab"[..], b"cde", b"f"]);
        assert!(req.stream().next_chunk().unwrap().is_none());
    }

    #[test]
    fn reading_does_not_see_chunks_and_leaves_their_rest() {
        let mut text = String::new();
        request(&CHUNKS).stream().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcdef");
        for (read, rest) in [(1, "b"), (2, "cde"), (3, "de"), (5, "f")] {
            let mut req = request(&CHUNKS);
            req.stream().read_exact(&mut vec![0; read]).unwrap();
            let chunk = req.stream().next_chunk().unwrap().unwrap();
            assert_eq!(chunk, rest.as_bytes(), "after {read} bytes");
        }
    }

    #[test]
    fn bytes_may_come_with_the_end() {
        let mut req = request(&[("ab", SourcePiece::More), ("c", SourcePiece::End)]);
        assert_eq!(req.stream().next_chunk().unwrap().unwrap(), b"abc");
        assert!(req.stream().next_chunk().unwrap().is_none());
    }

    #[test]
    fn a_long_chunk_is_refused_before_it_is_kept() {
        let mut req = request(&[("ab", SourcePiece::More), ("cde", SourcePiece::More)]);
        req.stream().set_max_chunk(4);
        let error = Error::from(req.stream().next_chunk().unwrap_err());
        assert_eq!(error.status(), Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert!(error.message().unwrap().contains("4 bytes (max_chunk)"), "{error:?}");
        assert!(req.stream().next_chunk().is_err());
        let mut req = request(&[("abcd", SourcePiece::ChunkEnd)]);
        req.stream().set_max_chunk(4);
        assert!(req.stream().next_chunk().is_ok());
    }

    #[test]
    fn errors_say_whose_fault_it_is_and_stay() {
        let mut req = request(&[("ab", SourcePiece::More)]);
        let error = Error::from(req.stream().next_chunk().unwrap_err());
        assert_eq!(error.status(), Some(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(error.message(), Some("too slow"));
        assert!(req.stream().next_chunk().is_err());
        let mut req = request(&[("", SourcePiece::More)]);
        assert!(req.stream().read(&mut [0; 8]).is_err(), "no endless loop");
    }

    #[test]
    fn a_streamed_body_cannot_be_had_at_once() {
        let req = request(&CHUNKS);
        assert!(req.body().is_streamed() && !req.body().is_empty());
        let error = req.bytes().unwrap_err();
        assert!(error.to_string().contains("Request::stream"), "{error}");
        assert!(req.reader().read(&mut [0; 8]).is_err());
        assert!(req.form().is_err());
        assert!(req.text().is_err());
    }

    #[test]
    fn a_kept_body_streams_and_stays() {
        let long: Vec<u8> = (0..200_000_u32).map(|i| i as u8).collect();
        let mut file = tempfile();
        io::Write::write_all(&mut file, &long).unwrap();
        for body in [RequestBody::memory(long.clone()), RequestBody::file(file, 200_000)] {
            let mut req = Request::builder().build().unwrap();
            req.set_body(body);
            let mut read = Vec::new();
            while let Some(chunk) = req.stream().next_chunk().unwrap() {
                read.extend_from_slice(&chunk);
            }
            assert!(read == long);
            assert!(req.bytes().unwrap() == long);
            assert_eq!(req.body().len(), 200_000);
            assert!(req.take_body().take_source().is_none());
        }
        let mut req = Request::builder().body("abc").build().unwrap();
        assert_eq!(req.stream().next_chunk().unwrap().unwrap(), b"abc");
        assert_eq!(req.into_buffers().1.into_buffer(), b"abc");
        let mut req = Request::builder().build().unwrap();
        assert!(req.stream().next_chunk().unwrap().is_none());
    }

    #[test]
    fn the_next_request_starts_anew() {
        let mut req = Request::builder().build().unwrap();
        req.stream().set_max_chunk(1);
        req.clear();
        req.set_body(RequestBody::memory(b"abc".to_vec()));
        assert_eq!(req.stream().next_chunk().unwrap().unwrap(), b"abc");
        req.clear();
        assert!(req.body().is_nothing());
    }

    fn tempfile() -> std::fs::File {
        let path = std::env::temp_dir().join(format!("pauper-stream-{}", std::process::id()));
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn tests_can_cut_chunks() {
        let builder = Request::builder().method("POST").chunks(["ab", "", "c"]);
        let sent = builder.to_bytes().unwrap();
        assert!(
            sent.ends_with(b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
        );
        let mut req = builder.build().unwrap();
        assert!(req.is_chunked());
        assert_eq!(req.stream().next_chunk().unwrap().unwrap(), b"ab");
        assert_eq!(req.stream().next_chunk().unwrap().unwrap(), b"c");
        assert!(req.stream().next_chunk().unwrap().is_none());
        assert_eq!(req.bytes().unwrap(), b"abc");
        let mut none = Request::builder().chunks([""; 2]).build().unwrap();
        assert!(none.stream().next_chunk().unwrap().is_none());
        assert!(none.is_chunked() && none.body().is_empty());
    }

    #[test]
    fn a_server_gets_its_source_back() {
        let mut req = request(&CHUNKS);
        req.stream().read_exact(&mut [0; 3]).unwrap();
        let source = req.take_body().take_source().unwrap();
        let script = source.into_any().downcast::<Script>().unwrap();
        assert_eq!(script.0.len(), 3);
        assert!(req.stream().next_chunk().unwrap().is_none());
    }
}
