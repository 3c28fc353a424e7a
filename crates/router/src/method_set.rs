//! Methods with extension names.

use std::fmt;
use std::ops::BitOr;

use crate::methods::{Methods, write_list};

/// The methods of a route: standard ones as [`Methods`], others by name.
///
/// Whatever [`Router::insert`](crate::Router::insert) takes for methods becomes one of these: a
/// [`Methods`], a single name, an array of names. Names are case-sensitive, so `"get"` is an
/// extension method and not `GET`. Whether a name can be a method at all is checked by `insert`.
///
/// ```
/// use pauper_router::{MethodSet, Methods};
///
/// let set = MethodSet::from(["PURGE", "GET"]);
/// assert!(set.contains("GET") && set.contains("PURGE"));
/// assert_eq!(set, Methods::GET | MethodSet::from("PURGE"));
/// assert_eq!(set.to_string(), "GET, PURGE");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MethodSet {
    known: Methods,
    /// Sorted, each once, none of them a standard name.
    extensions: Vec<Box<str>>,
}

impl MethodSet {
    /// No methods.
    pub const EMPTY: Self = Self { known: Methods::EMPTY, extensions: Vec::new() };

    /// The standard methods of the set.
    #[must_use]
    pub fn known(&self) -> Methods {
        self.known
    }

    /// The names of the extension methods, sorted.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(AsRef::as_ref)
    }

    /// All names: the standard ones in the order of the `Allow` header, then the extensions.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let known = self.known.iter().map(|name| -> &str { name });
        known.chain(self.extensions())
    }

    /// Whether the method of this name is in the set. `HEAD` is in the set only when it was put
    /// there; that a route for `GET` answers `HEAD` is the router's doing.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.has(Method::new(name))
    }

    pub(crate) fn has(&self, method: Method<'_>) -> bool {
        match method {
            Method::Known(method) => self.known.contains(method),
            Method::Extension(name) => self.extensions.iter().any(|own| **own == *name),
        }
    }

    /// Whether there is no method in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.extensions.is_empty()
    }

    /// The methods that both sets have.
    pub(crate) fn common(&self, other: &Self) -> Self {
        let extensions = self.extensions.iter().filter(|name| other.extensions.contains(name));
        Self { known: self.known & other.known, extensions: extensions.cloned().collect() }
    }

    /// The methods of this set that are not in the other.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let extensions = self.extensions.iter().filter(|name| !other.extensions.contains(name));
        let known = Methods::from_bits_truncate(self.known.bits() & !other.known.bits());
        Self { known, extensions: extensions.cloned().collect() }
    }

    pub(crate) fn add(&mut self, name: &str) {
        if let Some(method) = Methods::from_name(name) {
            self.known |= method;
        } else if let Err(place) = self.extensions.binary_search_by(|own| (**own).cmp(name)) {
            self.extensions.insert(place, name.into());
        }
    }

    pub(crate) fn add_known(&mut self, methods: Methods) {
        self.known |= methods;
    }
}

/// One method, looked up once and compared often.
#[derive(Clone, Copy)]
pub(crate) enum Method<'a> {
    /// A set of one.
    Known(Methods),
    Extension(&'a str),
}

impl<'a> Method<'a> {
    #[inline]
    pub(crate) fn new(name: &'a str) -> Self {
        // By far the most of them.
        if name == "GET" {
            return Self::Known(Methods::GET);
        }
        Methods::from_name(name).map_or(Self::Extension(name), Self::Known)
    }
}

impl From<Methods> for MethodSet {
    fn from(known: Methods) -> Self {
        Self { known, extensions: Vec::new() }
    }
}

/// One method by its name.
impl From<&str> for MethodSet {
    fn from(name: &str) -> Self {
        Self::from_iter([name])
    }
}

impl<const N: usize> From<[&str; N]> for MethodSet {
    fn from(names: [&str; N]) -> Self {
        Self::from_iter(names)
    }
}

impl From<&[&str]> for MethodSet {
    fn from(names: &[&str]) -> Self {
        names.iter().copied().collect()
    }
}

impl<'a> FromIterator<&'a str> for MethodSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut set = Self::default();
        for name in names {
            set.add(name);
        }
        set
    }
}

impl<M: Into<Self>> BitOr<M> for MethodSet {
    type Output = Self;

    fn bitor(mut self, other: M) -> Self {
        let other = other.into();
        self.known |= other.known;
        for name in other.extensions() {
            self.add(name);
        }
        self
    }
}

impl BitOr<MethodSet> for Methods {
    type Output = MethodSet;

    fn bitor(self, other: MethodSet) -> MethodSet {
        other | self
    }
}

/// The names with commas between: `GET, POST, PURGE`.
impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.iter())
    }
}
