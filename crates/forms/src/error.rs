//! What can be wrong with what a person sent.

use std::borrow::Cow;
use std::fmt;

use pauper_message::Error;

/// What is wrong with one field, as the person reads it: a sentence without its subject, which is
/// the label. "may not be blank."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Cow<'static, str>);

impl Invalid {
    /// With this message. It is escaped where it is shown.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(message.into())
    }

    pub(crate) const fn fixed(message: &'static str) -> Self {
        Self(Cow::Borrowed(message))
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// So that `?` in a handler gives 400 with the message and no 500; a [`Formlet`](crate::Formlet)
/// shows it beside its field instead.
impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::new(http::StatusCode::BAD_REQUEST, invalid.0)
    }
}

/// What is wrong with a form: messages by the name of the field, in the order in which they were
/// found.
///
/// A message under a name that the form does not have, such as the empty one, is about the form as a
/// whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<(Cow<'static, str>, Cow<'static, str>)>);

impl Errors {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One, about this field.
    pub fn of(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        let mut errors = Self::new();
        errors.add(field, message);
        errors
    }

    /// Adds one about this field.
    pub fn add(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.0.push((field.into(), message.into()));
    }

    /// The first message about a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == field).map(|(_, message)| message)
    }

    /// All of them, as field and message.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, message)| (&**field, &**message))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a record was not saved: the person can mend it, or not.
///
/// `?` makes [`Failed`](Self::Failed) of any error, and [`Errors`] become
/// [`Invalid`](Self::Invalid).
#[derive(Debug)]
pub enum SaveError {
    /// The form is shown again, with these messages.
    Invalid(Errors),
    /// The request is answered with this error.
    Failed(Error),
}

impl From<Errors> for SaveError {
    fn from(errors: Errors) -> Self {
        Self::Invalid(errors)
    }
}

impl<E> From<E> for SaveError
where
    Error: From<E>,
{
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
