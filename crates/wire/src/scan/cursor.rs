//! Walks through a buffer by the masks of its blocks.

use super::classes::TOKEN;
use super::isa::{BLOCK, Block, Isa};
use super::naive;

/// The masks of one block of a buffer, and the way to the next.
///
/// Invariant: bit `n` of both masks belongs to the byte at `base + n`; bits behind the end of the
/// buffer are set, so that every run ends there at the latest.
pub(crate) struct Cursor<'b, I> {
    isa: I,
    buf: &'b [u8],
    base: usize,
    non_token: u64,
    non_value: u64,
}

impl<'b, I: Isa> Cursor<'b, I> {
    /// A cursor that begins to look at `from`, which is at most the length of `buf`.
    #[inline(always)]
    pub(crate) fn new(isa: I, buf: &'b [u8], from: usize) -> Self {
        let mut cursor = Self { isa, buf, base: from, non_token: 0, non_value: 0 };
        cursor.load(from);
        cursor
    }

    /// The index of the first byte at or after `from` that is no `tchar`; `buf.len()` if there is
    /// none. `from` never goes back.
    #[inline(always)]
    pub(crate) fn token_end(&mut self, from: usize) -> usize {
        if !I::NAMES_BY_MASK {
            return naive::end_of(self.buf, from, TOKEN);
        }
        if from - self.base >= BLOCK {
            self.load(from);
        }
        let rest = self.non_token >> (from - self.base);
        if rest != 0 {
            return from + rest.trailing_zeros() as usize;
        }
        loop {
            self.load(self.base + BLOCK);
            if self.non_token != 0 {
                return self.base + self.non_token.trailing_zeros() as usize;
            }
        }
    }

    /// The same for bytes that cannot stand in a field value.
    #[inline(always)]
    pub(crate) fn value_end(&mut self, from: usize) -> usize {
        if from - self.base >= BLOCK {
            self.load(from);
        }
        let rest = self.non_value >> (from - self.base);
        if rest != 0 {
            return from + rest.trailing_zeros() as usize;
        }
        loop {
            self.load(self.base + BLOCK);
            if self.non_value != 0 {
                return self.base + self.non_value.trailing_zeros() as usize;
            }
        }
    }

    /// Looks at the block that begins at `at`, which is at most the length of the buffer.
    #[inline(always)]
    fn load(&mut self, at: usize) {
        let rest = &self.buf[at..];
        #[cfg(test)]
        super::work::add(rest.len().min(BLOCK));
        self.base = at;
        match rest.first_chunk() {
            Some(block) => self.masks(block),
            None => self.load_last(rest.len()),
        }
    }

    /// Looks at the last `len` bytes of the buffer, fewer than a block: at its last whole block,
    /// or at a copy of all of it. No byte behind the end is ever read.
    #[inline(always)]
    fn load_last(&mut self, len: usize) {
        let unwanted = match self.buf.last_chunk() {
            Some(block) => {
                self.masks(block);
                BLOCK - len
            }
            None => {
                let mut block = [0; BLOCK];
                block[..self.buf.len()].copy_from_slice(self.buf);
                self.masks(&block);
                self.buf.len() - len
            }
        };
        // `unwanted` is 64 when nothing is left: then no bit of a byte may stay.
        let behind = u64::MAX << len;
        self.non_token = self.non_token.checked_shr(unwanted as u32).unwrap_or(0) | behind;
        self.non_value = self.non_value.checked_shr(unwanted as u32).unwrap_or(0) | behind;
    }

    #[inline(always)]
    fn masks(&mut self, block: &Block) {
        if I::NAMES_BY_MASK {
            self.non_token = self.isa.non_token(block);
        }
        self.non_value = self.isa.non_value(block);
    }
}
