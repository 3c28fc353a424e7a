//! Sixteen bytes at a time; every x86-64 processor has SSE2.
#![allow(unsafe_code)]

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8,
};

use super::isa::{Block, Isa};

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
        // SAFETY: SSE2 is part of x86-64.
        unsafe { non_token(block) }
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { non_value(block) }
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { non_target(block) }
    }

    #[inline(always)]
    fn equal(self, block: &Block, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { equal(block, byte) }
    }
}

/// Without a shuffle: what is not visible, and the separators.
#[inline]
#[target_feature(enable = "sse2")]
fn non_token(block: &Block) -> u64 {
    mask(block, |v| {
        // `[` and `{`, and `]` and `}`, differ in this bit only.
        let folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
        let separators = [
            is(v, b'"'),
            within(v, b'(', b')'),
            is(v, b','),
            is(v, b'/'),
            within(v, b':', b'@'),
            is(folded, b'{'),
            is(v, b'\\'),
            is(folded, b'}'),
            is(v, 0x7f),
        ];
        let separator = separators.into_iter().fold(_mm_setzero_si128(), |a, b| _mm_or_si128(a, b));
        // As signed numbers, bytes from 0x80 on are less than a space.
        let visible = _mm_cmpgt_epi8(v, _mm_set1_epi8(0x20));
        _mm_cmpeq_epi8(_mm_andnot_si128(separator, visible), _mm_setzero_si128())
    })
}

#[inline]
#[target_feature(enable = "sse2")]
fn non_value(block: &Block) -> u64 {
    mask(block, |v| {
        let control = within(v, 0, 0x1f);
        _mm_or_si128(_mm_andnot_si128(is(v, b'\t'), control), is(v, 0x7f))
    })
}

#[inline]
#[target_feature(enable = "sse2")]
fn non_target(block: &Block) -> u64 {
    mask(block, |v| {
        let visible = _mm_cmpgt_epi8(v, _mm_set1_epi8(0x20));
        let good = _mm_andnot_si128(_mm_or_si128(is(v, 0x7f), is(v, b'#')), visible);
        _mm_cmpeq_epi8(good, _mm_setzero_si128())
    })
}

#[inline]
#[target_feature(enable = "sse2")]
fn equal(block: &Block, byte: u8) -> u64 {
    mask(block, |v| is(v, byte))
}

#[inline]
#[target_feature(enable = "sse2")]
fn is(v: __m128i, byte: u8) -> __m128i {
    _mm_cmpeq_epi8(v, _mm_set1_epi8(byte as i8))
}

#[inline]
#[target_feature(enable = "sse2")]
fn within(v: __m128i, first: u8, last: u8) -> __m128i {
    let from = _mm_sub_epi8(v, _mm_set1_epi8(first as i8));
    _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((last - first) as i8)), from)
}

/// A mask from what `foreign` says for 16 bytes: all bits of a byte or none.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn mask(block: &Block, foreign: impl Fn(__m128i) -> __m128i) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().enumerate().fold(0, |mask, (n, part)| {
        let foreign = _mm_movemask_epi8(foreign(load(part))) as u32;
        mask | u64::from(foreign) << (16 * n)
    })
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: these are 16 bytes, and they need not be aligned.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}
