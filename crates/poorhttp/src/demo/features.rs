//! The handlers that the cards show. What stands between `begin` and `end` of a name, and lines
//! with `show` and that name, are the source on its card.

use pauper::message::page::{Page, escape};
use pauper::{Error, Json, Request, Response};
use serde_json::{Value, json};

use super::uploads::Uploads;
use super::{Mount, program, seen};

pub(super) fn routes(app: &mut Mount<'_>) {
    program::route(app);
    app.get("/birthday/<name:word>/<age:int>", birthday); // show: path
    app.get("/pots", pots); // show: query
    app.post("/form", receive); // show: form
    app.get("/upload", upload_page); // show: upload
    app.get("/upload.js", upload_script); // show: upload
    let uploads = Uploads::default(); // show: upload
    app.post("/upload", upload).form(uploads.plan()); // show: upload
    app.get("/progress/<id:word>", uploads.told()); // show: upload
    app.get("/json", hello_json); // show: json
    app.post("/json", echo_json); // show: json
    app.get("/request", request); // show: request
    app.get("/fails", fails); // show: errors
    app.get("/panics", panics); // show: errors
}

// begin: path
fn birthday(_: &mut Request, name: String, age: u8) -> String {
    format!("{name} was {age} and is {} now.", u16::from(age) + 1)
}
// end: path

// begin: query
fn pots(req: &mut Request) -> Result<String, Error> {
    let args = req.args()?;
    let metal = args.get("metal").unwrap_or("copper");
    // What is no number is answered with 400.
    let count = args.getvalue("count")?.unwrap_or(1_u32);
    Ok(format!("{count} × {metal} pot"))
}
// end: query

// begin: form
fn receive(req: &mut Request) -> Result<Response, Error> {
    let mut page = Page::new("The form as it arrived").html("<dl>");
    for (name, value) in req.form()? {
        // `text` escapes, so what somebody typed stays text.
        page = page.html("<dt>").text(name).html("<dd>").text(value);
    }
    Ok(page.html("</dl><p><a href=\"./#form\">Back</a>").into_response())
}
// end: form

// begin: upload
fn upload(req: &mut Request) -> Result<Response, Error> {
    let mut page = Page::new("What was uploaded").html("<dl>");
    for file in req.fields()?.files("file") {
        // As the client said; `safe_file_name` makes a name for a file of it.
        let name = file.filename().unwrap_or_default();
        let size = format!("{} bytes", file.len());
        page = page.html("<dt>").text(name).html("<dd>").text(&size);
    }
    let end = "</dl><p><a href=\"upload\">Another</a>";
    Ok(page.html(end).into_response())
}
// end: upload

/// The bar is moved by a script; the form works without it, too.
fn upload_page(_: &mut Request) -> Response {
    let response = Page::new("Upload")
        .html(
            "<form action=\"upload\" method=\"post\" enctype=\"multipart/form-data\">\n\
             <label for=\"file\">Files</label>\n\
             <input id=\"file\" name=\"file\" type=\"file\" multiple>\n<button>Upload</button>\n\
             </form>\n<p><progress id=\"sent\" value=\"0\" hidden></progress>\n\
             <output id=\"told\"></output>\n<p><a href=\"./#upload\">Back</a>\n\
             <script src=\"upload.js\"></script>",
        )
        .into_response();
    // Other pages run no script at all.
    let policy = response.headers().get("content-security-policy");
    let policy = policy.and_then(|policy| policy.to_str().ok()).unwrap_or("default-src 'none'");
    let policy = format!("{policy}; script-src 'self'; connect-src 'self'");
    response.with_header("content-security-policy", policy)
}

fn upload_script(_: &mut Request) -> Response {
    let script = Response::text(include_str!("upload.js"));
    script.with_header("content-type", "text/javascript; charset=utf-8")
}

// begin: json
fn hello_json(_: &mut Request) -> Json<Value> {
    Json(json!({ "message": "Hello, World!" }))
}

fn echo_json(req: &mut Request) -> Result<Json<Value>, Error> {
    let value: Value = req.json()?;
    Ok(Json(json!({ "received": value })))
}
// end: json

// begin: request
fn request(req: &mut Request) -> Response {
    let mut rows = String::new();
    for (name, value) in seen::head(req).chain(seen::headers(req)) {
        let (name, value) = (escape(&name), escape(&value));
        rows += &format!("<tr><th scope=\"row\">{name}<td>{value}\n");
    }
    Page::new("The request as the server saw it")
        .html("<div class=\"wide\"><table class=\"mono\">\n")
        .html("<caption>First line and headers</caption>\n")
        .html(rows)
        .html("</table></div>\n<p><a href=\"./#request\">Back</a>")
        .into_response()
}
// end: request

// begin: errors
fn fails(_: &mut Request) -> Result<String, Error> {
    let pots: u32 = "several".parse()?; // any error will do
    Ok(format!("{pots} pots"))
}

fn panics(_: &mut Request) -> &'static str {
    panic!("the pot was dropped")
}
// end: errors
