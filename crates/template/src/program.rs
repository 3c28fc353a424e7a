//! A template ready to run: a flat list of instructions.

use std::sync::Arc;

use bytes::Bytes;

use crate::convert::Converter;
use crate::error::{Error, ErrorKind};
use crate::source::{At, Source};

pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    /// All static text, one after another. What is large is given out as slices of it.
    pub(crate) text: Bytes,
    pub(crate) slots: Vec<Slot>,
    /// How many of the instructions share text.
    pub(crate) shares: usize,
    /// The names in slots.
    pub(crate) names: Vec<Box<str>>,
    pub(crate) converters: Vec<(Box<str>, Converter)>,
    pub(crate) sources: Vec<Arc<Source>>,
}

/// A part of [`Program::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Static text that is too small to be worth a piece of its own.
    Copy(Part),
    /// Static text that is handed out and not copied.
    Share(Part),
    /// A value.
    Put {
        slot: u32,
        how: How,
    },
    /// Small static text, and behind it a value that is a field of the item of a loop, or of the data
    /// ([`ROOT`]): the usual, on a shorter way.
    Field {
        before: Part,
        slot: u32,
        name: u32,
        depth: u8,
        how: How,
    },
    /// A value, by a converter.
    Convert {
        slot: u32,
        converter: u16,
        how: How,
    },
    /// Goes on elsewhere if the value is false, or if it is true and `negated`.
    Unless {
        slot: u32,
        negated: bool,
        to: u32,
    },
    Jump(u32),
    /// Begins a loop, or goes on elsewhere if there is nothing to go through.
    For {
        slot: u32,
        to: u32,
    },
    /// The next turn, or the end of the loop.
    Next {
        back: u32,
    },
    /// Remembers where a URL begins that depends on values.
    UrlBegins,
    /// Judges it.
    UrlEnds {
        media: bool,
    },
}

/// In [`Op::Field`]: no loop's item but the data.
pub(crate) const ROOT: u8 = u8::MAX;

/// How a value is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Element content: text is escaped, HTML is not.
    Text,
    /// A quoted attribute: text is escaped; HTML as well, but for its entities.
    Quoted,
    /// Nothing is escaped.
    Raw,
    /// A quoted attribute in which all is taken for HTML.
    RawQuoted,
    /// The whole inside of a tag, as it is, if it remains one.
    RawTag,
    /// JSON in a script that is data.
    Json,
}

/// A place for a value, filled anew each time.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) start: Start,
    /// The number of the first name in [`Program::names`], which is also that of its memory of where
    /// a record has it ...
    pub(crate) first: u32,
    /// ... and how many there are.
    pub(crate) count: u32,
    pub(crate) default: Option<Part>,
    /// The tag in the source: what is shown, or pointed at, when there is no value.
    pub(crate) source: u32,
    pub(crate) span: (u32, u32),
    /// Where the path in it begins.
    pub(crate) path: u32,
}

/// Where the search for a value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Start {
    /// The data.
    Root,
    /// The item of the loop with this depth.
    Item(u8),
    /// The items of these loops (a bit for each depth), from the innermost; then the data.
    Search(u64),
    /// Something about the loop with this depth.
    Counter(u8, Counter),
    /// The items that a [`Loop`](crate::Loop) is given.
    Items,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counter {
    Index,
    Number,
    First,
    Last,
    Length,
}

impl Counter {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "index" => Self::Index,
            "number" => Self::Number,
            "first" => Self::First,
            "last" => Self::Last,
            "length" => Self::Length,
            _ => return None,
        })
    }
}

impl Program {
    #[inline]
    pub(crate) fn part(&self, part: Part) -> &[u8] {
        &self.text[part.start as usize..part.end as usize]
    }

    pub(crate) fn at(&self, slot: &Slot) -> At {
        let source = self.sources[slot.source as usize].clone();
        At { source, offset: slot.path as usize }
    }

    /// The path of a slot, as it was written.
    pub(crate) fn path(&self, slot: &Slot) -> String {
        let names = &self.names[slot.first as usize..(slot.first + slot.count) as usize];
        match slot.start {
            Start::Root | Start::Search(_) => names.join("."),
            // The first name became a number.
            _ => {
                let source = &self.sources[slot.source as usize].text;
                let rest = &source[slot.path as usize..];
                let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
                rest[..end.unwrap_or(rest.len())].to_owned()
            }
        }
    }

    #[cold]
    pub(crate) fn error(&self, slot: &Slot, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message, &self.at(slot))
    }
}
