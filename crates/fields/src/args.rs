//! The multi-map of names and values.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use crate::percent::encode_query_component;
use crate::{Error, FieldError, Options, urlencoded};

/// Names and values in the order of the document; a name may occur more than once.
///
/// Made from a query or an urlencoded body, by collecting pairs, or by [`push`](Self::push).
///
/// # Lookups
///
/// The names are chosen by whoever sends the request, so they are kept in a plain vector and not
/// in a hash table: no choice of names makes a lookup slower than looking at each field once, and
/// [`Options::max_fields`] bounds how many there are.
///
/// # Blank values
///
/// Browsers send a field that was left empty as an empty text. [`get`](Self::get) and the other
/// methods that give text give it as such. For the methods that parse, an empty text that is no
/// value of the wanted type counts as absent: no number was entered, which is not the same as a
/// wrong number. A type that accepts the empty text, as `String` does, gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    pairs: Vec<(String, String)>,
}

/// Making them.
impl Args {
    /// No fields. Allocates nothing.
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// Reads the query of a URL: what is behind the `?`, without it.
    ///
    /// `+` is a space, escapes are decoded, malformed ones are kept as they are, and bytes that
    /// are not UTF-8 become U+FFFD: a browser lets anybody type such a query, and the fields
    /// around it are still good. See [`percent::decode_form`](crate::percent::decode_form).
    ///
    /// # Errors
    ///
    /// [`TooManyFields`](crate::ErrorKind::TooManyFields), and with
    /// [`strict_parsing`](Options::strict_parsing)
    /// [`MissingEquals`](crate::ErrorKind::MissingEquals).
    pub fn parse_query(query: &str, options: &Options) -> Result<Self, Error> {
        Self::parse_form(query.as_bytes(), options)
    }

    /// Reads a body of type `application/x-www-form-urlencoded`, which is always UTF-8 whatever
    /// its charset parameter says. The rules are those of [`parse_query`](Self::parse_query).
    ///
    /// # Errors
    ///
    /// As for [`parse_query`](Self::parse_query).
    pub fn parse_form(body: &[u8], options: &Options) -> Result<Self, Error> {
        Ok(Self { pairs: urlencoded::parse(body, options)? })
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.pairs.push((name.into(), value.into()));
    }
}

/// The form interface.
impl Args {
    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The first value of `name`; another name of [`get`](Self::get).
    pub fn getfirst(&self, name: &str) -> Option<&str> {
        self.get(name)
    }

    /// All values of `name` in order; empty if there is none.
    pub fn getlist(&self, name: &str) -> Vec<&str> {
        self.get_all(name).collect()
    }

    /// All values of `name` in order, one after the other.
    pub fn get_all<'a>(&'a self, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.iter().filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// The first value of `name` as a `T`; `None` if there is no such field, or a blank one that
    /// is no `T`.
    ///
    /// ```
    /// use pauper_fields::{Args, Options};
    ///
    /// let args = Args::parse_query("page=2&size=&sort=x", &Options::new())?;
    /// assert_eq!(args.getvalue::<u32>("page")?, Some(2));
    /// assert_eq!(args.getvalue::<u32>("size")?.unwrap_or(50), 50);
    /// let error = args.getvalue::<u32>("sort").unwrap_err();
    /// assert_eq!(error.to_string(), r#"field "sort" cannot be "x": invalid digit found in string"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is not blank and is no `T`. The error names the field and quotes the text.
    pub fn getvalue<T>(&self, name: &str) -> Result<Option<T>, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get(name).map_or(Ok(None), |text| parse(name, text))
    }

    /// All values of `name` as `T`s, without blank ones that are no `T`.
    ///
    /// # Errors
    ///
    /// For the first text that is not blank and is no `T`.
    pub fn getvalues<T>(&self, name: &str) -> Result<Vec<T>, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get_all(name).filter_map(|text| parse(name, text).transpose()).collect()
    }

    /// The first value of `name` as a `T`, which must be there.
    ///
    /// # Errors
    ///
    /// If there is no such field, or a blank one that is no `T`
    /// ([`is_missing`](FieldError::is_missing)), or if its text is no `T`.
    pub fn required<T>(&self, name: &str) -> Result<T, FieldError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.getvalue(name)?.ok_or_else(|| FieldError::missing(name))
    }

    /// Whether there is a field `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names in order of their first occurrence, each once.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.iter().map(|(name, _)| name).filter(move |&name| seen.insert(name))
    }

    /// All fields, as name and value, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.pairs.iter())
    }

    /// The number of fields; a name that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The fields as a query or an urlencoded body, which reads back as the same fields.
    ///
    /// Spaces become `%20`, which is a space everywhere; `+` is one only in forms.
    pub fn to_query(&self) -> String {
        self.to_string()
    }
}

/// `None` for blank text that is no `T`.
fn parse<T>(name: &str, text: &str) -> Result<Option<T>, FieldError>
where
    T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
{
    match text.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) if text.is_empty() => Ok(None),
        Err(error) => Err(FieldError::invalid(name, text, error.into())),
    }
}

/// The fields as [`to_query`](Args::to_query) writes them.
impl fmt::Display for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            let (name, value) = (encode_query_component(name), encode_query_component(value));
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for Args {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        self.pairs.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Args {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut args = Self::new();
        args.extend(pairs);
        args
    }
}

impl IntoIterator for Args {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

impl<'a> IntoIterator for &'a Args {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The fields of an [`Args`], as name and value, in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(std::slice::Iter<'a, (String, String)>);

fn as_text((name, value): &(String, String)) -> (&str, &str) {
    (name, value)
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(as_text)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(as_text)
    }
}

impl ExactSizeIterator for Iter<'_> {}
