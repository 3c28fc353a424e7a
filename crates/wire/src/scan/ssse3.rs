//! Sixteen bytes at a time with a table look-up in one instruction: x86-64 from about 2006 on.
#![allow(unsafe_code, reason = "vector instructions; each block says why it is sound")]

use core::arch::x86_64::{
    _mm_adds_epu8, _mm_and_si128, _mm_cmpgt_epi8, _mm_set1_epi8, _mm_shuffle_epi8, _mm_srli_epi16,
};

use super::halves::{LINE_HIGH, LINE_LOW, NON_VALUE};
use super::isa::{Block, Half, Isa, Task};
use super::sse2::{Sse2, load, mask, parts};

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
    const BY_MASK: bool = true;

    #[inline(always)]
    fn line(self, block: &Block) -> [u64; 2] {
        // SAFETY: `self` is evidence of SSSE3.
        unsafe { line(block) }
    }

    #[inline(always)]
    fn target(self, block: &Block) -> [u64; 2] {
        Sse2::BASELINE.target(block)
    }

    #[inline(always)]
    fn plain(self, half: &Half) -> Option<[u32; 2]> {
        Sse2::BASELINE.plain(half)
    }
}

/// As with AVX2, with half as many bytes.
#[inline]
#[target_feature(enable = "ssse3")]
fn line(block: &Block) -> [u64; 2] {
    const RAISE: u8 = 0x80 - NON_VALUE;
    let (low, high) = (load(&LINE_LOW), load(&LINE_HIGH));
    let raised = parts(block).map(|v| {
        // The shuffle gives 0 for bytes from 0x80 on, and takes the low half of others.
        let by_low = _mm_shuffle_epi8(low, v);
        let half = _mm_and_si128(_mm_srli_epi16::<4>(v), _mm_set1_epi8(15));
        let number = _mm_and_si128(by_low, _mm_shuffle_epi8(high, half));
        _mm_adds_epu8(number, _mm_set1_epi8(RAISE as i8))
    });
    // As signed numbers, those over the top bit are less than those of no class.
    let token_from = _mm_set1_epi8(RAISE as i8 + 1);
    [mask(raised.map(|v| _mm_cmpgt_epi8(token_from, v))), mask(raised)]
}
