//! Lenses: between the text of a person and a value of the program.
//!
//! | lens | value | text |
//! |---|---|---|
//! | [`Text`] | `String` | trimmed; may not be blank unless [`blankable`](Text::blankable) |
//! | [`Test`] | as the lens inside | what a function accepts; see [`Lens::test`] |
#![cfg_attr(
    feature = "regex",
    doc = "| [`Pattern`] | `String` | what a regular expression matches |"
)]
//! | [`Optional`] | `Option` of the lens inside | blank is `None`; see [`Lens::optional`] |
//! | [`Number`] | any number | `-12.5` |
//! | [`Money`] | `i64`, in cents | `-1,234.50` |
#![cfg_attr(
    feature = "jiff",
    doc = "| [`Date`], [`Time`], [`DateTime`] | those of `jiff::civil` | `2024-02-29`, `23:59`, `2024-02-29T23:59` |"
)]
//! | [`Choices`] | any value out of a list | a number or text that stands for it |
//! | [`Enumerated`] | a number that counts a list | the place in the list |
//! | [`Email`], [`Url`] | `String` | an address |
//! | [`Parsed`] | whatever parses and prints | what it prints |
//! | [`Flag`] | `bool` | `1` or blank |
//!
//! Each keeps one law: what [`show`](Lens::show) gives for a value that
//! [`parse`](Lens::parse) gave parses as that value again.

mod address;
mod choice;
#[cfg(feature = "jiff")]
mod civil;
mod money;
mod number;
#[cfg(feature = "regex")]
mod pattern;
mod text;

pub use address::{Email, Url};
pub use choice::{Choice, Choices, Enumerated};
#[cfg(feature = "jiff")]
pub use civil::{Date, DateTime, Time};
pub use money::Money;
pub use number::{Number, Numeric};
#[cfg(feature = "regex")]
pub use pattern::Pattern;
pub use text::{BLANKABLE, TYPICAL, Text};

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::attributes::Attributes;
use crate::error::Invalid;

/// Between text in a browser and a value in the program.
///
/// Who writes one of their own writes [`show`](Self::show) and [`parse`](Self::parse), and
/// [`attributes`](Self::attributes) where the browser can help:
///
/// ```
/// use pauper_forms::lens::Lens;
/// use pauper_forms::{Attributes, Invalid};
///
/// /// Hexadecimal colours.
/// struct Colour;
///
/// impl Lens for Colour {
///     type Native = u32;
///
///     fn show(&self, colour: &u32) -> String {
///         format!("#{colour:06x}")
///     }
///
///     fn parse(&self, text: &str) -> Result<u32, Invalid> {
///         let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
///         digits
///             .and_then(|digits| u32::from_str_radix(digits, 16).ok())
///             .ok_or_else(|| Invalid::new("is no colour such as #b87333."))
///     }
///
///     fn attributes(&self) -> Attributes {
///         Attributes::new().with("type", "color")
///     }
/// }
///
/// let colour = pauper_forms::entry("Colour").lens(Colour);
/// # let _ = colour;
/// ```
pub trait Lens: Send + Sync + 'static {
    /// What the program works with.
    type Native;

    /// The text for a value.
    fn show(&self, native: &Self::Native) -> String;

    /// The value of a text.
    ///
    /// # Errors
    /// What is wrong with the text, for the person who typed it.
    fn parse(&self, text: &str) -> Result<Self::Native, Invalid>;

    /// Attributes of the control that help a browser to ask for the right thing: `required`, `min`,
    /// `pattern`, `type`. None by default.
    fn attributes(&self) -> Attributes {
        Attributes::new()
    }

    /// Accepts only values that pass a test; `message` says of the others what is wrong.
    fn test<F>(self, test: F, message: &'static str) -> Test<Self, F>
    where
        Self: Sized,
        F: Fn(&Self::Native) -> bool + Send + Sync + 'static,
    {
        Test { inner: self, test, message }
    }

    /// Takes blank text for `None`.
    fn optional(self) -> Optional<Self>
    where
        Self: Sized,
    {
        Optional(self)
    }
}

/// A lens and a test of its values; see [`Lens::test`].
#[derive(Clone)]
pub struct Test<L, F> {
    inner: L,
    test: F,
    message: &'static str,
}

impl<L, F> Lens for Test<L, F>
where
    L: Lens,
    F: Fn(&L::Native) -> bool + Send + Sync + 'static,
{
    type Native = L::Native;

    fn show(&self, native: &L::Native) -> String {
        self.inner.show(native)
    }

    fn parse(&self, text: &str) -> Result<L::Native, Invalid> {
        let native = self.inner.parse(text)?;
        if (self.test)(&native) { Ok(native) } else { Err(Invalid::new(self.message)) }
    }

    fn attributes(&self) -> Attributes {
        self.inner.attributes()
    }
}

impl<L: fmt::Debug, F> fmt::Debug for Test<L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Test").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// A lens for which blank text is `None`; see [`Lens::optional`].
#[derive(Clone, Debug)]
pub struct Optional<L>(L);

impl<L> Optional<L> {
    pub(crate) fn inner(&self) -> &L {
        &self.0
    }
}

impl<L: Lens> Lens for Optional<L> {
    type Native = Option<L::Native>;

    fn show(&self, native: &Self::Native) -> String {
        native.as_ref().map(|native| self.0.show(native)).unwrap_or_default()
    }

    fn parse(&self, text: &str) -> Result<Self::Native, Invalid> {
        if text.trim().is_empty() { Ok(None) } else { self.0.parse(text).map(Some) }
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = self.0.attributes();
        attributes.remove("required");
        attributes
    }
}

/// Whatever parses from text and prints itself as such, such as an address of the network. Trimmed;
/// may not be blank.
#[derive(Clone)]
pub struct Parsed<T> {
    message: &'static str,
    native: std::marker::PhantomData<fn() -> T>,
}

impl<T> Parsed<T> {
    /// With the message for text that does not parse.
    pub const fn new(message: &'static str) -> Self {
        Self { message, native: std::marker::PhantomData }
    }
}

impl<T: FromStr + fmt::Display + 'static> Lens for Parsed<T> {
    type Native = T;

    fn show(&self, native: &T) -> String {
        native.to_string()
    }

    fn parse(&self, text: &str) -> Result<T, Invalid> {
        filled(text)?.parse().map_err(|_| Invalid::new(self.message))
    }

    fn attributes(&self) -> Attributes {
        Attributes::new().with_flag("required")
    }
}

impl<T> fmt::Debug for Parsed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed").field("message", &self.message).finish()
    }
}

/// Yes or no: `1`, or blank. Other text is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flag;

impl Lens for Flag {
    type Native = bool;

    fn show(&self, native: &bool) -> String {
        if *native { "1".into() } else { String::new() }
    }

    fn parse(&self, text: &str) -> Result<bool, Invalid> {
        match text.trim() {
            "" => Ok(false),
            "1" => Ok(true),
            _ => Err(Invalid::new("is neither on nor off.")),
        }
    }
}

/// What every field says that is empty and may not be.
pub(crate) const BLANK: Invalid = Invalid::fixed("may not be blank.");

/// The text without blanks around it.
pub(crate) fn filled(text: &str) -> Result<&str, Invalid> {
    let text = text.trim();
    if text.is_empty() { Err(BLANK) } else { Ok(text) }
}

/// Text quoted in a message, cut where it is long. What is invisible is written out.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    let mut out = String::new();
    for (place, character) in text.chars().enumerate() {
        if place == MOST {
            out.push('…');
            break;
        }
        out.extend(character.escape_debug());
    }
    format!("“{out}”").into()
}
