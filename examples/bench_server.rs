//! The server that load and conformance drivers measure.
//!
//! Set by the environment: `PORT` (8080; 0 is any, the line on stdout tells), `WORKERS` (how many loops, or
//! processes with a loop each; 1), `MODE` (`single`, `threading`, or `forking` where there are Unix
//! processes), `FILE` (what `/file` serves). With the feature `tls` also `CERTIFICATE` and `KEY`, which
//! encrypt.

use std::env;
use std::fmt::Write as _;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use pauper::fields::multipart::PartHead;
use pauper::fields::{FormLimits, Sink, SinkError};
use pauper::files::SingleFile;
use pauper::message::{FormPlan, RequestBody, StatusCode};
use pauper::server::ServerConfig;
use pauper::{App, Error, IntoResponse, Json, Request, Server, abort};
use serde_json::json;

/// The largest upload, in bytes.
const UPLOAD: u64 = 16 << 30;

fn plaintext(_: &mut Request) -> &'static str {
    "Hello, World!"
}

fn json(_: &mut Request) -> impl IntoResponse {
    Json(json!({ "message": "Hello, World!" }))
}

fn user(_: &mut Request, name: String, id: u64) -> String {
    format!("user {name} has number {id}\n")
}

fn echo(req: &mut Request) -> RequestBody {
    req.take_body()
}

/// Counts a file and throws it away.
struct Count(u64);

impl Sink for Count {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        self.0 += data.len() as u64;
        Ok(())
    }
}

fn count(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(Some(Box::new(Count(0))))
}

/// Name and length of each field and file of a form, a line for each.
fn upload(req: &mut Request) -> Result<String, Error> {
    let mut lines = String::new();
    for field in req.fields()? {
        let length = field.sink::<Count>().map_or(field.len(), |Count(length)| *length);
        let _ = writeln!(lines, "{}={length}", field.name());
    }
    Ok(lines)
}

fn headers(req: &mut Request) -> String {
    let mut lines = String::new();
    for (name, value) in req.head().headers() {
        let _ = writeln!(lines, "{name}: {}", String::from_utf8_lossy(value));
    }
    lines
}

fn status(_: &mut Request, code: u16) -> Result<(StatusCode, String), Error> {
    // 1xx are no answers, they announce one.
    let code = StatusCode::from_u16(code).ok().filter(|code| !code.is_informational());
    let code = code.ok_or_else(|| abort(400))?;
    Ok((code, format!("{code}\n")))
}

fn nap(_: &mut Request, ms: u64) -> &'static str {
    sleep(Duration::from_millis(ms.min(60_000)));
    "ok"
}

/// A number from the environment, or the default.
fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    match env::var(name) {
        Err(_) => default,
        Ok(text) => text.parse().unwrap_or_else(|_| fail(&format!("{name}={text} is no number"))),
    }
}

fn fail(why: &str) -> ! {
    eprintln!("bench_server: {why}");
    exit(2)
}

const MODES: &[&str] =
    if cfg!(unix) { &["single", "threading", "forking"] } else { &["single", "threading"] };

fn main() -> pauper::ServeResult {
    let mode = env::var("MODE").unwrap_or_else(|_| "single".to_owned());
    if !MODES.contains(&mode.as_str()) {
        fail(&format!("there is no MODE={mode}; the modes are: {}", MODES.join(", ")));
    }
    let workers: usize = number("WORKERS", 1);
    if workers != 1 && mode == "single" {
        eprintln!("bench_server: MODE=single has one loop, WORKERS={workers} changes nothing");
    }
    let server = Server::bind(("127.0.0.1", number("PORT", 8080)))?;
    #[cfg(feature = "tls")]
    let server = match (env::var("CERTIFICATE"), env::var("KEY")) {
        (Ok(certificate), Ok(key)) => {
            server.tls(&pauper::server::TlsConfig::new(certificate, key).load()?)
        }
        _ => server,
    };
    println!("bench_server on http://{}/", server.local_addr());
    // As many as a driver opens; the default keeps a stranger from taking all descriptors.
    let config = ServerConfig::new().with_max_connections(100_000).with_max_sink_body(UPLOAD);
    match mode.as_str() {
        "single" => server.config(config).run_single(app()),
        #[cfg(unix)]
        "forking" => server.config(config.with_workers(workers)).run_forking(app),
        _ => server.config(config.with_loops(workers)).run(app()),
    }
}

fn app() -> App {
    let mut app = App::new("bench_server");
    if let Some(path) = env::var_os("FILE") {
        // From disk each time, as it is now.
        app.mount("/file", SingleFile::new(path));
    }
    app.get("/plaintext", plaintext);
    app.get("/json", json);
    app.get("/user/<name>/<id:int>", user);
    app.get("/hello", |_: &mut Request| "Hello!\n");
    app.post("/echo", echo).max_body(1 << 30);
    let limits = FormLimits::new().max_body(UPLOAD).max_part(UPLOAD);
    app.post("/upload", upload).form(FormPlan::new(limits).sinks(|_| Ok(count)));
    app.get("/headers", headers);
    app.get("/status/<code:int>", status);
    app.get("/sleep/<ms:int>", nap);
    app
}
