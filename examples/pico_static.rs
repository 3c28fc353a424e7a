//! The files of the working directory, on <http://localhost:8080/>.

use pauper::files::Folder;
use pauper::{App, Error, Request, abort};

fn main() -> pauper::ServeResult {
    let mut app = App::new("pico_static");
    app.before(|req| match req.method().as_str() {
        "GET" | "HEAD" => Ok(()),
        _ => Err(abort(501)),
    });
    app.fallback(Folder::new(".")?.index_files(["index.html"]));
    // A page without text, as small as the rest.
    app.on_status(404, |_: &mut Request, _: &Error| 404);
    app.on_status(403, |_: &mut Request, _: &Error| 404);
    app.on_status(501, |_: &mut Request, _: &Error| 501);
    app.after(|req, response| {
        let name = req.path().rsplit('/').next().unwrap_or_default();
        let is_unknown = !name.contains('.') && !name.is_empty();
        if is_unknown && response.status() == 200 {
            response.headers_mut().insert("content-type", "text/plain")?;
        }
        Ok(())
    });
    pauper_examples::server("pico_static", 8080).run(app)
}
