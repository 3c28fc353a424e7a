//! A head with its bytes at hand.

use core::fmt;

use super::{RequestHead, Version};
use crate::HeaderSpan;

/// A request head with its bytes at hand: names and values instead of spans.
#[derive(Clone, Copy)]
pub struct Head<'b> {
    head: &'b RequestHead,
    buf: &'b [u8],
    slots: &'b [HeaderSpan],
}

impl<'b> Head<'b> {
    pub(super) fn new(head: &'b RequestHead, buf: &'b [u8], slots: &'b [HeaderSpan]) -> Self {
        Self { head, buf, slots }
    }

    /// The head as spans and verdict.
    #[must_use]
    pub fn spans(&self) -> &'b RequestHead {
        self.head
    }

    /// The method as sent.
    #[must_use]
    pub fn method(&self) -> &'b str {
        self.head.method.ascii(self.buf)
    }

    /// The whole target as sent.
    #[must_use]
    pub fn target(&self) -> &'b str {
        self.head.target.ascii(self.buf)
    }

    /// The path as sent, see [`RequestHead::path`].
    #[must_use]
    pub fn path(&self) -> &'b str {
        self.head.path().ascii(self.buf)
    }

    /// The query as sent, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'b str> {
        self.head.query().map(|span| span.ascii(self.buf))
    }

    /// Host and port that the request is for, see [`RequestHead::authority`].
    #[must_use]
    pub fn authority(&self) -> Option<&'b str> {
        self.head.authority().map(|span| span.ascii(self.buf))
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// The value of the first header line with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.header_all(name).next()
    }

    /// The values of all header lines with this name, in any case, in the order sent.
    pub fn header_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n> {
        let Self { buf, slots, .. } = *self;
        slots
            .iter()
            .filter(move |slot| slot.name.of(buf).eq_ignore_ascii_case(name.as_bytes()))
            .map(move |slot| slot.value.of(buf))
    }

    /// All header lines in the order sent.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&'b str, &'b [u8])> + use<'b> {
        let Self { buf, slots, .. } = *self;
        slots.iter().map(move |slot| (slot.name.ascii(buf), slot.value.of(buf)))
    }
}

/// Request line only: header values may be secrets.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method(), self.target(), self.version().as_str())
    }
}
