//! One out of a list.

use std::fmt::{self, Display};

use super::{Lens, Optional, Test};
use crate::error::Invalid;

/// A lens whose values are few and known: what the browser sends for each, and its label.
pub trait Choice: Lens {
    /// Values and labels in the order in which they are offered. For each value of the program that
    /// [`show`](Lens::show) is given, its text must be among them.
    fn options(&self) -> Vec<(String, String)>;
}

impl<C: Choice> Choice for Optional<C> {
    fn options(&self) -> Vec<(String, String)> {
        self.inner().options()
    }
}

impl<C, F> Choice for Test<C, F>
where
    C: Choice,
    F: Fn(&C::Native) -> bool + Send + Sync + 'static,
{
    fn options(&self) -> Vec<(String, String)> {
        self.inner.options()
    }
}

/// One out of a list of values of any type, such as rows of a table or the variants of an enum.
///
/// ```
/// use pauper_forms::lens::{Choices, Lens};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Size { Small, Large }
///
/// let size = Choices::indexed([(Size::Small, "Small"), (Size::Large, "Large")]);
/// assert_eq!(size.show(&Size::Large), "1");
/// assert_eq!(size.parse("0"), Ok(Size::Small));
/// assert_eq!(size.parse("7").unwrap_err().message(), "invalid selection");
/// ```
#[derive(Clone)]
pub struct Choices<V> {
    options: Vec<(String, V, String)>,
    blank: &'static str,
    same: fn(&V, &V) -> bool,
}

impl<V> Choices<V> {
    /// Values that print as what the browser sends, such as keys of rows, and their labels.
    pub fn new<L: Into<String>>(options: impl IntoIterator<Item = (V, L)>) -> Self
    where
        V: Display + PartialEq,
    {
        let options = options.into_iter();
        let options = options.map(|(value, label)| (value.to_string(), value, label.into()));
        Self { options: options.collect(), blank: BLANK, same: V::eq }
    }

    /// Any values and their labels. The browser sends the place in the list, counted from 0, so the
    /// list has to be the same when the form comes back.
    pub fn indexed<L: Into<String>>(options: impl IntoIterator<Item = (V, L)>) -> Self
    where
        V: PartialEq,
    {
        let options = options.into_iter().enumerate();
        let options =
            options.map(|(index, (value, label))| (index.to_string(), value, label.into()));
        Self { options: options.collect(), blank: BLANK, same: V::eq }
    }

    /// What is said when nothing was chosen: `may not be blank.` by default.
    #[must_use]
    pub fn or_say(self, blank: &'static str) -> Self {
        Self { blank, ..self }
    }
}

impl Choices<String> {
    /// Texts that are their own labels.
    pub fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::new(texts.into_iter().map(|text| {
            let text = text.into();
            (text.clone(), text)
        }))
    }
}

const BLANK: &str = "may not be blank.";

impl<V: Clone + Send + Sync + 'static> Lens for Choices<V> {
    type Native = V;

    /// Blank for a value that is not in the list.
    fn show(&self, native: &V) -> String {
        let found = self.options.iter().find(|(_, value, _)| (self.same)(value, native));
        found.map(|(text, ..)| text.clone()).unwrap_or_default()
    }

    fn parse(&self, text: &str) -> Result<V, Invalid> {
        if text.is_empty() {
            return Err(Invalid::new(self.blank));
        }
        let found = self.options.iter().find(|(known, ..)| known == text);
        found.map(|(_, value, _)| value.clone()).ok_or(Invalid::fixed("invalid selection"))
    }

    fn attributes(&self) -> crate::Attributes {
        crate::Attributes::new().with_flag("required")
    }
}

impl<V: Clone + Send + Sync + 'static> Choice for Choices<V> {
    fn options(&self) -> Vec<(String, String)> {
        self.options.iter().map(|(text, _, label)| (text.clone(), label.clone())).collect()
    }
}

impl<V> fmt::Debug for Choices<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.options.iter().map(|(text, _, label)| (text, label));
        f.debug_map().entries(options).finish()
    }
}

/// One out of a list of labels, as a number that counts them: for what is kept as a small number in a
/// database. The browser sends the place in the list.
#[derive(Clone, Debug)]
pub struct Enumerated {
    labels: Vec<String>,
    base: i64,
    is_reversed: bool,
    blank: &'static str,
}

impl Enumerated {
    /// Counted from 0.
    pub fn new<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        let labels = labels.into_iter().map(Into::into).collect();
        Self { labels, base: 0, is_reversed: false, blank: BLANK }
    }

    /// Counted from this number.
    #[must_use]
    pub fn base(self, base: i64) -> Self {
        Self { base, ..self }
    }

    /// Offered from the last to the first; the numbers stay.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { is_reversed: true, ..self }
    }

    /// What is said when nothing was chosen: `may not be blank.` by default.
    #[must_use]
    pub fn or_say(self, blank: &'static str) -> Self {
        Self { blank, ..self }
    }
}

impl Lens for Enumerated {
    type Native = i64;

    /// Blank for a number that counts no label.
    fn show(&self, native: &i64) -> String {
        let place = native.checked_sub(self.base).and_then(|place| usize::try_from(place).ok());
        let place = place.filter(|&place| place < self.labels.len());
        place.map(|place| place.to_string()).unwrap_or_default()
    }

    fn parse(&self, text: &str) -> Result<i64, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::new(self.blank));
        }
        let place = text.parse().ok().filter(|&place: &usize| place < self.labels.len());
        let native = place.and_then(|place| self.base.checked_add_unsigned(place as u64));
        native.ok_or(Invalid::fixed("out of range (How did you do that?)"))
    }

    fn attributes(&self) -> crate::Attributes {
        crate::Attributes::new().with_flag("required")
    }
}

impl Choice for Enumerated {
    fn options(&self) -> Vec<(String, String)> {
        let options = self.labels.iter().enumerate();
        let mut options: Vec<_> =
            options.map(|(place, label)| (place.to_string(), label.clone())).collect();
        if self.is_reversed {
            options.reverse();
        }
        options
    }
}
