//! A page for everything that requests and answers can do, on <http://localhost:8080/>.

use std::fmt::Write as _;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pauper::fields::multipart::PartHead;
use pauper::fields::{FormLimits, Sink, SinkError};
use pauper::files::Folder;
use pauper::message::FormPlan;
use pauper::message::conditional::http_date;
use pauper::message::page::{Page, escape};
use pauper::message::{ByteRange, Error, StatusCode};
use pauper::{App, Request, Response, abort};

/// What `/simple` and `/simple.py` send.
const SOURCE: &str = include_str!("assets/simple.py");

/// When the program was started, which counts as the time of [`SOURCE`].
struct Started(SystemTime);

const STYLE: &str = "body { width: 90%; max-width: 900px; margin: auto; padding: 30px; }\n\
                     table { width: 100%; }\n";

// --- pages ------------------------------------------------------------------------------------

/// A page with a line that tells where one is.
fn page(req: &Request, title: &str, html: &str) -> Response {
    let crumb = format!("<p>{} &raquo; {}", escape(req.host()), escape(req.path()));
    Page::new(title).html(crumb).html(html.to_owned()).into_response()
}

fn powered(response: Response) -> Response {
    response.with_header("x-powered-by", "Pauper")
}

fn table<N: AsRef<str>, V: AsRef<str>>(rows: impl IntoIterator<Item = (N, V)>) -> String {
    let mut html = "<table>\n".to_owned();
    for (name, value) in rows {
        let (name, value) = (escape(name.as_ref()), escape(value.as_ref()));
        let _ = writeln!(html, "<tr><td>{name}:</td><td>{value}</td></tr>");
    }
    html + "</table>\n"
}

fn request_headers(req: &Request) -> String {
    let rows = req
        .head()
        .headers()
        .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()));
    format!("<h2>Request headers</h2>\n{}", table(rows))
}

fn request_variables(req: &Request) -> String {
    let rows = [
        ("path", req.path().to_owned()),
        ("query", req.query().to_owned()),
        ("host", req.host().to_owned()),
        ("port", req.port().to_string()),
        ("scheme", req.scheme().to_owned()),
        ("remote", req.client_ip().map(|ip| ip.to_string()).unwrap_or_default()),
        ("user agent", req.user_agent().unwrap_or_default().to_owned()),
        ("uri_rule", req.rule().to_owned()),
    ];
    format!("<h2>Request variables</h2>\n{}", table(rows))
}

fn root(req: &mut Request) -> Response {
    let paths = [
        "/test/static",
        "/test/42",
        "/test/3.14",
        "/test/word",
        "/test/user@example.net",
        "/test/[grr]",
        "/test/one/too/three",
        "/test/headers",
        "/test/form",
        "/test/upload",
        "/debug-info",
        "/no-page",
        "/internal-server-error",
    ];
    let home = req.url_for("/");
    let links = std::iter::once(home.as_str()).chain(paths);
    let items: String =
        links.map(|link| format!("<li><a href=\"{0}\">{0}</a></li>\n", escape(link))).collect();
    powered(page(req, "Simple.py - Index", &format!("<ul>\n{items}</ul>")))
}

fn style(_: &mut Request) -> Response {
    powered(Response::text(STYLE).with_header("content-type", "text/css"))
}

/// An icon of 16 by 16 points, made here: a head, then four bytes for each point from the bottom
/// up, then a mask that hides nothing.
fn favicon(_: &mut Request) -> Response {
    let mut icon = Vec::with_capacity(1150);
    icon.extend_from_slice(&[0, 0, 1, 0, 1, 0]);
    icon.extend_from_slice(&[16, 16, 0, 0, 1, 0, 32, 0]);
    icon.extend_from_slice(&(1150_u32 - 22).to_le_bytes());
    icon.extend_from_slice(&22_u32.to_le_bytes());
    icon.extend_from_slice(&40_u32.to_le_bytes());
    icon.extend_from_slice(&16_u32.to_le_bytes());
    icon.extend_from_slice(&32_u32.to_le_bytes());
    icon.extend_from_slice(&[1, 0, 32, 0]);
    icon.resize(22 + 40, 0);
    for point in 0..256_i32 {
        let (x, y) = (point % 16 * 2 - 15, point / 16 * 2 - 15);
        let inside = x * x + y * y < 225;
        icon.extend_from_slice(if inside { &[0x60, 0x90, 0x30, 0xff] } else { &[0; 4] });
    }
    icon.resize(1150, 0);
    powered(Response::bytes(icon).with_header("content-type", "image/vnd.microsoft.icon"))
}

// --- arguments --------------------------------------------------------------------------------

const TAG: &str = "0123";

/// Old clients of this page send the entity tag back under its own name.
fn knows_tag(req: &Request) -> bool {
    req.header("etag") == Some("W/\"0123\"")
}

fn static_page(req: &mut Request) -> Response {
    if knows_tag(req) {
        return Response::not_modified().with_weak_etag(TAG);
    }
    let rows = [("type", "static"), ("value", req.path()), ("uri_rule", req.rule())];
    let html = format!("{}{}{}", table(rows), request_headers(req), request_variables(req));
    page(req, "Simple.py - Static test", &html).with_weak_etag(TAG).conditional(req)
}

fn variable<T: ToString>(req: &Request, value: &T) -> Response {
    let kind = std::any::type_name::<T>();
    let value = value.to_string();
    let rows = [("type", kind), ("value", value.as_str()), ("uri_rule", req.rule())];
    let html = format!("{}{}", table(rows), request_headers(req));
    powered(page(req, "Simple.py - Variable test", &html)).with_weak_etag(TAG).conditional(req)
}

fn variable_uuid(req: &mut Request, value: pauper::app::Uuid) -> Response {
    variable(req, &value)
}

fn variable_int(req: &mut Request, value: i64) -> Response {
    variable(req, &value)
}

fn variable_float(req: &mut Request, value: f64) -> Response {
    variable(req, &value)
}

fn variable_text(req: &mut Request, value: String) -> Response {
    variable(req, &value)
}

fn variable_args(req: &mut Request) -> Response {
    let groups: Vec<String> = req.groups().map(|(_, text)| text.into_owned()).collect();
    let mut rows = vec![
        ("len".to_owned(), groups.len().to_string()),
        ("uri_rule".to_owned(), req.rule().to_owned()),
    ];
    let values = groups.into_iter().enumerate();
    rows.extend(values.map(|(number, text)| (format!("variable{number}"), text)));
    powered(page(req, "Simple.py - Variable args test", &table(rows)))
}

const FORMS: &str = r#"
<form method="get"><h2>GET</h2>
<input name="gname"> <input name="gsurname">
<input type="checkbox" name="gx" value="8"> <input type="checkbox" name="gx" value="7">
<input type="checkbox" name="gx" value="6"> <button name="btn" value="Send">Send</button></form>
<form method="post" enctype="multipart/form-data"><h2>POST, multipart</h2>
<input name="fname"> <input name="fsurname">
<input type="checkbox" name="fx" value="8"> <input type="checkbox" name="fx" value="7">
<input type="checkbox" name="fx" value="6"> <textarea name="fbody"></textarea>
<button name="btn" value="Send">Send</button></form>
<form method="post"><h2>POST, urlencoded</h2>
<input name="pname"> <input name="psurname">
<input type="checkbox" name="px" value="8"> <input type="checkbox" name="px" value="7">
<input type="checkbox" name="px" value="6"> <textarea name="fbody"></textarea>
<button name="btn" value="Send">Send</button></form>
"#;

fn form(req: &mut Request) -> Result<Response, Error> {
    let (form, args) = (req.form()?, req.args()?);
    let mut rows = Vec::new();
    for (name, fields, first, list) in
        [("form", form, "pname", "px"), ("args", args, "gname", "gx")]
    {
        let values: Vec<&str> = fields.iter().map(|(_, value)| value).collect();
        rows.push((format!("{name}_keys"), format!("{:?}", fields.keys().collect::<Vec<_>>())));
        rows.push((format!("{name}_values"), format!("{values:?}")));
        rows.push((format!("{name}_getfirst"), format!("{:?}", fields.getfirst(first))));
        rows.push((format!("{name}_getlist"), format!("{:?}", fields.getlist(list))));
    }
    let html = format!("{}{FORMS}", table(rows));
    Ok(powered(page(req, "Simple.py - HTTP Form args test", &html)))
}

// --- uploads ----------------------------------------------------------------------------------

/// Where uploads stand while their request lasts.
const FOLDER: &str = "upload";

/// The largest file that is shown, in bytes.
const MOST_SHOWN: u64 = 16 << 20;

/// A file in [`FOLDER`], under a name that the client does not choose. It goes with its value,
/// which is that of the request.
struct Stored {
    file: fs::File,
    path: PathBuf,
}

impl Stored {
    fn create() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(FOLDER)?;
        // The keys of a fresh state are random.
        let random = RandomState::new().hash_one(NEXT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(FOLDER).join(format!("{random:016x}"));
        let file = fs::File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(Self { file, path })
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.rewind()?;
        file.take(MOST_SHOWN).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Sink for Stored {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        Ok(self.file.write_all(data)?)
    }
}

fn store(_: &PartHead<'_>) -> Result<Option<Box<dyn Sink>>, SinkError> {
    Ok(Some(Box::new(Stored::create()?)))
}

const UPLOADS: &str = r#"
<form method="post" enctype="multipart/form-data">
<input type="file" name="file_0"> <input type="file" name="file_1"> <input type="file" name="file_2">
<button name="btn" value="Upload">Upload</button></form>
"#;

fn upload_form(req: &mut Request) -> Response {
    powered(page(req, "Simple.py - Upload test", UPLOADS))
}

fn upload(req: &mut Request) -> Result<Response, Error> {
    let mut html = UPLOADS.to_owned();
    for field in req.fields()? {
        let Some(stored) = field.sink::<Stored>() else { continue };
        let name = field.filename().unwrap_or_default();
        let kind = field.content_type().unwrap_or("text/plain");
        let bytes = stored.read()?;
        let _ = write!(html, "<h2>{}</h2>\n<i>{}</i>\n<pre>", escape(name), escape(kind));
        if kind.starts_with("text/") {
            html.push_str(&escape(&String::from_utf8_lossy(&bytes)));
        } else {
            for line in STANDARD.encode(&bytes).as_bytes().chunks(76) {
                html.push_str(&String::from_utf8_lossy(line));
                html.push('\n');
            }
        }
        html.push_str("</pre>\n");
    }
    Ok(powered(page(req, "Simple.py - Upload test", &html)))
}

// --- answers ----------------------------------------------------------------------------------

fn lines() -> impl Iterator<Item = String> + Send + 'static {
    (0..10).map(|number| format!("line {number}\n"))
}

fn empty(_: &mut Request) -> Response {
    Response::no_content().with_header("Super-Header", "SuperValue")
}

fn partial_empty(req: &mut Request) -> Response {
    powered(Response::html("").ranged(req))
}

fn partial_generator(req: &mut Request) -> Response {
    use pauper::message::Body;
    let body = Body::pieces(lines().map(Ok), Some(70));
    powered(Response::text("").with_body(body).ranged(req))
}

/// More letters than this are not made for one answer.
const MOST_LETTERS: u64 = 64 * 1024;

/// Letters of a text that is as long as anybody likes: `Range: unicodes=50-99`.
fn partial_unicodes(req: &mut Request) -> Response {
    let asked = req.header("range").is_some_and(|range| range.starts_with("unicodes="));
    let range = req.ranges("unicodes").and_then(|ranges| ranges.first().copied());
    let (first, last) = match range {
        _ if !asked => (100, 199),
        Some(ByteRange::FromTo { first, last }) => (if first == 0 { 100 } else { first }, last),
        Some(ByteRange::From(first)) => (if first == 0 { 100 } else { first }, 199),
        Some(ByteRange::Suffix(last)) => (100, last),
        None => (1, 0),
    };
    if first > last || last - first >= MOST_LETTERS {
        return Response::text("416 Range Not Satisfiable\n")
            .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
            .with_header("content-range", "unicodes */*");
    }
    const LETTERS: [char; 15] =
        ['ě', 'š', 'č', 'ř', 'ž', 'ý', 'á', 'í', 'é', 'ť', 'ď', 'ň', 'ó', 'ú', 'ů'];
    let mut seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos());
    let text: String = (first..=last)
        .map(|_| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            LETTERS[(seed >> 33) as usize % LETTERS.len()]
        })
        .collect();
    powered(Response::partial(text, "unicodes", first, last, None))
        .with_header("content-type", "text/plain; charset=utf-8")
}

fn stream_out(_: &mut Request) -> Response {
    powered(Response::text_stream(lines()))
}

/// Chunks are numbered as the client cut them: `0`, `1`, `2`.
fn stream_in(req: &mut Request) -> Result<Response, Error> {
    if !req.is_chunked() {
        return Err(abort(StatusCode::LENGTH_REQUIRED));
    }
    let mut number = 0_u64;
    while let Some(chunk) = req.stream().next_chunk()? {
        if chunk != number.to_string().as_bytes() {
            let text = format!("chunk {number} is not its number");
            return Err(Error::new(StatusCode::BAD_REQUEST, text));
        }
        number += 1;
    }
    Ok(powered(Response::html("")))
}

fn source(_: &mut Request) -> Response {
    powered(Response::bytes(SOURCE))
}

fn source_file(req: &mut Request) -> Response {
    let Started(time) = *req.state::<Started>();
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Response::text(SOURCE)
        .with_header("content-type", "text/x-python")
        .with_weak_etag(&format!("{seconds:x}-{:x}", SOURCE.len()))
        .with_last_modified(time)
        .conditional(req)
        .ranged(req)
}

// --- errors -----------------------------------------------------------------------------------

/// A value that makes no sense.
#[derive(Debug)]
struct BadValue(&'static str);

impl std::fmt::Display for BadValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadValue {}

fn internal_server_error(_: &mut Request) -> Result<Response, Error> {
    Err(io::Error::other("Test of internal server error"))?
}

fn bad_request(_: &mut Request) -> Result<Response, Error> {
    Err(BadValue("Test of a bad value"))?
}

fn bad_value(_: &mut Request, error: &BadValue) -> Error {
    Error::new(StatusCode::BAD_REQUEST, error.0)
}

fn not_found(req: &mut Request, _: &Error) -> Response {
    let html = format!("<p>There is no <code>{}</code> here.", escape(req.path()));
    powered(page(req, "404 - Page Not Found", &html)).with_status(StatusCode::NOT_FOUND)
}

fn is_email(text: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
    };
    text.split_once('@').is_some_and(|(name, host)| good(name) && good(host))
}

fn main() -> pauper::ServeResult {
    let mut app = App::new("simple");
    app.debug(true);
    app.state(Started(SystemTime::now()));
    app.filter("email", is_email);

    app.before(|req| {
        let date = http_date(req.received()).unwrap_or_default();
        println!("{date} {} {}", req.method(), req.path());
        Ok(())
    });
    app.after(|req, response| {
        println!("{} {}: {}", req.method(), req.path(), response.status());
        Ok(())
    });
    app.on_status(404, not_found);
    app.on_error(bad_value);

    app.get("/", root);
    app.get("/favicon.ico", favicon);
    app.get("/style.css", style);
    app.get("/test/static", static_page);
    app.get("/test/form", form);
    app.post("/test/form", form);
    app.get("/test/upload", upload_form);
    let limits = FormLimits::new().max_body(64 << 20).max_part(MOST_SHOWN);
    app.post("/test/upload", upload).form(FormPlan::new(limits).sinks(|_| Ok(store)));
    app.get("/test/empty", empty);
    app.get("/none", |_: &mut Request| ());
    app.get("/test/partial/unicodes", partial_unicodes);
    app.get("/test/partial/empty", partial_empty);
    app.get("/test/partial/generator", partial_generator);
    app.get("/test/<variable:uuid>", variable_uuid);
    app.get("/test/<variable:int>", variable_int);
    app.get("/test/<variable:float>", variable_float);
    app.get("/test/<variable:word>", variable_text);
    app.get("/test/<variable:email>", variable_text);
    app.get("/test/<variable0>/<variable1>/<variable2>", variable_args);
    app.get("/test/<variable:path>", variable_args);
    app.get("/yield", stream_out);
    app.post("/yield", stream_in).stream();
    app.get("/chunked", stream_out);
    app.get("/simple", source);
    app.get("/simple.py", source_file);
    app.get("/internal-server-error", internal_server_error);
    app.get("/bad-request", bad_request);
    app.get("/forbidden", |_: &mut Request| Err::<(), _>(abort(403)));
    app.get("/not-modified", |_: &mut Request| Response::not_modified().with_etag("012"));
    app.get("/not-implemented", |_: &mut Request| Err::<(), _>(abort(501)));
    match Folder::new(".") {
        Ok(folder) => app.fallback(folder.index(true)),
        Err(error) => {
            eprintln!("simple: the working directory cannot be served: {error}");
            &mut app
        }
    };
    pauper_examples::server("simple", 8080).run(app)
}
