//! ntex on tokio: one worker, its router, its JSON; files by ntex-files.

use std::io;

use ntex::web::{self, App, HttpResponse, HttpServer};
use ntex_files::NamedFile;
use serde_json::json;

fn text(body: impl Into<ntex::http::body::Body>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(body)
}

async fn message() -> HttpResponse {
    HttpResponse::Ok().json(&json!({ "message": "Hello, World!" }))
}

async fn user(path: web::types::Path<(String, u64)>) -> HttpResponse {
    text(setting::user(&path.0, path.1))
}

async fn file() -> Result<NamedFile, web::Error> {
    Ok(NamedFile::open(setting::file())?)
}

async fn nap(ms: web::types::Path<u64>) -> HttpResponse {
    let ms = *ms;
    match web::block(move || Ok::<_, io::Error>(setting::block(ms))).await {
        Ok(done) => text(done),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

#[ntex::main]
async fn main() -> io::Result<()> {
    let app = async || {
        App::new()
            .route("/plaintext", web::get().to(async || text(setting::PLAINTEXT)))
            .route("/json", web::get().to(message))
            .route("/user/{name}/{id}", web::get().to(user))
            .route("/hello", web::get().to(async || text(setting::HELLO)))
            .route("/file", web::get().to(file))
            .route("/sleep/{ms}", web::get().to(nap))
    };
    HttpServer::new(app).workers(1).bind(setting::address())?.run().await
}
