//! What an instruction set has to offer, and which one is taken.

/// What is looked at in one go.
pub(crate) const BLOCK: usize = 64;
pub(crate) type Block = [u8; BLOCK];

/// An instruction set that sorts the bytes of a block into classes.
///
/// Bit `n` of a mask belongs to byte `n` and is set if the byte is *not* in the class, so that the
/// number of trailing zeros is the way to the end of a run. The classes are those of
/// [`classes`](super::classes).
///
/// A value of such a type is the evidence that the processor has the instructions: there is no
/// other way to get one than to ask the processor, or to be compiled for one that has them.
pub(crate) trait Isa: Copy {
    /// Whether a mask of 64 bytes costs less than looking up the few bytes of a name in a table.
    const NAMES_BY_MASK: bool;

    /// Which bytes are no `tchar`.
    fn non_token(self, block: &Block) -> u64;

    /// Which bytes cannot stand in a field value.
    fn non_value(self, block: &Block) -> u64;

    /// Which bytes cannot stand in a request target.
    fn non_target(self, block: &Block) -> u64;

    /// Which bytes are this one, which is ASCII.
    fn equal(self, block: &Block, byte: u8) -> u64;
}

/// Something to do with whatever instruction set there is.
pub(crate) trait Task {
    type Output;

    /// Does it. Mark it `#[inline(always)]`, and what it calls in a hot loop as well: it is
    /// compiled once for each instruction set, inside of a function that may use it.
    fn with<I: Isa>(self, isa: I) -> Self::Output;
}

/// Does something with the best instruction set that the processor has.
#[inline]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(isa) = super::avx2::Avx2::detect() {
            return isa.run(task);
        }
        if let Some(isa) = super::ssse3::Ssse3::detect() {
            return isa.run(task);
        }
    }
    task.with(BASELINE)
}

#[cfg(target_arch = "x86_64")]
pub(crate) type Baseline = super::sse2::Sse2;
#[cfg(target_arch = "x86_64")]
pub(crate) const BASELINE: Baseline = super::sse2::Sse2::BASELINE;

#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
pub(crate) type Baseline = super::neon::Neon;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
pub(crate) const BASELINE: Baseline = super::neon::Neon::BASELINE;

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
)))]
pub(crate) type Baseline = super::swar::Swar;
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
)))]
pub(crate) const BASELINE: Baseline = super::swar::Swar;
