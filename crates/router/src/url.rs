//! Paths made of patterns: the way back from a route to its URL.

use std::fmt;

use crate::route::{Param, Route};

/// Why a URL could not be made of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// No route has this name.
    UnknownName(String),
    /// The pattern has a group of this name, but no value was given for it.
    Missing(String),
    /// A value was given for a name that no group of the pattern has.
    Unexpected(String),
    /// The value does not fit the filter of its group, so the URL would not lead back.
    Unfit {
        /// The group as it is written in the pattern.
        group: String,
        /// The value.
        value: String,
    },
    /// A segment would be `.` or `..`, which clients take for a step in the path.
    Dots,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(name) => write!(f, "no route is named {name:?}"),
            Self::Missing(name) => write!(f, "there is no value for the group {name:?}"),
            Self::Unexpected(name) => write!(f, "the route has no group {name:?}"),
            Self::Unfit { group, value } => write!(f, "{value:?} does not fit {group}"),
            Self::Dots => f.write_str("a segment of the path would be only dots"),
        }
    }
}

impl std::error::Error for UrlError {}

impl Route {
    /// The path of this route with these values for its groups, percent-encoded (RFC 3986 section
    /// 2.1): the way back from a pattern to a URL.
    ///
    /// A value is text as the program has it, not encoded; a slash in it is encoded too, save in a
    /// group that takes the rest of the path. Of a mount this is the path it is mounted at.
    ///
    /// # Errors
    ///
    /// When a group has no value, a value no group, or when the value does not fit the filter.
    ///
    /// # Example
    ///
    /// ```
    /// use pauper_router::{Methods, Router};
    ///
    /// let mut router = Router::new();
    /// let id = router.insert(Methods::GET, "/käse/<kind>/<number:int>.html", ())?;
    /// let route = router.route(id).expect("just made");
    ///
    /// let url = route.url([("kind", "50 % / blue"), ("number", "7")])?;
    /// assert_eq!(url, "/k%C3%A4se/50%20%25%20%2F%20blue/7.html");
    /// assert!(route.url([("kind", "a"), ("number", "seven")]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url<'v>(
        &self,
        values: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Result<String, UrlError> {
        let mut given: Vec<Option<&str>> = vec![None; self.params.len()];
        for (name, value) in values {
            match self.params.iter().position(|param| &*param.name == name) {
                Some(index) => given[index] = Some(value),
                None => return Err(UrlError::Unexpected(name.into())),
            }
        }
        let mut url = String::with_capacity(self.pattern.len() + 16);
        let mut rest = &*self.pattern;
        for (param, value) in self.params.iter().zip(given) {
            let value = value.ok_or_else(|| UrlError::Missing(param.name.to_string()))?;
            // The pattern was read once, so each group has both its signs.
            let (text, after) = rest.split_once('<').unwrap_or((rest, ""));
            rest = after.split_once('>').map_or("", |(_, after)| after);
            encode(text, b"/", &mut url);
            fit(param, value)?;
            encode(value, if param.rest { b"/" } else { b"" }, &mut url);
        }
        encode(rest, b"/", &mut url);
        if url.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(UrlError::Dots);
        }
        Ok(url)
    }
}

/// Filters look at paths in the form in which they are looked up.
fn fit(param: &Param, value: &str) -> Result<(), UrlError> {
    let mut text = value.replace('%', "%25");
    if !param.rest {
        text = text.replace('/', "%2F");
    }
    if param.test.fits(&text) {
        return Ok(());
    }
    Err(UrlError::Unfit { group: param.to_string(), value: value.into() })
}

/// Appends text with everything percent-encoded that cannot stand in a path segment
/// (`pchar`, RFC 3986 section 3.3), except for the bytes in `kept`.
pub(crate) fn encode(text: &str, kept: &[u8], out: &mut String) {
    use fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-._~!$&'()*+,;=:@".contains(&byte)
            || kept.contains(&byte)
        {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
