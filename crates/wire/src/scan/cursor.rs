//! Walks through a buffer by the masks of its blocks.

use super::classes::TOKEN;
use super::isa::{BLOCK, Block, Isa};
use super::{naive, swar};

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

/// Masks of the first block of a buffer: what cannot stand in a target, and question marks.
#[derive(Clone, Copy)]
pub(crate) struct TargetMasks([u64; 2]);

impl<'b, I: Isa> Cursor<'b, I> {
    /// A cursor that begins to look at `from`, which is at most the length of `buf`.
    #[inline(always)]
    pub(crate) fn new(isa: I, buf: &'b [u8], from: usize) -> Self {
        let mut cursor = Self { isa, buf, base: from, non_token: 0, non_value: 0 };
        if I::BY_MASK {
            cursor.load(from);
        }
        cursor
    }

    /// A cursor that begins at the first byte of a buffer, and what
    /// [`target_end_from_start`](Self::target_end_from_start) wants to know of it: to make all masks
    /// of a block at once costs less than to come back to it.
    #[inline(always)]
    pub(crate) fn at_start(isa: I, buf: &'b [u8]) -> (Self, TargetMasks) {
        let mut cursor = Self { isa, buf, base: 0, non_token: 0, non_value: 0 };
        if !I::BY_MASK {
            return (cursor, TargetMasks([0; 2]));
        }
        let [non_token, non_value, ends, marks] = look(buf, 0, |block| {
            let ([non_token, non_value], [ends, marks]) = (isa.line(block), isa.target(block));
            [non_token, non_value, ends, marks]
        });
        (cursor.non_token, cursor.non_value) = (non_token, non_value);
        (cursor, TargetMasks([ends, marks]))
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
        if !I::BY_MASK {
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
        if !I::BY_MASK {
            return swar::value_end(self.buf, from);
        }
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
        if !I::BY_MASK {
            return swar::target_end(self.buf, from);
        }
        let (isa, mut at, mut question) = (self.isa, from, 0);
        loop {
            let [ends, marks] = look(self.buf, at, |block| isa.target(block));
            let (end, mark) = (ends.trailing_zeros(), marks.trailing_zeros());
            if mark < end && question == 0 {
                question = at + mark as usize;
            }
            if ends != 0 {
                return (at + end as usize, question);
            }
            at += BLOCK;
        }
    }

    /// The same with masks from [`at_start`](Self::at_start); `from` is in the first block.
    #[inline(always)]
    pub(crate) fn target_end_from_start(
        &mut self,
        from: usize,
        TargetMasks([ends, marks]): TargetMasks,
    ) -> (usize, usize) {
        if !I::BY_MASK {
            return self.target_end(from);
        }
        let (ends, marks) = (ends >> from, marks >> from);
        let (end, mark) = (ends.trailing_zeros(), marks.trailing_zeros());
        let question = if mark < end { from + mark as usize } else { 0 };
        if ends != 0 {
            return (from + end as usize, question);
        }
        let (end, later) = self.target_end(BLOCK);
        (end, if question == 0 { later } else { question })
    }

    /// Makes the masks of the block that begins at `at`, which is at most the length of the buffer.
    #[inline(always)]
    fn load(&mut self, at: usize) {
        let isa = self.isa;
        self.base = at;
        [self.non_token, self.non_value] = look(self.buf, at, |block| isa.line(block));
    }
}

/// Masks of the block that begins at `at`, which is at most the length of `buf`.
///
/// No byte behind the end of the buffer is read: what is shorter than a block is looked at in the
/// last whole block of the buffer, or in a copy.
#[inline(always)]
fn look<const N: usize>(buf: &[u8], at: usize, masks: impl Fn(&Block) -> [u64; N]) -> [u64; N] {
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
    let masks = masks(block);
    if len < BLOCK {
        // When nothing is left, `before` is 64 and the shift is by none, but then all bits are set.
        return masks.map(|mask| mask.wrapping_shr(before as u32) | u64::MAX << len);
    }
    masks
}

#[inline(never)]
fn padded(bytes: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}
