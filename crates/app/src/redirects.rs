//! Paths that lead somewhere else.

use pauper_message::{Error, Request, Response, StatusCode, abort, abort_with};
use pauper_router::normalize;

/// What becomes of a path that would be found with a slash at its end, or without the one it has;
/// see [`App::trailing_slash`](crate::App::trailing_slash).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailingSlash {
    /// It is not found: `/a` and `/a/` are two paths.
    #[default]
    Exact,
    /// The client is sent to the other one: with 302 for GET and HEAD, with 307, which keeps method
    /// and body, for the rest.
    Redirect,
}

/// The redirect of a path to the same with a slash at its end, or without the one it has. The query
/// is kept.
pub(crate) fn to_other_slash(req: &Request) -> Error {
    let sent = req.head().path();
    // Two slashes in front would name another host.
    if !sent.starts_with('/') || sent.starts_with("//") {
        return abort(StatusCode::NOT_FOUND);
    }
    match sent.strip_suffix('/') {
        Some(bare) => to(req, bare),
        None => to(req, &format!("{sent}/")),
    }
}

/// The redirect of a path that is not written as it should be, or 400 when it leads above the root.
pub(crate) fn to_clean_path(req: &Request) -> Option<Error> {
    match normalize(req.routing_path()) {
        Ok(None) => None,
        Ok(Some(clean)) => Some(to(req, &clean)),
        Err(error) => Some(Error::new(StatusCode::BAD_REQUEST, error.to_string())),
    }
}

#[cold]
fn to(req: &Request, path: &str) -> Error {
    let location = match req.query() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let status = match req.method().as_str() {
        "GET" | "HEAD" => StatusCode::FOUND,
        _ => StatusCode::TEMPORARY_REDIRECT,
    };
    abort_with(Response::redirect(&location).with_status(status))
}
