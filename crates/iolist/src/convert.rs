//! What a list can be made of.
//!
//! There is no conversion from `u8`: in a list of bytes it could mean the byte or its decimal
//! text, and without it vectors and arrays of bytes stay distinct from those of parts. (An array
//! of plain literals, `vec![1, 2]`, is one of `i32` and becomes the text `12`.)

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::IoList;
use crate::piece::Piece;

impl From<Piece> for IoList {
    fn from(first: Piece) -> Self {
        let len = first.len();
        Self { first, len, ..Self::new() }
    }
}

/// An empty list.
impl From<()> for IoList {
    fn from((): ()) -> Self {
        Self::new()
    }
}

impl From<&'static str> for IoList {
    fn from(text: &'static str) -> Self {
        Self::from_static(text.as_bytes())
    }
}

impl From<&'static [u8]> for IoList {
    fn from(bytes: &'static [u8]) -> Self {
        Self::from_static(bytes)
    }
}

impl<const N: usize> From<&'static [u8; N]> for IoList {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::from_static(bytes)
    }
}

impl From<Vec<u8>> for IoList {
    fn from(bytes: Vec<u8>) -> Self {
        Piece::owned(bytes).into()
    }
}

impl From<String> for IoList {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<Box<[u8]>> for IoList {
    fn from(bytes: Box<[u8]>) -> Self {
        bytes.into_vec().into()
    }
}

impl From<Box<str>> for IoList {
    fn from(text: Box<str>) -> Self {
        text.into_string().into()
    }
}

impl From<Bytes> for IoList {
    fn from(bytes: Bytes) -> Self {
        Piece::Shared(bytes).into()
    }
}

impl From<Cow<'static, str>> for IoList {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<Cow<'static, [u8]>> for IoList {
    fn from(bytes: Cow<'static, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => bytes.into(),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

/// The character in UTF-8. Allocates nothing.
impl From<char> for IoList {
    fn from(character: char) -> Self {
        short(character.encode_utf8(&mut [0; 4]).as_bytes())
    }
}

/// `true` or `false`. Allocates nothing.
impl From<bool> for IoList {
    fn from(value: bool) -> Self {
        if value { "true".into() } else { "false".into() }
    }
}

macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        /// The decimal text; up to 64 bits without an allocation.
        impl From<$integer> for IoList {
            fn from(number: $integer) -> Self {
                short(itoa::Buffer::new().format(number).as_bytes())
            }
        }
    )*};
}
from_integer!(i8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize);

macro_rules! from_display {
    ($($value:ty)*) => {$(
        /// The text that `Display` gives.
        impl From<$value> for IoList {
            fn from(value: $value) -> Self {
                let mut list = Self::new();
                list.push_display(value);
                list
            }
        }
    )*};
}
from_display!(f32 f64 fmt::Arguments<'_>);

/// Copies a few bytes, into the list itself if they fit.
fn short(bytes: &[u8]) -> IoList {
    Piece::inline(bytes).unwrap_or_else(|| Piece::owned(bytes.to_vec())).into()
}

/// `None` is an empty list.
impl<T: Into<Self>> From<Option<T>> for IoList {
    fn from(part: Option<T>) -> Self {
        part.map(Into::into).unwrap_or_default()
    }
}

/// The parts in order.
impl<T: Into<Self>> From<Vec<T>> for IoList {
    fn from(parts: Vec<T>) -> Self {
        parts.into_iter().collect()
    }
}

/// The parts in order.
impl<T: Into<Self>, const N: usize> From<[T; N]> for IoList {
    fn from(parts: [T; N]) -> Self {
        parts.into_iter().collect()
    }
}

impl<T: Into<Self>> Extend<T> for IoList {
    fn extend<I: IntoIterator<Item = T>>(&mut self, parts: I) {
        for part in parts {
            self.push(part);
        }
    }
}

impl<T: Into<Self>> FromIterator<T> for IoList {
    fn from_iter<I: IntoIterator<Item = T>>(parts: I) -> Self {
        let mut list = Self::new();
        list.extend(parts);
        list
    }
}

impl From<IoList> for Bytes {
    fn from(list: IoList) -> Self {
        list.into_bytes()
    }
}

impl From<IoList> for Vec<u8> {
    fn from(list: IoList) -> Self {
        list.into_vec()
    }
}
