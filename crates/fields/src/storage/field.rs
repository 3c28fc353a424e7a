//! One field of a form.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::str;

use pauper_wire::header::parse_header_line;

use super::sink::Sink;
use super::store::{Data, Entry, FieldStorage};
use crate::safe_file_name;

/// One field of a form, borrowed from its [`FieldStorage`].
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub(super) form: &'a FieldStorage,
    pub(super) entry: &'a Entry,
}

impl<'a> Field<'a> {
    /// The name.
    pub fn name(&self) -> &'a str {
        self.form.text(self.entry.name)
    }

    /// The file name as the client sent it, which may be any text; `None` for a field without one,
    /// empty where a file could be chosen and none was. Never make a path of it: that is what
    /// [`safe_file_name`](Self::safe_file_name) is for.
    pub fn filename(&self) -> Option<&'a str> {
        self.entry.filename.map(|place| self.form.text(place))
    }

    /// The file name made safe for a folder of your own; see
    /// [`safe_file_name`](crate::safe_file_name()). `None` if there is none or nothing is left of it.
    pub fn safe_file_name(&self) -> Option<String> {
        self.filename().and_then(safe_file_name)
    }

    /// Whether it is a file: it has a file name that is not empty.
    pub fn is_file(&self) -> bool {
        self.entry.filename.is_some_and(|place| place.len() > 0)
    }

    /// The Content-Type of the part as the client sent it. `None` means `text/plain`.
    pub fn content_type(&self) -> Option<&'a str> {
        self.entry.content_type.map(|place| self.form.text(place))
    }

    /// The first value of a header of the part; `name` in any case. Urlencoded fields have none.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The headers of the part in order, names as they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let block = self.entry.head.of(&self.form.arena);
        block.split(|byte| *byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r")?;
            let header = parse_header_line(line).ok()?;
            Some((str::from_utf8(header.name.of(line)).ok()?, header.value.of(line)))
        })
    }

    /// The text; `None` for files. What is not in the charset of the form became U+FFFD.
    pub fn text(&self) -> Option<&'a str> {
        self.entry.text.map(|place| self.form.text(place))
    }

    /// Bytes of the value or file.
    pub fn len(&self) -> u64 {
        match self.entry.data {
            Data::Memory(place) => place.len(),
            Data::File { length, .. } | Data::Sink { length, .. } => length,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes of the value or file; a long file is read into memory, each time. Of a file that
    /// went to a sink there are none here.
    ///
    /// # Errors
    ///
    /// When the temporary file cannot be read.
    pub fn bytes(&self) -> io::Result<Cow<'a, [u8]>> {
        if let Data::Memory(place) = self.entry.data {
            return Ok(Cow::Borrowed(place.of(&self.form.arena)));
        }
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Reads the value or file from its beginning. Several readers do not disturb each other. Of a
    /// file that went to a sink there is nothing to read here.
    pub fn reader(&self) -> FieldReader<'a> {
        FieldReader { field: *self, position: 0 }
    }

    /// The temporary file that the file is in, and where in it: offset and length in bytes. `None`
    /// if it is in memory or in a sink. Other files of the form may be in it, too; do not write.
    pub fn as_file(&self) -> Option<(&'a File, u64, u64)> {
        match self.entry.data {
            Data::File { offset, length } => Some((self.form.spool.file()?, offset, length)),
            _ => None,
        }
    }

    /// Writes the value or file to a new file.
    ///
    /// # Errors
    ///
    /// When there is a file at `path` already, which is never overwritten, or one of the files
    /// cannot be read or written. A file that was begun is removed.
    pub fn save_as(&self, path: impl AsRef<Path>) -> io::Result<u64> {
        let path = path.as_ref();
        let mut file = File::create_new(path)?;
        io::copy(&mut self.reader(), &mut file).inspect_err(|_| {
            let _ = std::fs::remove_file(path);
        })
    }

    /// The sink that took the file, if it is of this type.
    pub fn sink<T: Sink>(&self) -> Option<&'a T> {
        let Data::Sink { index, .. } = self.entry.data else { return None };
        (self.form.sinks[index].get()? as &dyn Any).downcast_ref()
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        f.debug_struct("Field")
            .field("name", &self.name())
            .field("filename", &self.filename())
            .field("content_type", &self.content_type())
            .field("len", &self.len())
            .finish()
    }
}

/// Reads a field; see [`Field::reader`].
#[derive(Clone, Debug)]
pub struct FieldReader<'a> {
    field: Field<'a>,
    position: u64,
}

impl Read for FieldReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let form = self.field.form;
        let read = match self.field.entry.data {
            Data::Memory(place) => {
                let bytes = place.of(&form.arena);
                let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(bytes.len());
                let length = out.len().min(bytes.len() - start);
                out[..length].copy_from_slice(&bytes[start..start + length]);
                length
            }
            Data::File { offset, length } => {
                let left = usize::try_from(length.saturating_sub(self.position));
                let most = left.unwrap_or(usize::MAX).min(out.len());
                if most == 0 {
                    return Ok(0);
                }
                match form.spool.read_at(&mut out[..most], offset + self.position)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read,
                }
            }
            Data::Sink { .. } => 0,
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for FieldReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.field.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        match position {
            Some(position) => {
                self.position = position;
                Ok(position)
            }
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}
