//! What can be wrong with a template, and where.

use std::fmt;

use crate::source::{At, Source, Spot};

/// A mistake in a template or in the values it was given.
///
/// `Display` names file, line and column, says what is wrong, and shows the line:
///
/// ```text
/// page.tpl:3:8: no value for `usr.name`
///   3 | <p>Hi, {usr.name}!</p>
///     |        ^
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    file: String,
    spot: Option<Spot>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A tag that is not known, not closed, or closed without being open.
    Syntax,
    /// A value where none is safe (script, style, event attribute, unquoted attribute …), or HTML
    /// of which it is not clear how a browser reads it.
    Context,
    /// A converter that is not registered.
    UnknownConverter,
    /// A template or a section that there is not.
    NotFound,
    /// A template that includes or extends itself, be it through others.
    Cycle,
    /// A name that a file of a folder cannot have.
    Name,
    /// A limit of [`Settings`](crate::Settings), which the message names.
    Limit,
    /// A file cannot be read, or is not UTF-8.
    Read,
    /// There is no value with this name. At render only, as all that follow.
    Missing,
    /// A value of the wrong kind: a list was expected, or something that can be printed.
    Type,
    /// A converter refused the value.
    Conversion,
    /// A value would have become a URL that runs code.
    UnsafeUrl,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, at: &At) -> Self {
        let (file, spot) = (at.source.name.to_string(), Some(at.source.spot(at.offset)));
        Self { inner: Box::new(Inner { kind, message: message.into(), file, spot, cause: None }) }
    }

    /// A mistake that is in no particular place of a file.
    #[cold]
    pub(crate) fn of_file(kind: ErrorKind, message: impl Into<String>, file: &str) -> Self {
        let (message, file) = (message.into(), file.to_owned());
        Self { inner: Box::new(Inner { kind, message, file, spot: None, cause: None }) }
    }

    pub(crate) fn caused_by(
        mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.inner.cause = Some(cause.into());
        self
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The name of the template's file, or the name that was given to the text.
    pub fn file(&self) -> &str {
        &self.inner.file
    }

    /// The line, from 1; 0 if the mistake is in no particular line.
    pub fn line(&self) -> usize {
        self.inner.spot.as_ref().map_or(0, |spot| spot.line)
    }

    /// The column in characters, from 1; 0 if the mistake is in no particular line.
    pub fn column(&self) -> usize {
        self.inner.spot.as_ref().map_or(0, |spot| spot.column)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, file, spot, .. } = &*self.inner;
        let Some(spot) = spot else { return write!(f, "{file}: {message}") };
        let Spot { line, column, text } = spot;
        let number = line.to_string();
        let (margin, indent) = (" ".repeat(number.len()), " ".repeat(Source::indent(spot)));
        // Tabs would put the caret elsewhere.
        let text = text.replace('\t', " ");
        write!(f, "{file}:{line}:{column}: {message}\n  {number} | {text}\n  {margin} | {indent}^")
    }
}

/// As `Display`, so that `unwrap` can be read.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}
