//! astra: at most `HANDLERS` workers, a match on the path.
//!
//! Its bodies do not tell their length, so that it would take the chunked coding for thirteen bytes;
//! Content-Length is set by hand, as the others send it.

use std::fs::File;
use std::io;

use astra::{Body, ConnectionInfo, Request, Response, ResponseBuilder, Server};
use serde_json::json;

fn with_type(content_type: &'static str, body: Vec<u8>) -> Response {
    let response = ResponseBuilder::new().header("Content-Type", content_type);
    response.header("Content-Length", body.len()).body(Body::new(body)).expect("a response")
}

fn text(body: impl Into<Vec<u8>>) -> Response {
    with_type("text/plain", body.into())
}

fn file() -> io::Result<Response> {
    let file = File::open(setting::file())?;
    let length = file.metadata()?.len();
    let response = ResponseBuilder::new().header("Content-Length", length);
    response.body(Body::wrap_reader(file)).map_err(io::Error::other)
}

fn not_found() -> Response {
    ResponseBuilder::new().status(404).body(Body::empty()).expect("a response")
}

fn answer(request: Request, _: ConnectionInfo) -> Response {
    let path = request.uri().path();
    match path {
        "/plaintext" => text(setting::PLAINTEXT),
        "/json" => {
            let body = serde_json::to_vec(&json!({ "message": "Hello, World!" })).expect("JSON");
            with_type("application/json", body)
        }
        "/hello" => text(setting::HELLO),
        "/file" => file().unwrap_or_else(|_| not_found()),
        _ => {
            let user = path.strip_prefix("/user/").and_then(|rest| rest.split_once('/'));
            if let Some((name, Ok(id))) = user.map(|(name, id)| (name, id.parse())) {
                text(setting::user(name, id))
            } else if let Some(Ok(ms)) = path.strip_prefix("/sleep/").map(str::parse) {
                text(setting::block(ms))
            } else {
                not_found()
            }
        }
    }
}

fn main() -> io::Result<()> {
    Server::bind(setting::address())
        .max_workers(setting::handlers())
        .http1_only()
        .http1_pipeline_flush(true)
        .serve(answer)
}
