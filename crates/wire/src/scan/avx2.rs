//! Thirty-two bytes at a time: x86-64 from about 2013 on.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::classes::{TOKEN_BITS, TOKEN_ROWS};
use super::isa::{Block, Isa, Task};

/// Evidence of AVX2, BMI1 and BMI2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// With `std` the processor is asked, once; without, the compiler's target decides.
    #[inline]
    pub(crate) fn detect() -> Option<Self> {
        #[cfg(feature = "std")]
        let there = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2");
        #[cfg(not(feature = "std"))]
        let there =
            cfg!(all(target_feature = "avx2", target_feature = "bmi1", target_feature = "bmi2"));
        there.then_some(Self(()))
    }

    /// Compiles the task for AVX2. BMI1 and BMI2 make walking through masks cheaper.
    #[inline]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn inner<T: Task>(isa: Avx2, task: T) -> T::Output {
            task.with(isa)
        }
        // SAFETY: `self` is evidence of all three.
        unsafe { inner(self, task) }
    }
}

impl Isa for Avx2 {
    const NAMES_BY_MASK: bool = true;

    #[inline(always)]
    fn non_token(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { non_token(block) }
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { non_value(block) }
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { non_target(block) }
    }

    #[inline(always)]
    fn equal(self, block: &Block, byte: u8) -> u64 {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { equal(block, byte) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn non_token(block: &Block) -> u64 {
    /// The same in both halves, since shuffles do not cross from one half to the other.
    static ROWS: [[u8; 16]; 2] = [TOKEN_ROWS; 2];
    static BITS: [[u8; 16]; 2] = [TOKEN_BITS; 2];
    let (rows, bits) = (load(ROWS.as_flattened()), load(BITS.as_flattened()));
    mask(block, |v| {
        // The shuffle gives 0 for bytes from 0x80 on, and takes the low half of others.
        let row = _mm256_shuffle_epi8(rows, v);
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(v), _mm256_set1_epi8(15));
        let bit = _mm256_shuffle_epi8(bits, high);
        _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), _mm256_setzero_si256())
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn non_value(block: &Block) -> u64 {
    mask(block, |v| {
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
        let tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(9));
        let delete = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
        _mm256_or_si256(_mm256_andnot_si256(tab, control), delete)
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn non_target(block: &Block) -> u64 {
    mask(block, |v| {
        // As signed numbers, bytes from 0x80 on are less than a space.
        let visible = _mm256_cmpgt_epi8(v, _mm256_set1_epi8(0x20));
        let delete = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
        let hash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'#' as i8));
        let good = _mm256_andnot_si256(_mm256_or_si256(delete, hash), visible);
        _mm256_cmpeq_epi8(good, _mm256_setzero_si256())
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(block: &Block, byte: u8) -> u64 {
    mask(block, |v| _mm256_cmpeq_epi8(v, _mm256_set1_epi8(byte as i8)))
}

/// A mask from what `foreign` says for 32 bytes: all bits of a byte or none.
#[inline]
#[target_feature(enable = "avx2")]
fn mask(block: &Block, foreign: impl Fn(__m256i) -> __m256i) -> u64 {
    let (first, second) = block.split_at(32);
    let first = _mm256_movemask_epi8(foreign(load(first))) as u32;
    let second = _mm256_movemask_epi8(foreign(load(second))) as u32;
    u64::from(first) | u64::from(second) << 32
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8]) -> __m256i {
    let bytes: &[u8; 32] = bytes.try_into().expect("half a block");
    // SAFETY: these are 32 bytes, and they need not be aligned.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}
