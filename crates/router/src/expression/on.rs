use regex::Regex;

use crate::error::{InsertErrorKind, Problem};

/// A regular expression that has to match a whole text.
#[derive(Clone, Debug)]
pub(crate) struct Expression(Regex);

impl Expression {
    pub(crate) fn new(source: &str) -> Result<Self, Problem> {
        // First by itself, so that an unbalanced parenthesis cannot leave the anchored group.
        Regex::new(source)
            .and_then(|_| Regex::new(&format!(r"\A(?:{source})\z")))
            .map(Self)
            .map_err(|error| {
                Problem::new(
                    InsertErrorKind::Expression,
                    format!(
                        "the expression \"{source}\" is not valid (it ends at the first '>', which \
                         is written \\x3E inside): {error}"
                    ),
                )
            })
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}
