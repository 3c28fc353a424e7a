//! The ports of the originals' examples answer as their clients expect: each is started as a program
//! and spoken to over a socket.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

/// An answer, read to the end of the connection.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    #[track_caller]
    fn has(&self, pieces: &[&str]) {
        for piece in pieces {
            assert!(self.body.contains(piece), "{piece:?} is missing in:\n{}", self.body);
        }
    }
}

fn start(name: &str) -> Running {
    start_in(name, Path::new("."))
}

fn start_in(name: &str, folder: &Path) -> Running {
    let mut child = Command::new(example(name))
        .args(["--port", "0"])
        .env("PORT", "1")
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
    Running { child, port: port.parse().unwrap_or_else(|_| panic!("{name} told {line:?}")) }
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
    fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("localhost", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = match body {
            "" => String::new(),
            body => format!("Content-Length: {}\r\n", body.len()),
        };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\
             {headers}{length}\r\n{body}",
            self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Answer { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", "")
    }

    fn post_form(&self, target: &str, body: &str) -> Answer {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.ask("POST", target, kind, body)
    }

    /// Status and body, or Location.
    #[track_caller]
    fn check(&self, method: &str, target: &str, status: u16, told: &str) {
        let answer = self.ask(method, target, "", "");
        let found = answer.header("location").unwrap_or(&answer.body);
        assert_eq!((answer.status, found), (status, told), "{method} {target}");
    }
}

#[test]
fn metrics() {
    let server = start("metrics");
    let measured = |of: &Answer| serde_json::from_str::<serde_json::Value>(&of.body).unwrap();
    let first = server.get("/metrics");
    assert_eq!(first.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(first.header("x-powered-by").is_some());
    assert_eq!(measured(&first)["requests"], 0);
    assert!(measured(&first)["best_time"].is_null() && measured(&first)["avg_time"].is_f64());
    let root = server.ask("GET", "/", "Accept: text/plain\r\n", "");
    assert_eq!((root.header("content-type"), &*root.body), (Some("text/plain"), "Hello World"));
    assert_eq!(server.get("/nothing").status, 404);
    let json = "Content-Type: application/json\r\n";
    let teapot = server.ask("POST", "/json", json, "{\"é\": [1]}");
    assert_eq!(teapot.status, 418);
    assert_eq!(measured(&teapot)["request"], serde_json::json!({ "é": [1] }));
    assert_eq!(measured(&teapot)["message"], "I'm teapot :-)");
    assert_eq!(server.ask("POST", "/json", json, "not json").status, 400);
    let wrong = server.get("/json");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST, OPTIONS")));
    let last = measured(&server.get("/metrics"));
    assert_eq!(last["requests"], 6, "errors count, too");
    let time = |name: &str| last[name].as_f64().unwrap();
    assert!(time("best_time") <= time("avg_time") && time("avg_time") <= time("worst_time"));
}

#[test]
fn pico_hello() {
    let server = start("pico_hello");
    server.check("GET", "/hello", 200, "Hello world!");
    server.check("PUT", "/hello/there?x", 200, "Hello world!");
    server.check("GET", "/goodbye/", 200, "Goodbye cruel world");
    server.check("GET", "/", 404, "");
    server.check("GET", "/hello2", 404, "");
    assert_eq!(server.get("/hello").header("content-type"), None);
}

#[test]
fn pico_static() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("index.html"), "<p>index").unwrap();
    fs::write(folder.path().join("a/b.txt"), "text").unwrap();
    fs::write(folder.path().join("a/README"), "read").unwrap();
    let server = start_in("pico_static", folder.path());
    server.check("GET", "/", 200, "<p>index");
    server.check("GET", "/a/b.txt", 200, "text");
    assert!(server.get("/a/b.txt").header("content-type").unwrap().starts_with("text/plain"));
    assert_eq!(server.get("/a/README").header("content-type"), Some("text/plain"));
    server.check("GET", "/a/none", 404, "");
    server.check("GET", "/a/../../../../etc/passwd", 404, "");
    assert_eq!(server.get("/a/").status, 404);
    server.check("POST", "/a/b.txt", 501, "");
    let head = server.ask("HEAD", "/a/b.txt", "", "");
    assert_eq!((head.status, head.header("content-length"), &*head.body), (200, Some("4"), ""));
}

#[test]
fn pico_rest() {
    let folder = tempfile::tempdir().unwrap();
    let server = start_in("pico_rest", folder.path());
    server.check("GET", "/", 200, "{}");
    assert_eq!(server.ask("PUT", "/n%C3%A4me", "", "te\"xt é").status, 200);
    assert_eq!(server.ask("PUT", "/", "", "x").status, 400);
    server.check("GET", "/n%C3%A4me/rest", 200, "te\"xt é");
    assert_eq!(server.get("/n%C3%A4me").header("content-type"), None);
    assert_eq!(server.get("/").header("content-type"), Some("application/json"));
    server.check("GET", "/", 200, "{\"näme\":\"te\\\"xt é\"}");
    assert_eq!(server.get("/none").status, 404);
    assert_eq!(server.ask("DELETE", "/none", "", "").status, 404);
    assert_eq!(server.ask("POST", "/name", "", "x").status, 501);
    drop(server);
    let server = start_in("pico_rest", folder.path());
    server.check("GET", "/n%C3%A4me", 200, "te\"xt é");
    server.check("DELETE", "/n%C3%A4me", 200, "");
    server.check("GET", "/", 200, "{}");
}

#[test]
fn intro() {
    let server = start("intro");
    for number in 1..=11 {
        let answer = server.get("/");
        if number % 5 == 0 {
            assert_eq!(answer.status, 500, "every fifth");
        } else {
            assert_eq!(answer.status, 200);
            let line = format!("connection {number} to the root page");
            answer.has(&[&line, "\"/add/5/7\"", "\"search?q=foo+bar+baz\""]);
        }
    }
    let sum = server.get("/add/5/7");
    assert!(sum.header("content-type").unwrap().starts_with("text/plain"));
    assert!(sum.body.starts_with("The sum of <5.0> and <7.0> is <12.0>.\r\n"), "{}", sum.body);
    server.get("/add/-1.5/1e2").has(&["<-1.5> and <100.0> is <98.5>."]);
    assert_eq!(server.get("/add/x/7").status, 400);
    server
        .get("/search?q=foo+%3Cb%3E&other=1")
        .has(&["<h1>Bogus Search!</h1>", "<code>foo &lt;b&gt;</code>"]);
    server.get("/search").has(&["<code></code>"]);
    assert_eq!(server.get("/search/x").status, 404);
    assert_eq!(server.post_form("/search", "q=1").status, 405);
    server.check("GET", "/a/./b//c/../d?z=1&z=2", 302, "/a/b/d?z=1&z=2");
    assert_eq!(server.get("/../x").status, 400);
}

#[test]
fn static_content() {
    let server = start("static_content");
    server.get("/").has(&["href=\"static\"", "href=\"/static/simple_task_list.py\""]);
    server.check("GET", "/static", 302, "/static/");
    let listing = server.get("/static/");
    assert_eq!(listing.status, 200);
    listing.has(&["Showing Folder /static<", ">..<", "simple_task_list.py", "datebook.tpl/"]);
    let file = server.get("/static/simple_task_list.py");
    assert!(file.header("content-type").unwrap().starts_with("text/plain"));
    file.has(&["tasks"]);
    server.get("/static/datebook.tpl/").has(&["Showing Folder /static/datebook.tpl", "layout.tpl"]);
    assert!([302, 404].contains(&server.get("/static/datebook.tpl").status));
    for hidden in ["/static/.git", "/static/_x/y", "/static/.x/"] {
        assert_eq!(server.get(hidden).status, 403, "{hidden}");
    }
    for missing in ["/static/none", "/static/none/", "/static/datebook.tpl%2F..%2F", "/static/%00/"]
    {
        let status = server.get(missing).status;
        assert!([400, 404].contains(&status), "{missing}: {status}");
    }
    server.check("GET", "/static/x/../../etc/", 302, "/etc/");
}

#[test]
fn simple_task_list() {
    let server = start("simple_task_list");
    let list = server.get("/");
    list.has(&["<ol>", "/task/0/toggle", "/task/3/edit", "href=\"new\"", "\"complete\">Breathe<"]);
    assert!(
        list.body.find("Eat").unwrap() < list.body.find("Save the world before bedtime").unwrap()
    );
    server.get("/new").has(&["method=\"post\"", "name=\"task\"", "Add Entry"]);
    let added = server.post_form("/new", "task=K%C3%A4se+%3Cb%3E");
    assert_eq!((added.status, added.header("location")), (302, Some("/")));
    server.get("/").has(&["\"todo\">Käse &lt;b&gt;<", "/task/4/edit"]);
    assert_eq!(server.post_form("/new", "task=").status, 302);
    assert!(!server.get("/").body.contains("/task/5/"));
    assert_eq!(server.post_form("/new", "other=1").status, 400);
    server.check("GET", "/task/0/toggle", 302, "/");
    server.get("/").has(&["\"complete\">Eat<"]);
    server.get("/task/4/edit").has(&["Käse &lt;b&gt;", "Edit Entry"]);
    assert_eq!(server.post_form("/task/1/edit", "task=Rest").status, 302);
    server.get("/").has(&["\"todo\">Rest<"]);
    assert_eq!(server.post_form("/task/0/edit", "task=").status, 302);
    assert!(!server.get("/").body.contains("Eat"));
    server.check("GET", "/task/1", 302, "/task/1/");
    for missing in ["/task/1/", "/task/1/other", "/task/9/edit", "/task/x/edit"] {
        assert_eq!(server.get(missing).status, 404, "{missing}");
    }
}

#[test]
fn guard() {
    let server = start("guard");
    for _ in 0..3 {
        let answer = server.get("/?a=%3Cb");
        assert_eq!(answer.status, 500);
        answer.has(&["not committed and has been rolled back", "GET ", "/?a=%3Cb"]);
        server.check("GET", "/committed", 200, "0 rows are committed.");
    }
    assert_eq!(server.get("/nothing").status, 404);
}

#[test]
fn put_file() {
    let server = start("put_file");
    let told = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.header("content-type").unwrap().starts_with("application/json"));
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()
    };
    server.get("/").has(&["type=\"file\"", "blackhole", "temporary", "'PUT'"]);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for to in ["blackhole", "temporary"] {
        let answer = server.ask("PUT", &format!("/{to}/a%20%C3%A4.txt"), "", "abc");
        let expected = serde_json::json!({ "uploaded": 3, "checksum": abc, "filename": "a ä.txt" });
        assert_eq!(told(&answer), expected);
        assert!(answer.body.contains("a \\u00e4.txt"), "{}", answer.body);
        let nothing = told(&server.ask("PUT", &format!("/{to}/x"), "", ""));
        assert_eq!((&nothing["uploaded"], &nothing["checksum"]), (&0.into(), &empty.into()));
        let chunked = "Transfer-Encoding: chunked\r\n";
        // The helper adds a length to a body of its own, so the chunks stand where it ends.
        let chunks = format!("{chunked}\r\n1\r\na\r\n2\r\nbc\r\n0\r\n");
        assert_eq!(told(&server.ask("PUT", &format!("/{to}/x"), &chunks, ""))["checksum"], abc);
        assert_eq!(server.get(&format!("/{to}/x")).status, 405);
    }
    // More than any limit of bodies that are kept.
    let large = "x".repeat(20 << 20);
    assert_eq!(told(&server.ask("PUT", "/blackhole/large", "", &large))["uploaded"], 20 << 20);
    assert_eq!(server.get("/debug-info").status, 200);
    assert_eq!(server.get("/other").status, 404);
}
