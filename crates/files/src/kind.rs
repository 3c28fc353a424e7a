//! Media types by the names of files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use pauper_message::http::HeaderValue;

/// What most sites are made of: found without a search, and without making a text.
const USUAL: [(&[u8], HeaderValue); 12] = [
    (b"html", HeaderValue::from_static("text/html; charset=utf-8")),
    (b"css", HeaderValue::from_static("text/css; charset=utf-8")),
    (b"js", HeaderValue::from_static("text/javascript; charset=utf-8")),
    (b"mjs", HeaderValue::from_static("text/javascript; charset=utf-8")),
    (b"json", HeaderValue::from_static("application/json; charset=utf-8")),
    (b"txt", HeaderValue::from_static("text/plain; charset=utf-8")),
    (b"svg", HeaderValue::from_static("image/svg+xml; charset=utf-8")),
    (b"png", HeaderValue::from_static("image/png")),
    (b"jpg", HeaderValue::from_static("image/jpeg")),
    (b"webp", HeaderValue::from_static("image/webp")),
    (b"woff2", HeaderValue::from_static("font/woff2")),
    (b"wasm", HeaderValue::from_static("application/wasm")),
];

/// The media type by the extension of the name; text is said to be UTF-8.
pub(crate) fn content_type(name: &[u8]) -> HeaderValue {
    const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");
    let Some(extension) = Path::new(OsStr::from_bytes(name)).extension() else { return UNKNOWN };
    let known = |(usual, _): &&(&[u8], HeaderValue)| *usual == extension.as_bytes();
    if let Some((_, value)) = USUAL.iter().find(known) {
        return value.clone();
    }
    // A name that is not text otherwise has an extension that is.
    let kind = mime_guess::from_ext(&extension.to_string_lossy()).first_or_octet_stream();
    let kind = kind.essence_str();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/javascript", "image/svg+xml"].contains(&kind);
    let value = if is_text {
        HeaderValue::from_str(&format!("{kind}; charset=utf-8"))
    } else {
        HeaderValue::from_str(kind)
    };
    value.unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_name() {
        for (name, expected) in [
            (&b"a.txt"[..], "text/plain; charset=utf-8"),
            (b"a.HTML", "text/html; charset=utf-8"),
            (b"a.css", "text/css; charset=utf-8"),
            (b"a.js", "text/javascript; charset=utf-8"),
            (b"a.json", "application/json; charset=utf-8"),
            (b"a.svg", "image/svg+xml; charset=utf-8"),
            (b"a.png", "image/png"),
            (b"a.wasm", "application/wasm"),
            (b"a.tar.gz", "application/gzip"),
            (b"a", "application/octet-stream"),
            (b"a.unknown-kind", "application/octet-stream"),
            (b".html", "application/octet-stream"),
            (b"\xff.txt", "text/plain; charset=utf-8"),
            (b"a.\xff", "application/octet-stream"),
        ] {
            assert_eq!(content_type(name), expected, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn the_usual_types_are_those_of_the_whole_table() {
        for (extension, value) in USUAL {
            let text = std::str::from_utf8(extension).unwrap();
            let kind = mime_guess::from_ext(text).first().unwrap();
            let known = value.to_str().unwrap();
            // The table has an old name of it (RFC 9239, section 6).
            let kind = kind.essence_str().replace("application/javascript", "text/javascript");
            assert_eq!(known.split(';').next(), Some(kind.as_str()), "{text}");
        }
    }
}
