//! Sixteen bytes at a time on 64-bit ARM.
#![allow(unsafe_code, reason = "vector instructions; each block says why it is sound")]

use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcgeq_u8, vcgtq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64,
    vld1q_u8, vorrq_u8, vpaddq_u8, vqtbl1q_u8, vreinterpretq_u64_u8, vshrq_n_u8, vsubq_u8,
};

use super::halves::{LINE_HIGH, LINE_LOW, NON_VALUE};
use super::isa::{Block, Isa};

/// Evidence of NEON: this file is compiled for nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(());

impl Neon {
    pub(crate) const BASELINE: Self = Self(());
}

impl Isa for Neon {
    const BY_MASK: bool = true;

    #[inline(always)]
    fn line(self, block: &Block) -> [u64; 2] {
        // SAFETY: `self` is evidence of NEON.
        unsafe { line(block) }
    }

    #[inline(always)]
    fn target(self, block: &Block) -> [u64; 2] {
        // SAFETY: `self` is evidence of NEON.
        unsafe { target(block) }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn line(block: &Block) -> [u64; 2] {
    let (low, high) = (load(&LINE_LOW), load(&LINE_HIGH));
    let numbers = parts(block).map(|v| {
        let by_low = vqtbl1q_u8(low, vandq_u8(v, vdupq_n_u8(15)));
        vandq_u8(by_low, vqtbl1q_u8(high, vshrq_n_u8::<4>(v)))
    });
    // One less than nothing is more than any number.
    let foreign = numbers.map(|v| vcgeq_u8(vsubq_u8(v, vdupq_n_u8(1)), vdupq_n_u8(NON_VALUE - 1)));
    [mask(foreign), mask(numbers.map(|v| vcgeq_u8(v, vdupq_n_u8(NON_VALUE))))]
}

#[inline]
#[target_feature(enable = "neon")]
fn target(block: &Block) -> [u64; 2] {
    let parts = parts(block);
    let foreign = parts.map(|v| {
        let below = vcltq_u8(v, vdupq_n_u8(0x21));
        let above = vcgtq_u8(v, vdupq_n_u8(0x7e));
        let hash = vceqq_u8(v, vdupq_n_u8(b'#'));
        vorrq_u8(vorrq_u8(below, above), hash)
    });
    [mask(foreign), mask(parts.map(|v| vceqq_u8(v, vdupq_n_u8(b'?'))))]
}

/// A mask from 64 bytes, each of which has all bits set or none.
#[inline]
#[target_feature(enable = "neon")]
fn mask(parts: [uint8x16_t; 4]) -> u64 {
    /// The bit of each byte in its byte of the mask.
    const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let weights = load(&WEIGHTS);
    let [a, b, c, d] = parts.map(|v| vandq_u8(v, weights));
    // Neighbours are added three times: 64 bytes become 32, 16 and 8.
    let halves = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(halves, halves)))
}

#[inline]
#[target_feature(enable = "neon")]
fn parts(block: &Block) -> [uint8x16_t; 4] {
    let (parts, _) = block.as_chunks::<16>();
    core::array::from_fn(|n| load(&parts[n]))
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: these are 16 bytes, and they need not be aligned.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}
