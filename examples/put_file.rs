//! Files that are put, as plain bodies: hashed while they arrive by a sink of the example's own,
//! and written to a temporary file, or nowhere.
//!
//! `put_file [ADDRESS]`, by default 127.0.0.1:8080; of port 0 the line on stdout tells what it
//! became.

use std::env;
use std::fmt::Write as _;
use std::io::{self, Write};

use pauper::message::{BodySink, Plan};
use pauper::server::ServerConfig;
use pauper::{App, Error, Html, IntoResponse, Json, Request, Server};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The largest file, in bytes.
const MOST: u64 = 64 << 30;

/// What came so far, and where it goes.
struct Upload<W> {
    hash: Sha256,
    length: u64,
    to: W,
}

/// What came in all.
struct Uploaded {
    checksum: String,
    length: u64,
}

impl<W: Write + Send> BodySink for Upload<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(self.to.write_all(bytes)?)
    }

    fn finish(self: Box<Self>, req: &mut Request) -> Result<(), Error> {
        let mut checksum = String::new();
        for byte in self.hash.finalize() {
            let _ = write!(checksum, "{byte:02x}");
        }
        req.extensions_mut().insert(Uploaded { checksum, length: self.length });
        Ok(())
    }
}

fn upload<W: Write + Send + 'static>(to: W) -> Plan {
    Plan::sink(Upload { hash: Sha256::new(), length: 0, to })
}

fn put(req: &mut Request, filename: String) -> impl IntoResponse {
    req.extensions_mut().remove::<Uploaded>().map(|Uploaded { checksum, length }| {
        Json(json!({ "uploaded": length, "checksum": checksum, "filename": filename }))
    })
}

const PAGE: &str = "<!DOCTYPE html><title>Put a file</title><h1>Put a file</h1>\
    <input type=\"file\" id=\"file\">\
    <select id=\"where\"><option>blackhole</option><option>temporary</option></select>\
    <button id=\"send\">Send</button> <progress id=\"sent\" value=\"0\"></progress>\
    <pre id=\"answer\"></pre><script>\
    const at = id => document.getElementById(id);\
    at('send').onclick = () => {\
      const file = at('file').files[0];\
      if (!file) return;\
      const request = new XMLHttpRequest();\
      request.upload.onprogress = event => { at('sent').value = event.loaded / event.total };\
      request.onload = () => { at('answer').textContent = request.responseText };\
      request.onerror = () => { at('answer').textContent = 'The connection failed.' };\
      request.open('PUT', '/' + at('where').value + '/' + encodeURIComponent(file.name));\
      request.send(file);\
    };</script>";

fn main() -> pauper::ServeResult {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let mut app = App::new("put_file");
    app.get("/", |_: &mut Request| Html(PAGE));
    app.put("/blackhole/<filename>", put).plan(|_| Ok(upload(io::sink())));
    app.put("/temporary/<filename>", put).plan(|_| Ok(upload(tempfile::tempfile()?)));
    let server = Server::bind(address.as_str())?;
    println!("put_file on http://{}/", server.local_addr());
    server.config(ServerConfig::new().with_max_sink_body(MOST)).run(app)
}
