//! The multi-map of names and values.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::percent::encode_query_component;
use crate::{Error, FieldError, Options, urlencoded};

/// Names and values in the order of the document; a name may occur more than once.
///
/// Made from a query or an urlencoded body, by collecting pairs, or by [`push`](Self::push).
///
/// # Lookups
///
/// The names are chosen by whoever sends the request, so they are kept in plain text and not
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
    /// Names and values, one behind the other. Two allocations are all that any number of fields
    /// needs.
    text: String,
    /// Where in `text` the name and the value of each field end. A field begins where the one
    /// before ends.
    ends: Vec<(usize, usize)>,
}

/// Making them.
impl Args {
    /// No fields. Allocates nothing.
    pub const fn new() -> Self {
        Self { text: String::new(), ends: Vec::new() }
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
        let (text, ends) = urlencoded::parse(body, options)?;
        Ok(Self { text, ends })
    }

    fn at(&self, index: usize) -> (&str, &str) {
        let Self { text, ends } = self;
        let start = index.checked_sub(1).map_or(0, |before| ends[before].1);
        let (name, value) = ends[index];
        (&text[start..name], &text[name..value])
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        self.text.push_str(name.as_ref());
        let name = self.text.len();
        self.text.push_str(value.as_ref());
        self.ends.push((name, self.text.len()));
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
        Iter { args: self, range: 0..self.ends.len() }
    }

    /// The number of fields; a name that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The fields as a query or an urlencoded body, which reads back as the same fields.
    ///
    /// Spaces become `%20`, which is a space everywhere; `+` is one only in forms.
    pub fn to_query(&self) -> String {
        self.to_string()
    }
}

/// `None` for blank text that is no `T`.
pub(crate) fn parse<T>(name: &str, text: &str) -> Result<Option<T>, FieldError>
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

impl<N: AsRef<str>, V: AsRef<str>> Extend<(N, V)> for Args {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.push(name, value);
        }
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Args {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut args = Self::new();
        args.extend(pairs);
        args
    }
}

impl IntoIterator for Args {
    type Item = (String, String);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter { range: 0..self.ends.len(), args: self }
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
pub struct Iter<'a> {
    args: &'a Args,
    range: Range<usize>,
}

impl<'a> Iter<'a> {
    fn at(&self, index: usize) -> (&'a str, &'a str) {
        self.args.at(index)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.range.next().map(|index| self.at(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().map(|index| self.at(index))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The fields of an [`Args`] that is taken apart, each copied into texts of its own.
#[derive(Clone, Debug)]
pub struct IntoIter {
    args: Args,
    range: Range<usize>,
}

impl IntoIter {
    fn at(&self, index: usize) -> (String, String) {
        let (name, value) = self.args.at(index);
        (name.to_owned(), value.to_owned())
    }
}

impl Iterator for IntoIter {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.range.next().map(|index| self.at(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for IntoIter {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().map(|index| self.at(index))
    }
}

impl ExactSizeIterator for IntoIter {}
