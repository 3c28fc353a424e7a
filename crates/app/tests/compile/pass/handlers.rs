//! Everything that is a handler.

use pauper_app::App;
use pauper_message::{Error, Html, IntoResponse, Request, Response, abort};

fn opaque(_: &mut Request) -> impl IntoResponse {
    "text"
}

/// Borrows the request while it runs; what it gives is owned.
fn opaque_owned(req: &mut Request) -> impl IntoResponse {
    Html(req.path().to_owned())
}

fn text(_: &mut Request) -> String {
    String::new()
}

fn fixed(_: &mut Request) -> &'static str {
    ""
}

fn nothing(_: &mut Request) {}

fn fallible(req: &mut Request) -> Result<String, Error> {
    let n: u32 = req.text()?.parse()?;
    if n > 3 { Err(abort(404)) } else { Ok(n.to_string()) }
}

fn fallible_opaque(_: &mut Request, name: String) -> Result<impl IntoResponse, Error> {
    Ok((201, [("x-name", name)], "made"))
}

fn maybe(_: &mut Request, id: u64) -> Option<Response> {
    (id == 1).then(|| Response::text("one"))
}

#[allow(clippy::too_many_arguments, reason = "as many as a handler takes")]
fn eight(
    _: &mut Request,
    a: String,
    b: u8,
    c: i64,
    d: f64,
    e: String,
    f: usize,
    g: f32,
    h: String,
) -> impl IntoResponse {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}")
}

fn wrong_page(req: &mut Request, error: &Error) -> impl IntoResponse {
    (404, format!("{} {:?}", req.path(), error.status()))
}

fn bad_number(_: &mut Request, error: &std::num::ParseIntError) -> (u16, String) {
    (400, error.to_string())
}

fn main() {
    let mut app = App::new("accepted");
    app.get("/opaque", opaque);
    app.get("/opaque-owned", opaque_owned);
    app.get("/text", text);
    app.get("/fixed", fixed);
    app.get("/nothing", nothing);
    app.post("/fallible", fallible).max_body(9);
    app.get("/fallible/<name>", fallible_opaque);
    app.get("/maybe/<id:int>", maybe);
    app.get("/<a>/<b:int>/<c:int>/<d:float>/<e:word>/<f:int>/<g:float>/<h:path>", eight);

    app.get("/closure", |_: &mut Request| "text");
    app.get("/closure/<name>", |_: &mut Request, name: String| name);
    let greeting = String::from("hi");
    app.get("/captures/<n:int>", move |req: &mut Request, n: i32| {
        format!("{greeting} {n} {}", req.path())
    });

    app.before(|req| if req.path() == "/no" { Err(abort(403)) } else { Ok(()) });
    app.after(|_, response| {
        response.headers_mut().insert("x-seen", "yes")?;
        Ok(())
    });
    app.wrap(|req, next| next.run(req));
    app.on_status(404, wrong_page);
    app.on_error(bad_number);
    app.on_error::<std::io::Error, _>(|_: &mut Request, error: &std::io::Error| {
        (503, error.to_string())
    });
    app.default_handler(opaque);
}
