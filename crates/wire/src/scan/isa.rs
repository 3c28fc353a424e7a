//! What an instruction set has to offer, and which one is taken.

/// What is looked at in one go.
pub(crate) const BLOCK: usize = 64;
pub(crate) type Block = [u8; BLOCK];
pub(crate) type Half = [u8; BLOCK / 2];

/// An instruction set that sorts the bytes of a block into classes.
///
/// Bit `n` of a mask belongs to byte `n` and is set if the byte is *not* in the class, so that the
/// number of trailing zeros is the way to the end of a run. The classes are those of
/// [`classes`](super::classes).
///
/// A value of such a type is the evidence that the processor has the instructions: there is no
/// other way to get one than to ask the processor, or to be compiled for one that has them.
pub(crate) trait Isa: Copy {
    /// Whether it makes masks at all. Without vectors it is cheaper to go from word to word, and
    /// [`Cursor`](super::Cursor) does so.
    const BY_MASK: bool;

    /// Which bytes are no `tchar`, and which cannot stand in a field value.
    fn line(self, block: &Block) -> [u64; 2];

    /// Which bytes cannot stand in a request target, and which are question marks.
    fn target(self, block: &Block) -> [u64; 2];

    /// Which bytes are letters, digits, hyphens or dots, and which are digits; `None` if that takes
    /// long.
    #[inline(always)]
    fn plain(self, _: &Half) -> Option<[u32; 2]> {
        None
    }
}

/// Something to do with whatever instruction set there is.
pub(crate) trait Task {
    type Output;

    /// Does it. Mark it `#[inline(always)]`, and what it calls in a hot loop as well: it is
    /// compiled once for each instruction set, inside of a function that may use it.
    fn with<I: Isa>(self, isa: I) -> Self::Output;
}

/// Does something with the best instruction set that the processor has.
#[inline(always)]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    #[cfg(all(target_arch = "x86_64", not(pauper_wire_portable)))]
    {
        if let Some(isa) = super::avx2::Avx2::detect() {
            return isa.run(task);
        }
        if let Some(isa) = super::ssse3::Ssse3::detect() {
            return isa.run(task);
        }
    }
    run_baseline(task)
}

/// Kept apart, so that it needs no room on the stack of others.
#[inline(never)]
fn run_baseline<T: Task>(task: T) -> T::Output {
    task.with(BASELINE)
}

/// What the processors that the compiler was asked to compile for have in common.
pub(crate) type Baseline = super::baseline::Baseline;
pub(crate) const BASELINE: Baseline = super::baseline::BASELINE;
