use std::fs::File;
use std::io::{self, Write};

/// The temporary file of a form, made when it is first needed.
#[derive(Debug, Default)]
pub(in super::super) struct Spool {
    file: Option<File>,
    length: u64,
}

impl Spool {
    /// Whether there can be such a file.
    pub(in super::super) const AVAILABLE: bool = true;

    pub(in super::super) fn len(&self) -> u64 {
        self.length
    }

    pub(in super::super) fn append(&mut self, data: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(data)?;
        self.length += data.len() as u64;
        Ok(())
    }

    pub(in super::super) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// Reads from `offset` on.
    pub(in super::super) fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.as_ref().map_or(Ok(0), |file| read_at(file, out, offset))
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

/// The position of the file is nobody's: nothing is written any more, and readers set it.
#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

/// The position of the file is set before each reading; two threads that read at once would
/// disturb each other.
#[cfg(not(any(unix, windows)))]
fn read_at(mut file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read(out)
}
