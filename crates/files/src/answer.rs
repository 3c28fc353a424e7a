//! The answer that sends a file, or says why not.

use std::os::unix::fs::FileExt as _;

use pauper_message::{
    Body, BodyKind, FilePart, Method, Request, Response, StatusCode, abort, plain_answer,
};

use crate::entry::{FoundFile, Sending};
use crate::kind::content_type;
use crate::validators::Validators;

/// Files and parts of them up to this size are read into memory and leave in one piece with their
/// head: cheaper than a system call, and a packet, for each of the two.
const GATHERED: u64 = 16 * 1024;

/// A status and its name as plain text, for answers that need headers of their own.
pub(crate) fn refusal(status: StatusCode) -> Response {
    plain_answer(abort(status)).with_header("x-content-type-options", "nosniff")
}

/// The file, a part of it, or what the conditions of the request make of it.
pub(crate) fn send(req: &Request, found: FoundFile) -> Response {
    let FoundFile { name, file, metadata, how } = found;
    let body = Body::file(file, 0, metadata.len());
    let response = represent(req, &name, body, &Validators::of(&metadata, req), how);
    if *req.method() == Method::HEAD { response } else { gathered(response) }
}

/// 200 with a body and all that is said of it, then what the conditions and ranges make of that.
pub(crate) fn represent(
    req: &Request,
    name: &[u8],
    body: Body,
    validators: &Validators,
    how: Sending,
) -> Response {
    let mut response = validators
        .add_to(Response::body_of(body))
        .with_header("content-type", content_type(name))
        .with_header("x-content-type-options", "nosniff");
    if let Some(coding) = how.coding {
        response = response.with_header("content-encoding", coding.name());
    }
    if how.negotiated {
        response = response.with_header("vary", "accept-encoding");
    }
    if let Some(value) = how.cache {
        response = response.with_header("cache-control", value);
    }
    response.conditional(req).ranged(req)
}

/// With what is small in memory, and its file closed.
fn gathered(mut response: Response) -> Response {
    let BodyKind::File(FilePart { len: 1..=GATHERED, .. }) = response.body().kind() else {
        return response;
    };
    if let BodyKind::File(part) = response.take_body().into_kind() {
        let mut bytes = vec![0; part.len as usize];
        match part.file.read_exact_at(&mut bytes, part.offset) {
            Ok(()) => response.set_body(bytes),
            // It became shorter since it was opened, or the disk failed. Nothing is sent yet, so it
            // can still be said.
            Err(error) => return Response::failed(error.into()),
        }
    }
    response
}
