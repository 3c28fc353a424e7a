//! Functions with arguments, a state, and a mistake now and then, on <http://localhost:8080/>.

use std::cell::Cell;

use pauper::message::page::escape;
use pauper::{App, Error, Html, Request, abort};

thread_local! {
    // There is one thread, since requests are answered one at a time.
    static CONNECTIONS: Cell<u64> = const { Cell::new(0) };
}

fn root(_: &mut Request) -> Result<Html<String>, Error> {
    let count = CONNECTIONS.get() + 1;
    CONNECTIONS.set(count);
    if count.is_multiple_of(5) {
        return Err(Error::from(std::io::Error::other("every fifth connection fails")));
    }
    Ok(Html(format!(
        "<!DOCTYPE html>\n<title>Introduction</title>\n\
         <p>This is connection {count} to the root page.</p>\n\
         <p><a href=\"/add/5/7\">Add five and seven</a></p>\n\
         <p><a href=\"search?q=foo+bar+baz\">Search for something</a></p>\n"
    )))
}

fn add(_: &mut Request, a: String, b: String) -> Result<String, Error> {
    let number = |text: String| text.trim().parse::<f64>().map_err(|_| abort(400));
    let (a, b) = (number(a)?, number(b)?);
    // `{:?}` writes a fraction, even if it is zero.
    Ok(format!(
        "The sum of <{a:?}> and <{b:?}> is <{:?}>.\r\nThis is plain text, not <html>.\r\n",
        a + b
    ))
}

fn search(req: &mut Request) -> Result<Html<String>, Error> {
    let text = escape(req.args()?.get("q").unwrap_or_default()).into_owned();
    Ok(Html(format!(
        "<!DOCTYPE html>\n<title>Search</title>\n<h1>Bogus Search!</h1>\n\
         <p>There is nothing about <code>{text}</code> here.</p>\n"
    )))
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("intro");
    app.normalize_paths(true);
    app.get("/", root);
    app.get("/add/<a>/<b>", add);
    app.get("/search", search);
    pauper_examples::server("intro", 8080).run_single(app)
}
