//! The list itself: building, joining, cutting, reading.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::mem;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;

use crate::piece::Piece;

/// A sequence of bytes held as pieces.
///
/// The pieces are flat however the list was nested: adding a list to a list moves its pieces.
/// A list of one piece (a static text, a `String`, a `Bytes`) allocates nothing.
///
/// # What is copied
///
/// Bytes in pieces of [`SMALL`](Self::SMALL) and more are never copied by any method that takes
/// them by value, nor when lists are joined, cut or written. Smaller pieces that follow each
/// other are collected in buffers, so that of two neighbours at least one is large and a list of
/// `n` bytes has at most `n / 256 + 1` pieces. Only cutting and partial writing can leave a
/// smaller piece, at the cut.
///
/// # Size
///
/// The length is a `usize`. The methods that add bytes panic if it would overflow, because a
/// length that wrapped would become a wrong Content-Length. That takes the same large block
/// shared many times over, on a 32-bit machine.
///
/// # Clone
///
/// A clone shares static and counted pieces and copies the moved-in and collected ones. Call
/// [`freeze`](Self::freeze) once on a list that is to be cloned often.
#[derive(Clone, Default)]
pub struct IoList {
    /// Empty only if the whole list is. Kept outside of `rest`, so that the most usual list, of
    /// one piece, needs no allocation.
    pub(crate) first: Piece,
    /// None of these is empty.
    pub(crate) rest: VecDeque<Piece>,
    /// Sum of the lengths of all pieces.
    pub(crate) len: usize,
}

impl Default for Piece {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl IoList {
    /// Pieces with fewer bytes than this are copied together, others are moved or shared.
    ///
    /// Copying half a kibibyte costs about as much as one more entry in a vectored write.
    pub const SMALL: usize = 512;

    /// An empty list. Allocates nothing.
    pub const fn new() -> Self {
        Self { first: Piece::EMPTY, rest: VecDeque::new(), len: 0 }
    }

    /// An empty list with a buffer for `capacity` bytes of copied text.
    ///
    /// Worth it when much small text is written and its size is roughly known. The buffer is
    /// dropped if a large piece is pushed first.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { first: Piece::collected(capacity), ..Self::new() }
    }

    /// A list of static bytes. Allocates nothing.
    ///
    /// ```
    /// use pauper_iolist::IoList;
    ///
    /// const BODY: IoList = IoList::from_static(b"pong");
    /// assert_eq!(BODY.len(), 4);
    /// ```
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self { first: Piece::Static(bytes), rest: VecDeque::new(), len: bytes.len() }
    }

    /// The number of bytes that are left to write, in constant time.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no bytes are left to write.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds anything that converts to a list: static or owned text and bytes, numbers, options,
    /// vectors, other lists.
    ///
    /// For borrowed text there is [`push_str`](Self::push_str).
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push(&mut self, part: impl Into<Self>) {
        self.append(part.into());
    }

    /// Adds a copy of `text`, collected with its neighbours.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push_str(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Adds a copy of `bytes`, collected with its neighbours.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.count(bytes.len());
        if !self.last_mut().absorb(bytes) {
            let next = self.last().successor(bytes);
            self.rest.push_back(next);
        }
    }

    /// Adds static bytes; copied only if that merges them with a small neighbour.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push_static(&mut self, bytes: &'static [u8]) {
        self.push_piece(Piece::Static(bytes));
    }

    /// Adds a counted block; copied only if it is small and has a neighbour to merge with.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push_shared(&mut self, bytes: Bytes) {
        self.push_piece(Piece::Shared(bytes));
    }

    /// Adds a vector by moving it; copied only if it is small and has a neighbour to merge with.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn push_owned(&mut self, bytes: Vec<u8>) {
        self.push_piece(Piece::owned(bytes));
    }

    /// Adds the text form of `value`, written straight into the list's buffer.
    ///
    /// # Panics
    ///
    /// If the `Display` implementation returns an error, as `to_string` does, or if the length
    /// would overflow. With `write!(list, "{value}")` the error is yours to handle.
    pub fn push_display(&mut self, value: impl fmt::Display) {
        write!(self, "{value}").expect("a Display implementation returned an error unexpectedly");
    }

    /// Adds the pieces of `other` behind those of `self`.
    ///
    /// Pieces are moved, not bytes; to an empty list this is an assignment. The cost is that of
    /// the list with fewer pieces, on whichever side it is, so that building outwards
    /// (`list = iolist!["(", list, ")"]`) takes linear time too.
    ///
    /// # Panics
    ///
    /// If the length would overflow.
    pub fn append(&mut self, mut other: Self) {
        if self.is_empty() && !(other.len < Self::SMALL && self.first.has_room(other.len)) {
            *self = other;
            return;
        }
        if other.rest.len() <= self.rest.len() {
            self.push_piece(other.first);
            for piece in other.rest {
                self.push_piece(piece);
            }
            return;
        }
        // Ours go before theirs, after what merges at the seam has merged.
        let total = self.len.checked_add(other.len).expect(TOO_LONG);
        if let Some(seam) = other.pop_front() {
            self.push_piece(seam);
        }
        other.rest.push_front(mem::take(&mut other.first));
        for piece in mem::take(&mut self.rest).into_iter().rev() {
            other.rest.push_front(piece);
        }
        other.first = mem::take(&mut self.first);
        other.len = total;
        *self = other;
    }

    /// The pieces in order, each of at least one byte.
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = &[u8]> + Clone + '_ {
        let first = (!self.is_empty()).then_some(&self.first);
        first.into_iter().chain(&self.rest).map(Piece::as_slice)
    }

    /// A copy of all bytes in one vector.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len);
        for piece in self.pieces() {
            all.extend_from_slice(piece);
        }
        all
    }

    /// All bytes in one vector; a single piece that was moved in is handed back without a copy.
    pub fn into_vec(self) -> Vec<u8> {
        if self.rest.is_empty() { self.first.into_vec() } else { self.to_vec() }
    }

    /// All bytes in one counted block; a single piece is not copied.
    pub fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first.into_bytes() } else { self.to_vec().into() }
    }

    /// Makes later clones cheap: vectors and buffers become counted blocks, without a copy.
    pub fn freeze(&mut self) {
        for piece in std::iter::once(&mut self.first).chain(&mut self.rest) {
            if let Piece::Owned(_) | Piece::Collected(_) = piece {
                *piece = Piece::Shared(mem::take(piece).into_bytes());
            }
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Keeps the first `len` bytes; does nothing if there are no more than that.
    ///
    /// Pieces are shortened, not copied, so a short rest of a large block keeps all its memory.
    pub fn truncate(&mut self, len: usize) {
        while self.len > len {
            let excess = self.len - len;
            let last = self.last_mut();
            let last_len = last.len();
            if last_len > excess {
                last.truncate(last_len - excess);
                self.len = len;
            } else {
                self.len -= last_len;
                if self.rest.pop_back().is_none() {
                    self.first = Piece::EMPTY;
                }
            }
        }
    }

    /// Takes the first `n` bytes out as a list of their own and keeps the others.
    ///
    /// Pieces are moved; the one that is cut through becomes a counted block which both lists
    /// share.
    ///
    /// # Panics
    ///
    /// If there are fewer than `n` bytes.
    pub fn split_to(&mut self, n: usize) -> Self {
        assert!(n <= self.len, "cannot take {n} bytes of an IoList of {}", self.len);
        let mut front = Self::new();
        while front.len < n {
            let left = n - front.len;
            if self.first.len() <= left {
                front.push_piece(self.pop_front().unwrap_or_default());
            } else {
                let mut cut = mem::take(&mut self.first).into_bytes();
                front.push_piece(Piece::Shared(cut.split_to(left)));
                self.first = Piece::Shared(cut);
                self.len -= left;
            }
        }
        front
    }

    /// The bytes in `range`, counted from the first unwritten one, or `None` if the range is
    /// reversed or reaches beyond the end.
    ///
    /// No large piece is copied. Clone before to keep the rest ([`freeze`](Self::freeze) first).
    ///
    /// ```
    /// use pauper_iolist::iolist;
    ///
    /// let list = iolist!["Hello, ", String::from("world")];
    /// assert_eq!(list.clone().try_range(3..=7).unwrap(), "lo, w");
    /// assert!(list.try_range(3..99).is_none());
    /// ```
    pub fn try_range(mut self, range: impl RangeBounds<usize>) -> Option<Self> {
        let start = match range.start_bound() {
            Bound::Included(&n) => n,
            Bound::Excluded(&n) => n.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&n) => n.checked_add(1)?,
            Bound::Excluded(&n) => n,
            Bound::Unbounded => self.len,
        };
        if start > end || end > self.len {
            return None;
        }
        self.truncate(end);
        self.advance(start);
        Some(self)
    }

    /// The bytes in `range`, as [`try_range`](Self::try_range).
    ///
    /// # Panics
    ///
    /// If the range is reversed or reaches beyond the end, as for slices.
    pub fn range(self, range: impl RangeBounds<usize>) -> Self {
        let len = self.len;
        self.try_range(range).unwrap_or_else(|| panic!("range outside of an IoList of {len} bytes"))
    }

    /// Adds one piece, merging it with the last one if both are small.
    pub(crate) fn push_piece(&mut self, piece: Piece) {
        if piece.len() == 0 {
            return;
        }
        let (n, small, was_empty) = (piece.len(), piece.is_small(), self.is_empty());
        self.count(n);
        let last = self.last_mut();
        if was_empty && !(small && last.has_room(n)) {
            *last = piece;
        } else if !(small && last.absorb(piece.as_slice())) {
            let next =
                if small && last.is_collected() { last.successor(piece.as_slice()) } else { piece };
            self.rest.push_back(next);
        }
    }

    /// Takes the first piece out.
    fn pop_front(&mut self) -> Option<Piece> {
        if self.is_empty() {
            return None;
        }
        let next = self.rest.pop_front().unwrap_or_default();
        let piece = mem::replace(&mut self.first, next);
        self.len -= piece.len();
        Some(piece)
    }

    fn last(&self) -> &Piece {
        self.rest.back().unwrap_or(&self.first)
    }

    fn last_mut(&mut self) -> &mut Piece {
        self.rest.back_mut().unwrap_or(&mut self.first)
    }

    fn count(&mut self, more: usize) {
        self.len = self.len.checked_add(more).expect(TOO_LONG);
    }
}

const TOO_LONG: &str = "an IoList cannot be longer than usize::MAX bytes";

#[cfg(test)]
mod tests {
    use super::*;

    /// A list that claims to be almost as long as a `usize` can say.
    fn longest() -> IoList {
        IoList { len: usize::MAX - 3, ..IoList::from("a few bytes") }
    }

    #[test]
    fn the_longest_length_is_reached() {
        let mut list = longest();
        list.push_str("abc");
        assert_eq!(list.len(), usize::MAX);
    }

    #[test]
    #[should_panic(expected = "longer than usize::MAX")]
    fn copied_bytes_overflow_the_length() {
        longest().push_str("abcd");
    }

    #[test]
    #[should_panic(expected = "longer than usize::MAX")]
    fn moved_bytes_overflow_the_length() {
        longest().push_static(b"abcd");
    }

    #[test]
    #[should_panic(expected = "longer than usize::MAX")]
    fn a_list_of_more_pieces_overflows_the_length() {
        static LARGE: [u8; IoList::SMALL] = [0; IoList::SMALL];
        longest().append(IoList::from_iter([&LARGE, &LARGE, &LARGE]));
    }
}
