#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`IoList`] is the type ([`Html`] only says of something that it is HTML). It is made by `From` conversions, by [`iolist!`] and by the
//! `push_*` methods; it is read with [`pieces`](IoList::pieces) and turned into one block with
//! [`into_bytes`](IoList::into_bytes); it is sent with [`write_to`](IoList::write_to), or with
//! [`io_slices`](IoList::io_slices) and [`advance`](IoList::advance) by those who own the write
//! call themselves. It is also an [`std::io::Write`], a [`std::fmt::Write`] and a
//! [`bytes::Buf`].

mod buf;
mod compare;
mod convert;
mod html;
mod list;
mod piece;
mod write;

pub use html::Html;
pub use list::IoList;

/// Builds an [`IoList`] from parts, in order.
///
/// Every part is anything with `Into<IoList>`: static text, owned text and bytes, numbers,
/// options, arrays and vectors of such, other lists. Text that is borrowed for less than
/// `'static` has to be copied, and the macro does not do that silently: use
/// [`IoList::push_str`].
///
/// ```
/// use pauper_iolist::iolist;
///
/// let name = String::from("Ada");
/// let row = iolist!["<td>", name, "</td>", iolist!["<td>", 36, "</td>"]];
/// assert_eq!(row, "<td>Ada</td><td>36</td>");
/// ```
#[macro_export]
macro_rules! iolist {
    () => { $crate::IoList::new() };
    ($($part:expr),+ $(,)?) => {{
        let mut list = $crate::IoList::new();
        $(list.push($part);)+
        list
    }};
}
