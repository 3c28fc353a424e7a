//! Uploads of any size in little memory: files are hashed while they arrive, and go to a temporary
//! file, or nowhere.
//!
//! `large_file [ADDRESS]`, by default 127.0.0.1:8080; of port 0 the line on stdout tells what it
//! became.

use std::env;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use pauper::fields::multipart::PartHead;
use pauper::fields::{FormLimits, Sink, SinkError};
use pauper::message::{FormPlan, StatusCode};
use pauper::server::ServerConfig;
use pauper::{App, Error, Html, Request, Server};
use sha2::{Digest, Sha256};

/// The largest upload, in bytes.
const MOST: u64 = 64 << 30;

/// Takes a file: hashes it, and writes it on if there is somewhere to.
struct Hashed<W> {
    hash: Sha256,
    to: W,
}

impl<W: Write + Send + 'static> Sink for Hashed<W> {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        self.hash.update(data);
        Ok(self.to.write_all(data)?)
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(self.to.flush()?)
    }
}

fn blackhole(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(Some(Box::new(Hashed { hash: Sha256::new(), to: io::sink() })))
}

fn temporary(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(Some(Box::new(Hashed { hash: Sha256::new(), to: tempfile::tempfile()? })))
}

/// Leaves it to the form, which has a temporary file of its own.
fn original(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(None)
}

/// Where files go: the path, what the page calls it, and what makes the sinks.
type Way =
    (&'static str, &'static str, fn(&PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError>);

const WAYS: [Way; 3] = [
    ("/blackhole", "blackhole_factory", blackhole),
    ("/temporary", "temporary_factory", temporary),
    ("/no-factory", "original_factory", original),
];

fn index(_: &mut Request) -> Html<String> {
    let mut page =
        String::from("<!DOCTYPE html><title>Large files</title><h1>Large files</h1><ul>");
    for (path, ..) in WAYS {
        let _ = write!(page, "<li><a href=\"{path}\">{path}</a>");
    }
    Html(page)
}

/// The form, below it what became of the last upload.
fn form(name: &str, result: &str) -> Html<String> {
    Html(format!(
        "<!DOCTYPE html><title>Upload</title><h1>Upload form for {name}</h1>\
         <form method=\"post\" enctype=\"multipart/form-data\">\
         <input type=\"file\" name=\"file\"><input type=\"submit\"></form>{result}"
    ))
}

/// An upload has a length, or comes in chunks.
fn check_length(req: &Request) -> Result<(), Error> {
    let length = req.header("content-length").is_some_and(|length| length != "0");
    if length || req.header("transfer-encoding").is_some() {
        return Ok(());
    }
    Err(Error::new(StatusCode::BAD_REQUEST, "an upload needs a Content-Length that is not 0"))
}

fn uploaded(req: &Request, name: &str) -> Result<Html<String>, Error> {
    let form_data = req.fields()?;
    let field = form_data
        .files("file")
        .next()
        .ok_or_else(|| Error::new(StatusCode::BAD_REQUEST, "there is no file in the form"))?;
    let hash = if let Some(Hashed { hash, .. }) = field.sink::<Hashed<io::Sink>>() {
        hash.clone()
    } else if let Some(Hashed { hash, .. }) = field.sink::<Hashed<File>>() {
        hash.clone()
    } else {
        let mut hash = Sha256::new();
        io::copy(&mut field.reader(), &mut Updating(&mut hash))?;
        hash
    };
    let mut hex = String::new();
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    let bytes = form_data.bytes_read();
    let took = SystemTime::now().duration_since(req.received()).unwrap_or_default().as_secs_f64();
    let speed = bytes as f64 / took.max(0.001);
    let result = format!(
        "<pre>Upload: {} in {took:.0}s -> {}ps SHA256: {hex}</pre>",
        size(bytes as f64),
        size(speed)
    );
    Ok(form(name, &result))
}

/// A hash as something to write to.
struct Updating<'h>(&'h mut Sha256);

impl Write for Updating<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `195.50k`: divided by 1024 as often as it can be.
fn size(mut bytes: f64) -> String {
    for unit in ["", "k", "M", "G"] {
        if bytes < 1024.0 || unit == "G" {
            return format!("{bytes:.2}{unit}");
        }
        bytes /= 1024.0;
    }
    unreachable!("the last unit takes all")
}

fn main() -> pauper::ServeResult {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let mut app = App::new("large_file");
    app.get("/", index);
    for (path, name, make) in WAYS {
        app.get(path, move |_: &mut Request| form(name, ""));
        let limits = FormLimits::new().max_body(MOST).max_part(MOST);
        let plan = FormPlan::new(limits).sinks(move |req| {
            check_length(req)?;
            Ok(make)
        });
        app.post(path, move |req: &mut Request| uploaded(req, name)).form(plan);
    }
    let server = Server::bind(address.as_str())?;
    println!("large_file on http://{}/", server.local_addr());
    server.config(ServerConfig::new().with_max_sink_body(MOST)).run(app)
}
