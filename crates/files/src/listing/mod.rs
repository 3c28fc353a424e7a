//! The listing of a folder: reading, sorting, and a page or JSON of it.

mod format;
mod json;
mod page;
mod read;
mod sort;

use pauper_message::{Request, Response, StatusCode};

use crate::answer::refusal;
use crate::folder::Rules;
use crate::root::Root;

use read::Row;
use sort::Sorting;

/// Lists the folder of these names, the first `mounted` of which lead to the root.
pub(crate) fn answer(
    req: &Request,
    root: &Root,
    rules: Rules,
    mounted: usize,
    names: &[Vec<u8>],
) -> Response {
    let path = names[mounted..].join(&b'/');
    let mut rows = match read::rows(root, &path, rules) {
        Ok(rows) => rows,
        Err(unopened) => return Response::failed(unopened.into_error()),
    };
    let sorting = Sorting::of_query(req.query());
    sorting.apply(&mut rows);
    let response = match req.prefer(&["text/html", "application/json"]) {
        Some("application/json") => json::response(names, &rows),
        Some(_) => page::response(names, mounted, &rows, sorting),
        None => return refusal(StatusCode::NOT_ACCEPTABLE),
    };
    response.with_header("vary", "accept").with_header("cache-control", "no-cache")
}
