//! `#element` (RFC 9110 section 5.6.1).

use super::{find_unquoted, trim_ows};

/// The elements of a comma-separated list, without whitespace around them. Empty elements are
/// skipped; commas within quoted strings separate nothing.
///
/// ```
/// use pauper_wire::grammar::split_list;
///
/// let elements: Vec<&[u8]> = split_list(b"a, ,\"b,c\" , d").collect();
/// assert_eq!(elements, [&b"a"[..], b"\"b,c\"", b"d"]);
/// ```
#[must_use]
pub fn split_list(value: &[u8]) -> List<'_> {
    List { rest: value }
}

/// See [`split_list`].
#[derive(Clone, Debug)]
pub struct List<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for List<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let comma = find_unquoted(self.rest, b',');
            let element = trim_ows(&self.rest[..comma]);
            self.rest = self.rest.get(comma + 1..).unwrap_or_default();
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, elements: &[&str]) {
        assert!(split_list(value.as_bytes()).eq(elements.iter().map(|e| e.as_bytes())), "{value}");
    }

    #[test]
    fn lists() {
        check("", &[]);
        check(" ,\t, ", &[]);
        check("a", &["a"]);
        check("a,b\t,  c d ", &["a", "b", "c d"]);
        check("\"a,b\";q=\",\",c", &["\"a,b\";q=\",\"", "c"]);
        check("\"a\\\",b\",c", &["\"a\\\",b\"", "c"]);
        check("a,\"open, b", &["a", "\"open, b"]);
        check("\"\\", &["\"\\"]);
    }
}
