//! The example of Poor HTTP, as its daemon serves it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use pauper::client::Client;

/// A running example, killed at the end.
struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Running {
    let mut path: PathBuf = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let config = env::temp_dir().join(format!("simple-{}.ini", std::process::id()));
    let text = "[http]\nport = 0\nwebmaster = ada@example.org\n[python]\nmodule = simple.py\n\
                [environ]\napp_colour = green\napp_secret = hidden\n";
    fs::write(&config, text).unwrap();
    let mut child = Command::new(path.join("examples/poorhttp_simple"))
        .arg("-c")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo built the example beside this test");
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(" serving ") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended");
    }
    let _ = fs::remove_file(config);
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    Running { child, address }
}

#[test]
fn the_pages_of_the_example() {
    let running = start();
    let (host, port) = running.address.rsplit_once(':').unwrap();
    let mut client = Client::new(host, port.parse().unwrap());
    let mut ask = |method: &str, path: &str| {
        let answer = client.request(method, path).send().unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        assert_eq!(header("X-Application"), "Simple", "{method} {path}");
        let kind = header("Content-Type");
        (answer.status().as_u16(), kind, answer.into_body())
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    for method in ["GET", "POST"] {
        let (status, kind, body) = ask(method, "/");
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
        let body = text(body);
        assert!(body.contains("<h1>Simple WSGI Example Application</h1>"), "{body}");
        for link in ["\"/\"", "\"/debug\"", "\"/no-page\""] {
            assert!(body.contains(link), "{link}");
        }
    }
    let debug = text(ask("GET", "/debug?a=b").2);
    for row in [
        "<tr><td>app_colour<td>green",
        "<tr><td>app_secret<td>(not shown)",
        "<tr><td>SERVER_ADMIN<td>ada@example.org",
        "<tr><td>PATH_INFO<td>/debug",
        "<tr><td>QUERY_STRING<td>a=b",
        "<tr><td>REQUEST_METHOD<td>GET",
        "<tr><td>REMOTE_ADDR<td>127.0.0.1",
        "<tr><td>GATEWAY_INTERFACE<td>CGI/1.1",
    ] {
        assert!(debug.contains(row), "{row}: {debug}");
    }
    assert!(!debug.contains("hidden"));
    let (status, kind, icon) = ask("GET", "/favicon.ico");
    assert_eq!((status, kind.as_str(), icon.len()), (200, "image/vnd.microsoft.icon", 1150));
    let (status, _, body) = ask("GET", "/no-page");
    assert!(status == 404 && text(body).contains("<h1>404 - Page Not Found</h1>"));
    for path in ["/", "/no-page"] {
        let (status, _, body) = ask("PUT", path);
        let body = text(body);
        assert!(status == 405 && body.contains("PUT"), "{path}: {status} {body}");
    }
    let (status, _, body) = ask("GET", "/error");
    assert!(status == 500 && !text(body).contains("an error of the application"));
}
