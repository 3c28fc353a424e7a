//! Thirty-two bytes at a time: x86-64 from about 2013 on.
#![allow(unsafe_code, reason = "vector instructions; each block says why it is sound")]

use core::arch::x86_64::{
    __m256i, _mm256_adds_epu8, _mm256_and_si256, _mm256_andnot_si256, _mm256_cmpeq_epi8,
    _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_sub_epi8,
};

use super::halves::{LINE_HIGH, LINE_LOW, NON_VALUE};
use super::isa::{Block, Half, Isa, Task};

/// Evidence of AVX2, BMI1 and BMI2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// With `std` the processor is asked, once; without, the compiler's target decides.
    #[inline(always)]
    pub(crate) fn detect() -> Option<Self> {
        #[cfg(feature = "std")]
        let there = asked::is_there();
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

/// The answer of the processor, in one place: the standard library keeps three.
#[cfg(feature = "std")]
mod asked {
    use std::arch::is_x86_feature_detected;
    use std::sync::atomic::{AtomicU8, Ordering};

    const UNKNOWN: u8 = 0;
    const MISSING: u8 = 1;
    const THERE: u8 = 2;
    /// Whoever comes first asks, and so may somebody else at the same time: all get the same answer.
    static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);

    #[inline(always)]
    pub(super) fn is_there() -> bool {
        match ANSWER.load(Ordering::Relaxed) {
            UNKNOWN => ask(),
            answer => answer == THERE,
        }
    }

    #[cold]
    fn ask() -> bool {
        let there = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        ANSWER.store(if there { THERE } else { MISSING }, Ordering::Relaxed);
        there
    }
}

impl Isa for Avx2 {
    const BY_MASK: bool = true;

    #[inline(always)]
    fn line(self, block: &Block) -> [u64; 2] {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { line(block) }
    }

    #[inline(always)]
    fn target(self, block: &Block) -> [u64; 2] {
        // SAFETY: `self` is evidence of AVX2.
        unsafe { target(block) }
    }

    #[inline(always)]
    fn plain(self, half: &Half) -> Option<[u32; 2]> {
        // SAFETY: `self` is evidence of AVX2.
        Some(unsafe { plain(half) })
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn plain(half: &Half) -> [u32; 2] {
    let v = load(half);
    let letter = within(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), b'a', b'z');
    let slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'/' as i8));
    let other = _mm256_andnot_si256(slash, within(v, b'-', b'9'));
    let plain = _mm256_or_si256(letter, other);
    [plain, within(v, b'0', b'9')].map(|v| _mm256_movemask_epi8(v) as u32)
}

#[inline]
#[target_feature(enable = "avx2")]
fn within(v: __m256i, first: u8, last: u8) -> __m256i {
    let from = _mm256_sub_epi8(v, _mm256_set1_epi8(first as i8));
    _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((last - first) as i8)), from)
}

#[inline]
#[target_feature(enable = "avx2")]
fn line(block: &Block) -> [u64; 2] {
    /// The same in both halves, since shuffles do not cross from one half to the other.
    static LOW: [[u8; 16]; 2] = [LINE_LOW; 2];
    static HIGH: [[u8; 16]; 2] = [LINE_HIGH; 2];
    /// Takes the numbers of what cannot stand in a value over the top bit, and leaves others below.
    const RAISE: u8 = 0x80 - NON_VALUE;
    let (low, high) = (load(LOW.as_flattened()), load(HIGH.as_flattened()));
    let raised = halves(block).map(|v| {
        // The shuffle gives 0 for bytes from 0x80 on, and takes the low half of others.
        let by_low = _mm256_shuffle_epi8(low, v);
        let half = _mm256_and_si256(_mm256_srli_epi16::<4>(v), _mm256_set1_epi8(15));
        let number = _mm256_and_si256(by_low, _mm256_shuffle_epi8(high, half));
        _mm256_adds_epu8(number, _mm256_set1_epi8(RAISE as i8))
    });
    // As signed numbers, those over the top bit are less than those of no class.
    let token_from = _mm256_set1_epi8(RAISE as i8 + 1);
    [mask(raised.map(|v| _mm256_cmpgt_epi8(token_from, v))), mask(raised)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn target(block: &Block) -> [u64; 2] {
    let halves = halves(block);
    let foreign = halves.map(|v| {
        // As signed numbers, bytes from 0x80 on are less than a space.
        let invisible = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), v);
        let delete = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
        let hash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'#' as i8));
        _mm256_or_si256(invisible, _mm256_or_si256(delete, hash))
    });
    let marks = halves.map(|v| _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'?' as i8)));
    [mask(foreign), mask(marks)]
}

/// The top bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn mask([first, second]: [__m256i; 2]) -> u64 {
    let first = _mm256_movemask_epi8(first) as u32;
    let second = _mm256_movemask_epi8(second) as u32;
    u64::from(first) | u64::from(second) << 32
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &Block) -> [__m256i; 2] {
    let (first, second) = block.split_at(32);
    [load(first), load(second)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8]) -> __m256i {
    let bytes: &[u8; 32] = bytes.try_into().expect("half a block");
    // SAFETY: these are 32 bytes, and they need not be aligned.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}
