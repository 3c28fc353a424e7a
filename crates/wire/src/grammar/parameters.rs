//! `parameters = *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` (RFC 9110 section 5.6.6).

use super::{ascii, find_unquoted, is_token, quoted_end, trim_ows};
use crate::{Error, ErrorKind, scan};

/// Splits `text/html; charset="utf-8"` into `text/html` and its parameters.
///
/// ```
/// use pauper_wire::grammar::value_and_parameters;
///
/// let (kind, mut parameters) = value_and_parameters(b"form-data; name=\"a;b\"; x=1");
/// assert_eq!(kind, b"form-data");
/// let name = parameters.next().unwrap()?;
/// assert_eq!((name.name(), name.raw()), ("name", &b"a;b"[..]));
/// # Ok::<(), pauper_wire::Error>(())
/// ```
#[must_use]
pub fn value_and_parameters(header: &[u8]) -> (&[u8], Parameters<'_>) {
    let semicolon = find_unquoted(header, b';');
    (trim_ows(&header[..semicolon]), Parameters { all: header, at: semicolon })
}

/// The parameters of a header value in the order sent; see [`value_and_parameters`].
///
/// Gives an error in the place of the first malformed parameter, and nothing after it. Parameters
/// of the same name are all given: which one counts, or whether that is an error, depends on the
/// header.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    all: &'a [u8],
    /// At a semicolon or at the end.
    at: usize,
}

impl<'a> Parameters<'a> {
    /// The parameters in `rest`, which begins with the semicolon of the first one or is empty.
    #[must_use]
    pub fn new(rest: &'a [u8]) -> Self {
        Self { all: rest, at: 0 }
    }

    fn blanks(&mut self) {
        while matches!(self.all.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn parse(&mut self) -> Result<Option<Parameter<'a>>, usize> {
        loop {
            self.blanks();
            match self.all.get(self.at) {
                None => return Ok(None),
                Some(b';') => self.at += 1,
                Some(_) => return Err(self.at),
            }
            self.blanks();
            if !matches!(self.all.get(self.at), None | Some(b';')) {
                break;
            }
        }
        let start = self.at;
        let equals = scan::token_end(self.all, start);
        if equals == start || self.all.get(equals) != Some(&b'=') {
            return Err(equals);
        }
        let value = equals + 1;
        let quoted = self.all.get(value) == Some(&b'"');
        let (end, raw) = if quoted {
            let end = quoted_end(self.all, value).ok_or(self.all.len())?;
            let raw = &self.all[value + 1..end - 1];
            let legal = scan::value_end(raw, 0);
            if legal < raw.len() {
                return Err(value + 1 + legal);
            }
            (end, raw)
        } else {
            let end = scan::token_end(self.all, value);
            if end == value {
                return Err(end);
            }
            (end, &self.all[value..end])
        };
        self.at = end;
        Ok(Some(Parameter { name: ascii(&self.all[start..equals]), raw, quoted }))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Parameter<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.parse()
            .map_err(|at| {
                self.at = self.all.len();
                Error::at(ErrorKind::BadParameter, self.all, at)
            })
            .transpose()
    }
}

/// One parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter<'a> {
    name: &'a str,
    raw: &'a [u8],
    quoted: bool,
}

impl<'a> Parameter<'a> {
    /// The name as sent; names are compared without regard to case.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether it has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value as sent, without the quotes around it, but with the backslashes in it.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether the value was a quoted string.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// The bytes of the value, with `\x` in a quoted string read as `x`.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        let quoted = self.quoted;
        let mut rest = self.raw.iter().copied();
        core::iter::from_fn(move || match rest.next() {
            Some(b'\\') if quoted => rest.next(),
            byte => byte,
        })
    }

    /// The value, with `\x` in a quoted string read as `x`; `None` if it is not UTF-8.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn unquote(&self) -> Option<alloc::string::String> {
        alloc::string::String::from_utf8(self.bytes().collect()).ok()
    }

    /// Whether the value is these bytes, quoted or not.
    #[must_use]
    pub fn value_is(&self, value: &[u8]) -> bool {
        self.bytes().eq(value.iter().copied())
    }

    /// Whether the value is a token, so that it means the same with and without quotes.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_token(self.raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters as (name, raw value, quoted).
    #[track_caller]
    fn good(header: &str, value: &str, expected: &[(&str, &str, bool)]) {
        let (got, parameters) = value_and_parameters(header.as_bytes());
        assert_eq!(got, value.as_bytes(), "{header}");
        let expected = expected.iter().map(|(n, r, q)| (*n, r.as_bytes(), *q));
        assert!(
            parameters.map(|p| p.map(|p| (p.name, p.raw, p.quoted)).unwrap()).eq(expected),
            "{header}"
        );
    }

    #[track_caller]
    fn bad(header: &str, at: usize) {
        let mut parameters = value_and_parameters(header.as_bytes()).1;
        let error = parameters.find_map(Result::err).expect(header);
        assert_eq!((error.kind(), error.offset()), (ErrorKind::BadParameter, at), "{header}");
        assert_eq!(parameters.next(), None, "nothing after an error");
    }

    #[test]
    fn parameters() {
        good("", "", &[]);
        good("text/html", "text/html", &[]);
        good("text/html;charset=utf-8", "text/html", &[("charset", "utf-8", false)]);
        good("a ; b=\"c d\"\t;\te=f ", "a", &[("b", "c d", true), ("e", "f", false)]);
        good("a;;; b=1;", "a", &[("b", "1", false)]);
        good("a; b=\"\"", "a", &[("b", "", true)]);
        good("a; b=\"x\\\"y;z\"; c=1", "a", &[("b", "x\\\"y;z", true), ("c", "1", false)]);
        good("a; b=\"\u{fc}\"", "a", &[("b", "\u{fc}", true)]);
        good("a; b=1; b=2", "a", &[("b", "1", false), ("b", "2", false)]);
    }

    #[test]
    fn malformed_parameters() {
        bad("a; b", 4);
        bad("a; b=", 5);
        bad("a; b =1", 4);
        bad("a; b= 1", 5);
        bad("a; =1", 3);
        bad("a; b=\"open", 10);
        bad("a; b=\"open\\\"", 12);
        bad("a; b=\"x\"y", 8);
        bad("a; b=\"\u{1}\"", 6);
        bad("a; b=c/d", 6);
        bad("a; b=\u{fc}", 5);
        bad("a; x=1; b@c=1", 9);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn unquoting() {
        let first = |header: &'static [u8]| Parameters::new(header).next().unwrap().unwrap();
        assert_eq!(first(b";a=\"x\\\\y\\\"z\"").unquote().as_deref(), Some("x\\y\"z"));
        assert_eq!(first(b";a=plain").unquote().as_deref(), Some("plain"));
        assert_eq!(first(b";a=\"\xff\"").unquote(), None);
        assert!(first(b";A=\"\\b\"").value_is(b"b"));
        assert!(first(b";A=1").is("a"));
    }
}
