//! The example of Poor HTTP, as an application that its daemon is told to serve: `module = simple`.
//!
//! ```text
//! cargo run --example poorhttp_simple -- -c packaging/poorhttp.ini -w simple -b 8000
//! ```

use std::process::ExitCode;

use pauper::message::page::{Page, escape};
use pauper::{App, Error, Request, Response, abort};
use poorhttp::{Options, Registry};

/// A page with links to the others.
fn page(req: &Request, title: &str, body: &str) -> Response {
    let host = req.header("Host").unwrap_or("localhost");
    Page::new(title)
        .header(format!("<h1>{}</h1>", escape(title)))
        .html(format!(
            "<p>{}: <a href=\"/\">/</a> <a href=\"/debug\">/debug</a> \
             <a href=\"/no-page\">/no-page</a></p>\n{body}",
            escape(host)
        ))
        .into_response()
}

fn table(rows: impl IntoIterator<Item = (String, String)>) -> String {
    let rows: String = rows
        .into_iter()
        .map(|(name, value)| format!("<tr><td>{}<td>{}\n", escape(&name), escape(&value)))
        .collect();
    format!("<table>\n{rows}</table>\n")
}

fn root(req: &mut Request) -> Response {
    page(req, "Simple WSGI Example Application", "")
}

/// What CGI would tell of a request, and the variables of the configuration. Values of those that
/// have the name of a secret are kept.
fn debug(req: &mut Request, environ: &[(String, String)]) -> Response {
    let headers = req
        .headers()
        .iter()
        .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let headers = table(headers);
    let peer = req.peer();
    let (local, remote) = (peer.local, peer.remote);
    let or = |text: Option<String>| text.unwrap_or_default();
    let mut variables: Vec<(String, String)> = environ.to_vec();
    variables.extend(
        [
            ("GATEWAY_INTERFACE", "CGI/1.1".to_owned()),
            ("PATH_INFO", req.path().to_owned()),
            ("QUERY_STRING", req.query().to_owned()),
            ("REMOTE_ADDR", or(remote.map(|address| address.ip().to_string()))),
            ("REQUEST_METHOD", req.method().to_string()),
            ("SERVER_NAME", or(local.map(|address| address.ip().to_string()))),
            ("SERVER_PORT", or(local.map(|address| address.port().to_string()))),
            ("SERVER_PROTOCOL", format!("{:?}", req.version())),
            ("SERVER_SOFTWARE", concat!("Pauper/", env!("CARGO_PKG_VERSION")).to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    variables.sort();
    let body = format!("<h2>Headers</h2>\n{headers}<h2>Environment</h2>\n{}", table(variables));
    page(req, "Server/Application Debug Page", &body)
}

/// A square of 16 by 16 points in one colour, 1150 bytes.
fn favicon(_: &mut Request) -> Response {
    const SIDE: u8 = 16;
    let mut icon = vec![0, 0, 1, 0, 1, 0, SIDE, SIDE, 0, 0, 1, 0, 32, 0];
    icon.extend(1128_u32.to_le_bytes());
    icon.extend(22_u32.to_le_bytes());
    icon.extend(40_u32.to_le_bytes());
    icon.extend(u32::from(SIDE).to_le_bytes());
    icon.extend((2 * u32::from(SIDE)).to_le_bytes());
    icon.extend([1, 0, 32, 0]);
    icon.extend([0; 24]);
    for _ in 0..u32::from(SIDE) * u32::from(SIDE) {
        icon.extend([0x33, 0x66, 0x99, 0xff]);
    }
    icon.extend([0; 64]);
    Response::bytes(icon).with_header("Content-Type", "image/vnd.microsoft.icon")
}

fn error(_: &mut Request) -> Result<Response, Error> {
    Err(std::io::Error::other("an error of the application").into())
}

fn simple(options: &Options) -> App {
    let secret = |name: &str| {
        let name = name.to_lowercase();
        ["secret", "key", "passw", "token"].iter().any(|word| name.contains(word))
    };
    let mut environ: Vec<(String, String)> = options
        .environ()
        .iter()
        .map(|(name, value)| {
            let value = if secret(name) { "(not shown)" } else { value };
            (name.clone(), value.to_owned())
        })
        .collect();
    environ.push(("SERVER_ADMIN".to_owned(), options.webmaster().to_owned()));

    let mut app = App::new("simple");
    app.route(["GET", "POST"], "/", root);
    app.route(["GET", "POST"], "/debug", move |req: &mut Request| debug(req, &environ));
    app.route(["GET", "POST"], "/favicon.ico", favicon);
    app.route(["GET", "POST"], "/error", error);
    // Other methods are not allowed anywhere, not even where there is nothing.
    app.default_handler(|req: &mut Request| -> Result<Response, Error> {
        let known = matches!(req.method().as_str(), "GET" | "HEAD" | "POST");
        Err(abort(if known { 404 } else { 405 }))
    });
    app.on_status(404, |req: &mut Request, _: &Error| {
        page(req, "404 - Page Not Found", "").with_status(404)
    });
    app.on_status(405, |req: &mut Request, _: &Error| {
        let body = format!("<p>{} is not allowed.</p>", escape(req.method().as_str()));
        page(req, "405 - Method Not Allowed", &body)
            .with_status(405)
            .with_header("Allow", "GET, HEAD, POST")
    });
    app.after(|_, response| {
        response.headers_mut().insert("X-Application", "Simple")?;
        Ok(())
    });
    app
}

fn main() -> ExitCode {
    Registry::new().with("simple", simple).run()
}
