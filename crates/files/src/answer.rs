//! The answer that sends a file, or says why not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use pauper_message::{Body, Request, Response, StatusCode, abort, plain_answer};

use crate::entry::FoundFile;
use crate::validators::Validators;

/// A status and its name as plain text, for answers that need headers of their own.
pub(crate) fn refusal(status: StatusCode) -> Response {
    plain_answer(abort(status)).with_header("x-content-type-options", "nosniff")
}

/// The file, a part of it, or what the conditions of the request make of it.
pub(crate) fn send(req: &Request, found: FoundFile) -> Response {
    let FoundFile { name, file, metadata } = found;
    Validators::of(&metadata, req)
        .add_to(Response::body_of(Body::file(file, 0, metadata.len())))
        .with_header("content-type", content_type(&name))
        .with_header("x-content-type-options", "nosniff")
        .conditional(req)
        .ranged(req)
}

/// The media type by the extension of the name; text is said to be UTF-8.
fn content_type(name: &[u8]) -> String {
    let path = Path::new(OsStr::from_bytes(name));
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = kind.essence_str();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/javascript", "image/svg+xml"].contains(&kind);
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(super::content_type(name), expected, "{}", name.escape_ascii());
        }
    }
}
