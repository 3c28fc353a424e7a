//! axum: one thread, its router, its JSON; files by tower-http.

use std::io;

use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Multipart, Path};
use axum::routing::{get, get_service, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::services::ServeFile;

async fn message() -> Json<Value> {
    Json(json!({ "message": "Hello, World!" }))
}

async fn user(Path((name, id)): Path<(String, u64)>) -> String {
    setting::user(&name, id)
}

async fn nap(Path(ms): Path<u64>) -> &'static str {
    tokio::task::spawn_blocking(move || setting::block(ms)).await.unwrap()
}

/// A line for each part: its name and how many bytes it has, which are thrown away.
async fn upload(mut parts: Multipart) -> Result<String, MultipartError> {
    let mut lines = String::new();
    while let Some(mut part) = parts.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let mut size = 0;
        while let Some(chunk) = part.chunk().await? {
            size += chunk.len();
        }
        lines.push_str(&setting::part(&name, size));
    }
    Ok(lines)
}

fn main() -> io::Result<()> {
    let app = Router::new()
        .route("/plaintext", get(async || setting::PLAINTEXT))
        .route("/json", get(message))
        .route("/user/{name}/{id}", get(user))
        .route("/hello", get(async || setting::HELLO))
        .route("/file", get_service(ServeFile::new(setting::file())))
        .route("/sleep/{ms}", get(nap))
        .route("/upload", post(upload).layer(DefaultBodyLimit::disable()));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(setting::address()).await?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app).await
    })
}
