//! The application that `poorhttp` serves when it is given no other: each thing that it shows runs,
//! and is shown with the source that runs.
//!
//! It stands at `/`, or at `/_demo/` where `--root` asks for files at `/`. All its links are
//! relative, so it is the same in both places.

mod ask;
mod cards;
mod features;
mod page;
mod program;
mod seen;
mod source;
mod uploads;

use pauper::app::{Handler, Route};
use pauper::{App, Request, Response};
use poorhttp::Options;

/// Where the demo stands when `/` belongs to files.
const ASIDE: &str = "/_demo";

/// The demo, as the command line asks for it.
pub(crate) fn app(options: &Options) -> App {
    let (name, prefix) = match options.root() {
        None => ("the demo", ""),
        Some(_) => ("the demo at /_demo/", ASIDE),
    };
    let mut app = App::new(name);
    let mut mount = Mount { app: &mut app, prefix };
    features::routes(&mut mount);
    let page = page::FirstPage::new(prefix, options);
    mount.get("/", move |req: &mut Request| page.answer(req));
    if !prefix.is_empty() {
        mount.get("", |_: &mut Request| Response::redirect("/_demo/").with_status(308));
    }
    app
}

/// Registers routes below a prefix.
pub(crate) struct Mount<'a> {
    app: &'a mut App,
    prefix: &'static str,
}

impl Mount<'_> {
    #[track_caller]
    fn get<Args: 'static, H: Handler<Args>>(&mut self, pattern: &str, handler: H) {
        self.app.get(&format!("{}{pattern}", self.prefix), handler);
    }

    #[track_caller]
    fn post<Args: 'static, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.app.post(&format!("{}{pattern}", self.prefix), handler)
    }
}

#[cfg(test)]
mod tests;
