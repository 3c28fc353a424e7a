//! Eight bytes in a `u64`, for every processor.

use super::classes::TOKEN;
use super::isa::{Block, Isa};
use super::naive;

/// Needs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swar;

impl Isa for Swar {
    const NAMES_BY_MASK: bool = false;

    fn non_token(self, block: &Block) -> u64 {
        naive::mask(block, TOKEN)
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        by_words(block, |word| {
            let foreign = less(word, 0x20) & !equal(word, b'\t');
            foreign | equal(word, 0x7f)
        })
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        by_words(block, |word| less(word, 0x21) | equal(word, b'#') | equal(word, 0x7f) | word)
    }

    #[inline(always)]
    fn equal(self, block: &Block, byte: u8) -> u64 {
        by_words(block, |word| equal(word, byte))
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = ONES << 7;

/// A mask from what `foreign` says in the top bits of eight bytes.
#[inline(always)]
fn by_words(block: &Block, foreign: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().enumerate().fold(0, |mask, (n, &word)| {
        let tops = (foreign(u64::from_le_bytes(word)) & TOPS) >> 7;
        // The bit of byte `i` is at `8 * i` and goes to `56 + i`; no two products meet.
        mask | (tops.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * n)
    })
}

/// The top bit of each byte that is less than `bound`, which is at most 0x80.
#[inline(always)]
fn less(word: u64, bound: u8) -> u64 {
    // Bytes below 0x80 cannot carry into the next one.
    let reaches = (word & !TOPS) + ONES * u64::from(0x80 - bound);
    !(reaches | word) & TOPS
}

/// The top bit of each byte that is `byte`, which is less than 0x80.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    less(word ^ (ONES * u64::from(byte)), 1)
}
