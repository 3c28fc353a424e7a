//! Requests made by hand, for tests and for calls without a server.

use std::time::SystemTime;

use http::StatusCode;
use pauper_wire::{Framing, HeadWriter, HeaderSpan, Limits, Progress, Status, chunk};

use crate::error::Error;
use crate::request::{OwnedHead, Peer, Request};
use crate::request_body::RequestBody;

/// Builds a [`Request`] from its parts, through the same parser as one from a socket.
///
/// ```
/// use pauper_message::Request;
///
/// let req = Request::builder()
///     .method("POST")
///     .target("/find?q=pot")
///     .header("Cookie", "theme=dark")
///     .body("hello")
///     .build()
///     .unwrap();
/// assert_eq!(req.path(), "/find");
/// assert_eq!(req.args().unwrap().get("q"), Some("pot"));
/// assert_eq!(req.cookie("theme"), Some("dark"));
/// assert_eq!(req.bytes().unwrap(), b"hello");
/// ```
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// Where the chunks of the body end, if it has chunks.
    cuts: Option<Vec<usize>>,
    peer: Peer,
    received: SystemTime,
}

impl Default for RequestBuilder {
    /// `GET /` to `localhost`, without a body, at the Unix epoch, from nowhere.
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            cuts: None,
            peer: Peer::default(),
            received: SystemTime::UNIX_EPOCH,
        }
    }
}

impl RequestBuilder {
    /// The method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// The target as it would be sent: path and query, percent-encoded.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// One more header. Host is `localhost` if it is not given.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The body; its Content-Length is added.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.cuts = None;
        self
    }

    /// The body, in these chunks; empty ones are left out, since an empty one is the end. A handler
    /// finds them again with [`BodyStream::next_chunk`](crate::BodyStream::next_chunk).
    #[must_use]
    pub fn chunks<C: AsRef<[u8]>>(mut self, chunks: impl IntoIterator<Item = C>) -> Self {
        self.body.clear();
        let mut cuts = Vec::new();
        for chunk in chunks {
            self.body.extend_from_slice(chunk.as_ref());
            if !chunk.as_ref().is_empty() {
                cuts.push(self.body.len());
            }
        }
        self.cuts = Some(cuts);
        self
    }

    /// The two ends of the connection.
    #[must_use]
    pub fn peer(mut self, peer: Peer) -> Self {
        self.peer = peer;
        self
    }

    /// When the head was complete.
    #[must_use]
    pub fn received(mut self, time: SystemTime) -> Self {
        self.received = time;
        self
    }

    /// The bytes that a client would send for this request, body included.
    ///
    /// # Errors
    /// When a part cannot stand in a request head.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = self.head_bytes()?;
        let Some(cuts) = &self.cuts else {
            bytes.extend_from_slice(&self.body);
            return Ok(bytes);
        };
        let mut start = 0;
        for end in cuts {
            let chunk = &self.body[start..*end];
            bytes.extend_from_slice(chunk::header(chunk.len(), &mut [0; 20]));
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(chunk::END);
            start = *end;
        }
        bytes.extend_from_slice(chunk::LAST);
        Ok(bytes)
    }

    fn head_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut writer = HeadWriter::request(&mut bytes, &self.method, &self.target)?;
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            writer.header("Host", b"localhost")?;
        }
        for (name, value) in &self.headers {
            writer.header(name, value)?;
        }
        if self.cuts.is_some() {
            writer.framing(&Framing::chunked());
        } else if !self.body.is_empty() {
            writer.framing(&Framing::fixed(self.body.len() as u64));
        }
        writer.finish();
        Ok(bytes)
    }

    /// The request.
    ///
    /// # Errors
    /// When a part cannot stand in a request head, with the parser's reason and status.
    pub fn build(self) -> Result<Request, Error> {
        let bytes = self.head_bytes()?;
        let mut slots = vec![HeaderSpan::default(); self.headers.len() + 2];
        let parsed =
            pauper_wire::parse_head(&bytes, &mut Progress::new(), &mut slots, &Limits::new());
        let head = match parsed {
            Ok(Status::Complete(head)) if head.len() == bytes.len() => head,
            Ok(_) => return Err(Error::new(StatusCode::BAD_REQUEST, "no request head")),
            Err(error) => {
                let status =
                    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
                return Err(Error::with_source(status, Some(error.kind().rule()), error));
            }
        };
        let head = OwnedHead { bytes, slots, head };
        let mut request = Request::from_head(head, self.peer, self.received);
        match self.cuts {
            Some(cuts) => request.set_body(RequestBody::chunks(self.body, cuts)),
            None if self.body.is_empty() => {}
            None => request.set_body(RequestBody::memory(self.body)),
        }
        Ok(request)
    }
}
