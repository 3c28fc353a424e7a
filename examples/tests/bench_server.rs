//! The server that outside drivers measure answers as they expect: over a raw socket, with curl,
//! and with Python's requests.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The running example, killed at the end.
struct Running {
    child: Child,
    address: String,
    file: tempfile::NamedTempFile,
}

impl Running {
    fn start() -> Self {
        Self::start_in("single")
    }

    fn start_in(mode: &str) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&content()).unwrap();
        let mut child = Command::new(example("bench_server"))
            .env("PORT", "0")
            .env("MODE", mode)
            .env("FILE", file.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo built the example beside this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit("//").next().unwrap().trim_end_matches('/').to_owned();
        Self { child, address, file }
    }

    /// Everything that the server sends for these bytes until it closes.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, target: &str) -> String {
        self.raw(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn content() -> Vec<u8> {
    (0..1_000_000_u32).map(|i| (i % 251) as u8).collect()
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

/// Whether an outside tool is there. Where tools are required, one that is missing is a failure.
fn has(tool: &str, args: &[&str]) -> bool {
    let there = Command::new(tool)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(there || env::var_os("PAUPER_REQUIRE_TOOLS").is_none(), "{tool} is required");
    if !there {
        println!("skipped: {tool} {args:?} does not run here");
    }
    there
}

#[track_caller]
fn check(answer: &str, status: &str, body: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, body);
}

#[test]
fn every_mode_answers() {
    let modes: &[&str] =
        if cfg!(unix) { &["single", "threading", "forking"] } else { &["single", "threading"] };
    for mode in modes {
        let server = Running::start_in(mode);
        check(&server.get("/plaintext"), "200", "Hello, World!");
        check(&server.get("/sleep/1"), "200", "ok");
    }
}

#[test]
fn every_route_over_a_raw_socket() {
    let server = Running::start();
    let plaintext = server.get("/plaintext");
    check(&plaintext, "200", "Hello, World!");
    let lower = plaintext.to_ascii_lowercase();
    for header in ["server: ", "date: ", "content-length: 13\r\n", "content-type: text/plain"] {
        assert!(lower.contains(header), "{header} is missing in {plaintext}");
    }
    check(&server.get("/json"), "200", r#"{"message":"Hello, World!"}"#);
    check(&server.get("/user/ada/36"), "200", "user ada has number 36\n");
    assert!(server.get("/user/ada/x").starts_with("HTTP/1.1 404 "));
    check(&server.get("/hello"), "200", "Hello!\n");
    check(&server.get("/status/418"), "418", "418 I'm a teapot\n");
    check(&server.get("/status/204"), "204", "");
    assert!(server.get("/status/101").starts_with("HTTP/1.1 400 "));
    check(&server.get("/sleep/1"), "200", "ok");
    let headers = b"GET /headers HTTP/1.1\r\nHost: h\r\nX-Odd:  a b \r\nx-odd: c\r\n\r\n";
    check(&server.raw(headers), "200", "Host: h\nX-Odd: a b\nx-odd: c\n");
    let length = format!("content-length: {}\r\n", content().len());
    assert!(server.get("/file").to_ascii_lowercase().contains(&length));
    // From disk each time, as it is now.
    fs::write(server.file.path(), "short").unwrap();
    check(&server.get("/file"), "200", "short");
    let post = server.raw(b"POST /plaintext HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    assert!(post.to_ascii_lowercase().contains("\r\nallow: get, head, options\r\n"), "{post}");
}

#[test]
fn bodies_come_back_byte_for_byte() {
    let server = Running::start();
    let fixed = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na\r\nb";
    check(&server.raw(fixed), "200", "a\r\nb");
    let chunked = b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: t\r\n\r\n";
    check(&server.raw(chunked), "200", "abcd");
    let form = "--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n12345\r\n--x\r\n\
                Content-Disposition: form-data; name=t\r\n\r\n67\r\n--x--";
    let upload = format!(
        "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    check(&server.raw(upload.as_bytes()), "200", "f=5\nt=2\n");
    // Pipelined: in order, and nothing of a body is taken for a request.
    let inner = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
    let pipelined = format!(
        "GET /sleep/1 HTTP/1.1\r\nHost: h\r\n\r\n\
         POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{inner}\
         GET /plaintext HTTP/1.1\r\nHost: h\r\n\r\n",
        inner.len()
    );
    let answers = server.raw(pipelined.as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{answers}");
    assert!(answers.contains(&format!("\r\n\r\nok{}", "HTTP/1.1")), "{answers}");
    assert!(answers.contains(inner) && answers.ends_with("Hello, World!"), "{answers}");
    assert!(!answers.contains("Hello!"), "the inner request ran: {answers}");
}

#[test]
fn refusals_name_the_rule_and_close() {
    let server = Running::start();
    for (request, status, rule) in [
        ("GET / HTTP/1.1\r\n\r\n", "400", "Host"),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505", "HTTP"),
        ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "400", ""),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501", "coding"),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n", "400", "ength"),
        (
            "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n",
            "417",
            "xpect",
        ),
    ] {
        // What follows a message whose end is unknown is never run.
        let answer =
            server.raw(format!("{request}GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.split_once("\r\n\r\n").unwrap().1.contains(rule), "{answer}");
        assert!(!answer.contains("Hello!"), "{request}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(10_000));
    assert!(server.raw(long.as_bytes()).starts_with("HTTP/1.1 414 "));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(200));
    assert!(server.raw(many.as_bytes()).starts_with("HTTP/1.1 431 "));
}

#[test]
fn curl_and_requests_are_served() {
    let server = Running::start();
    let base = format!("http://{}", server.address);
    if has("curl", &["--version"]) {
        let curl = |args: &[&str]| {
            let out = Command::new("curl").arg("-sS").args(args).output().unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            out.stdout
        };
        let path = server.file.path().to_str().unwrap();
        let data = format!("@{path}");
        let echo = format!("{base}/echo");
        assert_eq!(curl(&[&format!("{base}/file")]), content());
        assert_eq!(curl(&["--data-binary", &data, &echo]), content());
        let chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", &data, &echo];
        assert_eq!(curl(&chunked), content());
        assert_eq!(curl(&["-0", &format!("{base}/hello")]), b"Hello!\n");
        let head = String::from_utf8(curl(&["-I", &format!("{base}/file")])).unwrap();
        assert!(head.to_ascii_lowercase().contains("content-length: 1000000"), "{head}");
    }
    if has("python3", &["-c", "import requests"]) {
        let script = r#"
import sys, requests
base = sys.argv[1]
session = requests.Session()
for _ in range(3):
    answer = session.get(base + "/plaintext")
    assert (answer.status_code, answer.text) == (200, "Hello, World!"), answer.text
assert session.get(base + "/json").json() == {"message": "Hello, World!"}
assert session.post(base + "/echo", data=b"\x00\xff" * 50000).content == b"\x00\xff" * 50000
def parts():
    for i in range(100):
        yield b"part %d " % i
assert session.post(base + "/echo", data=parts()).content == b"".join(parts())
assert session.head(base + "/file").headers["content-length"] == "1000000"
assert session.delete(base + "/plaintext").status_code == 405
assert session.get(base + "/user/%C3%A4/1").text == "user \u00e4 has number 1\n"
assert session.get(base + "/status/503").status_code == 503
"#;
        let out = Command::new("python3").args(["-c", script, &base]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}
