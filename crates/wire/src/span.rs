//! Places in a buffer, kept as offsets so that the buffer can be moved.

use core::fmt;
use core::ops::Range;

use crate::scan;

/// A place in a buffer: two 32-bit offsets.
///
/// Spans instead of slices let the buffer move (into a request, to another thread) while the
/// parsed head stays valid. They are 8 bytes, and borrow nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The start in the lower half and the end in the upper one. As one number it is written and
    /// read in one go; two halves written one by one and read together would make processors wait.
    halves: u64,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    ///
    /// # Panics
    /// If `start > end`, or if `end` does not fit 32 bits.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        assert!(start <= end && end <= Self::LAST, "a span runs forward within 4 GiB");
        Self::within(start, end)
    }

    /// The largest offset.
    pub(crate) const LAST: usize = u32::MAX as usize;

    /// The same for offsets that are known to run forward and to fit.
    #[inline(always)]
    pub(crate) const fn within(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= Self::LAST);
        Self { halves: start as u64 | (end as u64) << 32 }
    }

    /// Offset of the first byte.
    #[must_use]
    #[inline]
    pub const fn start(self) -> usize {
        self.halves as u32 as usize
    }

    /// Offset after the last byte.
    #[must_use]
    #[inline]
    pub const fn end(self) -> usize {
        (self.halves >> 32) as usize
    }

    /// Number of bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end() - self.start()
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start() == self.end()
    }

    /// Both offsets, to index a slice with.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    /// These bytes of `buf`.
    ///
    /// # Panics
    /// If the span reaches beyond `buf`: it belongs to another buffer then.
    #[must_use]
    #[inline]
    pub fn of(self, buf: &[u8]) -> &[u8] {
        &buf[self.range()]
    }

    /// As [`of`](Self::of), for spans that the parser found to be ASCII.
    #[inline]
    pub(crate) fn ascii(self, buf: &[u8]) -> &str {
        scan::ascii(self.of(buf)).expect("the span belongs to the buffer that was parsed")
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.range().fmt(f)
    }
}

/// One header line: where its name and its value (without surrounding whitespace) are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
pub struct HeaderSpan {
    /// The field name as sent, a token.
    pub name: Span,
    /// The field value without the whitespace around it; may be empty.
    pub value: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_gives_its_bytes() {
        let span = Span::new(2, 5);
        assert_eq!((span.start(), span.end(), span.len(), span.is_empty()), (2, 5, 3, false));
        assert_eq!(span.of(b"0123456"), b"234");
        assert!(Span::default().is_empty());
    }

    #[test]
    #[should_panic(expected = "runs forward")]
    fn a_span_does_not_run_backward() {
        let _ = Span::new(3, 2);
    }
}
