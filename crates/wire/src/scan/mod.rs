//! Runs of bytes of one class: where they end.
//!
//! [`Cursor`] walks through a buffer by bit masks, 64 bytes at a time; an [`Isa`] makes the masks,
//! a file for each. [`run`] takes the best one that the processor has. Where there are no vectors,
//! the cursor goes from word to word. Single bytes and short runs are looked up in a table.
//!
//! With `--cfg pauper_wire_portable` nothing but words is used, as on a processor without any of the
//! known vectors: so that this way can be measured and checked wherever one is.
//!
//! This is the only place that knows which byte belongs to which class, and the only one in this
//! crate with `unsafe`: for instructions that not every processor has, and for loading from
//! references to arrays of the right size. And where bytes are known to be text.

mod classes;
mod cursor;
#[cfg(any(
    test,
    all(
        not(pauper_wire_portable),
        any(
            target_arch = "x86_64",
            all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
        )
    )
))]
mod halves;
mod isa;
mod naive;
mod swar;
mod text;

#[cfg(all(target_arch = "x86_64", any(test, not(pauper_wire_portable))))]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[cfg(any(test, not(pauper_wire_portable)))]
mod neon;
#[cfg(all(target_arch = "x86_64", any(test, not(pauper_wire_portable))))]
mod sse2;
#[cfg(all(target_arch = "x86_64", any(test, not(pauper_wire_portable))))]
mod ssse3;

#[cfg(all(target_arch = "x86_64", not(pauper_wire_portable)))]
mod baseline {
    pub(super) use super::sse2::Sse2 as Baseline;
    pub(super) const BASELINE: Baseline = Baseline::BASELINE;
}
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
#[cfg(not(pauper_wire_portable))]
mod baseline {
    pub(super) use super::neon::Neon as Baseline;
    pub(super) const BASELINE: Baseline = Baseline::BASELINE;
}
#[cfg(any(
    pauper_wire_portable,
    not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
    ))
))]
mod baseline {
    pub(super) use super::swar::Swar as Baseline;
    pub(super) const BASELINE: Baseline = Baseline;
}

pub(crate) use cursor::Cursor;
pub(crate) use isa::{BASELINE, Isa, Task, run};
pub(crate) use text::ascii;

use isa::{BLOCK, Baseline, Block};

#[cfg(any(test, feature = "alloc"))]
use classes::TARGET;
use classes::{REG_NAME, TOKEN, VALUE};

pub(crate) fn is_tchar(byte: u8) -> bool {
    classes::has(byte, TOKEN)
}

pub(crate) fn is_value(byte: u8) -> bool {
    classes::has(byte, VALUE)
}

/// The index of the first byte at or after `from` that cannot stand in the name of a host as it is.
pub(crate) fn reg_name_end(buf: &[u8], from: usize) -> usize {
    naive::end_of(buf, from, REG_NAME)
}

/// The index of the first byte at or after `from` that is no `tchar`; `buf.len()` if there is none.
pub(crate) fn token_end(buf: &[u8], from: usize) -> usize {
    let end = naive::end_of(buf, from, TOKEN);
    #[cfg(test)]
    work::add(end - from + 1);
    end
}

/// The index of the first byte at or after `from` that cannot stand in a field value.
pub(crate) fn value_end(buf: &[u8], from: usize) -> usize {
    if !Baseline::BY_MASK {
        return swar::value_end(buf, from);
    }
    end_of(buf, from, VALUE, |block| BASELINE.line(block)[1])
}

/// The index of the first byte at or after `from` that cannot stand in a request target.
#[cfg(feature = "alloc")]
pub(crate) fn target_end(buf: &[u8], from: usize) -> usize {
    if !Baseline::BY_MASK {
        return swar::target_end(buf, from).0;
    }
    end_of(buf, from, TARGET, |block| BASELINE.target(block)[0])
}

/// Whole blocks by their masks, what is left by the table.
#[inline(always)]
fn end_of(buf: &[u8], from: usize, class: u8, mask: impl Fn(&Block) -> u64) -> usize {
    let mut at = from;
    while let Some(block) = buf[at..].first_chunk() {
        let mask = mask(block);
        #[cfg(test)]
        work::add(BLOCK.min(mask.trailing_zeros() as usize + 1));
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    let end = naive::end_of(buf, at, class);
    #[cfg(test)]
    work::add(end - at + 1);
    end
}

/// Counts examined bytes, so that a test can prove that no parser looks twice.
#[cfg(test)]
pub(crate) mod work {
    use core::cell::Cell;

    std::thread_local!(static EXAMINED: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(bytes: usize) {
        EXAMINED.with(|cell| cell.set(cell.get() + bytes));
    }

    /// How many bytes this thread examined since the last call.
    pub(crate) fn take() -> usize {
        EXAMINED.with(|cell| cell.replace(0))
    }
}

#[cfg(test)]
pub(crate) mod tests;
