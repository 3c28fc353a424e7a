//! JSON in and out, on <http://localhost:8080/test/json>. With the variable `PROFILE` set, the time
//! that each request took is written into a file of the working directory.

use std::env;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper::app::Next;
use pauper::message::page::Page;
use pauper::message::{JsonStream, JsonStyle, StatusCode};
use pauper::{App, Error, Request, Response};
use serde_json::{Value, json};

/// As Python writes it: everything beyond ASCII escaped, spaces behind colons and commas.
const PYTHON: JsonStyle = JsonStyle::new().ascii(true).spaced(true);

const JSON_UTF8: &str = "application/json; charset=utf-8";

fn answer(value: &Value, style: JsonStyle) -> Result<Response, Error> {
    Ok(Response::json_styled(value, style)?.with_header("content-type", JSON_UTF8))
}

/// The JSON that was sent; `{}` where there is none. Chunks without a type are taken for JSON.
fn sent(req: &Request) -> Result<Value, Error> {
    if req.content_type().is_none() && req.is_chunked() {
        return serde_json::from_slice(req.bytes()?)
            .map_err(|error| Error::new(StatusCode::BAD_REQUEST, error.to_string()));
    }
    Ok(req.json_args()?.into_value().unwrap_or_else(|| json!({})))
}

fn teapot(req: &mut Request) -> Result<Response, Error> {
    let numbers: Vec<u8> = (0..5).collect();
    let body = json!({ "message": "I'm teapot :-)", "numbers": numbers, "request": sent(req)? });
    Ok(answer(&body, PYTHON)?.with_status(418))
}

/// The same, but the numbers are made while they are sent.
fn teapot_stream(_: &mut Request) -> Result<Response, Error> {
    let stream = JsonStream::object()
        .style(PYTHON)
        .member("message", "I'm teapot :-)")?
        .array("numbers", 0..5)
        .member("request", &json!({}))?;
    Ok(stream.finish().with_header("content-type", JSON_UTF8).with_status(418))
}

fn profile(_: &mut Request) -> Result<Response, Error> {
    answer(&json!({ "PROFILE": env::var("PROFILE").ok() }), PYTHON)
}

fn timestamp(_: &mut Request) -> Result<Response, Error> {
    answer(&json!({ "timestamp": unix_time().as_secs_f64() }), PYTHON)
}

fn unicode(_: &mut Request) -> Result<Response, Error> {
    answer(&json!({ "name": "Ondřej Tůma" }), PYTHON.ascii(false))
}

fn dict(req: &mut Request) -> Result<Response, Error> {
    answer(&json!({ "route": req.path(), "type": "dict" }), PYTHON)
}

fn list(req: &mut Request) -> Result<Response, Error> {
    answer(&json!([["key", "value"], ["route", req.path()], ["type", "list"]]), PYTHON)
}

fn headers(req: &mut Request) -> Result<Response, Error> {
    fn pairs<'r>(list: impl Iterator<Item = (&'r str, f32)>) -> Value {
        list.map(|(value, quality)| json!([value, quality])).collect()
    }
    let length = req.content_length().and_then(|length| i64::try_from(length).ok());
    let body = json!({
        "Accept": pairs(req.accept()),
        "Accept-Charset": pairs(req.accept_charset()),
        "Accept-Encoding": pairs(req.accept_encoding()),
        "Accept-Language": pairs(req.accept_language()),
        "Accept-MimeType": {
            "html": req.accept_html(),
            "xhtml": req.accept_xhtml(),
            "json": req.accept_json(),
        },
        "Content-Length": length.unwrap_or(-1),
        "Content-Type": [
            req.content_type().unwrap_or_default(),
            req.charset().unwrap_or_else(|| "utf-8".to_owned()),
        ],
        "Host": req.host(),
        "XMLHttpRequest": req.is_xhr(),
    });
    Response::json_styled(&body, PYTHON)
}

/// A page for everybody, programs too, that tells what was wrong.
fn bad_request(_: &mut Request, error: &Error) -> Response {
    let page = Page::new("400 - Bad Request").text(error.message().unwrap_or_default());
    page.into_response().with_status(400)
}

fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// At most so many files are written by one run.
const MOST_PROFILES: usize = 1000;

/// Writes how long the handler took, into `req_METHOD_path.TIME.profile`.
fn write_profile(req: &mut Request, next: Next<'_>) -> Result<Response, Error> {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let begun = std::time::Instant::now();
    let result = next.run(req);
    let took = begun.elapsed();
    if WRITTEN.fetch_add(1, Ordering::Relaxed) < MOST_PROFILES {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let path: String = req.path().chars().map(plain).take(100).collect();
        let time = unix_time();
        let (seconds, hundredths) = (time.as_secs(), time.subsec_millis() / 10);
        let name = format!("req_{}{path}.{seconds}.{hundredths:02}.profile", req.method());
        fs::write(name, format!("{} {}\n{took:?}\n", req.method(), req.path()))?;
    }
    result
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("simple_json");
    app.debug(true);
    app.after(|_, response| {
        response.headers_mut().insert_new("x-powered-by", "Pauper")?;
        Ok(())
    });
    if env::var_os("PROFILE").is_some() {
        app.wrap(write_profile);
    }
    app.on_status(400, bad_request);
    app.get("/test/json", teapot);
    app.post("/test/json", teapot);
    app.get("/test/json-generator", teapot_stream);
    app.get("/profile", profile);
    app.get("/timestamp", timestamp);
    app.get("/unicode", unicode);
    app.get("/dict", dict);
    app.get("/list", list);
    app.get("/test/headers", headers);
    pauper_examples::server("simple_json", 8080).run(app)
}
