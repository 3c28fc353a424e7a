//! Runs of bytes of one class: where they end.
//!
//! [`Cursor`] walks through a buffer by bit masks, 64 bytes at a time; an [`Isa`] makes the masks,
//! a file for each. [`run`] takes the best one that the processor has. Single bytes and short runs
//! are looked up in a table.
//!
//! This is the only place that knows which byte belongs to which class, and the only one in this
//! crate with `unsafe`: for instructions that not every processor has, and for loading from
//! references to arrays of the right size.

mod classes;
mod cursor;
mod isa;
mod naive;
#[cfg(any(
    test,
    not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
    ))
))]
mod swar;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
mod neon;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(target_arch = "x86_64")]
mod ssse3;

pub(crate) use cursor::Cursor;
pub(crate) use isa::{BASELINE, Isa, Task, run};
use isa::{BLOCK, Block};

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
    end_of(buf, from, VALUE, |block| BASELINE.non_value(block))
}

/// The index of the first byte at or after `from` that cannot stand in a request target.
#[cfg(feature = "alloc")]
pub(crate) fn target_end(buf: &[u8], from: usize) -> usize {
    end_of(buf, from, TARGET, |block| BASELINE.non_target(block))
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
