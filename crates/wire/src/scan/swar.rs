//! Eight bytes in a `u64`, for every processor.

use super::classes::{TARGET, TOKEN, VALUE};
use super::isa::{Block, Isa};
use super::naive;

/// Needs nothing.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "some have better"))]
pub(crate) struct Swar;

impl Isa for Swar {
    const BY_MASK: bool = false;

    fn line(self, block: &Block) -> [u64; 2] {
        [naive::mask(block, TOKEN), naive::mask(block, VALUE)]
    }

    fn target(self, block: &Block) -> [u64; 2] {
        let marks = block.iter().rev().fold(0, |mask, byte| mask << 1 | u64::from(*byte == b'?'));
        [naive::mask(block, TARGET), marks]
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = ONES << 7;

/// See [`Cursor::value_end`](super::Cursor::value_end).
#[inline]
pub(super) fn value_end(buf: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = buf[at..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, 0x20) | equal(word, 0x7f);
        if found == 0 {
            at += 8;
            continue;
        }
        at += first(found);
        if buf[at] != b'\t' {
            return at;
        }
        at += 1;
    }
    naive::end_of(buf, at, VALUE)
}

/// See [`Cursor::target_end`](super::Cursor::target_end).
#[inline]
pub(super) fn target_end(buf: &[u8], from: usize) -> (usize, usize) {
    let (mut at, mut question) = (from, 0);
    while let Some(word) = buf[at..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        // Those from 0x80 on are foreign as well.
        let found = below(word, 0x21) | equal(word, b'#') | equal(word, 0x7f) | (word & TOPS);
        let marks = equal(word, b'?');
        if marks != 0 && question == 0 && first(marks) < first(found) {
            question = at + first(marks);
        }
        if found != 0 {
            return (at + first(found), question);
        }
        at += 8;
    }
    let end = naive::end_of(buf, at, TARGET);
    if question == 0 {
        let mark = buf[at..end].iter().position(|&byte| byte == b'?');
        question = mark.map_or(0, |mark| at + mark);
    }
    (end, question)
}

/// The top bit of each byte below 0x80 that is less than `bound`, which is at most 0x80. Bytes above
/// the first such byte may be told by mistake, since it borrows from them; those below it never are.
#[inline(always)]
fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(bound)) & !word & TOPS
}

/// The top bit of each byte that is `byte`, as surely as [`below`] is.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// The place of the first byte whose top bit is set; 8 without one.
#[inline(always)]
fn first(tops: u64) -> usize {
    tops.trailing_zeros() as usize / 8
}
