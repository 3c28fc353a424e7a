//! `application/x-www-form-urlencoded`, piece by piece.
//!
//! It follows the [URL standard](https://url.spec.whatwg.org/#urlencoded-parsing): fields are
//! split at `&` before anything is decoded, `;` is data, empty fields are skipped. To have all
//! fields of a whole query or body, use [`Args`](crate::Args).

use std::borrow::Cow;
use std::fmt;
use std::str;

use memchr::memchr;

use crate::percent::{decode_form, decode_form_to};
use crate::{Error, ErrorKind, Options};

/// Takes an urlencoded body as it arrives and gives its fields, one after the other.
///
/// Fields are decoded as by [`percent::decode_form`](crate::percent::decode_form), and borrowed
/// from the input if there is nothing to decode. Between calls it keeps the field that the input
/// ended in, of at most [`max_field`](Options::max_field) bytes.
///
/// ```
/// use pauper_fields::{Options, urlencoded::Parser};
///
/// let mut parser = Parser::new(Options::new());
/// let mut found = Vec::new();
/// for mut piece in [&b"a=1&na"[..], b"me=Ada+L.&c"] {
///     while let Some((name, value)) = parser.feed(&mut piece)? {
///         found.push(format!("{name} is {value:?}"));
///     }
/// }
/// if let Some((name, value)) = parser.finish()? {
///     found.push(format!("{name} is {value:?}"));
/// }
/// assert_eq!(found, [r#"a is "1""#, r#"name is "Ada L.""#, r#"c is """#]);
/// # Ok::<(), pauper_fields::Error>(())
/// ```
pub struct Parser {
    options: Options,
    /// The field that the input ended in.
    pending: Vec<u8>,
    /// Whether `pending` is whole and was given.
    given: bool,
    /// Of the first byte that is in no field given, in the body.
    offset: usize,
    fields: usize,
    /// Whether anything came.
    begun: bool,
    failed: Option<Error>,
}

/// A field: its name and its value.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

impl Parser {
    /// A parser at the beginning of a body.
    pub const fn new(options: Options) -> Self {
        Self {
            options,
            pending: Vec::new(),
            given: false,
            offset: 0,
            fields: 0,
            begun: false,
            failed: None,
        }
    }

    /// Takes bytes from the beginning of `input` and gives the next field; `None` when all of them
    /// are taken and more have to come.
    ///
    /// # Errors
    ///
    /// [`TooManyFields`](ErrorKind::TooManyFields), [`FieldTooLong`](ErrorKind::FieldTooLong), and
    /// with [`strict_parsing`](Options::strict_parsing)
    /// [`MissingEquals`](ErrorKind::MissingEquals). The parser then gives the same error for ever.
    pub fn feed<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8]) -> Result<Option<Pair<'e>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.given {
            self.pending.clear();
            self.given = false;
        }
        loop {
            let all: &'i [u8] = input;
            if all.is_empty() {
                return Ok(None);
            }
            self.begun = true;
            if self.pending.is_empty() {
                let field = Raw::next(all);
                if field.length < all.len() && field.length <= self.options.max_field {
                    *input = &all[field.length + 1..];
                    if self.admit(&field)? {
                        return Ok(Some(field.pair()));
                    }
                    continue;
                }
            }
            let end = memchr(b'&', all);
            let piece = &all[..end.unwrap_or(all.len())];
            if self.pending.len() + piece.len() > self.options.max_field {
                let kind = ErrorKind::FieldTooLong { limit: self.options.max_field };
                return Err(self.fail(kind, self.offset + self.options.max_field));
            }
            self.pending.extend_from_slice(piece);
            *input = &all[end.map_or(all.len(), |end| end + 1)..];
            if end.is_none() {
                return Ok(None);
            }
            if self.admit_pending()? {
                self.given = true;
                return Ok(Some(Raw::of(&self.pending).pair()));
            }
            self.pending.clear();
        }
    }

    /// Says that the body has ended, and gives its last field.
    ///
    /// # Errors
    ///
    /// As for [`feed`](Self::feed).
    pub fn finish(&mut self) -> Result<Option<Pair<'_>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.given {
            self.pending.clear();
            self.given = false;
        }
        if !self.begun || !self.admit_pending()? {
            return Ok(None);
        }
        // Not again.
        self.begun = false;
        Ok(Some(Raw::of(&self.pending).pair()))
    }

    fn admit_pending(&mut self) -> Result<bool, Error> {
        let field = Raw::of(&self.pending);
        let admitted = admit(&field, &self.options, &mut self.fields);
        let length = self.pending.len();
        self.told(admitted, length)
    }

    /// Whether a field is one to give.
    fn admit(&mut self, field: &Raw<'_>) -> Result<bool, Error> {
        let admitted = admit(field, &self.options, &mut self.fields);
        self.told(admitted, field.length)
    }

    fn told(&mut self, admitted: Result<bool, ErrorKind>, length: usize) -> Result<bool, Error> {
        let admitted = admitted.map_err(|kind| self.fail(kind, self.offset))?;
        self.offset += length + 1;
        Ok(admitted)
    }

    #[cold]
    fn fail(&mut self, kind: ErrorKind, offset: usize) -> Error {
        let error = Error::new(kind, offset);
        self.failed = Some(error);
        error
    }
}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parser")
            .field("offset", &self.offset)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// Whether a field counts for the limit, and is to be kept.
fn admit(field: &Raw<'_>, options: &Options, fields: &mut usize) -> Result<bool, ErrorKind> {
    if options.strict_parsing && !field.equals {
        return Err(ErrorKind::MissingEquals);
    }
    if field.length == 0 {
        return Ok(false);
    }
    *fields += 1;
    if *fields > options.max_fields {
        return Err(ErrorKind::TooManyFields { limit: options.max_fields });
    }
    Ok(options.keep_blank_values || !field.value.is_empty())
}

/// Text and ends of the fields of a whole body; an end is that of the name and that of the value
/// behind it.
pub(crate) type Fields = (String, Vec<(usize, usize)>);

/// Splits and decodes a whole body into one text.
pub(crate) fn parse(raw: &[u8], options: &Options) -> Result<Fields, Error> {
    if raw.is_empty() {
        return Ok(Fields::default());
    }
    let mut text = Vec::with_capacity(raw.len());
    let mut ends = Vec::with_capacity((raw.len() / 12 + 1).min(options.max_fields).min(64));
    let (mut seen, mut start) = (0, 0);
    loop {
        let field = Raw::next(&raw[start..]);
        if admit(&field, options, &mut seen).map_err(|kind| Error::new(kind, start))? {
            field.append_name(&mut text);
            let name = text.len();
            field.append_value(&mut text);
            ends.push((name, text.len()));
        }
        start += field.length + 1;
        if start > raw.len() {
            break;
        }
    }
    // Nothing was appended that is not UTF-8.
    Ok((String::from_utf8(text).unwrap_or_default(), ends))
}

/// A field that is not decoded.
struct Raw<'a> {
    name: &'a [u8],
    value: &'a [u8],
    name_class: u8,
    value_class: u8,
    equals: bool,
    /// Of all, the separator behind it not included.
    length: usize,
}

/// Bytes that the parser looks at: an `&`, a `=`, something to decode, something that is not ASCII.
const END: u8 = 1;
const EQUALS: u8 = 2;
const CODED: u8 = 4;
const WIDE: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    classes[b'&' as usize] = END;
    classes[b'=' as usize] = EQUALS;
    classes[b'+' as usize] = CODED;
    classes[b'%' as usize] = CODED;
    let mut byte = 128;
    while byte < 256 {
        classes[byte] = WIDE;
        byte += 1;
    }
    classes
};

/// Long runs are looked at by so many bytes at once.
const RUN: usize = 16;

impl<'a> Raw<'a> {
    /// The field at the beginning of `raw`, up to the next `&` or the end.
    #[inline]
    fn next(raw: &'a [u8]) -> Self {
        let (mut equals, mut class, mut name_class, mut at) = (None, 0, 0, 0);
        let mut short = RUN;
        while let Some(&byte) = raw.get(at) {
            let found = CLASSES[usize::from(byte)];
            if found == END {
                break;
            }
            if found == EQUALS && equals.is_none() {
                equals = Some(at);
                name_class = class;
                class = 0;
            } else {
                class |= found;
            }
            at += 1;
            // The usual field is short; in a long one, whole runs of plain bytes are passed over.
            if at == short {
                while raw.get(at..at + RUN).is_some_and(is_plain) {
                    at += RUN;
                }
                short = at + RUN;
            }
        }
        let (name, value) = match equals {
            Some(equals) => (&raw[..equals], &raw[equals + 1..at]),
            None => (&raw[..at], &[][..]),
        };
        let (name_class, value_class) =
            if equals.is_some() { (name_class, class) } else { (class, 0) };
        // A second `=` is data.
        let [name_class, value_class] = [name_class, value_class].map(|class| class & !EQUALS);
        Self { name, value, name_class, value_class, equals: equals.is_some(), length: at }
    }

    /// All of `raw`, in which there is no `&`.
    fn of(raw: &'a [u8]) -> Self {
        Self::next(raw)
    }

    fn pair(&self) -> Pair<'a> {
        (decoded(self.name, self.name_class), decoded(self.value, self.value_class))
    }

    fn append_name(&self, text: &mut Vec<u8>) {
        append(self.name, self.name_class, text);
    }

    fn append_value(&self, text: &mut Vec<u8>) {
        append(self.value, self.value_class, text);
    }
}

/// Whether there is nothing in these bytes that the parser looks at. Written so that it becomes
/// vector instructions.
fn is_plain(run: &[u8]) -> bool {
    run.iter().fold(true, |plain, &byte| {
        plain & (byte != b'&') & (byte != b'=') & (byte != b'+') & (byte != b'%') & (byte < 128)
    })
}

fn decoded(raw: &[u8], class: u8) -> Cow<'_, str> {
    if class == 0 {
        // All of it is ASCII.
        return Cow::Borrowed(str::from_utf8(raw).unwrap_or_default());
    }
    decode_form(raw)
}

/// Appends what is UTF-8.
#[inline]
fn append(raw: &[u8], class: u8, text: &mut Vec<u8>) {
    if class == 0 {
        return text.extend_from_slice(raw);
    }
    let start = text.len();
    decode_form_to(raw, text);
    if str::from_utf8(&text[start..]).is_err() {
        let replaced = String::from_utf8_lossy(&text[start..]).into_owned();
        text.truncate(start);
        text.extend_from_slice(replaced.as_bytes());
    }
}
