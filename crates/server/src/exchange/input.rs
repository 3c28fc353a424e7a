//! Bytes that came and are not read yet.

use std::mem;

/// The size of a buffer: more than nearly all heads have.
pub(super) const INPUT: usize = 8 * 1024;
/// The size of a buffer for a body, where larger reads save system calls. An upload of 10 MiB costs
/// a fifth more with half of it, and a seventh more with four times as much, which the processor's
/// nearest caches do not hold.
pub(super) const BODY_INPUT: usize = 64 * 1024;

/// A buffer with unread bytes in it.
///
/// Invariant: `start <= end <= bytes.len()`; all of `bytes` is initialised, so that a socket can
/// be read into it, and only `start..end` has a meaning. `start == end == 0` when it is empty.
#[derive(Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Room to read into, of at least one byte.
    pub(super) fn room(&mut self, for_body: bool) -> &mut [u8] {
        if self.is_empty() && for_body && self.bytes.len() < BODY_INPUT {
            // Nothing has to be kept, so nothing is copied.
            self.bytes = vec![0; BODY_INPUT];
        } else if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.bytes.len() {
                self.bytes.resize((2 * self.bytes.len()).max(INPUT), 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// So many bytes were read into the room.
    pub(super) fn filled(&mut self, n: usize) {
        assert!(n <= self.bytes.len() - self.end, "more bytes were read than there was room for");
        self.end += n;
    }

    /// Forgets the first `n` bytes.
    pub(super) fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start);
        self.start += n;
        if self.start == self.end {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Takes the buffer away, with all bytes in it; those from the `n`th unread one on stay, in a
    /// buffer of their own. Gives where the unread ones begin in it.
    pub(super) fn detach(&mut self, n: usize) -> (Vec<u8>, usize) {
        let start = self.start;
        let tail = start + n..self.end;
        let mut rest = Vec::new();
        if !tail.is_empty() {
            rest = vec![0; INPUT.max(tail.len())];
            rest[..tail.len()].copy_from_slice(&self.bytes[tail.clone()]);
        }
        let bytes = mem::replace(&mut self.bytes, rest);
        self.start = 0;
        self.end = tail.len();
        (bytes, start)
    }

    /// Whether there is no buffer at all.
    pub(super) fn is_vacant(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Gives it a buffer, if it has none and this one has one of the usual sizes.
    ///
    /// # Errors
    /// The buffer back.
    pub(super) fn lend(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        if self.is_vacant() && is_usual(&bytes) {
            self.bytes = bytes;
            Ok(())
        } else {
            Err(bytes)
        }
    }

    /// Takes the buffer away, if no bytes stand in it. One of unusual size is dropped.
    pub(super) fn give_back(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() || self.is_vacant() {
            return None;
        }
        let bytes = mem::take(&mut self.bytes);
        is_usual(&bytes).then_some(bytes)
    }
}

pub(super) fn is_usual(bytes: &[u8]) -> bool {
    matches!(bytes.len(), INPUT | BODY_INPUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(input: &mut Input, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = input.room(false);
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            input.filled(n);
            bytes = &bytes[n..];
        }
    }

    #[test]
    fn a_detached_buffer_leaves_what_is_behind_it() {
        let mut input = Input::default();
        feed(&mut input, b"abcdefgh");
        input.consume(2);
        let (bytes, start) = input.detach(3);
        assert_eq!(&bytes[start..start + 3], b"cde");
        assert_eq!(input.unread(), b"fgh");
        let (bytes, start) = input.detach(3);
        assert_eq!(&bytes[start..start + 3], b"fgh");
        assert!(input.is_vacant() && input.is_empty());
    }

    #[test]
    fn it_grows_and_moves_without_losing_a_byte() {
        let mut input = Input::default();
        let bytes: Vec<u8> = (0..3 * INPUT).map(|i| i as u8).collect();
        feed(&mut input, &bytes);
        assert_eq!(input.unread(), bytes);
        input.consume(INPUT + 1);
        feed(&mut input, &bytes);
        assert_eq!(input.unread(), [&bytes[INPUT + 1..], &bytes].concat());
        input.consume(5 * INPUT - 1);
        assert!(input.is_empty());
        assert_eq!(input.give_back().map(|bytes| bytes.len()), Some(BODY_INPUT));
        input.lend(vec![0; INPUT + 1]).unwrap_err();
        assert!(input.is_vacant(), "buffers of other sizes are not for the pool");
    }
}
