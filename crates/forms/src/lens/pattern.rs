//! Text by a regular expression.

use regex::Regex;

use super::{Lens, Text};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// Text that a regular expression matches as a whole. The browser tests it as well, so the expression
/// has to mean the same in both languages, as simple ones do.
///
/// ```
/// use pauper_forms::lens::{BLANKABLE, Lens, Pattern};
///
/// let code = Pattern::new(BLANKABLE, "[A-Z]{3}", "must be three capital letters.");
/// assert_eq!(code.parse(" EUR ").unwrap(), "EUR");
/// assert!(code.parse("EURO").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    inner: Text,
    expression: String,
    regex: Regex,
    message: &'static str,
}

impl Pattern {
    /// What both the lens of text and the expression accept. Where blank text is allowed, it need
    /// not match.
    ///
    /// # Panics
    /// When the expression is none.
    #[track_caller]
    pub fn new(inner: Text, expression: &str, message: &'static str) -> Self {
        let regex = match Regex::new(&format!("^(?:{expression})$")) {
            Ok(regex) => regex,
            Err(error) => panic!("{error}"),
        };
        Self { inner, expression: expression.to_owned(), regex, message }
    }
}

impl Lens for Pattern {
    type Native = String;

    fn show(&self, native: &String) -> String {
        native.clone()
    }

    fn parse(&self, text: &str) -> Result<String, Invalid> {
        let text = self.inner.parse(text)?;
        if text.is_empty() || self.regex.is_match(&text) {
            Ok(text)
        } else {
            Err(Invalid::new(self.message))
        }
    }

    fn attributes(&self) -> Attributes {
        let attributes = self.inner.attributes();
        attributes.with("pattern", self.expression.clone()).with("title", self.message)
    }
}
