//! Where the groups of a pattern stand in a path.

use std::fmt;
use std::ops::Range;

/// The most groups one pattern may have.
///
/// It sizes [`Params`], which every match carries on the stack: eight bytes for each. Up to here a
/// compiler moves it with a few instructions, and beyond by a call.
pub const MAX_PARAMS: usize = 12;

/// The places of the groups in the path that was looked up, in the order of the pattern.
///
/// Byte ranges, not text: the value holds no borrow of the path, is `Copy`, and allocates
/// nothing. Group `i` belongs to [`Route::params`](crate::Route::params)`()[i]`.
#[derive(Clone, Copy)]
pub struct Params {
    /// Only the first `len` mean anything.
    spans: [(u32, u32); MAX_PARAMS],
    len: u8,
}

impl Params {
    pub(crate) const EMPTY: Self = Self { spans: [(0, 0); MAX_PARAMS], len: 0 };

    /// The number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether the pattern has no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The byte range of group `index` in the path, or `None` when there are not so many.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Range<usize>> {
        self.active().get(index).map(range)
    }

    /// The byte ranges in the order of the pattern.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        self.active().iter().map(range)
    }

    fn active(&self) -> &[(u32, u32)] {
        &self.spans[..self.len()]
    }

    /// Adds a group. `end` fits into `u32` because longer paths are not looked up at all, and
    /// there is room because patterns with more groups are refused.
    pub(crate) fn push(&mut self, start: usize, end: usize) {
        self.spans[self.len()] = (start as u32, end as u32);
        self.len += 1;
    }

    /// Forgets the groups from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len as u8);
    }
}

fn range(&(start, end): &(u32, u32)) -> Range<usize> {
    start as usize..end as usize
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        self.active() == other.active()
    }
}

impl Eq for Params {}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
