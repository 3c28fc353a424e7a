//! The `application/x-www-form-urlencoded` parser.
//!
//! It follows the [URL standard](https://url.spec.whatwg.org/#urlencoded-parsing): fields are
//! split at `&` before anything is decoded, `;` is data, empty fields are skipped.

use memchr::{memchr, memchr_iter};

use crate::percent::decode_form;
use crate::{Error, ErrorKind, Options};

/// Splits and decodes `raw`.
pub(crate) fn parse(raw: &[u8], options: &Options) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = Vec::new();
    if raw.is_empty() {
        return Ok(pairs);
    }
    let mut seen = 0;
    let mut start = 0;
    for end in memchr_iter(b'&', raw).chain([raw.len()]) {
        let field = &raw[start..end];
        let equals = memchr(b'=', field);
        if equals.is_none() && options.strict_parsing {
            return Err(Error::new(ErrorKind::MissingEquals, start));
        }
        if !field.is_empty() {
            seen += 1;
            if seen > options.max_fields {
                let kind = ErrorKind::TooManyFields { limit: options.max_fields };
                return Err(Error::new(kind, start));
            }
            let (name, value) = match equals {
                Some(at) => (&field[..at], &field[at + 1..]),
                None => (field, &[][..]),
            };
            if options.keep_blank_values || !value.is_empty() {
                pairs.push((decode_form(name).into_owned(), decode_form(value).into_owned()));
            }
        }
        start = end + 1;
    }
    Ok(pairs)
}
