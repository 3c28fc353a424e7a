//! Thirty-two bytes at a time: x86-64 from about 2013 on.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_andnot_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::classes::{TOKEN_BITS, TOKEN_ROWS};
use super::isa::{BLOCK, Block, Isa, Task};

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
        let there = cfg!(all(
            target_feature = "avx2",
            target_feature = "bmi1",
            target_feature = "bmi2"
        ));
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

/// The same 16 bytes in both halves, since shuffles do not cross from one half to the other.
const fn twice(table: [u8; 16]) -> [u8; 32] {
    let mut both = [0; 32];
    let mut n = 0;
    while n < 32 {
        both[n] = table[n % 16];
        n += 1;
    }
    both
}

static ROWS: [u8; 32] = twice(TOKEN_ROWS);
static BITS: [u8; 32] = twice(TOKEN_BITS);

impl Isa for Avx2 {
    const NAMES_BY_MASK: bool = true;

    #[inline(always)]
    fn non_token(self, block: &Block) -> u64 {
        self.by_vectors(block, |v| {
            // SAFETY: `self` is evidence of AVX2; both tables have 32 bytes.
            unsafe {
                let rows = _mm256_loadu_si256(ROWS.as_ptr().cast());
                let bits = _mm256_loadu_si256(BITS.as_ptr().cast());
                // The shuffle gives 0 for bytes from 0x80 on, and takes the low half of others.
                let row = _mm256_shuffle_epi8(rows, v);
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(v), _mm256_set1_epi8(15));
                let bit = _mm256_shuffle_epi8(bits, high);
                _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), _mm256_setzero_si256())
            }
        })
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        self.by_vectors(block, |v| {
            // SAFETY: `self` is evidence of AVX2.
            unsafe {
                let control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
                let tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(9));
                let delete = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
                _mm256_or_si256(_mm256_andnot_si256(tab, control), delete)
            }
        })
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        self.by_vectors(block, |v| {
            // SAFETY: `self` is evidence of AVX2.
            unsafe {
                // As signed numbers, bytes from 0x80 on are less than a space.
                let visible = _mm256_cmpgt_epi8(v, _mm256_set1_epi8(0x20));
                let delete = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
                let hash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'#' as i8));
                let good = _mm256_andnot_si256(_mm256_or_si256(delete, hash), visible);
                _mm256_cmpeq_epi8(good, _mm256_setzero_si256())
            }
        })
    }
}

impl Avx2 {
    /// A mask from what `foreign` says for 32 bytes: all bits of a byte or none.
    #[inline(always)]
    fn by_vectors(self, block: &Block, foreign: impl Fn(__m256i) -> __m256i) -> u64 {
        let (vectors, rest) = block.as_chunks::<32>();
        debug_assert!(vectors.len() * 32 == BLOCK && rest.is_empty());
        vectors.iter().enumerate().fold(0, |mask, (n, bytes)| {
            // SAFETY: `self` is evidence of AVX2, and `bytes` are 32 bytes; they need not be
            // aligned.
            let foreign = unsafe {
                let vector = _mm256_loadu_si256(bytes.as_ptr().cast());
                _mm256_movemask_epi8(foreign(vector)) as u32
            };
            mask | u64::from(foreign) << (32 * n)
        })
    }
}
