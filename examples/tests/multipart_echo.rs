//! What `multipart_echo` makes of forms that curl, Python's requests and a browser send, and of
//! forms that nobody should send.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The running example, killed at the end.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start() -> Self {
        let mut path = env::current_exe().unwrap();
        path.pop();
        if path.ends_with("deps") {
            path.pop();
        }
        let mut child = Command::new(path.join("examples/multipart_echo"))
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo built the example beside this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit("//").next().unwrap().trim_end_matches('/').to_owned();
        Self { child, address }
    }

    fn url(&self) -> String {
        format!("http://{}/parts", self.address)
    }

    /// Posts a body; gives status and body of the answer.
    fn post(&self, kind: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!(
            "POST /parts HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    fn parts(&self, kind: &str, body: &[u8]) -> Value {
        let (status, text) = self.post(kind, body);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether an outside tool is there. Where tools are required, one that is missing is a failure.
fn has(tool: &str, args: &[&str]) -> bool {
    let mut command = Command::new(tool);
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    let there = command.status().is_ok_and(|status| status.success());
    assert!(there || env::var_os("PAUPER_REQUIRE_TOOLS").is_none(), "{tool} is required");
    if !there {
        println!("skipped: {tool} {args:?} does not run here");
    }
    there
}

fn part(name: &str, filename: Option<&str>, kind: Option<&str>, data: &[u8]) -> Value {
    let sha256: String = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": name, "filename": filename, "content_type": kind, "length": data.len(),
        "sha256": sha256,
    })
}

const KIND: &str = "multipart/form-data; boundary=x";

#[test]
fn forms_of_both_kinds() {
    let server = Running::start();
    let got = server.parts("application/x-www-form-urlencoded", b"b=1&a=%C5%99+x&b=&c");
    let expected = [
        part("b", None, None, b"1"),
        part("a", None, None, "ř x".as_bytes()),
        part("b", None, None, b""),
        part("c", None, None, b""),
    ];
    assert_eq!(got, json!({ "parts": expected }));
    let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntext\r\n--x\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"ř.bin\"\r\nContent-Type: a/b\r\n\r\n\
        \r\n--\r\n--y\r\n--x\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
    let expected = [
        part("a", None, None, b"text"),
        part("f", Some("ř.bin"), Some("a/b"), b"\r\n--\r\n--y"),
        part("f", Some(""), None, b""),
    ];
    assert_eq!(server.parts(KIND, body.as_bytes()), json!({ "parts": expected }));
    assert_eq!(server.parts(KIND, b"--x--\r\n"), json!({ "parts": [] }));
}

#[test]
fn what_is_refused_says_why() {
    let server = Running::start();
    let head = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    for (kind, body, status, why) in [
        ("application/json", "{}".to_owned(), 415, "a form is expected"),
        ("multipart/form-data", "--x--".to_owned(), 400, "boundary"),
        (KIND, format!("{head}1\r\n--x"), 400, "closing boundary"),
        (KIND, format!("{head}1\r\n--xy\r\n"), 400, "line end"),
        (KIND, "--x\r\n\r\n\r\n--x--".to_owned(), 400, "Content-Disposition"),
        (KIND, head.replace("name=a", "name=a; name=b"), 400, "twice"),
        (KIND, format!("{}--x--", format!("{head}\r\n").repeat(1001)), 413, "max_parts"),
        (KIND, head.replace("name=a", &"x".repeat(9000)), 413, "max_header_bytes"),
        ("application/x-www-form-urlencoded", "a&".repeat(1001), 413, "1000 fields"),
    ] {
        let (got, text) = server.post(kind, body.as_bytes());
        assert_eq!(got, status, "{body:.100}: {text}");
        assert!(text.contains(why), "{why} is missing in {text}");
    }
}

#[test]
fn curl_and_requests_send_what_they_mean() {
    let server = Running::start();
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 253) as u8).collect();
    let file = folder.path().join("a b.bin");
    fs::write(&file, &data).unwrap();
    if has("curl", &["--version"]) {
        let path = file.to_str().unwrap();
        let out = Command::new("curl")
            .args([
                "-sS",
                "--form-string",
                "text=a=b\r\n;c",
                "-F",
                &format!("file=@{path};type=a/b"),
            ])
            .args(["-F", &format!("q\"uote=@{path};filename=\"x\\\"y.bin\"")])
            .arg(server.url())
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let got: Value = serde_json::from_slice(&out.stdout).unwrap();
        let expected = [
            part("text", None, None, b"a=b\r\n;c"),
            part("file", Some("a b.bin"), Some("a/b"), &data),
            part("q\"uote", Some("x\"y.bin"), Some("application/octet-stream"), &data),
        ];
        assert_eq!(got, json!({ "parts": expected }));
    }
    if has("python3", &["-c", "import requests"]) {
        let script = r#"
import sys, requests, json
files = [("f", ("ř \"x\"\r\n.txt", open(sys.argv[2], "rb"), "text/plain", {"Expires": "0"})),
         ("empty", ("e", b""))]
answer = requests.post(sys.argv[1], data={"naïve \"n\"": "ž", "b": ["1", "2"]}, files=files)
assert answer.status_code == 200, answer.text
print(answer.text)
"#;
        let out = Command::new("python3")
            .args(["-c", script, &server.url()])
            .arg(&file)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let got: Value = serde_json::from_slice(&out.stdout).unwrap();
        let expected = [
            part("naïve \"n\"", None, None, "ž".as_bytes()),
            part("b", None, None, b"1"),
            part("b", None, None, b"2"),
            part("f", Some("ř \"x\"\r\n.txt"), Some("text/plain"), &data),
            part("empty", Some("e"), None, b""),
        ];
        assert_eq!(got, json!({ "parts": expected }));
    }
}

#[test]
fn a_browser_sends_what_it_means() {
    if !has("chromium", &["--version"]) {
        return;
    }
    let server = Running::start();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let script = r#"<!DOCTYPE html><meta charset="utf-8"><pre id="out">nothing</pre><script>
const form = new FormData();
form.append('plain', 'line\r\nline\nline');
form.append('quo"te\nline 😀 100%22', 'ř');
form.append('file', new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'a "b" \\ ř😀.png',
    { type: 'image/png' }));
form.append('empty', new File([], ''));
form.append('blob', new Blob(['x'.repeat(300000)]));
fetch('URL', { method: 'POST', body: form }).then(answer => answer.text())
    .then(text => { document.getElementById('out').textContent = text })
    .catch(error => { document.getElementById('out').textContent = 'failed: ' + error });
</script>"#;
    fs::write(&page, script.replace("URL", &server.url())).unwrap();
    let out = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-web-security"])
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&out.stdout);
    let text = dom.split("id=\"out\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let text = text.unwrap_or_else(|| panic!("{dom}\n{}", String::from_utf8_lossy(&out.stderr)));
    let got: Value = serde_json::from_str(&text.replace("&amp;", "&")).expect(text);
    let expected = [
        // The HTML standard makes CRLF of line ends in names and texts, and of `%22` a quote
        // cannot be told.
        part("plain", None, None, b"line\r\nline\r\nline"),
        part("quo\"te\r\nline 😀 100\"", None, None, "ř".as_bytes()),
        part("file", Some("a \"b\" \\ ř😀.png"), Some("image/png"), &[0, 13, 10, 45, 45, 255]),
        part("empty", Some(""), Some("application/octet-stream"), b""),
        part("blob", Some("blob"), Some("application/octet-stream"), &[b'x'; 300_000]),
    ];
    assert_eq!(got, json!({ "parts": expected }));
}
