//! Paths without needless parts.

use std::borrow::Cow;

use crate::url::encode;

/// The path that `path` means, without empty segments and dots, percent-encoded; `None` when it is
/// written like that already.
///
/// `path` is in the form in which paths are looked up: decoded except for `%2F` and `%25`. Segments
/// that are empty or `.` go, and `..` takes the one before it along (RFC 3986 section 5.2.4); a
/// slash at the end stays one. What comes back begins with exactly one slash, so that it can be
/// sent in `Location` and never names another host.
///
/// # Errors
///
/// When a `..` would leave the root, or the path does not begin with `/`.
///
/// ```
/// use pauper_router::{AboveRoot, normalize};
///
/// assert_eq!(normalize("/a/b/"), Ok(None));
/// assert_eq!(normalize("/a/./b"), Ok(Some("/a/b".into())));
/// assert_eq!(normalize("/a//b/"), Ok(Some("/a/b/".into())));
/// assert_eq!(normalize("/x/.."), Ok(Some("/".into())));
/// assert_eq!(normalize("/a/b/../ä%2F"), Ok(Some("/a/%C3%A4%2F".into())));
/// assert_eq!(normalize("/../etc"), Err(AboveRoot));
/// ```
pub fn normalize(path: &str) -> Result<Option<String>, AboveRoot> {
    let Some(inner) = path.strip_prefix('/') else { return Err(AboveRoot) };
    let count = inner.split('/').count();
    let needless = |(index, segment): (usize, &str)| {
        matches!(segment, "." | "..") || segment.is_empty() && index + 1 < count
    };
    if !inner.split('/').enumerate().any(needless) {
        return Ok(None);
    }
    let mut kept: Vec<&str> = Vec::with_capacity(count);
    for segment in inner.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop().ok_or(AboveRoot)?),
            _ => kept.push(segment),
        }
    }
    let mut clean = String::with_capacity(path.len());
    for segment in &kept {
        clean.push('/');
        // What stands encoded in this form stays as it is.
        encode(segment, b"%", &mut clean);
    }
    if kept.is_empty() || inner.ends_with('/') {
        clean.push('/');
    }
    Ok(Some(clean))
}

/// A path with more `..` than there are segments to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AboveRoot;

impl std::fmt::Display for AboveRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the path leads above the root")
    }
}

impl std::error::Error for AboveRoot {}

/// The path with a slash at its end if it has none, and without if it has one; `None` for the
/// root.
pub(crate) fn other_slash(path: &str) -> Option<Cow<'_, str>> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(bare) => Some(Cow::Borrowed(bare)),
        None => Some(Cow::Owned(format!("{path}/"))),
    }
}
