//! Ranges, preconditions and bodies as other programs see them: nginx beside us on the same file,
//! curl, and Python's requests.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, fs};

use pauper_message::{Body, Request, Response, SetCookie};
use pauper_server::test::{Answer, read_answer};

use crate::support::{PATIENCE, serve, wait_until};

/// The first of these programs that is installed. If none is, says so, or fails where tools are
/// required (`PAUPER_REQUIRE_TOOLS`).
fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        missing(name);
    }
    found
}

fn missing(what: &str) {
    let required = env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{what} is missing");
    println!("skipped: {what} is missing");
}

fn content() -> Vec<u8> {
    (0..5000_u32).flat_map(|line| format!("line {line}\n").into_bytes()).collect()
}

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// The file, with the validators that nginx makes of it.
fn ranged_file(path: &Path) -> impl Fn(&mut Request) -> Response + Send + Sync + use<> {
    let path = path.to_owned();
    move |req: &mut Request| {
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        let modified = metadata.modified().unwrap();
        let seconds = modified.duration_since(UNIX_EPOCH).unwrap().as_secs();
        Response::text("")
            .with_header("content-type", "text/plain")
            .with_body(Body::file(file, 0, metadata.len()))
            .with_etag(&format!("{seconds:x}-{:x}", metadata.len()))
            .with_last_modified(modified)
            .conditional(req)
            .ranged(req)
    }
}

/// One request on a connection of its own.
fn ask(address: SocketAddr, method: &str, headers: &str) -> Answer {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "{method} /file.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    let (answer, len) = read_answer(&bytes, method, true).unwrap_or_else(|error| {
        panic!("{headers:?}: {error}: {}", bytes[..bytes.len().min(500)].escape_ascii())
    });
    assert_eq!(len, bytes.len(), "{headers:?}");
    answer
}

/// An nginx of our own, which ends with the value.
struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Nginx {
    fn start(program: &Path, root: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = root.to_str().unwrap();
        let config = format!(
            "daemon off; master_process off; pid {root}/pid; error_log {root}/log;\n\
             events {{}}\nhttp {{ access_log off; default_type text/plain;\n\
             client_body_temp_path {root}/t1; proxy_temp_path {root}/t2;\n\
             fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
        );
        let path = format!("{root}/nginx.conf");
        fs::write(&path, config).unwrap();
        let child = Command::new(program)
            .args(["-c", &path, "-p", root, "-e", &format!("{root}/log")])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_until("nginx listens", || TcpStream::connect(address).is_ok());
        Self { child, address }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status, headers, and body.
type Compared = (u16, Vec<(&'static str, Option<String>)>, Vec<u8>);

/// What of an answer is compared: with the boundary of a multipart body made the same.
fn compared(answer: &Answer) -> Compared {
    let kind = answer.header("content-type").unwrap_or_default();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap_or_default();
    let same = |text: &str| match boundary {
        "" => text.to_owned(),
        boundary => text.replace(boundary, "BOUNDARY"),
    };
    let mut names = vec!["etag", "last-modified", "content-range"];
    let mut body = Vec::new();
    // The bodies of errors are each server's own, and so is whether they say that there are ranges.
    if matches!(answer.status(), 200 | 206) {
        names.extend(["content-type", "accept-ranges"]);
        body = same(&String::from_utf8_lossy(answer.body())).into_bytes();
    }
    // nginx leaves the validators out of answers that refuse.
    if answer.status() >= 400 {
        names.retain(|name| *name == "content-range");
    }
    // nginx does not say in a part that it has parts.
    if answer.status() == 206 {
        names.retain(|name| *name != "accept-ranges");
    }
    let headers = names.into_iter().map(|name| (name, answer.header(name).map(same)));
    (answer.status(), headers.collect(), body)
}

#[test]
fn ranges_and_preconditions_are_answered_as_nginx_does() {
    let Some(program) = tool("nginx") else { return };
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file.txt");
    fs::write(&path, content()).unwrap();
    let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
    File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let nginx = Nginx::start(&program, root.path());
    let handle = serve(ranged_file(&path));
    let ours = handle.addr();

    let len = content().len();
    let etag = format!("\"{:x}-{len:x}\"", 784_111_777);
    let mut cases: Vec<String> = [
        "",
        "Range: bytes=0-0\r\n",
        "Range: bytes=0-99\r\n",
        "Range: bytes=100-\r\n",
        "Range: bytes=-100\r\n",
        "Range: bytes=-1\r\n",
        "Range: bytes=-99999999\r\n",
        "Range: bytes=50-99999999\r\n",
        "Range: bytes=0-0,-1\r\n",
        "Range: bytes=0-9,100-109,1000-1009\r\n",
        "Range: bytes=100-109,0-9\r\n",
        "Range: bytes=0-9, 99999999-\r\n",
        "Range: bytes=99999999-\r\n",
        "Range: lines=0-9\r\n",
        "Range: bytes=0-99\r\nIf-Range: \"other\"\r\n",
    ]
    .map(str::to_owned)
    .into();
    cases.extend([
        format!("Range: bytes={len}-\r\n"),
        format!("Range: bytes={}-\r\n", len - 1),
        format!("Range: bytes=0-99\r\nIf-Range: {etag}\r\n"),
        format!("Range: bytes=0-99\r\nIf-Range: {MODIFIED}\r\n"),
        format!("If-None-Match: {etag}\r\n"),
        format!("If-None-Match: W/{etag}\r\n"),
        format!("If-None-Match: \"a\", {etag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        "If-None-Match: \"a\"\r\n".to_owned(),
        format!("If-None-Match: \"a\"\r\nIf-Modified-Since: {MODIFIED}\r\n"),
        format!("If-None-Match: {etag}\r\nRange: bytes=0-9\r\n"),
        format!("If-Modified-Since: {MODIFIED}\r\n"),
        "If-Modified-Since: yesterday\r\n".to_owned(),
        format!("If-Match: {etag}\r\n"),
        "If-Match: *\r\n".to_owned(),
        "If-Match: \"a\"\r\n".to_owned(),
        format!("If-Unmodified-Since: {MODIFIED}\r\n"),
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n".to_owned(),
        format!("If-Match: \"a\"\r\nIf-None-Match: {etag}\r\n"),
    ]);
    for headers in &cases {
        for method in ["GET", "HEAD"] {
            if method == "HEAD" && headers.contains("Range") {
                // nginx answers HEAD with 206, against RFC 9110, section 14.2.
                continue;
            }
            let theirs = ask(nginx.address, method, headers);
            let own = ask(ours, method, headers);
            let (own, theirs) = (compared(&own), compared(&theirs));
            assert_eq!((own.0, own.1), (theirs.0, theirs.1), "{method} {headers:?}");
            assert!(own.2 == theirs.2, "{method} {headers:?}: the bodies differ");
        }
    }
    handle.stop();
}

/// Where we differ from nginx, by decision.
#[test]
fn where_nginx_is_not_followed() {
    let Some(program) = tool("nginx") else { return };
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file.txt");
    fs::write(&path, content()).unwrap();
    let nginx = Nginx::start(&program, root.path());
    let handle = serve(ranged_file(&path));
    for (method, headers, ours, theirs, why) in [
        ("GET", "Range: bytes=5-2\r\n", 200, 416, "an invalid range is ignored, RFC 9110 14.2"),
        ("GET", "Range: bytes=a-b\r\n", 200, 416, "an invalid range is ignored, RFC 9110 14.2"),
        ("HEAD", "Range: bytes=0-1\r\n", 200, 206, "Range is for GET alone, RFC 9110 14.2"),
        (
            "GET",
            "Range: bytes=0-99,50-149\r\n",
            200,
            206,
            "parts that overlap cost more than they give",
        ),
    ] {
        assert_eq!(ask(handle.addr(), method, headers).status(), ours, "{why}");
        assert_eq!(ask(nginx.address, method, headers).status(), theirs, "{why}");
    }
    handle.stop();
}

/// What curl and Python ask for.
fn demo(req: &mut Request) -> Result<Response, pauper_message::Error> {
    Ok(match req.path() {
        "/ranged" => Response::bytes(content()).with_etag("v1").conditional(req).ranged(req),
        "/pieces" => Response::text_stream((0..1000).map(|n| format!("piece {n}\n"))),
        "/channel" => {
            let (sender, body) = Body::channel(1024);
            std::thread::spawn(move || {
                for n in 0..1000 {
                    if sender.send(format!("piece {n}\n")).is_err() {
                        return;
                    }
                }
            });
            Response::text("").with_body(body)
        }
        "/redirect" => Response::see_other("/cookies").with_cookie(&SetCookie::new("a", "1")),
        "/cookies" => {
            let all: Vec<_> =
                req.cookies().map(|(name, value)| format!("{name}={value}")).collect();
            Response::text(all.join(";"))
        }
        "/echo" => Response::bytes(req.bytes()?.to_vec()).with_attachment("Käse \"1\".txt"),
        "/empty" => Response::no_content().with_header("x-kept", "yes"),
        _ => return Err(pauper_message::abort(404)),
    })
}

#[test]
fn curl_gets_what_was_sent() {
    let Some(program) = tool("curl") else { return };
    let handle = serve(demo);
    let base = format!("http://{}", handle.addr());
    let curl = |arguments: &[&str], path: &str| {
        let output = Command::new(&program)
            .args(["--silent", "--show-error", "--fail", "--max-time", "20", "--noproxy", "*"])
            .args(arguments)
            .arg(format!("{base}{path}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?} {path}: {output:?}");
        output.stdout
    };
    let whole = content();
    assert_eq!(curl(&[], "/ranged"), whole);
    assert_eq!(curl(&["--range", "10-19"], "/ranged"), whole[10..20]);
    assert_eq!(curl(&["--range", "-7"], "/ranged"), whole[whole.len() - 7..]);
    let several = curl(&["--range", "0-1,5-6"], "/ranged");
    assert!(String::from_utf8(several).unwrap().contains("Content-Range: bytes 5-6/"));
    let pieces: String = (0..1000).map(|n| format!("piece {n}\n")).collect();
    for path in ["/pieces", "/channel"] {
        assert_eq!(curl(&[], path), pieces.as_bytes());
        assert_eq!(curl(&["--http1.0"], path), pieces.as_bytes());
        assert!(curl(&["--head"], path).starts_with(b"HTTP/1.1 200"));
    }
    let jar = ["--location", "--cookie-jar", "/dev/null", "--cookie", ""];
    assert_eq!(curl(&jar, "/redirect"), b"a=1");
    let long = "x".repeat(100_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &long).unwrap();
    let data = format!("@{}", file.path().display());
    assert_eq!(curl(&["--data-binary", &data], "/echo"), long.as_bytes());
    let chunked = ["--header", "Transfer-Encoding: chunked", "--data-binary", &data];
    assert_eq!(curl(&chunked, "/echo"), long.as_bytes());
    let empty = String::from_utf8(curl(&["--include"], "/empty")).unwrap().to_ascii_lowercase();
    assert!(empty.starts_with("http/1.1 204") && empty.contains("x-kept: yes"), "{empty}");
    handle.stop();
}

const SCRIPT: &str = r#"
import sys
try:
    import requests
except ImportError:
    sys.exit(77)
base = sys.argv[1]
session = requests.Session()
session.trust_env = False
def get(path, status=200, **more):
    answer = session.get(base + path, timeout=20, **more)
    assert answer.status_code == status, (path, answer.status_code)
    return answer
whole = get("/ranged")
assert whole.headers["ETag"] == '"v1"' and whole.headers["Accept-Ranges"] == "bytes"
part = get("/ranged", 206, headers={"Range": "bytes=10-19"})
assert part.content == whole.content[10:20]
assert part.headers["Content-Range"] == "bytes 10-19/%d" % len(whole.content)
same = get("/ranged", 304, headers={"If-None-Match": 'W/"v1"'})
assert same.content == b"" and same.headers["ETag"] == '"v1"'
get("/ranged", 416, headers={"Range": "bytes=99999999-"})
get("/ranged", 412, headers={"If-Match": '"v2"'})
pieces = "".join("piece %d\n" % n for n in range(1000))
assert get("/pieces").text == pieces and get("/channel").text == pieces
assert get("/redirect").text == "a=1"
assert get("/empty", 204).headers["X-Kept"] == "yes"
def chunks():
    yield b"one "
    yield b"two"
echo = session.post(base + "/echo", data=chunks(), timeout=20)
assert echo.content == b"one two"
assert echo.headers["Content-Disposition"].endswith("filename*=UTF-8''K%C3%A4se%20%221%22.txt")
assert session.head(base + "/pieces", timeout=20).content == b""
get("/nowhere", 404)
"#;

#[test]
fn python_gets_what_was_sent() {
    let Some(program) = tool("python3") else { return };
    let handle = serve(demo);
    let base = format!("http://{}", handle.addr());
    let output = Command::new(program).args(["-c", SCRIPT, &base]).output().unwrap();
    if output.status.code() == Some(77) {
        missing("requests for Python");
    } else {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    handle.stop();
}
