//! tiny_http: `HANDLERS` threads take requests; its own threads read the connections.

use std::error::Error;
use std::fs::File;
use std::sync::Arc;
use std::thread;

use serde_json::json;
use tiny_http::{Header, Request, Response, Server};

fn header(line: &'static str) -> Header {
    line.parse().expect("a header")
}

fn answer(request: Request) -> Result<(), Box<dyn Error>> {
    let path = request.url();
    let text =
        |body: String| Response::from_string(body).with_header(header("Content-Type: text/plain"));
    let response = match path {
        "/plaintext" => text(setting::PLAINTEXT.to_owned()),
        "/json" => {
            let body = serde_json::to_vec(&json!({ "message": "Hello, World!" }))?;
            Response::from_data(body).with_header(header("Content-Type: application/json"))
        }
        "/hello" => text(setting::HELLO.to_owned()),
        "/file" => {
            // Without this it takes the chunked coding for anything above 32 KiB.
            let file = Response::from_file(File::open(setting::file())?);
            return Ok(request.respond(file.with_chunked_threshold(usize::MAX))?);
        }
        _ => {
            let user = path.strip_prefix("/user/").and_then(|rest| rest.split_once('/'));
            if let Some((name, Ok(id))) = user.map(|(name, id)| (name, id.parse())) {
                text(setting::user(name, id))
            } else if let Some(Ok(ms)) = path.strip_prefix("/sleep/").map(str::parse) {
                text(setting::block(ms).to_owned())
            } else {
                text("not found".to_owned()).with_status_code(404)
            }
        }
    };
    Ok(request.respond(response)?)
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Arc::new(Server::http(setting::address())?);
    let threads: Vec<_> = (0..setting::handlers())
        .map(|_| {
            let server = Arc::clone(&server);
            thread::spawn(move || {
                for request in server.incoming_requests() {
                    let _ = answer(request);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no handler panics");
    }
    Ok(())
}
