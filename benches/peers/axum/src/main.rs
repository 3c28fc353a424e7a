//! axum: one thread, its router, its JSON; files by tower-http.

use std::io;

use axum::extract::Path;
use axum::routing::{get, get_service};
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

fn main() -> io::Result<()> {
    let app = Router::new()
        .route("/plaintext", get(async || setting::PLAINTEXT))
        .route("/json", get(message))
        .route("/user/{name}/{id}", get(user))
        .route("/hello", get(async || setting::HELLO))
        .route("/file", get_service(ServeFile::new(setting::file())))
        .route("/sleep/{ms}", get(nap));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(setting::address()).await?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app).await
    })
}
