//! A function that fills in the response it is given, whatever the method: the first part of the
//! path decides. On <http://localhost:8080/hello>.

use pauper::app::fill;
use pauper::message::StatusCode;
use pauper::{App, Request, Response};

fn hello(req: &mut Request, response: &mut Response) {
    match req.segments().next().as_deref() {
        Some("hello") => response.set_body("Hello world!"),
        Some("goodbye") => response.set_body("Goodbye cruel world"),
        _ => response.set_status(StatusCode::NOT_FOUND),
    }
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("pico_hello");
    app.default_handler(fill(hello));
    pauper_examples::server("pico_hello", 8080).run(app)
}
