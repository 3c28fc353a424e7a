//! What a group accepts.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use crate::error::{InsertErrorKind, Problem};
use crate::expression::Expression;
use crate::route::Kind;
use crate::uuid::is_uuid;

/// The test of one group. Equal filters make equal shapes of patterns.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Text,
    Int,
    Float,
    Word,
    Hex,
    Uuid,
    Path,
    Regex(Expression),
    Custom(Arc<Custom>),
}

/// A filter of the user.
pub(crate) struct Custom {
    /// In lower case.
    name: Box<str>,
    test: Test,
    converter: Option<Converter>,
}

pub(crate) type Test = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// What makes a value of a group's text.
pub(crate) struct Converter {
    pub(crate) makes: TypeId,
    pub(crate) convert: Convert,
}

type Convert = Box<dyn Fn(&str) -> Option<Box<dyn Any>> + Send + Sync>;

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Filter {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Int => Kind::Int,
            Self::Float => Kind::Float,
            Self::Word => Kind::Word,
            Self::Hex => Kind::Hex,
            Self::Uuid => Kind::Uuid,
            Self::Path => Kind::Path,
            Self::Regex(_) => Kind::Regex,
            Self::Custom(_) => Kind::Custom,
        }
    }

    /// Whether the group accepts this whole text. Only expressions accept empty text. The text is
    /// within one segment, except for a group that takes the rest of the path.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Text | Self::Path => !text.is_empty(),
            Self::Int => is_int(text),
            Self::Float => is_float(text),
            Self::Word => !text.is_empty() && text.chars().all(is_word),
            Self::Hex => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::Uuid => is_uuid(text),
            Self::Regex(expression) => expression.fits(text),
            Self::Custom(custom) => !text.is_empty() && (custom.test)(text),
        }
    }
}

impl Filter {
    /// The converter of a filter of the user that has one.
    pub(crate) fn converter(&self) -> Option<&Converter> {
        match self {
            Self::Custom(custom) => custom.converter.as_ref(),
            _ => None,
        }
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Regex(one), Self::Regex(other)) => one == other,
            // By identity: a filter registered again under its name is another filter.
            (Self::Custom(one), Self::Custom(other)) => Arc::ptr_eq(one, other),
            _ => self.kind() == other.kind(),
        }
    }
}

/// A character of a word: a letter or digit of any script, or `_`.
pub(crate) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn is_int(text: &str) -> bool {
    is_digits(text.strip_prefix('-').unwrap_or(text))
}

fn is_float(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, fraction)) => is_int(whole) && is_digits(fraction),
        None => is_int(text),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The filters that have names.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    custom: Vec<Arc<Custom>>,
}

/// The built-in filters that are a name and nothing more.
static BUILT_IN: [(&str, Filter); 6] = [
    ("int", Filter::Int),
    ("float", Filter::Float),
    ("word", Filter::Word),
    ("hex", Filter::Hex),
    ("uuid", Filter::Uuid),
    ("path", Filter::Path),
];

impl Filters {
    /// Adds a filter; a later one of the same name takes its place for later patterns.
    pub(crate) fn add(
        &mut self,
        name: &str,
        test: Test,
        converter: Option<Converter>,
    ) -> Result<(), Problem> {
        let bare = name.strip_prefix(':').unwrap_or(name).to_lowercase();
        let refuse = |message: &str| Err(Problem::new(InsertErrorKind::FilterName, message));
        if bare.is_empty() || !bare.chars().all(is_word) {
            return refuse("a filter is named by letters, digits and '_'");
        }
        if bare == "re" || BUILT_IN.iter().any(|(built_in, _)| *built_in == bare) {
            return refuse("a built-in filter has this name, and handlers rely on its meaning");
        }
        self.custom.retain(|custom| *custom.name != *bare);
        self.custom.push(Arc::new(Custom { name: bare.into(), test, converter }));
        Ok(())
    }

    /// The names of the user's filters, in lower case and in order of registration.
    pub(crate) fn custom_names(&self) -> impl Iterator<Item = &str> {
        self.custom.iter().map(|custom| &*custom.name)
    }

    /// The filter written as `text` after the colon of a group.
    pub(crate) fn resolve(&self, text: &str) -> Result<Filter, Problem> {
        let (head, expression) = match text.split_once(':') {
            Some((head, expression)) => (head, Some(expression)),
            None => (text, None),
        };
        if head.eq_ignore_ascii_case("re") {
            return match expression {
                Some(expression) if !expression.is_empty() => {
                    Expression::new(expression).map(Filter::Regex)
                }
                _ => Err(Problem::new(
                    InsertErrorKind::Expression,
                    "the filter re needs an expression, as in <name:re:[a-z]+>",
                )),
            };
        }
        let is_named = |(name, _): &&(&str, Filter)| text.eq_ignore_ascii_case(name);
        if let Some((_, filter)) = BUILT_IN.iter().find(is_named) {
            return Ok(filter.clone());
        }
        let name = text.to_lowercase();
        match self.custom.iter().find(|custom| *custom.name == *name) {
            Some(custom) => Ok(Filter::Custom(custom.clone())),
            None => Err(self.unknown(text)),
        }
    }

    #[cold]
    fn unknown(&self, text: &str) -> Problem {
        let mut known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        known.push("re:EXPRESSION");
        known.extend(self.custom.iter().map(|custom| &*custom.name));
        Problem::new(
            InsertErrorKind::UnknownFilter,
            format!("there is no filter \"{text}\"; known are {}", known.join(", ")),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &Filter, fits: &[&str], not: &[&str]) {
        for text in fits {
            assert!(filter.fits(text), "{filter:?} has to accept {text:?}");
        }
        for text in not.iter().chain(&[""]) {
            assert!(!filter.fits(text), "{filter:?} must not accept {text:?}");
        }
    }

    #[test]
    fn classes() {
        check(&Filter::Text, &["a", "-", "%2F", "é", " "], &[]);
        check(
            &Filter::Int,
            &["0", "-0", "-12", "007", "99999999999999999999999999"],
            &["-", "--1", "+1", "1-", "1.0", "a", "٣", "１", "1\n", " 1"],
        );
        check(
            &Filter::Float,
            &["0", "-1", "1.5", "-0.25", "007.700"],
            &["-", ".", "1.", ".5", "-.5", "1.-5", "1.5.5", "1e3", "nan", "inf", "+1.0", "1.5\n"],
        );
        check(
            &Filter::Word,
            &["a", "_", "é", "Ünder_9", "日本", "٣"],
            &["-", "a b", "a.b", "a%2Fb"],
        );
        check(&Filter::Hex, &["0", "dEaDbEeF"], &["0x1", "g", "-1"]);
        check(
            &Filter::Uuid,
            &["01234567-89ab-cdef-0123-456789ABCDEF"],
            &[
                "01234567-89ab-cdef-0123-456789ABCDE",
                "01234567-89ab-cdef-0123-456789ABCDEF0",
                "0123456789abcdef0123456789ABCDEF",
                "01234567-89ab-cdef-0123-456789ABCDEg",
                "0123456-789ab-cdef-0123-456789ABCDEF",
                "01234567_89ab-cdef-0123-456789ABCDEF",
            ],
        );
        check(&Filter::Path, &["a", "/", "a/b/", "//"], &[]);
    }
}
