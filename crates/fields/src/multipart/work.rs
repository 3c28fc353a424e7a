//! Counts examined bytes, so that a test can prove that the work is linear in the input.

/// So many bytes are examined.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn add(_: usize) {}

#[cfg(test)]
pub(super) use counting::{add, take};

#[cfg(test)]
mod counting {
    use std::cell::Cell;

    thread_local!(static EXAMINED: Cell<usize> = const { Cell::new(0) });

    pub(in super::super) fn add(bytes: usize) {
        EXAMINED.with(|cell| cell.set(cell.get() + bytes));
    }

    /// How many bytes this thread examined since the last call.
    pub(in super::super) fn take() -> usize {
        EXAMINED.with(|cell| cell.replace(0))
    }
}
