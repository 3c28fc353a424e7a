//! `Cookie: a=1; b=2` (RFC 6265 section 4.2).

use super::trim_ows;

/// The pairs of a Cookie header in the order sent.
///
/// Only `;` separates: quotes, commas and `=` in values are data, so that no value can bring in
/// another pair. What has no name (`=value`) or no `=` is skipped. Nothing is decoded, and
/// duplicates are all given.
///
/// ```
/// use pauper_wire::grammar::cookie_pairs;
///
/// let mut pairs = cookie_pairs(b"a=1; =nameless; flag; b=\"x=y\"");
/// assert_eq!(pairs.next().map(|p| (p.name(), p.value())), Some((&b"a"[..], &b"1"[..])));
/// assert_eq!(pairs.next().map(|p| (p.name(), p.unquoted())), Some((&b"b"[..], &b"x=y"[..])));
/// assert_eq!(pairs.next(), None);
/// ```
#[must_use]
pub fn cookie_pairs(header: &[u8]) -> CookiePairs<'_> {
    CookiePairs { rest: Some(header) }
}

/// See [`cookie_pairs`].
#[derive(Clone, Debug)]
pub struct CookiePairs<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for CookiePairs<'a> {
    type Item = CookiePair<'a>;

    fn next(&mut self) -> Option<CookiePair<'a>> {
        while let Some(rest) = self.rest {
            let end = memchr::memchr(b';', rest);
            self.rest = end.map(|end| &rest[end + 1..]);
            let pair = &rest[..end.unwrap_or(rest.len())];
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let name = trim_ows(&pair[..equals]);
            if !name.is_empty() {
                return Some(CookiePair { name, value: trim_ows(&pair[equals + 1..]) });
            }
        }
        None
    }
}

/// One cookie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CookiePair<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> CookiePair<'a> {
    /// The name, never empty, case-sensitive. Clients may send names that are not tokens.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The value as sent, with its quotes if it has some.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value without one pair of quotes around it.
    #[must_use]
    pub fn unquoted(&self) -> &'a [u8] {
        match self.value {
            [b'"', inner @ .., b'"'] => inner,
            value => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: &[(&str, &str)]) {
        let got = cookie_pairs(header.as_bytes()).map(|pair| (pair.name, pair.value));
        let expected = expected.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        assert!(got.eq(expected), "{header}");
    }

    #[test]
    fn pairs() {
        check("", &[]);
        check("a=1", &[("a", "1")]);
        check("a=1;b=2; c = 3 ;", &[("a", "1"), ("b", "2"), ("c", "3")]);
        check("a=", &[("a", "")]);
        check("a=b=c", &[("a", "b=c")]);
        check("a=1; a=2", &[("a", "1"), ("a", "2")]);
        check("a=1,b=2", &[("a", "1,b=2")]);
        check("flag; a=1", &[("a", "1")]);
    }

    #[test]
    fn werkzeug_cve_2023_23934_nameless_cookies_shadow_nothing() {
        check("==__Host-x=evil; a=1", &[("a", "1")]);
        check("=__Host-x=evil", &[]);
    }

    #[test]
    fn django_cve_2016_7401_quotes_and_commas_inject_nothing() {
        check("a=\"x; csrftoken=evil\"", &[("a", "\"x"), ("csrftoken", "evil\"")]);
        check("a=x] b=y, csrftoken=evil", &[("a", "x] b=y, csrftoken=evil")]);
    }

    #[test]
    fn quotes_are_taken_off_in_pairs_only() {
        let unquoted = |header: &'static [u8]| cookie_pairs(header).next().unwrap().unquoted();
        assert_eq!(unquoted(b"a=\"b\""), b"b");
        assert_eq!(unquoted(b"a=\"b"), b"\"b");
        assert_eq!(unquoted(b"a=\""), b"\"");
        assert_eq!(unquoted(b"a=\"\""), b"");
    }
}
