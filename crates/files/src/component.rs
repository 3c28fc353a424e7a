//! The way from the path of a request to names in a folder.
//!
//! The path is split at its slashes first, and each component is decoded once after. So an
//! escaped slash never separates and an escaped escape stays one.

use crate::escape::decode;

/// What a request's path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The decoded names from the root of the site, those of the mount included.
    pub(crate) names: Vec<Vec<u8>>,
    /// Whether the path ended with a slash, as paths of folders do.
    pub(crate) slash: bool,
}

/// Why a path names nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// An escape that is none: the request is malformed.
    Malformed,
    /// A name that no file here can have.
    Refused,
}

impl Wanted {
    /// Reads the path of a target as it was sent. An absolute target without one means the root
    /// (RFC 9112, section 3.2.2).
    pub(crate) fn parse(path: &str) -> Result<Self, Unusable> {
        let path = if path.is_empty() { "/" } else { path };
        let inner = path.strip_prefix('/').ok_or(Unusable::Refused)?;
        let (inner, slash) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, inner.is_empty()),
        };
        if inner.is_empty() {
            // Of "/" the slash is gone already, so one that was taken off here was a second one.
            let single = path.len() == 1;
            return single.then_some(Self { names: Vec::new(), slash }).ok_or(Unusable::Refused);
        }
        let mut names = Vec::new();
        for component in inner.split('/') {
            let name = decode(component).ok_or(Unusable::Malformed)?;
            if !is_usable(&name) {
                return Err(Unusable::Refused);
            }
            names.push(name);
        }
        Ok(Self { names, slash })
    }
}

/// Whether a name can stand in a path: it is one name on every system (no separators of any
/// system, no `.` and `..`, no drive letter, no device of Windows) and has no control characters.
pub(crate) fn is_usable(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.iter().any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control())
        && !has_drive(name)
        && !is_device(name)
}

/// Whether a name is hidden by Unix convention.
fn is_dot_file(name: &[u8]) -> bool {
    name.first() == Some(&b'.')
}

/// How the names of files begin that are on their way in; see the module `upload`.
pub(crate) const UNFINISHED: &[u8] = b".pauper-upload-";

/// Whether a name is not shown to anybody: that of an unfinished upload never, that of a dot file
/// unless these are allowed.
pub(crate) fn is_hidden(name: &[u8], dot_files: bool) -> bool {
    is_dot_file(name) && (!dot_files || name.starts_with(UNFINISHED))
}

/// `c:` and what begins like it.
fn has_drive(name: &[u8]) -> bool {
    matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// The devices that Windows finds in every folder, under any extension and with spaces or dots
/// behind. No server on Unix can be hurt by them; but a tree that serves elsewhere should be the
/// same tree.
fn is_device(name: &[u8]) -> bool {
    let stem = name.split(|byte| matches!(byte, b'.' | b':')).next().unwrap_or_default();
    let stem = stem.trim_ascii_end().to_ascii_lowercase();
    if [&b"con"[..], b"prn", b"aux", b"nul", b"conin$", b"conout$"].contains(&stem.as_slice()) {
        return true;
    }
    let port = stem.strip_prefix(b"com").or_else(|| stem.strip_prefix(b"lpt"));
    let superscripts = ["¹", "²", "³"].map(str::as_bytes);
    port.is_some_and(|port| {
        matches!(port, [digit] if digit.is_ascii_digit()) || superscripts.contains(&port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, names: &[&str], slash: bool) {
        let names = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        assert_eq!(Wanted::parse(path), Ok(Wanted { names, slash }), "{path}");
    }

    #[test]
    fn paths_become_names() {
        check("/", &[], true);
        check("", &[], true);
        check("/a", &["a"], false);
        check("/a/", &["a"], true);
        check("/a%20b/c%25", &["a b", "c%"], false);
        check("/%252e%252e/a", &["%2e%2e", "a"], false);
        check("/...", &["..."], false);
        check("/12:30", &["12:30"], false);
        check("/-rf", &["-rf"], false);
        check("/console/comb/com10/nulls", &["console", "comb", "com10", "nulls"], false);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for path in [
            "*",
            "a",
            "//",
            "///",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/../",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a%2fb",
            "/a%2F",
            "/%2f",
            "/a%5cb",
            "/a\\b",
            "/..\\",
            "/%00",
            "/a%00.txt",
            "/a%0ab",
            "/%7f",
            "/c:",
            "/C:/a",
            "/c%3Aa",
            "/CON",
            "/aux.txt",
            "/nul%20",
            "/nul%20.txt",
            "/a/CON/b",
            "/COM%C2%B9",
            "/lpt9.x.y",
            "/com0",
            "/CONIN$",
        ] {
            assert_eq!(Wanted::parse(path), Err(Unusable::Refused), "{path}");
        }
        for path in ["/%", "/a%2", "/%zz", "/a/%g0/b"] {
            assert_eq!(Wanted::parse(path), Err(Unusable::Malformed), "{path}");
        }
    }
}
