//! Why a route was refused.

use std::error::Error;
use std::fmt;
use std::panic::Location;

/// Why a route or a filter was refused.
///
/// [`Display`](fmt::Display) names the pattern, the place in the source that registered it, and
/// what to write instead. A refused route leaves the router as it was.
pub struct InsertError(Box<Inner>);

struct Inner {
    kind: InsertErrorKind,
    pattern: Box<str>,
    message: String,
    location: &'static Location<'static>,
}

/// The kinds of [`InsertError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InsertErrorKind {
    /// A pattern of the same shape has one of the methods already.
    Conflict,
    /// The pattern does not start with `/`.
    MissingSlash,
    /// `<` without `>`, or the other way round.
    Unbalanced,
    /// White space in a group.
    Space,
    /// The name of a group is empty or has something else than letters, digits and `_`.
    Name,
    /// Two groups of one pattern have the same name.
    DuplicateName,
    /// There is no filter of this name.
    UnknownFilter,
    /// Two groups with no text between them.
    AdjacentGroups,
    /// Something follows a `path` group.
    PathNotLast,
    /// More groups than [`MAX_PARAMS`](crate::MAX_PARAMS).
    TooManyGroups,
    /// More segments than [`MAX_SEGMENTS`](crate::MAX_SEGMENTS).
    TooManySegments,
    /// More routes than a [`RouteId`](crate::RouteId) can count.
    TooManyRoutes,
    /// A regular expression that is not valid.
    Expression,
    /// A regular expression, but the feature `regex` is off.
    ExpressionsOff,
    /// No method at all, or a method name that is not a token (RFC 9110 section 5.6.2).
    Method,
    /// Another route has this name.
    RouteName,
    /// The name of a filter is taken by a built-in one, is empty, or has something else than
    /// letters, digits and `_`.
    FilterName,
}

impl InsertError {
    #[cold]
    pub(crate) fn new(
        kind: InsertErrorKind,
        pattern: &str,
        message: String,
        location: &'static Location<'static>,
    ) -> Self {
        Self(Box::new(Inner { kind, pattern: pattern.into(), message, location }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> InsertErrorKind {
        self.0.kind
    }

    /// The pattern that was refused, or the name of the filter.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// The place in the source of the refused call.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, pattern, message, location } = &*self.0;
        let (file, line) = (location.file(), location.line());
        match kind {
            InsertErrorKind::Conflict | InsertErrorKind::RouteName => f.write_str(message),
            InsertErrorKind::FilterName => {
                write!(f, "invalid filter name \"{pattern}\" at {file}:{line}: {message}")
            }
            _ => write!(f, "invalid route \"{pattern}\" at {file}:{line}: {message}"),
        }
    }
}

/// The message with its kind, readable in a panic of `unwrap`.
impl fmt::Debug for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InsertError({:?}: {self})", self.0.kind)
    }
}

impl Error for InsertError {}

/// What is wrong with a pattern, before it is known who registered it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: InsertErrorKind,
    pub(crate) message: String,
}

impl Problem {
    #[cold]
    pub(crate) fn new(kind: InsertErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
