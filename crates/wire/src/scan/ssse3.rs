//! Sixteen bytes at a time with a table look-up in one instruction: x86-64 from about 2006 on.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    _mm_and_si128, _mm_cmpeq_epi8, _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_srli_epi16,
};

use super::classes::{TOKEN_BITS, TOKEN_ROWS};
use super::isa::{Block, Isa, Task};
use super::sse2::{Sse2, load, mask};

/// Evidence of SSSE3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ssse3(());

impl Ssse3 {
    /// With `std` the processor is asked, once; without, the compiler's target decides.
    #[inline]
    pub(crate) fn detect() -> Option<Self> {
        #[cfg(feature = "std")]
        let there = std::arch::is_x86_feature_detected!("ssse3");
        #[cfg(not(feature = "std"))]
        let there = cfg!(target_feature = "ssse3");
        there.then_some(Self(()))
    }

    /// Compiles the task for SSSE3.
    #[inline]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "ssse3")]
        fn inner<T: Task>(isa: Ssse3, task: T) -> T::Output {
            task.with(isa)
        }
        // SAFETY: `self` is evidence of SSSE3.
        unsafe { inner(self, task) }
    }
}

impl Isa for Ssse3 {
    const NAMES_BY_MASK: bool = true;

    #[inline(always)]
    fn non_token(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of SSSE3.
        unsafe { non_token(block) }
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        Sse2::BASELINE.non_value(block)
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        Sse2::BASELINE.non_target(block)
    }

    #[inline(always)]
    fn equal(self, block: &Block, byte: u8) -> u64 {
        Sse2::BASELINE.equal(block, byte)
    }
}

#[inline]
#[target_feature(enable = "ssse3")]
fn non_token(block: &Block) -> u64 {
    let (rows, bits) = (load(&TOKEN_ROWS), load(&TOKEN_BITS));
    mask(block, |v| {
        // The shuffle gives 0 for bytes from 0x80 on, and takes the low half of others.
        let row = _mm_shuffle_epi8(rows, v);
        let high = _mm_and_si128(_mm_srli_epi16::<4>(v), _mm_set1_epi8(15));
        let bit = _mm_shuffle_epi8(bits, high);
        _mm_cmpeq_epi8(_mm_and_si128(row, bit), _mm_setzero_si128())
    })
}
