//! Sixteen bytes at a time on 64-bit ARM.
#![allow(unsafe_code)]

use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vbicq_u8, vceqq_u8, vcgtq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64,
    vld1q_u8, vmvnq_u8, vorrq_u8, vpaddq_u8, vqtbl1q_u8, vreinterpretq_u64_u8, vshrq_n_u8,
    vtstq_u8,
};

use super::classes::{TOKEN_BITS, TOKEN_ROWS};
use super::isa::{Block, Isa};

/// Evidence of NEON: this file is compiled for nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(());

impl Neon {
    pub(crate) const BASELINE: Self = Self(());
}

impl Isa for Neon {
    const NAMES_BY_MASK: bool = true;

    #[inline(always)]
    fn non_token(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of NEON.
        unsafe { non_token(block) }
    }

    #[inline(always)]
    fn non_value(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of NEON.
        unsafe { non_value(block) }
    }

    #[inline(always)]
    fn non_target(self, block: &Block) -> u64 {
        // SAFETY: `self` is evidence of NEON.
        unsafe { non_target(block) }
    }

    #[inline(always)]
    fn equal(self, block: &Block, byte: u8) -> u64 {
        // SAFETY: `self` is evidence of NEON.
        unsafe { equal(block, byte) }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn non_token(block: &Block) -> u64 {
    let (rows, bits) = (load(&TOKEN_ROWS), load(&TOKEN_BITS));
    mask(block, |v| {
        let row = vqtbl1q_u8(rows, vandq_u8(v, vdupq_n_u8(15)));
        let bit = vqtbl1q_u8(bits, vshrq_n_u8::<4>(v));
        vmvnq_u8(vtstq_u8(row, bit))
    })
}

#[inline]
#[target_feature(enable = "neon")]
fn non_value(block: &Block) -> u64 {
    mask(block, |v| {
        let control = vcltq_u8(v, vdupq_n_u8(0x20));
        let tab = vceqq_u8(v, vdupq_n_u8(b'\t'));
        let delete = vceqq_u8(v, vdupq_n_u8(0x7f));
        vorrq_u8(vbicq_u8(control, tab), delete)
    })
}

#[inline]
#[target_feature(enable = "neon")]
fn non_target(block: &Block) -> u64 {
    mask(block, |v| {
        let below = vcltq_u8(v, vdupq_n_u8(0x21));
        let above = vcgtq_u8(v, vdupq_n_u8(0x7e));
        let hash = vceqq_u8(v, vdupq_n_u8(b'#'));
        vorrq_u8(vorrq_u8(below, above), hash)
    })
}

#[inline]
#[target_feature(enable = "neon")]
fn equal(block: &Block, byte: u8) -> u64 {
    mask(block, |v| vceqq_u8(v, vdupq_n_u8(byte)))
}

/// A mask from what `foreign` says for 16 bytes: all bits of a byte or none.
#[inline]
#[target_feature(enable = "neon")]
fn mask(block: &Block, foreign: impl Fn(uint8x16_t) -> uint8x16_t) -> u64 {
    /// The bit of each byte in its byte of the mask.
    const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let weights = load(&WEIGHTS);
    let part = |n: usize| {
        let (parts, _) = block.as_chunks::<16>();
        vandq_u8(foreign(load(&parts[n])), weights)
    };
    // Neighbours are added three times: 64 bytes become 32, 16 and 8.
    let halves = vpaddq_u8(vpaddq_u8(part(0), part(1)), vpaddq_u8(part(2), part(3)));
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(halves, halves)))
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: these are 16 bytes, and they need not be aligned.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}
