//! `simple`, `simple_json` and `response_closed` answer as their clients expect: each is started as
//! a program and spoken to over a socket.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper::test::{Answer, read_answer};
use serde_json::{Value, json};

/// A running example, killed at the end.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts an example in a folder, without `PROFILE` unless it is given.
fn start(name: &str, folder: &Path, profile: Option<&str>) -> Running {
    let mut command = Command::new(example(name));
    command.args(["--port", "0"]).env_remove("PROFILE").current_dir(folder);
    if let Some(profile) = profile {
        command.env("PROFILE", profile);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
    let port = port.parse().unwrap_or_else(|_| panic!("{name} told {line:?}"));
    // Somebody has to read what it logs.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Running { child, port }
}

/// Examples stand beside the folder of the tests. Cargo builds them with the tests, but not when
/// it is asked for single tests by name.
fn example(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join("examples").join(name)
}

impl Running {
    #[track_caller]
    fn raw(&self, method: &str, target: &str, rest: &str) -> Answer {
        let mut stream = TcpStream::connect(("localhost", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let port = self.port;
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{rest}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let (answer, len) = read_answer(&bytes, method, true)
            .unwrap_or_else(|error| panic!("{target}: {error}: {}", bytes.escape_ascii()));
        assert_eq!(len, bytes.len(), "{target}");
        answer
    }

    #[track_caller]
    fn ask(&self, method: &str, target: &str, headers: &str) -> Answer {
        self.raw(method, target, &format!("{headers}\r\n"))
    }

    #[track_caller]
    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "")
    }

    #[track_caller]
    fn post(&self, target: &str, kind: &str, body: &str) -> Answer {
        let kind =
            if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        self.raw("POST", target, &format!("{kind}Content-Length: {}\r\n\r\n{body}", body.len()))
    }

    /// Sends each of these as a chunk of its own.
    #[track_caller]
    fn post_chunks(&self, target: &str, headers: &str, chunks: &[&str]) -> Answer {
        let mut rest = format!("{headers}Transfer-Encoding: chunked\r\n\r\n");
        for chunk in chunks {
            rest.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
        }
        self.raw("POST", target, &format!("{rest}0\r\n\r\n"))
    }
}

#[track_caller]
fn has(answer: &Answer, status: u16, pieces: &[&str]) {
    assert_eq!(answer.status(), status, "{answer:?}");
    for piece in pieces {
        assert!(answer.text().contains(piece), "{piece:?} is missing in {answer:?}");
    }
}

#[test]
fn response_closed() {
    let server = start("response_closed", Path::new("."), None);
    for path in ["/test", "/test-after-response"] {
        let answer = server.get(path);
        assert_eq!((answer.status(), answer.text()), (200, "Test data"));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
    assert_eq!(server.get("/").status(), 404);
}

// --- simple -----------------------------------------------------------------------------------

/// A folder with a file and a folder, to be served.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.txt"), "text of a file\n").unwrap();
    std::fs::write(folder.path().join(".secret"), "hidden").unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    folder
}

#[test]
fn simple_pages() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let home = format!("http://localhost:{}/", server.port);
    has(&server.get("/"), 200, &["Simple.py - Index", &home, "/test/user@example.net", "/no-page"]);
    assert!(server.get("/").header("x-powered-by").is_some());
    let icon = server.get("/favicon.ico");
    assert_eq!(
        (icon.header("content-type"), icon.body().len()),
        (Some("image/vnd.microsoft.icon"), 1150)
    );
    assert_eq!(server.get("/style.css").header("content-type"), Some("text/css"));

    let page = server.get("/test/static");
    has(&page, 200, &["Simple.py - Static test", "uri_rule", "Request headers"]);
    assert_eq!((page.header("etag"), page.header("x-powered-by")), (Some("W/\"0123\""), None));
    for name in ["ETag", "If-None-Match"] {
        let same = server.ask("GET", "/test/static", &format!("{name}: W/\"0123\"\r\n"));
        assert_eq!((same.status(), same.body().len()), (304, 0), "{name}");
    }

    let uuid = "01234567-89AB-cdef-0123-456789abcdef";
    for (value, rule) in [
        ("42", "int"),
        ("-7", "int"),
        ("3.14", "float"),
        ("123.679", "float"),
        ("word", "word"),
        ("headers", "word"),
        ("teste@tester.net", "email"),
        (uuid, "uuid"),
    ] {
        let answer = server.get(&format!("/test/{value}"));
        let rule = format!("/test/&lt;variable:{rule}&gt;");
        has(&answer, 200, &["Simple.py - Variable test", &rule]);
        assert_eq!(answer.header("etag"), Some("W/\"0123\""));
    }
    let args = server.get("/test/one/too/three");
    has(&args, 200, &["Variable args test", "<td>3</td>", "<td>variable2:</td><td>three</td>"]);
    has(&server.get("/test/%5Bgrr%5D"), 200, &["Variable args test", "<td>1</td>", "[grr]"]);

    for answer in [server.get("/no-page"), server.post("/no-page", "", "")] {
        has(&answer, 404, &["404 - Page Not Found", "<code>/no-page</code>"]);
    }
    has(&server.get("/%3Cscript%3E"), 404, &["<code>/&lt;script&gt;</code>"]);
    assert_eq!(server.ask("DELETE", "/no-page", "").status(), 404);
    assert_eq!(server.get("/%C0").status(), 400);
    assert_eq!(server.get("/debug-info").status(), 200);

    let file = server.get("/page.txt");
    assert_eq!((file.status(), file.text()), (200, "text of a file\n"));
    assert!(file.header("last-modified").is_some());
    has(&server.get("/inner/"), 200, &["inner"]);
    assert_ne!(server.get("/.secret").status(), 200);
}

#[test]
fn simple_answers_to_head_as_to_get() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    for path in ["/", "/test/static", "/test/partial/generator", "/yield", "/simple.py", "/no-page"]
    {
        let (head, get) = (server.ask("HEAD", path, ""), server.get(path));
        assert_eq!((head.status(), head.body().len()), (get.status(), 0), "{path}");
        for name in ["content-type", "content-length", "etag", "accept-ranges"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[test]
fn simple_forms() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let answer = server.get("/test/form?gname=%3Cb%3E&gx=8&gx=7");
    has(
        &answer,
        200,
        &["HTTP Form args test", "args_getlist", "&lt;b&gt;", "[&quot;8&quot;, &quot;7&quot;]"],
    );
    let form = "application/x-www-form-urlencoded";
    let answer = server.post("/test/form", form, "pname=jan&px=6&px=8");
    has(&answer, 200, &["form_getfirst", "jan", "[&quot;6&quot;, &quot;8&quot;]"]);
    assert_eq!(server.post("/test/form", form, "").status(), 200);
    assert_eq!(server.post("/test/form", "", "").status(), 200);
}

#[test]
fn simple_answers_of_every_kind() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let empty = server.get("/test/empty");
    assert_eq!((empty.status(), empty.header("super-header")), (204, Some("SuperValue")));
    assert_eq!(server.get("/none").status(), 204);
    let ten: String = (0..10).map(|number| format!("line {number}\n")).collect();
    for path in ["/yield", "/chunked"] {
        let stream = server.get(path);
        assert_eq!((stream.text(), stream.header("content-length")), (ten.as_str(), None));
    }

    for (status, path) in [
        (400, "/bad-request"),
        (403, "/forbidden"),
        (304, "/not-modified"),
        (501, "/not-implemented"),
    ] {
        assert_eq!(server.get(path).status(), status, "{path}");
    }
    has(&server.get("/internal-server-error"), 500, &["Test of internal server error"]);
    assert_eq!(server.ask("PUT", "/internal-server-error", "").status(), 405);
}

#[test]
fn simple_parts() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let part = |path: &str, range: &str| server.ask("GET", path, &format!("Range: {range}\r\n"));
    let place = |answer: &Answer| answer.header("content-range").unwrap().to_owned();

    let letters = part("/test/partial/unicodes", "unicodes=50-99");
    assert_eq!((letters.status(), place(&letters).as_str()), (206, "unicodes 50-99/*"));
    assert_eq!(
        (letters.text().chars().count(), letters.header("content-length")),
        (50, Some("100"))
    );
    assert!(letters.header("content-type").unwrap().contains("charset=utf-8"));
    let default = server.get("/test/partial/unicodes");
    assert_eq!((default.status(), place(&default).as_str()), (206, "unicodes 100-199/*"));
    assert_eq!(part("/test/partial/unicodes", "unicodes=9-5").status(), 416);
    assert_eq!(part("/test/partial/unicodes", "unicodes=1-99999999999").status(), 416);

    let empty = server.get("/test/partial/empty");
    assert_eq!((empty.status(), empty.header("accept-ranges")), (200, Some("bytes")));
    assert_eq!(part("/test/partial/empty", "bytes=0-99").status(), 416);

    let whole = server.get("/test/partial/generator");
    assert_eq!(
        (whole.header("content-length"), whole.header("accept-ranges")),
        (Some("70"), Some("bytes"))
    );
    for (range, expected, text) in [
        ("bytes=0-14", "bytes 0-14/70", "line 0\nline 1\nl"),
        ("bytes=-15", "bytes 55-69/70", "\nline 8\nline 9\n"),
        ("bytes=0-0", "bytes 0-0/70", "l"),
    ] {
        let answer = part("/test/partial/generator", range);
        assert_eq!(
            (answer.status(), place(&answer).as_str(), answer.text()),
            (206, expected, text)
        );
    }
}

#[test]
fn simple_sources() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let plain = server.get("/simple");
    assert_eq!(plain.header("content-type"), Some("application/octet-stream"));
    let source = server.get("/simple.py");
    assert_eq!((source.body(), source.header("x-powered-by")), (plain.body(), None));
    assert!(source.header("content-type").unwrap().starts_with("text/x-python"));
    has(&source, 200, &["StorageFactory", "@app.route", "@app.before_response"]);
    assert!(source.text().ends_with("httpd.serve_forever()\n") && source.text().is_ascii());
    for (name, sent) in [("If-Modified-Since", "last-modified"), ("If-None-Match", "etag")] {
        let value = source.header(sent).unwrap();
        let same = server.ask("GET", "/simple.py", &format!("{name}: {value}\r\n"));
        assert_eq!(same.status(), 304, "{name}");
    }
    let end = server.ask("GET", "/simple.py", "Range: bytes=-100\r\n");
    assert_eq!((end.status(), end.body().len()), (206, 100));
    assert!(end.text().ends_with("httpd.serve_forever()\n"));
}

#[test]
fn simple_sees_chunks_as_they_were_cut() {
    let folder = site();
    let server = start("simple", folder.path(), None);
    let numbers: Vec<String> = (0..12).map(|number| number.to_string()).collect();
    let chunks: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let good = server.post_chunks("/yield", "", &chunks);
    assert_eq!((good.status(), good.body().len()), (200, 0));
    assert_eq!(server.post_chunks("/yield", "", &[]).status(), 200);
    assert_eq!(server.post_chunks("/yield", "", &["0", "2"]).status(), 400);
    assert_eq!(server.post_chunks("/yield", "", &["01"]).status(), 400);
    assert_eq!(server.post("/yield", "", "01").status(), 411);
}

// --- simple_json ------------------------------------------------------------------------------

const JSON: &str = "application/json";
const EMPTY: &str = r#"{"message": "I'm teapot :-)", "numbers": [0, 1, 2, 3, 4], "request": {}}"#;

#[test]
fn simple_json_teapots() {
    let server = start("simple_json", Path::new("."), None);
    for answer in [
        server.get("/test/json"),
        server.post("/test/json", "", ""),
        server.post("/test/json", "application/x-www-form-urlencoded", "a=1"),
        server.get("/test/json-generator"),
    ] {
        assert_eq!((answer.status(), answer.text()), (418, EMPTY));
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
    assert_eq!(server.get("/test/json-generator").header("content-length"), None);
    assert_eq!(server.post("/test/json-generator", "", "").status(), 405);
    for path in ["/test/json", "/test/json-generator"] {
        assert_eq!(server.ask("HEAD", path, "").status(), 418);
    }
    let sent = |answer: Answer| {
        assert_eq!(answer.status(), 418, "{answer:?}");
        serde_json::from_str::<Value>(answer.text()).unwrap()["request"].take()
    };
    for value in [json!({"é": [1, 2.5]}), json!([1, "a"]), json!("text"), json!(7), json!(null)] {
        assert_eq!(sent(server.post("/test/json", JSON, &value.to_string())), value);
        let text = value.to_string();
        let cut = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
        let chunks: Vec<&str> =
            [&text[..cut], &text[cut..]].into_iter().filter(|chunk| !chunk.is_empty()).collect();
        for headers in ["Content-Type: application/json\r\n", ""] {
            assert_eq!(sent(server.post_chunks("/test/json", headers, &chunks)), value);
        }
    }
    let bad = server.post("/test/json", JSON, "{\"a\": <b>}");
    assert_eq!(bad.status(), 400);
    assert!(bad.header("content-type").unwrap().starts_with("text/html"), "{bad:?}");
    assert!(!bad.text().contains("<b>"), "escaped: {bad:?}");
    assert_eq!(server.post_chunks("/test/json", "", &["{"]).status(), 400);
}

#[test]
fn simple_json_values() {
    let server = start("simple_json", Path::new("."), None);
    assert_eq!(server.get("/profile").text(), r#"{"PROFILE": null}"#);
    let unicode = server.get("/unicode");
    assert_eq!(
        (unicode.text(), unicode.header("content-length")),
        (r#"{"name": "Ondřej Tůma"}"#, Some("25"))
    );
    assert_eq!(server.get("/dict").text(), r#"{"route": "/dict", "type": "dict"}"#);
    let list = r#"[["key", "value"], ["route", "/list"], ["type", "list"]]"#;
    assert_eq!(server.get("/list").text(), list);
    let stamp: Value = serde_json::from_str(server.get("/timestamp").text()).unwrap();
    assert!(stamp["timestamp"].is_f64(), "{stamp}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((stamp["timestamp"].as_f64().unwrap() - now).abs() < 60.0, "{stamp}");
    assert_eq!(server.get("/debug-info").status(), 200);
}

#[test]
fn simple_json_headers() {
    let server = start("simple_json", Path::new("."), None);
    let told = |headers: &str| {
        let answer = server.ask("GET", "/test/headers", headers);
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (200, Some("application/json"))
        );
        assert!(answer.header("x-powered-by").is_some());
        serde_json::from_str::<Value>(answer.text()).unwrap()
    };
    let bare = told("");
    assert_eq!(bare["Accept-MimeType"], json!({"html": false, "json": false, "xhtml": false}));
    assert_eq!(bare["XMLHttpRequest"], false);
    assert_eq!((&bare["Content-Length"], &bare["Host"]), (&json!(-1), &json!("localhost")));
    let full = told(
        "Accept: text/html,text/xhtml,application/json;q=0.5\r\nX-Requested-With: XMLHttpRequest\r\n",
    );
    assert_eq!(full["Accept-MimeType"], json!({"html": true, "json": true, "xhtml": true}));
    assert_eq!(full["XMLHttpRequest"], true);
    assert_eq!(full["Accept"], json!([["text/html", 1.0], ["text/xhtml", 1.0], [JSON, 0.5]]));
}

#[test]
fn simple_json_writes_profiles_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let server = start("simple_json", folder.path(), Some("1"));
    assert_eq!(server.get("/profile").text(), r#"{"PROFILE": "1"}"#);
    server.post("/test/json", JSON, "{}");
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names[0].starts_with("req_GET_profile.") && names[0].ends_with(".profile"),
        "{names:?}"
    );
    assert!(names[1].starts_with("req_POST_test_json."), "{names:?}");
}
