//! actix-web: one worker, its router, its JSON; files by actix-files.

use std::io;

use actix_files::NamedFile;
use actix_multipart::Multipart;
use actix_web::{App, HttpResponse, HttpServer, Responder, web};
use futures_util::TryStreamExt;
use serde_json::json;

fn text(body: impl actix_web::body::MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(body)
}

async fn message() -> impl Responder {
    web::Json(json!({ "message": "Hello, World!" }))
}

async fn user(path: web::Path<(String, u64)>) -> HttpResponse {
    text(setting::user(&path.0, path.1))
}

async fn file() -> io::Result<NamedFile> {
    NamedFile::open(setting::file())
}

async fn nap(ms: web::Path<u64>) -> actix_web::Result<HttpResponse> {
    Ok(text(web::block(move || setting::block(*ms)).await?))
}

/// A line for each part: its name and how many bytes it has, which are thrown away.
async fn upload(mut parts: Multipart) -> actix_web::Result<HttpResponse> {
    let mut lines = String::new();
    while let Some(mut part) = parts.try_next().await? {
        let mut size = 0;
        while let Some(chunk) = part.try_next().await? {
            size += chunk.len();
        }
        lines.push_str(&setting::part(part.name().unwrap_or_default(), size));
    }
    Ok(text(lines))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let app = || {
        App::new()
            .route("/plaintext", web::get().to(async || text(setting::PLAINTEXT)))
            .route("/json", web::get().to(message))
            .route("/user/{name}/{id}", web::get().to(user))
            .route("/hello", web::get().to(async || text(setting::HELLO)))
            .route("/file", web::get().to(file))
            .route("/sleep/{ms}", web::get().to(nap))
            .route("/upload", web::post().to(upload))
    };
    // More connections than the default 25,000 are not asked for; the default stays.
    HttpServer::new(app).workers(1).bind(setting::address())?.run().await
}
