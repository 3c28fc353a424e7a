//! Sixteen bytes at a time; every x86-64 processor has SSE2.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128,
    _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8,
};

use super::isa::{BLOCK, Block, Isa};

/// Evidence of SSE2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sse2(());

impl Sse2 {
    pub(crate) const BASELINE: Self = Self(());
}

impl Isa for Sse2 {
    const NAMES_BY_MASK: bool = true;

    #[inline(always)]
    fn non_token(self, block: &Block) -> u64 {
        // Without a shuffle: everything that is not a visible byte, and the separators.
        by_vectors(block, |v| {
            // SAFETY: SSE2 is part of x86-64.
            unsafe {
                let is = |v, byte: u8| _mm_cmpeq_epi8(v, _mm_set1_epi8(byte as i8));
                let within = |first: u8, last: u8| {
                    let from = _mm_sub_epi8(v, _mm_set1_epi8(first as i8));
                    _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((last - first) as i8)), from)
                };
                // `[{` and `]}` differ in this bit only.
                let folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
                let separator = any([
                    is(v, b'"'),
                    within(b'(', b')'),
                    is(v, b','),
                    is(v, b'/'),
                    within(b':', b'@'),
                    is(folded, b'{'),
                    is(v, b'\\'),
                    is(folded, b'}'),
                    is(v, 0x7f),
                ]);
                let visible = _mm_cmpgt_epi8(v, _mm_set1_epi8(0x20));
                // Inverted: what is visible and no separator.
                _mm_cmpeq_epi8(_mm_andnot_si128(separator, visible), _mm_setzero_si128())
            }
        })
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        by_vectors(block, |v| {
            // SAFETY: SSE2 is part of x86-64.
            unsafe {
                let control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
                let tab = _mm_cmpeq_epi8(v, _mm_set1_epi8(9));
                let delete = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
                _mm_or_si128(_mm_andnot_si128(tab, control), delete)
            }
        })
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        by_vectors(block, |v| {
            // SAFETY: SSE2 is part of x86-64.
            unsafe {
                // As signed numbers, bytes from 0x80 on are less than a space.
                let visible = _mm_cmpgt_epi8(v, _mm_set1_epi8(0x20));
                let delete = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
                let hash = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'#' as i8));
                let good = _mm_andnot_si128(_mm_or_si128(delete, hash), visible);
                _mm_cmpeq_epi8(good, _mm_setzero_si128())
            }
        })
    }
}

/// A mask from what `foreign` says for 16 bytes: all bits of a byte or none.
#[inline(always)]
pub(super) fn by_vectors(block: &Block, foreign: impl Fn(__m128i) -> __m128i) -> u64 {
    let (vectors, rest) = block.as_chunks::<16>();
    debug_assert!(vectors.len() * 16 == BLOCK && rest.is_empty());
    vectors.iter().enumerate().fold(0, |mask, (n, bytes)| {
        // SAFETY: SSE2 is part of x86-64, and `bytes` are 16 bytes; they need not be aligned.
        let foreign = unsafe {
            let vector = _mm_loadu_si128(bytes.as_ptr().cast());
            _mm_movemask_epi8(foreign(vector)) as u32
        };
        mask | u64::from(foreign) << (16 * n)
    })
}

#[inline(always)]
fn any<const N: usize>(vectors: [__m128i; N]) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { vectors.into_iter().fold(_mm_setzero_si128(), |all, v| _mm_or_si128(all, v)) }
}
