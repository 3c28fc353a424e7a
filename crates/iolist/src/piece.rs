//! One stretch of bytes, in one of the ways to hold it.

use bytes::Bytes;

use crate::IoList;

/// Room for the longest `i64` or `u64` in decimal, and for any `char`.
const INLINE: usize = 24;
/// The first buffer made for copied bytes is at least this large ...
const FIRST_BUFFER: usize = 64;
/// ... later ones double, up to this size.
const LAST_BUFFER: usize = 16 * 1024;

/// A stretch of bytes of which the front may already be written.
pub(crate) enum Piece {
    /// Borrowed for ever. The empty piece is one of these.
    Static(&'static [u8]),
    /// A number or a character: too small to be worth an allocation.
    Inline(Inline),
    /// Counted, immutable, never copied.
    Shared(Bytes),
    /// Moved in by the caller. Its spare capacity is used, but it is never grown.
    Owned(Buffer),
    /// Made here to collect copies. The next one is made larger.
    Collected(Buffer),
}

impl Piece {
    pub(crate) const EMPTY: Self = Self::Static(&[]);

    /// A copy of `bytes` without an allocation, or `None` if they are too many.
    pub(crate) fn inline(bytes: &[u8]) -> Option<Self> {
        let mut inline = Inline { bytes: [0; INLINE], start: 0, end: 0 };
        inline.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        inline.end = bytes.len() as u8;
        Some(Self::Inline(inline))
    }

    pub(crate) fn owned(bytes: Vec<u8>) -> Self {
        Self::Owned(Buffer { bytes, start: 0 })
    }

    /// An empty buffer for copies.
    pub(crate) fn collected(capacity: usize) -> Self {
        Self::Collected(Buffer { bytes: Vec::with_capacity(capacity), start: 0 })
    }

    /// A buffer for copies, with these two in it.
    fn joined(front: &[u8], back: &[u8], capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.extend_from_slice(front);
        bytes.extend_from_slice(back);
        Self::Collected(Buffer { bytes, start: 0 })
    }

    /// What is left to write.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Inline(inline) => &inline.bytes[inline.start.into()..inline.end.into()],
            Self::Shared(bytes) => bytes,
            Self::Owned(buffer) | Self::Collected(buffer) => &buffer.bytes[buffer.start..],
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Static(bytes) => bytes.len(),
            Self::Inline(inline) => usize::from(inline.end - inline.start),
            Self::Shared(bytes) => bytes.len(),
            Self::Owned(buffer) | Self::Collected(buffer) => buffer.bytes.len() - buffer.start,
        }
    }

    pub(crate) fn is_small(&self) -> bool {
        self.len() < IoList::SMALL
    }

    pub(crate) fn is_collected(&self) -> bool {
        matches!(self, Self::Collected(_))
    }

    /// Removes the first `n` bytes; the caller knows that there are as many.
    pub(crate) fn advance(&mut self, n: usize) {
        debug_assert!(n <= self.len());
        match self {
            Self::Static(bytes) => *bytes = &bytes[n..],
            Self::Inline(inline) => inline.start += n as u8,
            Self::Shared(bytes) => bytes::Buf::advance(bytes, n),
            Self::Owned(buffer) | Self::Collected(buffer) => buffer.start += n,
        }
    }

    /// Keeps the first `n` bytes; the caller knows that there are as many.
    pub(crate) fn truncate(&mut self, n: usize) {
        debug_assert!(n <= self.len());
        match self {
            Self::Static(bytes) => *bytes = &bytes[..n],
            Self::Inline(inline) => inline.end = inline.start + n as u8,
            Self::Shared(bytes) => bytes.truncate(n),
            Self::Owned(buffer) | Self::Collected(buffer) => {
                buffer.bytes.truncate(buffer.start + n);
            }
        }
    }

    /// Whether `n` more bytes fit without an allocation.
    pub(crate) fn has_room(&self, n: usize) -> bool {
        match self {
            Self::Owned(Buffer { bytes, .. }) | Self::Collected(Buffer { bytes, .. }) => {
                bytes.capacity() - bytes.len() >= n
            }
            _ => false,
        }
    }

    /// Copies `more` behind what is there, unless a large piece would have to move for it.
    /// Says whether it did.
    pub(crate) fn absorb(&mut self, more: &[u8]) -> bool {
        if self.has_room(more.len())
            && let Self::Owned(buffer) | Self::Collected(buffer) = self
        {
            buffer.bytes.extend_from_slice(more);
            return true;
        }
        if !self.is_small() {
            return false;
        }
        let total = self.len() + more.len();
        *self = Self::joined(self.as_slice(), more, roomy(total));
        true
    }

    /// A new buffer with `bytes` in it, for the place behind this piece, which is full.
    pub(crate) fn successor(&self, bytes: &[u8]) -> Self {
        let capacity = match self {
            Self::Collected(full) => {
                full.bytes.capacity().saturating_mul(2).clamp(IoList::SMALL, LAST_BUFFER)
            }
            _ => roomy(bytes.len()),
        };
        Self::joined(&[], bytes, capacity.max(bytes.len()))
    }

    /// The same bytes as a counted block; never copied.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Static(bytes) => Bytes::from_static(bytes),
            Self::Inline(inline) => {
                Bytes::copy_from_slice(&inline.bytes[inline.start.into()..inline.end.into()])
            }
            Self::Shared(bytes) => bytes,
            Self::Owned(buffer) | Self::Collected(buffer) => {
                let mut bytes = Bytes::from(buffer.bytes);
                bytes::Buf::advance(&mut bytes, buffer.start);
                bytes
            }
        }
    }

    /// The same bytes as a vector; copied unless they are an untouched vector already.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Owned(buffer) | Self::Collected(buffer) if buffer.start == 0 => buffer.bytes,
            Self::Shared(bytes) => bytes.into(),
            other => other.as_slice().to_vec(),
        }
    }
}

/// Room to grow for a short run of bytes; a long one is taken as it is.
fn roomy(len: usize) -> usize {
    if len < IoList::SMALL { (2 * len).max(FIRST_BUFFER) } else { len }
}

/// Copies the bytes of vectors, without what is already written; shares the others.
impl Clone for Piece {
    fn clone(&self) -> Self {
        match self {
            Self::Static(bytes) => Self::Static(bytes),
            Self::Inline(inline) => Self::Inline(*inline),
            Self::Shared(bytes) => Self::Shared(bytes.clone()),
            Self::Owned(_) => Self::owned(self.as_slice().to_vec()),
            Self::Collected(_) => {
                Self::Collected(Buffer { bytes: self.as_slice().to_vec(), start: 0 })
            }
        }
    }
}

/// `start <= end <= INLINE`.
#[derive(Clone, Copy)]
pub(crate) struct Inline {
    bytes: [u8; INLINE],
    start: u8,
    end: u8,
}

/// `start <= bytes.len()`; what is before `start` is written.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}
