//! What the router knows of one pattern.

use std::any::TypeId;
use std::fmt;
use std::panic::Location;

use crate::filter::Filter;
use crate::method_set::MethodSet;

/// The number of a route or mount: from zero, in the order of registration, never used again.
///
/// An index for tables beside the router, for example one entry of statistics for each route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub(crate) u32);

impl RouteId {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A registered pattern with its methods; the value is found by [`Router::get`](crate::Router::get).
///
/// A mount is a route without methods: it has all of them, and all paths below it.
#[derive(Debug)]
pub struct Route {
    pub(crate) id: RouteId,
    pub(crate) pattern: Box<str>,
    pub(crate) methods: MethodSet,
    pub(crate) params: Box<[Param]>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) is_mount: bool,
}

impl Route {
    /// The number of this route.
    #[must_use]
    pub fn id(&self) -> RouteId {
        self.id
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The methods it was registered for. A route for `GET` answers `HEAD` too, but says so here
    /// only when it was registered for both.
    #[must_use]
    pub fn methods(&self) -> &MethodSet {
        &self.methods
    }

    /// The name that [`Router::set_name`](crate::Router::set_name) gave it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it was made by [`Router::mount`](crate::Router::mount).
    #[must_use]
    pub fn is_mount(&self) -> bool {
        self.is_mount
    }

    /// The groups, from left to right.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// The place in the source where [`Router::insert`](crate::Router::insert) was called, for
    /// messages.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

/// A group of a pattern: `<id:int>` is named `id` and of the kind [`Kind::Int`].
#[derive(Clone, Debug)]
pub struct Param {
    pub(crate) name: Box<str>,
    pub(crate) test: Filter,
    pub(crate) filter: Option<Box<str>>,
    /// Whether it takes the rest of the path.
    pub(crate) rest: bool,
}

impl Param {
    /// The name, unique in its pattern.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the group matches.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.test.kind()
    }

    /// The type that the group's text is converted to, for a filter of
    /// [`Router::add_converter`](crate::Router::add_converter).
    #[must_use]
    pub fn converts_to(&self) -> Option<TypeId> {
        self.test.converter().map(|converter| converter.makes)
    }

    /// The filter as it was written after the colon (`int`, `re:[a-z]+`), or `None` for `<name>`.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }
}

impl Param {
    /// The same in a pattern that goes on after its last segment.
    pub(crate) fn within_segment(self) -> Self {
        Self { rest: false, ..self }
    }
}

/// The group as a pattern has it: `<id:int>`.
impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.filter() {
            Some(filter) => write!(f, "<{}:{filter}>", self.name),
            None => write!(f, "<{}>", self.name),
        }
    }
}

/// What a group matches.
///
/// A number can be of any length here; whether it fits an integer type is for the caller to
/// find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `<name>`: one or more characters other than `/`.
    Text,
    /// `<name:int>`: `-?[0-9]+`, ASCII digits only.
    Int,
    /// `<name:float>`: `-?[0-9]+(\.[0-9]+)?`, ASCII digits only.
    Float,
    /// `<name:word>`: one or more letters, digits (of any script) or `_`.
    Word,
    /// `<name:hex>`: `[0-9a-fA-F]+`.
    Hex,
    /// `<name:uuid>`: groups of 8, 4, 4, 4 and 12 hexadecimal digits with `-` between them.
    Uuid,
    /// `<name:re:EXPRESSION>`: a regular expression; feature `regex`.
    Regex,
    /// `<name:path>`: the rest of the path, one or more characters, `/` among them.
    Path,
    /// A filter of [`Router::add_filter`](crate::Router::add_filter) or
    /// [`Router::add_converter`](crate::Router::add_converter).
    Custom,
}
