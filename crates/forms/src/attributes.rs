//! Attributes of elements of HTML.

use std::borrow::Cow;

/// Names and values in the order in which they were first set.
///
/// ```
/// use pauper_forms::Attributes;
///
/// let attributes = Attributes::new().with("maxlength", "20").with_flag("required");
/// assert_eq!(attributes.get("required"), Some(None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(&'static str, Option<Cow<'static, str>>)>);

impl Attributes {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets one, in the place of an earlier one of the same name.
    ///
    /// # Panics
    /// When the name is no name of an attribute, or one of a script (`onclick`): only letters, digits
    /// and `-` are.
    #[track_caller]
    pub fn set(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.put(name, Some(value.into()));
    }

    /// Sets one that is there or not, such as `required`.
    ///
    /// # Panics
    /// As [`set`](Self::set).
    #[track_caller]
    pub fn set_flag(&mut self, name: &'static str) {
        self.put(name, None);
    }

    #[track_caller]
    fn put(&mut self, name: &'static str, value: Option<Cow<'static, str>>) {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_script = name.len() > 1 && name.as_bytes()[..2].eq_ignore_ascii_case(b"on");
        assert!(is_name && !is_script, "{name:?} is no attribute of a form");
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name, value)),
        }
    }

    /// These and this one; see [`set`](Self::set).
    ///
    /// # Panics
    /// As [`set`](Self::set).
    #[must_use]
    #[track_caller]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.set(name, value);
        self
    }

    /// These and this one; see [`set_flag`](Self::set_flag).
    ///
    /// # Panics
    /// As [`set`](Self::set).
    #[must_use]
    #[track_caller]
    pub fn with_flag(mut self, name: &'static str) -> Self {
        self.set_flag(name);
        self
    }

    /// Removes one, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| *known != name);
    }

    /// The value of one; `Some(None)` where it has none.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (*name, value.as_deref()))
    }

    /// Sets all of `others`, in the place of those of the same names.
    pub fn extend(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.put(name, value);
        }
    }
}
