//! The answer that sends a file, or says why not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use pauper_message::conditional::{Verdict, evaluate, range_applies};
use pauper_message::{Body, Method, Request, Response, StatusCode, abort, plain_answer};

use crate::entry::FoundFile;
use crate::range::Part;
use crate::validators::Validators;

/// A status and its name as plain text, for answers that need headers of their own.
pub(crate) fn refusal(status: StatusCode) -> Response {
    plain_answer(abort(status)).with_header("x-content-type-options", "nosniff")
}

/// The file, a part of it, or what the conditions of the request make of it.
pub(crate) fn send(req: &Request, found: FoundFile) -> Response {
    let FoundFile { name, file, metadata } = found;
    let validators = Validators::of(&metadata, req);
    let (etag, modified) = (Some(validators.etag.as_str()), validators.last_modified);
    match evaluate(req, etag, modified) {
        Verdict::PreconditionFailed => {
            return validators.add_to(refusal(StatusCode::PRECONDITION_FAILED));
        }
        Verdict::NotModified => {
            return validators.add_to(Response::new(StatusCode::NOT_MODIFIED));
        }
        Verdict::Proceed => {}
    }
    let total = metadata.len();
    // Ranges mean nothing to HEAD (RFC 9110, section 14.2).
    let part = if req.method() == Method::GET && range_applies(req, etag, modified) {
        Part::wanted(req, total)
    } else {
        Part::Whole
    };
    let (start, len) = match part {
        Part::Whole => (0, total),
        Part::Of { start, len } => (start, len),
        Part::Outside => {
            return validators
                .add_to(refusal(StatusCode::RANGE_NOT_SATISFIABLE))
                .with_header("accept-ranges", "bytes")
                .with_header("content-range", format!("bytes */{total}"));
        }
    };
    let response = validators
        .add_to(Response::body_of(Body::file(file, start, len)))
        .with_header("content-type", content_type(&name))
        .with_header("accept-ranges", "bytes")
        .with_header("x-content-type-options", "nosniff");
    match part {
        Part::Of { .. } => response
            .with_status(StatusCode::PARTIAL_CONTENT)
            .with_header("content-range", format!("bytes {start}-{}/{total}", start + len - 1)),
        _ => response,
    }
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
