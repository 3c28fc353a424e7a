//! Entity tags (RFC 9110 section 8.8.3).

use super::trim_ows;
use crate::{Error, ErrorKind};

/// An entity tag: `"opaque"` or `W/"opaque"`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EntityTag<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Parses exactly one entity tag.
    ///
    /// # Errors
    /// [`ErrorKind::BadEntityTag`] if it is not one.
    ///
    /// # Example
    /// ```
    /// use pauper_wire::grammar::EntityTag;
    ///
    /// let tag = EntityTag::parse(b"W/\"v1\"")?;
    /// assert!(tag.is_weak());
    /// assert!(tag.weak_eq(&EntityTag::parse(b"\"v1\"")?));
    /// # Ok::<(), pauper_wire::Error>(())
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        match Self::at(value, 0) {
            Ok((tag, end)) if end == value.len() => Ok(tag),
            Ok((_, at)) | Err(at) => Err(Error::at(ErrorKind::BadEntityTag, value, at)),
        }
    }

    /// The tag that begins at `start`, and the offset after it; or the offset of the bad byte.
    fn at(value: &'a [u8], start: usize) -> Result<(Self, usize), usize> {
        let weak = value[start..].starts_with(b"W/");
        let quote = if weak { start + 2 } else { start };
        if value.get(quote) != Some(&b'"') {
            return Err(quote);
        }
        let begin = quote + 1;
        let len = value[begin..].iter().take_while(|&&byte| is_etagc(byte)).count();
        let end = begin + len;
        if value.get(end) != Some(&b'"') {
            return Err(end);
        }
        Ok((Self { weak, opaque: &value[begin..end] }, end + 1))
    }

    /// Whether it is marked `W/`: equal representations may differ in bytes.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// What stands between the quotes.
    #[must_use]
    pub fn opaque(&self) -> &'a [u8] {
        self.opaque
    }

    /// Strong comparison (If-Match, If-Range): both strong, and the same.
    #[must_use]
    pub fn strong_eq(&self, other: &EntityTag<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Weak comparison (If-None-Match): the same, weak or not.
    #[must_use]
    pub fn weak_eq(&self, other: &EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }
}

/// `etagc = %x21 / %x23-7E / obs-text`
fn is_etagc(byte: u8) -> bool {
    byte > b' ' && byte != b'"' && byte != 0x7f
}

/// What If-Match and If-None-Match hold.
#[derive(Clone, Debug)]
pub enum EntityTags<'a> {
    /// `*`
    Any,
    /// At least one tag.
    List(EntityTagList<'a>),
}

/// The tags of a list in the order sent. Quotes may hold commas, and backslashes are data.
#[derive(Clone, Debug)]
pub struct EntityTagList<'a> {
    value: &'a [u8],
    at: usize,
}

impl<'a> EntityTagList<'a> {
    fn step(&mut self) -> Result<Option<EntityTag<'a>>, usize> {
        let skip = |byte: &&u8| matches!(byte, b' ' | b'\t' | b',');
        self.at += self.value[self.at..].iter().take_while(skip).count();
        if self.at == self.value.len() {
            return Ok(None);
        }
        let (tag, end) = EntityTag::at(self.value, self.at)?;
        let blanks = self.value[end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at = end + blanks;
        match self.value.get(self.at) {
            None | Some(b',') => Ok(Some(tag)),
            Some(_) => Err(self.at),
        }
    }
}

impl<'a> Iterator for EntityTagList<'a> {
    type Item = EntityTag<'a>;

    fn next(&mut self) -> Option<EntityTag<'a>> {
        self.step().ok().flatten()
    }
}

/// Parses the value of If-Match or If-None-Match: `*` or a list of entity tags.
///
/// # Errors
/// [`ErrorKind::BadEntityTag`] if it is neither, or an empty list.
///
/// # Example
/// ```
/// use pauper_wire::grammar::{EntityTags, entity_tags};
///
/// let EntityTags::List(mut tags) = entity_tags(b"\"a\", W/\"b,c\"")? else { panic!("a list") };
/// assert_eq!(tags.next().unwrap().opaque(), b"a");
/// assert_eq!(tags.next().unwrap().opaque(), b"b,c");
/// # Ok::<(), pauper_wire::Error>(())
/// ```
pub fn entity_tags(value: &[u8]) -> Result<EntityTags<'_>, Error> {
    if trim_ows(value) == b"*" {
        return Ok(EntityTags::Any);
    }
    let list = EntityTagList { value, at: 0 };
    let mut check = list.clone();
    let mut found = false;
    loop {
        match check.step() {
            Ok(Some(_)) => found = true,
            Ok(None) if found => return Ok(EntityTags::List(list)),
            Ok(None) => return Err(Error::new(ErrorKind::BadEntityTag, value.len())),
            Err(at) => return Err(Error::at(ErrorKind::BadEntityTag, value, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn good(value: &str, expected: &[(bool, &str)]) {
        let EntityTags::List(tags) = entity_tags(value.as_bytes()).unwrap() else {
            panic!("{value}");
        };
        let expected = expected.iter().map(|(weak, opaque)| (*weak, opaque.as_bytes()));
        assert!(tags.map(|tag| (tag.weak, tag.opaque)).eq(expected), "{value}");
    }

    #[track_caller]
    fn bad(value: &str, at: usize) {
        let error = entity_tags(value.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::BadEntityTag, at), "{value}");
    }

    #[test]
    fn lists() {
        good("\"a\"", &[(false, "a")]);
        good("W/\"a\",\t\"\" ,,\"b\\\"", &[(true, "a"), (false, ""), (false, "b\\")]);
        good("\"\u{fc}\"", &[(false, "\u{fc}")]);
        assert!(matches!(entity_tags(b" * "), Ok(EntityTags::Any)));
    }

    #[test]
    fn malformed() {
        bad("", 0);
        bad(" , ", 3);
        bad("a", 0);
        bad("w/\"a\"", 0);
        bad("W/a", 2);
        bad("\"a", 2);
        bad("\"a b\"", 2);
        bad("\"a\"b", 3);
        bad("\"a\" \"b\"", 4);
        bad("*, \"a\"", 0);
    }

    #[test]
    fn comparisons_of_rfc_9110_section_8_8_3_2() {
        let tag = |value: &'static str| EntityTag::parse(value.as_bytes()).unwrap();
        for (a, b, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            assert_eq!(tag(a).strong_eq(&tag(b)), strong, "{a} {b}");
            assert_eq!(tag(a).weak_eq(&tag(b)), weak, "{a} {b}");
        }
        assert!(EntityTag::parse(b"\"a\" ").is_err());
    }
}
