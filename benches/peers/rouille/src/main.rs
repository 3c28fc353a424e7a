//! rouille: a pool of `HANDLERS` threads, its `router!`, its JSON.

use std::fs::File;

use rouille::{Request, Response, router};
use serde_json::json;

fn answer(request: &Request) -> Response {
    router!(request,
        (GET) ["/plaintext"] => { Response::text(setting::PLAINTEXT) },
        (GET) ["/json"] => { Response::json(&json!({ "message": "Hello, World!" })) },
        (GET) ["/user/{name}/{id}", name: String, id: u64] => {
            Response::text(setting::user(&name, id))
        },
        (GET) ["/hello"] => { Response::text(setting::HELLO) },
        (GET) ["/file"] => {
            match File::open(setting::file()) {
                Ok(file) => Response::from_file("application/octet-stream", file),
                Err(_) => Response::empty_404(),
            }
        },
        (GET) ["/sleep/{ms}", ms: u64] => { Response::text(setting::block(ms)) },
        _ => Response::empty_404()
    )
}

fn main() {
    let server = rouille::Server::new(setting::address(), answer).expect("the port is free");
    server.pool_size(setting::handlers()).run();
}
