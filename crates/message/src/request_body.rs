//! The body of a request as the server kept it.

use std::cell::OnceCell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::body::Body;
use crate::stream::{BodySource, BodyStream};

/// The body of a request: nothing, bytes in memory, a temporary file, or a stream that is still
/// arriving.
#[derive(Default)]
pub struct RequestBody {
    kept: Kept,
    /// What a file was read into when somebody asked for the bytes.
    loaded: OnceCell<Vec<u8>>,
}

#[derive(Default)]
enum Kept {
    #[default]
    Nothing,
    Memory(Vec<u8>),
    File {
        file: File,
        len: u64,
    },
    /// A body that arrives, or a kept one that is being read like that.
    Stream(Box<BodyStream>),
}

impl RequestBody {
    /// No body.
    pub const fn empty() -> Self {
        Self { kept: Kept::Nothing, loaded: OnceCell::new() }
    }

    /// A body in memory.
    pub const fn memory(bytes: Vec<u8>) -> Self {
        Self { kept: Kept::Memory(bytes), loaded: OnceCell::new() }
    }

    /// A body in a file of `len` bytes, from the file's beginning.
    pub const fn file(file: File, len: u64) -> Self {
        Self { kept: Kept::File { file, len }, loaded: OnceCell::new() }
    }

    /// A body that is read from `source` while it arrives; for servers.
    pub fn stream(source: impl BodySource) -> Self {
        Self::streaming(BodyStream::of_source(Box::new(source)))
    }

    /// A body in memory that came in chunks, and where they end.
    pub(crate) fn chunks(bytes: Vec<u8>, cuts: Vec<usize>) -> Self {
        Self::streaming(BodyStream::of_chunks(Self::memory(bytes), cuts))
    }

    fn streaming(stream: BodyStream) -> Self {
        Self { kept: Kept::Stream(Box::new(stream)), loaded: OnceCell::new() }
    }

    /// The body as a stream. A kept one stays whole inside.
    pub(crate) fn stream_mut(&mut self) -> &mut BodyStream {
        if !matches!(self.kept, Kept::Stream(_)) {
            *self = Self::streaming(BodyStream::of_kept(std::mem::take(self)));
        }
        match &mut self.kept {
            Kept::Stream(stream) => stream,
            _ => unreachable!("it was made a stream above"),
        }
    }

    /// Whether it is read while it arrives, with [`Request::stream`](crate::Request::stream).
    pub fn is_streamed(&self) -> bool {
        matches!(&self.kept, Kept::Stream(stream) if stream.kept().is_none())
    }

    /// The source of a streamed body, so that a server gets it back after the call. The rest of
    /// what was read from it and not used is dropped.
    pub fn take_source(&mut self) -> Option<Box<dyn BodySource>> {
        if !self.is_streamed() {
            return None;
        }
        match std::mem::take(self).kept {
            Kept::Stream(stream) => stream.into_origin().err(),
            _ => None,
        }
    }

    /// How many bytes it has; 0 of a streamed one, which nobody has counted.
    pub fn len(&self) -> u64 {
        match &self.kept {
            Kept::Stream(stream) => stream.kept().map_or(0, Self::len),
            Kept::Nothing => 0,
            Kept::Memory(bytes) => bytes.len() as u64,
            Kept::File { len, .. } => *len,
        }
    }

    /// Whether it is known to have no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.is_streamed()
    }

    /// Whether it is as [`empty`](Self::empty) made it.
    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.kept, Kept::Nothing)
    }

    /// The file that it was kept in, if it was.
    pub fn as_file(&self) -> Option<&File> {
        match &self.kept {
            Kept::File { file, .. } => Some(file),
            Kept::Stream(stream) => stream.kept()?.as_file(),
            _ => None,
        }
    }

    /// All bytes; a file is read into memory at the first call.
    ///
    /// # Errors
    /// When the file cannot be read or is shorter than it was, and of a streamed body.
    pub fn bytes(&self) -> io::Result<&[u8]> {
        match &self.kept {
            Kept::Stream(stream) => stream.kept().ok_or_else(streamed)?.bytes(),
            Kept::Nothing => Ok(&[]),
            Kept::Memory(bytes) => Ok(bytes),
            Kept::File { len, .. } => {
                if let Some(bytes) = self.loaded.get() {
                    return Ok(bytes);
                }
                let mut bytes = Vec::with_capacity(usize::try_from(*len).unwrap_or(0));
                self.reader().read_to_end(&mut bytes)?;
                Ok(self.loaded.get_or_init(|| bytes))
            }
        }
    }

    /// A reader from the beginning. Several can be used in turn. Of a streamed body it gives an
    /// error.
    pub fn reader(&self) -> BodyReader<'_> {
        self.reader_at(0)
    }

    pub(crate) fn reader_at(&self, position: u64) -> BodyReader<'_> {
        BodyReader { body: self, position }
    }

    /// The buffer of a body in memory, to be used again; an empty one otherwise.
    #[inline]
    pub fn into_buffer(self) -> Vec<u8> {
        match self.kept {
            Kept::Memory(bytes) => bytes,
            Kept::Stream(stream) => stream.into_origin().map(Self::into_buffer).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

#[cold]
fn streamed() -> io::Error {
    io::Error::other(
        "the body is streamed and was not kept: read it with Request::stream, or plan a buffer",
    )
}

/// Moves the bytes or the file over; nothing is copied. Of a body that is still arriving nothing is
/// there to be moved: the pieces give an error.
impl From<RequestBody> for Body {
    fn from(body: RequestBody) -> Self {
        match body.kept {
            Kept::Nothing => Self::empty(),
            Kept::Memory(bytes) => Self::from(bytes),
            Kept::File { file, len } => Self::file(file, 0, len),
            Kept::Stream(stream) => match stream.into_origin() {
                Ok(body) => body.into(),
                Err(_) => Self::pieces([Err::<&'static str, _>(streamed())], None),
            },
        }
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::memory(bytes)
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = match &self.kept {
            Kept::Nothing => return f.write_str("RequestBody(empty)"),
            Kept::Memory(_) => "memory",
            Kept::File { .. } => "file",
            Kept::Stream(stream) => match stream.kept() {
                Some(body) => return body.fmt(f),
                None => return f.write_str("RequestBody(stream)"),
            },
        };
        write!(f, "RequestBody({kept}, {} bytes)", self.len())
    }
}

/// Reads the body of a request from its beginning; see [`RequestBody::reader`].
#[derive(Debug)]
pub struct BodyReader<'b> {
    body: &'b RequestBody,
    position: u64,
}

impl Read for BodyReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Kept::Stream(stream) = &self.body.kept {
            self.body = stream.kept().ok_or_else(streamed)?;
        }
        let left = self.body.len() - self.position;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let out = &mut out[..most];
        let read = match &self.body.kept {
            Kept::Nothing | Kept::Stream(_) => 0,
            Kept::Memory(bytes) => {
                let start = self.position as usize;
                out.copy_from_slice(&bytes[start..start + most]);
                most
            }
            Kept::File { file, .. } => {
                // The position of the file is shared by all readers, so it is set each time.
                let mut file = file;
                file.seek(SeekFrom::Start(self.position))?;
                let read = file.read(out)?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                read
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}
