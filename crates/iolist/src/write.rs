//! Sending a list, and writing into one.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Write};

use crate::IoList;
use crate::piece::Piece;

/// How many pieces go into one system call. Systems accept 1,024; beyond a few dozen the gain is
/// gone and only the stack space grows.
const SLICES: usize = 64;

/// No single slice is longer, because Windows refuses more than 4 GiB and Linux writes at most
/// 2 GiB at once anyway.
const LONGEST: usize = 1 << 30;

impl IoList {
    /// Fills `out` with the unwritten bytes from the front; returns how many slices were filled.
    ///
    /// They cover the whole list unless `out` is too short or a piece is longer than 1 GiB.
    /// Call [`advance`](Self::advance) with the number of bytes that were written.
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use pauper_iolist::IoList;
    ///
    /// let mut list = IoList::from("Hello");
    /// let mut slices = [IoSlice::new(&[]); 8];
    /// assert_eq!(list.io_slices(&mut slices), 1);
    /// assert_eq!(&*slices[0], b"Hello");
    /// list.advance(4);
    /// assert_eq!(list, "o");
    /// ```
    pub fn io_slices<'a>(&'a self, out: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, piece) in out.iter_mut().zip(self.pieces()) {
            *slot = IoSlice::new(&piece[..piece.len().min(LONGEST)]);
            filled += 1;
            if piece.len() > LONGEST {
                break;
            }
        }
        filled
    }

    /// Forgets the first `n` bytes, because they are written. Finished pieces are dropped.
    ///
    /// # Panics
    ///
    /// If there are fewer than `n` bytes.
    pub fn advance(&mut self, n: usize) {
        assert!(n <= self.len, "cannot advance by {n} in an IoList of {} bytes", self.len);
        self.len -= n;
        let mut left = n;
        while left > 0 {
            let first = self.first.len();
            if left < first {
                self.first.advance(left);
                return;
            }
            left -= first;
            self.first = self.rest.pop_front().unwrap_or(Piece::EMPTY);
        }
    }

    /// Makes one write call to `writer` and forgets what it took. Returns how many bytes that
    /// were; zero means that the list is empty.
    ///
    /// For event loops that count bytes per turn; others want [`write_to`](Self::write_to).
    ///
    /// # Errors
    ///
    /// Those of the writer, `WouldBlock` and `Interrupted` included, and `WriteZero` if it takes
    /// no byte of a list that has some. The list then still holds all that is unwritten.
    pub fn write_once<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<usize> {
        let written = if self.is_empty() {
            return Ok(0);
        } else if self.rest.is_empty() {
            writer.write(self.first.as_slice())?
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.io_slices(&mut slices);
            writer.write_vectored(&slices[..filled])?
        };
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        self.advance(written);
        Ok(written)
    }

    /// Writes until nothing is left (`true`) or the writer would block (`false`).
    ///
    /// After `false`, call it again when the writer is ready: it goes on where it stopped. Short
    /// writes are continued and interrupted ones repeated. A blocking writer never makes it
    /// return `false`, unless it has a timeout.
    ///
    /// # Errors
    ///
    /// Those of the writer other than `WouldBlock` and `Interrupted`, and `WriteZero` if it takes
    /// nothing. The list then still holds all that is unwritten.
    pub fn write_to<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<bool> {
        while !self.is_empty() {
            match self.write_once(writer) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Adds copies of the bytes at the end; never fails.
impl Write for IoList {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push_bytes(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push_bytes(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Adds copies of the text at the end; never fails by itself.
impl fmt::Write for IoList {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}
