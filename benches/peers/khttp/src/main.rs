//! khttp: its epoll loop and `HANDLERS` threads, its router.

use std::fs::File;
use std::io;

use khttp::Method::Get;
use khttp::{Headers, Server, Status};
use serde_json::json;

fn with_type(content_type: &'static str) -> Headers<'static> {
    let mut headers = Headers::new();
    headers.add(Headers::CONTENT_TYPE, content_type.as_bytes());
    headers
}

fn main() -> io::Result<()> {
    let mut app = Server::builder(setting::address())?;
    app.thread_count(setting::handlers());
    app.route(Get, "/plaintext", |_, res| res.ok(&with_type("text/plain"), setting::PLAINTEXT));
    app.route(Get, "/json", |_, res| {
        let body = serde_json::to_vec(&json!({ "message": "Hello, World!" }))?;
        res.ok(&with_type("application/json"), body)
    });
    app.route(Get, "/user/:name/:id", |ctx, res| {
        let (name, id) = (ctx.params.get("name"), ctx.params.get("id"));
        match (name, id.map(str::parse)) {
            (Some(name), Some(Ok(id))) => res.ok(&with_type("text/plain"), setting::user(name, id)),
            _ => res.send0(&Status::NOT_FOUND, Headers::empty()),
        }
    });
    app.route(Get, "/hello", |_, res| res.ok(&with_type("text/plain"), setting::HELLO));
    app.route(Get, "/file", |_, res| {
        let file = File::open(setting::file())?;
        let mut headers = Headers::new();
        headers.set_content_length(Some(file.metadata()?.len()));
        res.okr(&headers, file)
    });
    app.route(Get, "/sleep/:ms", |ctx, res| match ctx.params.get("ms").map(str::parse) {
        Some(Ok(ms)) => res.ok(&with_type("text/plain"), setting::block(ms)),
        _ => res.send0(&Status::NOT_FOUND, Headers::empty()),
    });
    app.build().serve_epoll()
}
