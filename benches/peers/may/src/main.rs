//! may_minihttp: one worker thread of coroutines, a match on the path.

use std::io;

use may_minihttp::{HttpServer, HttpService, Request, Response};
use serde_json::json;

#[derive(Clone)]
struct Routes;

fn not_found(response: &mut Response) {
    response.status_code(404, "Not Found").body("not found");
}

impl HttpService for Routes {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        let path = request.path();
        match path {
            "/plaintext" => response.header("Content-Type: text/plain").body(setting::PLAINTEXT),
            "/json" => {
                let body = serde_json::to_vec(&json!({ "message": "Hello, World!" }))?;
                response.header("Content-Type: application/json").body_vec(body);
            }
            "/hello" => response.header("Content-Type: text/plain").body(setting::HELLO),
            "/file" => response.body_vec(std::fs::read(setting::file())?),
            _ => {
                let user = path.strip_prefix("/user/").and_then(|rest| rest.split_once('/'));
                if let Some((name, Ok(id))) = user.map(|(name, id)| (name, id.parse())) {
                    let body = setting::user(name, id);
                    response.header("Content-Type: text/plain").body_vec(body.into_bytes());
                } else if let Some(Ok(ms)) = path.strip_prefix("/sleep/").map(str::parse) {
                    response.header("Content-Type: text/plain").body(setting::block(ms));
                } else {
                    not_found(response);
                }
            }
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    may::config().set_workers(setting::handlers());
    HttpServer(Routes).start(setting::address())?.join().map_err(|_| io::Error::other("panicked"))
}
