//! What a form came to: its fields in the order of the document.

use std::any::Any;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::iter;
use std::slice;
use std::str::{self, FromStr};

use super::field::Field;
use super::sink::{Guarded, Sink};
use super::spool::Spool;
use crate::{Args, FieldError, args};

/// The fields of a form, with their values and files, in the order of the document. A name may
/// occur more than once.
///
/// Made by [`FormReader`](super::FormReader). [`FieldStorage::default`] is an empty form, which
/// costs nothing.
///
/// # Values and files
///
/// A field is a file if the client gave it a file name. The methods that give text
/// ([`get`](Self::get), [`getlist`](Self::getlist), [`getvalue`](Self::getvalue) …) see the other
/// fields; a file input in which nothing was chosen is one of them, with an empty text.
/// [`field`](Self::field), [`files`](Self::files) and [`iter`](Self::iter) lead to files.
///
/// Blank texts are treated as by [`Args`].
///
/// # Where things are
///
/// Names, headers and texts stand in one piece of memory, and so do files that are short. Longer
/// files stand in one unnamed temporary file, which the system frees when the form is dropped, on
/// whatever way; or in sinks of yours.
///
/// # Charset
///
/// Text is UTF-8; what is not becomes U+FFFD. A part that says `charset=ISO-8859-1`, or a field
/// `_charset_` (RFC 7578, section 4.6), make it windows-1252, which is how browsers read that
/// name. Any other charset is refused, since text would be guessed.
/// [`Field::bytes`] has the bytes as they came.
#[derive(Default)]
pub struct FieldStorage {
    pub(super) arena: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    pub(super) spool: Spool,
    pub(super) sinks: Vec<Guarded>,
    pub(super) received: u64,
}

/// A place in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Place {
    pub(super) fn new(start: usize, end: usize) -> Self {
        // The arena is never longer than 4 GiB; see `FormLimits::max_memory`.
        Self { start: start as u32, end: end as u32 }
    }

    pub(super) fn of(self, arena: &[u8]) -> &[u8] {
        &arena[self.start as usize..self.end as usize]
    }

    pub(super) fn len(self) -> u64 {
        u64::from(self.end - self.start)
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Place,
    /// The headers, with their final empty line; empty for urlencoded fields.
    pub(super) head: Place,
    pub(super) filename: Option<Place>,
    pub(super) content_type: Option<Place>,
    /// The text of a field that is no file.
    pub(super) text: Option<Place>,
    pub(super) data: Data,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    Memory(Place),
    /// In the temporary file.
    File {
        offset: u64,
        length: u64,
    },
    Sink {
        index: usize,
        length: u64,
    },
}

/// The form interface.
impl FieldStorage {
    /// The first text of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The first text of `name`; another name of [`get`](Self::get).
    pub fn getfirst(&self, name: &str) -> Option<&str> {
        self.get(name)
    }

    /// All texts of `name` in order; empty if there is none.
    pub fn getlist(&self, name: &str) -> Vec<&str> {
        self.get_all(name).collect()
    }

    /// All texts of `name` in order, one after the other.
    pub fn get_all<'a>(&'a self, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.named(name).filter_map(|field| field.text())
    }

    /// The first text of `name` as a `T`; `None` if there is no such field, or a blank one that is
    /// no `T`.
    ///
    /// # Errors
    ///
    /// If the text is not blank and is no `T`. The error names the field and quotes the text.
    pub fn getvalue<T>(&self, name: &str) -> Result<Option<T>, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get(name).map_or(Ok(None), |text| args::parse(name, text))
    }

    /// All texts of `name` as `T`s, without blank ones that are no `T`.
    ///
    /// # Errors
    ///
    /// For the first text that is not blank and is no `T`.
    pub fn getvalues<T>(&self, name: &str) -> Result<Vec<T>, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get_all(name).filter_map(|text| args::parse(name, text).transpose()).collect()
    }

    /// The first text of `name` as a `T`, which must be there.
    ///
    /// # Errors
    ///
    /// If there is no such field, or a blank one that is no `T`
    /// ([`is_missing`](FieldError::is_missing)), or if its text is no `T`.
    pub fn required<T>(&self, name: &str) -> Result<T, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.getvalue(name)?.ok_or_else(|| FieldError::missing(name))
    }

    /// Whether there is a field `name`, be it a text or a file.
    pub fn contains(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The names in order of their first occurrence, each once.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.iter().map(|field| field.name()).filter(move |&name| seen.insert(name))
    }

    /// The number of fields; a name that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The texts, without the files.
    pub fn to_args(&self) -> Args {
        self.iter().filter_map(|field| Some((field.name(), field.text()?))).collect()
    }
}

/// Fields and files.
impl FieldStorage {
    /// The first field `name`, be it a text or a file.
    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        self.named(name).next()
    }

    /// All fields in order.
    pub fn iter(&self) -> Fields<'_> {
        Fields { form: self, entries: self.entries.iter() }
    }

    /// All fields `name` that are files, in order; also those of a nested `multipart/mixed`.
    pub fn files<'a>(&'a self, name: &str) -> impl DoubleEndedIterator<Item = Field<'a>> {
        self.named(name).filter(|field| field.is_file())
    }

    /// Takes the sink of the first file `name` out, if it has one of this type.
    pub fn take_sink<T: Sink>(&mut self, name: &str) -> Option<Box<T>> {
        let index = self.named(name).find_map(|field| {
            let Data::Sink { index, .. } = field.entry.data else { return None };
            let sink = self.sinks[index].get()?;
            (sink as &dyn Any).is::<T>().then_some(index)
        })?;
        self.sinks[index].take()
    }

    /// How many bytes the body had.
    pub fn bytes_read(&self) -> u64 {
        self.received
    }

    /// Bytes of names, headers, texts and short files in memory, never more than
    /// [`max_memory`](super::FormLimits::max_memory).
    pub fn memory(&self) -> usize {
        self.arena.capacity()
    }

    fn named<'a>(&'a self, name: &str) -> impl DoubleEndedIterator<Item = Field<'a>> {
        self.iter().filter(move |field| field.entry.name.of(&self.arena) == name.as_bytes())
    }

    /// Text that was checked when it was stored.
    pub(super) fn text(&self, place: Place) -> &str {
        str::from_utf8(place.of(&self.arena)).unwrap_or_default()
    }
}

impl fmt::Debug for FieldStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a FieldStorage {
    type Item = Field<'a>;
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The fields of a [`FieldStorage`] in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    form: &'a FieldStorage,
    entries: slice::Iter<'a, Entry>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next().map(|entry| Field { form: self.form, entry })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl DoubleEndedIterator for Fields<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.entries.next_back().map(|entry| Field { form: self.form, entry })
    }
}

impl ExactSizeIterator for Fields<'_> {}
impl iter::FusedIterator for Fields<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// `FormLimits::max_memory` tells this price.
    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Entry>(), 80);
    }
}
