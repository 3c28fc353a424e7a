//! Bodies that are arriving.

use std::fs::File;
use std::io::Write as _;
use std::mem;

use pauper_message::{
    BodySink, BodySource, Error, Request, RequestBody, SourcePiece, StatusCode, drop_quietly, guard,
};

use super::input::INPUT;
use super::shared::Held;

/// How much is reserved because of a Content-Length alone. Who promises more has to send it.
const RESERVED: u64 = 16 * 1024;

/// Takes the body of one request.
pub(super) struct Collector {
    kind: Kind,
    /// The bytes in memory, where those of all bodies are counted.
    held: Option<Held>,
    /// Where the client's chunks end, for bodies that are to look as if they were streamed.
    ends: Option<Vec<u64>>,
    limit: u64,
    limit_name: &'static str,
    received: u64,
}

#[derive(Default)]
enum Kind {
    /// There is no body, or it was given away.
    #[default]
    Nothing,
    Buffer {
        buffer: Vec<u8>,
        in_memory: usize,
        /// What came before the bytes in `buffer`, once that was too much for memory.
        file: Option<File>,
    },
    /// None after it panicked or failed.
    Sink(Option<Box<dyn BodySink>>),
}

impl Collector {
    /// Takes nothing.
    pub(super) fn nothing() -> Self {
        Self::new(Kind::Nothing, 0, "")
    }

    /// Keeps the body: in memory, beyond `in_memory` bytes in an unnamed temporary file.
    pub(super) fn buffer(buffer: Vec<u8>, in_memory: usize, limit: u64) -> Self {
        Self::new(Kind::Buffer { buffer, in_memory, file: None }, limit, "max_body")
    }

    /// Pushes the body into a sink.
    pub(super) fn sink(sink: Box<dyn BodySink>, limit: u64) -> Self {
        Self::new(Kind::Sink(Some(sink)), limit, "max_sink_body")
    }

    fn new(kind: Kind, limit: u64, limit_name: &'static str) -> Self {
        Self { kind, held: None, ends: None, limit, limit_name, received: 0 }
    }

    /// Counts what is kept in memory.
    pub(super) fn counted(mut self, held: Held) -> Self {
        self.held = Some(held);
        self
    }

    /// Remembers where the client's chunks end.
    pub(super) fn with_chunks(mut self) -> Self {
        self.ends = Some(Vec::new());
        self
    }

    /// A chunk of the client ended.
    pub(super) fn chunk_ended(&mut self) {
        if let Some(ends) = &mut self.ends {
            ends.push(self.received);
        }
    }

    /// What is counted, of a body that was given to its request.
    pub(super) fn take_held(&mut self) -> Option<Held> {
        self.held.take()
    }

    /// Prepares for a body of a declared length.
    ///
    /// # Errors
    /// 413 when it is longer than the limit.
    pub(super) fn expect(&mut self, length: u64) -> Result<(), Error> {
        if length > self.limit {
            return Err(self.too_long());
        }
        if let Kind::Buffer { buffer, in_memory, .. } = &mut self.kind {
            let usual = length.min(RESERVED) as usize;
            buffer.reserve(usual.min(*in_memory));
        }
        Ok(())
    }

    /// Takes the next bytes if they fit into memory, so that nothing has to be waited for.
    pub(super) fn take_quickly(&mut self, bytes: &[u8]) -> bool {
        let Kind::Buffer { buffer, in_memory, file: None } = &mut self.kind else { return false };
        let received = self.received + bytes.len() as u64;
        if received > self.limit || buffer.len() + bytes.len() > *in_memory {
            return false;
        }
        if let Some(held) = &mut self.held
            && !held.grow(bytes.len() as u64)
        {
            return false;
        }
        self.received = received;
        buffer.extend_from_slice(bytes);
        true
    }

    /// Takes the next bytes. This may run code of the application, and write to a file.
    ///
    /// # Errors
    /// 413 beyond the limit, 500 when the file cannot be written, and those of the sink.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.received += bytes.len() as u64;
        if self.received > self.limit {
            return Err(self.too_long());
        }
        match &mut self.kind {
            Kind::Nothing => Ok(()),
            Kind::Buffer { buffer, in_memory, file } => {
                let fits = buffer.len() + bytes.len() <= *in_memory && file.is_none();
                let counted =
                    fits && self.held.as_mut().is_none_or(|held| held.grow(bytes.len() as u64));
                if counted {
                    buffer.extend_from_slice(bytes);
                } else {
                    spill(file, buffer, bytes)?;
                    if let Some(held) = &mut self.held {
                        held.release();
                    }
                }
                Ok(())
            }
            Kind::Sink(sink) => {
                let Some(taker) = sink else { return Ok(()) };
                let result = guard(|| taker.write(bytes));
                if result.is_err() {
                    drop_quietly(sink.take());
                }
                result
            }
        }
    }

    /// The body is whole: gives it to its request.
    ///
    /// # Errors
    /// 500 when the file cannot be written, and those of the sink.
    pub(super) fn finish(&mut self, req: &mut Request) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Nothing => Ok(()),
            Kind::Buffer { buffer, file: None, .. } => {
                if let Some(ends) = self.ends.take() {
                    let bytes = mem::take(buffer);
                    req.set_body(RequestBody::stream(KeptChunks { bytes, ends, next: 0, at: 0 }));
                } else if !buffer.is_empty() {
                    req.set_body(RequestBody::memory(mem::take(buffer)));
                }
                Ok(())
            }
            Kind::Buffer { buffer, file: file @ Some(_), .. } => {
                spill(file, buffer, &[])?;
                if let Some(file) = file.take() {
                    req.set_body(RequestBody::file(file, self.received));
                }
                Ok(())
            }
            Kind::Sink(sink) => {
                let Some(sink) = sink.take() else { return Ok(()) };
                guard(|| sink.finish(req))
            }
        }
    }

    /// Ends, whole or not; a buffer that is left goes to `spare`.
    pub(super) fn abandon(&mut self, spare: &mut Vec<u8>) {
        match mem::take(&mut self.kind) {
            Kind::Nothing => {}
            Kind::Buffer { mut buffer, .. } => {
                if spare.capacity() == 0 && buffer.capacity() <= INPUT {
                    buffer.clear();
                    *spare = buffer;
                }
            }
            Kind::Sink(sink) => drop_quietly(sink),
        }
    }

    #[cold]
    fn too_long(&self) -> Error {
        let Self { limit, limit_name, .. } = self;
        Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is longer than {limit} bytes ({limit_name})"),
        )
    }
}

/// A body that came whole, cut as the client cut it.
struct KeptChunks {
    bytes: Vec<u8>,
    ends: Vec<u64>,
    next: usize,
    at: usize,
}

impl BodySource for KeptChunks {
    fn read(&mut self, out: &mut Vec<u8>) -> std::io::Result<SourcePiece> {
        let end = self.ends.get(self.next).map_or(self.bytes.len(), |end| *end as usize);
        out.extend_from_slice(&self.bytes[self.at..end]);
        self.at = end;
        self.next += 1;
        let is_end = self.at == self.bytes.len();
        Ok(if is_end { SourcePiece::End } else { SourcePiece::ChunkEnd })
    }

    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any + Send> {
        self
    }
}

/// Appends the buffer and `bytes` to the file, which is made if there is none.
fn spill(file: &mut Option<File>, buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let file = match file {
        Some(file) => file,
        None => file.insert(tempfile::tempfile()?),
    };
    file.write_all(buffer)?;
    buffer.clear();
    // Small pieces are gathered, so that a body of tiny chunks costs no system call for each.
    if bytes.len() < 4096 {
        buffer.extend_from_slice(bytes);
    } else {
        file.write_all(bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pauper_message::Request;

    fn request() -> Request {
        Request::builder().build().unwrap()
    }

    #[test]
    fn bodies_of_every_size_come_back_whole() {
        for piece in [1, 3, 1000, 5000] {
            for total in [0, 1, 9, 10, 11, 20, 4000, 4107, 12_345] {
                let bytes: Vec<u8> = (0..total).map(|i| i as u8).collect();
                let mut collector = Collector::buffer(Vec::new(), 10, total as u64);
                for part in bytes.chunks(piece) {
                    collector.take(part).unwrap();
                }
                let mut req = request();
                collector.finish(&mut req).unwrap();
                assert_eq!(req.bytes().unwrap(), bytes, "{total} bytes by {piece}");
                assert_eq!(req.body().as_file().is_some(), total > 10);
                assert_eq!(req.body().len(), total as u64);
            }
        }
    }

    #[test]
    fn the_limit_is_named_before_and_while_bytes_come() {
        let mut collector = Collector::buffer(Vec::new(), 10, 5);
        collector.expect(5).unwrap();
        let error = collector.expect(6).unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::PAYLOAD_TOO_LARGE));
        assert!(error.message().unwrap().contains("5 bytes (max_body)"), "{error:?}");
        collector.take(b"12345").unwrap();
        assert!(collector.take(b"6").is_err());
    }

    #[test]
    fn a_promise_alone_reserves_little() {
        let mut collector = Collector::buffer(Vec::new(), usize::MAX, u64::MAX);
        collector.expect(u64::MAX).unwrap();
        let Kind::Buffer { buffer, .. } = &collector.kind else { panic!("it is a buffer") };
        assert!(buffer.capacity() <= 2 * RESERVED as usize);
    }
}
