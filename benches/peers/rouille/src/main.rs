//! rouille: a pool of `HANDLERS` threads, its `router!`, its JSON.

use std::fs::File;
use std::io;

use rouille::input::multipart::get_multipart_input;
use rouille::{Request, Response, router};
use serde_json::json;

/// A line for each part: its name and how many bytes it has, which are thrown away.
fn upload(request: &Request) -> Response {
    let Ok(mut parts) = get_multipart_input(request) else {
        return Response::text("no form").with_status_code(400);
    };
    let mut lines = String::new();
    while let Some(mut part) = parts.next() {
        let name = part.headers.name.to_string();
        let Ok(size) = io::copy(&mut part.data, &mut io::sink()) else {
            return Response::text("no whole form").with_status_code(400);
        };
        lines.push_str(&setting::part(&name, size as usize));
    }
    Response::text(lines)
}

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
        (POST) ["/upload"] => { upload(request) },
        _ => Response::empty_404()
    )
}

fn main() {
    let server = rouille::Server::new(setting::address(), answer).expect("the port is free");
    server.pool_size(setting::handlers()).run();
}
