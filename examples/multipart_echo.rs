//! What a form came to, as JSON: `POST /parts` with a form of either kind answers
//! `{"parts": [{"name", "filename", "content_type", "length", "sha256"}]}`, in the order of the
//! document. File name and type are null where the client sent none.
//!
//! Files are hashed while they arrive and are never kept, so a form may be of any size.
//!
//! `PORT` says where it listens (8080; 0 is any, the line on stdout tells).

use std::env;
use std::fmt::Write as _;

use pauper::fields::multipart::PartHead;
use pauper::fields::{Field, FormLimits, Sink, SinkError};
use pauper::message::FormPlan;
use pauper::server::ServerConfig;
use pauper::{App, Error, IntoResponse, Json, Request, Server};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The largest form, in bytes.
const MOST: u64 = 16 << 30;

/// A file on its way.
struct Hash(Sha256);

impl Sink for Hash {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        self.0.update(data);
        Ok(())
    }
}

fn sink(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(Some(Box::new(Hash(Sha256::new()))))
}

fn parts(req: &mut Request) -> Result<impl IntoResponse, Error> {
    let parts = req.fields()?.iter().map(|field| part(&field)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "parts": parts })))
}

fn part(field: &Field<'_>) -> Result<Value, Error> {
    let hash = match field.sink::<Hash>() {
        Some(Hash(hash)) => hash.clone(),
        None => Sha256::new_with_prefix(field.bytes()?),
    };
    let mut sha256 = String::new();
    for byte in hash.finalize() {
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(json!({
        "name": field.name(),
        "filename": field.filename(),
        "content_type": field.content_type(),
        "length": field.len(),
        "sha256": sha256,
    }))
}

fn main() -> pauper::ServeResult {
    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let mut app = App::new("multipart_echo");
    let limits = FormLimits::new().max_body(MOST).max_part(MOST).max_memory(64 << 20);
    app.post("/parts", parts).form(FormPlan::new(limits).sinks(|_| Ok(sink)));
    let server = Server::bind(("127.0.0.1", port))?;
    println!("multipart_echo on http://{}/", server.local_addr());
    server.config(ServerConfig::new().with_max_sink_body(MOST)).run(app)
}
