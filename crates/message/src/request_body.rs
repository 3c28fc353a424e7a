//! The body of a request as the server kept it.

use std::cell::OnceCell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::body::Body;

/// The body of a request: nothing, bytes in memory, or a temporary file.
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

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match &self.kept {
            Kept::Nothing => 0,
            Kept::Memory(bytes) => bytes.len() as u64,
            Kept::File { len, .. } => *len,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file that it was kept in, if it was.
    pub fn as_file(&self) -> Option<&File> {
        match &self.kept {
            Kept::File { file, .. } => Some(file),
            _ => None,
        }
    }

    /// All bytes; a file is read into memory at the first call.
    ///
    /// # Errors
    /// When the file cannot be read or is shorter than it was.
    pub fn bytes(&self) -> io::Result<&[u8]> {
        match &self.kept {
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

    /// A reader from the beginning. Several can be used in turn.
    pub fn reader(&self) -> BodyReader<'_> {
        BodyReader { body: self, position: 0 }
    }

    /// The buffer of a body in memory, to be used again; an empty one otherwise.
    pub fn into_buffer(self) -> Vec<u8> {
        match self.kept {
            Kept::Memory(bytes) => bytes,
            _ => Vec::new(),
        }
    }
}

/// Moves the bytes or the file over; nothing is copied.
impl From<RequestBody> for Body {
    fn from(body: RequestBody) -> Self {
        match body.kept {
            Kept::Nothing => Self::empty(),
            Kept::Memory(bytes) => Self::from(bytes),
            Kept::File { file, len } => Self::file(file, 0, len),
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
        let left = self.body.len() - self.position;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let out = &mut out[..most];
        let read = match &self.body.kept {
            Kept::Nothing => 0,
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
