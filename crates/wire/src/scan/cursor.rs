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

    /// What it walks through.
    #[inline(always)]
    pub(crate) fn buf(&self) -> &'b [u8] {
        self.buf
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

    /// The index of the first byte at or after `from` that cannot stand in a request target, or
    /// `buf.len()`; and the index of the first question mark before it, or 0 without one.
    #[inline(always)]
    pub(crate) fn target_end(&mut self, from: usize) -> (usize, usize) {
        let (isa, mut at, mut question) = (self.isa, from, 0);
        loop {
            let masks = |block: &Block| (isa.non_target(block), isa.equal(block, b'?'));
            let (end, marks) = look(self.buf, at, masks);
            if marks != 0 && question == 0 {
                let before_end = marks & end.wrapping_sub(1) & !end;
                if before_end != 0 {
                    question = at + before_end.trailing_zeros() as usize;
                }
            }
            if end != 0 {
                return (at + end.trailing_zeros() as usize, question);
            }
            at += BLOCK;
        }
    }

    /// Makes the masks of the block that begins at `at`, which is at most the length of the buffer.
    #[inline(always)]
    fn load(&mut self, at: usize) {
        let isa = self.isa;
        self.base = at;
        (self.non_token, self.non_value) = look(self.buf, at, |block| {
            (if I::NAMES_BY_MASK { isa.non_token(block) } else { 0 }, isa.non_value(block))
        });
    }
}

/// Two masks of the block that begins at `at`, which is at most the length of `buf`.
///
/// No byte behind the end of the buffer is read: what is shorter than a block is looked at in the
/// last whole block of the buffer, or in a copy.
#[inline(always)]
fn look(buf: &[u8], at: usize, masks: impl Fn(&Block) -> (u64, u64)) -> (u64, u64) {
    let rest = &buf[at..];
    let len = rest.len();
    #[cfg(test)]
    super::work::add(len.min(BLOCK));
    let (copy, block, before);
    if let Some(whole) = rest.first_chunk() {
        (block, before) = (whole, 0);
    } else if let Some(last) = buf.last_chunk() {
        (block, before) = (last, BLOCK - len);
    } else {
        copy = padded(rest);
        (block, before) = (&copy, 0);
    }
    let (mut first, mut second) = masks(block);
    if len < BLOCK {
        // When nothing is left, `before` is 64 and the shift is by none, but then all bits are set.
        let cut = |mask: u64| mask.wrapping_shr(before as u32) | u64::MAX << len;
        (first, second) = (cut(first), cut(second));
    }
    (first, second)
}

#[inline(never)]
fn padded(bytes: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}
