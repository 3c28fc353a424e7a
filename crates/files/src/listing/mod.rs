//! The listing of a folder: reading, sorting, and a page or JSON of it.

mod entry;
mod format;
mod json;
mod page;
mod read;
mod sort;

use std::fmt::Write as _;

use pauper_message::{Request, Response, StatusCode};

use crate::answer::refusal;
use crate::folder::Rules;
use crate::root::Root;

pub use entry::ListingEntry;
use sort::Sorting;

/// Entries from which on a listing is made while it is sent.
const STREAMED: usize = 200;
/// How many entries are made at a time then.
const AT_A_TIME: usize = 100;

/// What is in a folder, sorted as the request asks: for a listing of one's own; see
/// [`Folder::listing`](crate::Folder::listing).
///
/// ```
/// use pauper_files::{Folder, Listing};
/// use pauper_message::page::escape;
/// use pauper_message::{IntoResponse, Request, Response};
///
/// fn plain(_: &Request, listing: Listing) -> Response {
///     let mut html = format!("<!DOCTYPE html><title>{}</title><ul>", escape(&listing.path()));
///     for entry in listing.entries() {
///         html += &format!("<li><a href=\"{}\">{}</a>\n", entry.href(), escape(&entry.name()));
///     }
///     Response::html(html)
/// }
///
/// # fn main() -> std::io::Result<()> {
/// let folder = Folder::new(env!("CARGO_MANIFEST_DIR"))?.listing(plain);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Listing {
    /// Names from the root of the site.
    names: Vec<Vec<u8>>,
    /// How many of them lead to the root of what is served.
    mounted: usize,
    entries: Vec<ListingEntry>,
    sorting: Sorting,
}

impl Listing {
    /// The path of the folder as text, from the root of the site, with slashes at both ends. Names
    /// may hold anything: escape it.
    pub fn path(&self) -> String {
        let mut path = String::from("/");
        for name in &self.names {
            let _ = write!(path, "{}/", String::from_utf8_lossy(name));
        }
        path
    }

    /// Whether the folder above this one belongs to the same [`Folder`](crate::Folder); it is at
    /// `../` then.
    pub fn has_parent(&self) -> bool {
        self.names.len() > self.mounted
    }

    /// What is in the folder, in the order that the request asks for, folders first. Only what a
    /// request could get.
    pub fn entries(&self) -> &[ListingEntry] {
        &self.entries
    }

    /// The page that is shown where there is no other.
    pub fn into_page(self) -> Response {
        page::response(self)
    }

    /// The same as JSON:
    /// `{"path": …, "entries": [{"name": …, "href": …, "kind": …, "size": …, "modified": …}]}`.
    pub fn into_json(self) -> Response {
        json::response(self)
    }
}

/// What makes an answer of a listing.
pub(crate) type Maker = dyn Fn(&Request, Listing) -> Response + Send + Sync;

/// Lists the folder of these names, the first `mounted` of which lead to the root.
pub(crate) fn answer(
    req: &Request,
    root: &Root,
    rules: Rules,
    maker: Option<&Maker>,
    mounted: usize,
    names: Vec<Vec<u8>>,
) -> Response {
    let path = names[mounted..].join(&b'/');
    let mut entries = match read::entries(root, &path, rules) {
        Ok(entries) => entries,
        Err(unopened) => return Response::failed(unopened.into_error()),
    };
    let sorting = Sorting::of_query(req.query());
    sorting.apply(&mut entries);
    let listing = Listing { names, mounted, entries, sorting };
    let response = match req.prefer(&["text/html", "application/json"]) {
        Some("application/json") => listing.into_json(),
        Some(_) => match maker {
            Some(maker) => maker(req, listing),
            None => listing.into_page(),
        },
        None => return refusal(StatusCode::NOT_ACCEPTABLE),
    };
    let response = response.with_vary("accept");
    if response.headers().contains("cache-control") {
        return response;
    }
    response.with_header("cache-control", "no-cache")
}
