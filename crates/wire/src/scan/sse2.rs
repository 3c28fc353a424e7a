//! Sixteen bytes at a time; every x86-64 processor has SSE2.
#![allow(unsafe_code, reason = "vector instructions; each block says why it is sound")]

use core::arch::x86_64::{
    __m128i, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8,
};

use super::isa::{Block, Half, Isa};

/// Evidence of SSE2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sse2(());

impl Sse2 {
    pub(crate) const BASELINE: Self = Self(());
}

impl Isa for Sse2 {
    const BY_MASK: bool = true;

    #[inline(always)]
    fn line(self, block: &Block) -> [u64; 2] {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { [non_token(block), non_value(block)] }
    }

    #[inline(always)]
    fn target(self, block: &Block) -> [u64; 2] {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { target(block) }
    }

    #[inline(always)]
    fn plain(self, half: &Half) -> Option<[u32; 2]> {
        // SAFETY: SSE2 is part of x86-64.
        Some(unsafe { plain(half) })
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn plain(half: &Half) -> [u32; 2] {
    let (parts, _) = half.as_chunks::<16>();
    parts.iter().enumerate().fold([0; 2], |[plain, digits], (n, part)| {
        let v = load(part);
        let letter = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), b'a', b'z');
        let other = _mm_andnot_si128(is(v, b'/'), within(v, b'-', b'9'));
        let these = _mm_movemask_epi8(_mm_or_si128(letter, other)) as u32;
        let numbers = _mm_movemask_epi8(within(v, b'0', b'9')) as u32;
        [plain | these << (16 * n), digits | numbers << (16 * n)]
    })
}

/// Without a shuffle: what is not visible, and the separators.
#[inline]
#[target_feature(enable = "sse2")]
fn non_token(block: &Block) -> u64 {
    mask(parts(block).map(|v| {
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
    }))
}

#[inline]
#[target_feature(enable = "sse2")]
fn non_value(block: &Block) -> u64 {
    mask(parts(block).map(|v| {
        let control = within(v, 0, 0x1f);
        _mm_or_si128(_mm_andnot_si128(is(v, b'\t'), control), is(v, 0x7f))
    }))
}

#[inline]
#[target_feature(enable = "sse2")]
fn target(block: &Block) -> [u64; 2] {
    let parts = parts(block);
    let foreign = parts.map(|v| {
        let invisible = _mm_cmpgt_epi8(_mm_set1_epi8(0x21), v);
        _mm_or_si128(invisible, _mm_or_si128(is(v, 0x7f), is(v, b'#')))
    });
    [mask(foreign), mask(parts.map(|v| is(v, b'?')))]
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

/// The top bit of each byte.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn mask(parts: [__m128i; 4]) -> u64 {
    parts
        .into_iter()
        .enumerate()
        .fold(0, |mask, (n, part)| mask | u64::from(_mm_movemask_epi8(part) as u32) << (16 * n))
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn parts(block: &Block) -> [__m128i; 4] {
    let (parts, _) = block.as_chunks::<16>();
    core::array::from_fn(|n| load(&parts[n]))
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: these are 16 bytes, and they need not be aligned.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}
