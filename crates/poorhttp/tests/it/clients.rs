//! What others speak HTTP with.

use std::process::Command;

use crate::daemon::Daemon;
use crate::tool::{missing, tool};

#[test]
fn curl_gets_and_posts() {
    let Some(curl) = tool(&["curl"]) else { return };
    let daemon = Daemon::start(&[]);
    let curl = |args: &[&str]| {
        let output = Command::new(&curl).args(["-sS", "--max-time", "20"]).args(args).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let at = |path: &str| format!("{}{path}", daemon.url());
    assert_eq!(curl(&[&at("hello/curl")]), "Hello, curl!");
    assert_eq!(curl(&["-I", "-o", "/dev/null", "-w", "%{http_code}", &at("")]), "200");
    // The line that the demo shows.
    let json = curl(&["-d", r#"{"pots": 3}"#, "-H", "Content-Type: application/json", &at("json")]);
    assert_eq!(json, r#"{"received":{"pots":3}}"#);
    let form = curl(&["--data-urlencode", "dish=Fish & chips", &at("form")]);
    assert!(form.contains("<dt>dish<dd>Fish &amp; chips"), "{form}");
    // A body in chunks, and two requests on one connection.
    let chunked = ["-H", "Transfer-Encoding: chunked", "-H", "Content-Type: application/json"];
    let json = curl(&[&chunked[..], &["-d", "[1]", &at("json")]].concat());
    assert_eq!(json, r#"{"received":[1]}"#);
    let twice = curl(&["-w", "%{num_connects}", &at("hello/a"), &at("hello/b")]);
    assert_eq!(twice, "Hello, a!1Hello, b!0");
}

#[test]
fn python_requests_keeps_a_session() {
    const SCRIPT: &str = r#"
import sys, requests
url = sys.argv[1]
with requests.Session() as session:
    assert session.get(url + "hello/Ada").text == "Hello, Ada!"
    answer = session.post(url + "json", json={"a": [1, None, "ä"]})
    assert answer.json() == {"received": {"a": [1, None, "ä"]}}, answer.text
    answer = session.post(url + "form", data={"wish": "<b>"})
    assert "&lt;b&gt;" in answer.text and answer.encoding == "utf-8", answer.text
    answer = session.get(url + "pots", params={"metal": "iron & tin", "count": 2})
    assert answer.text == "2 × iron & tin pot", answer.text
    answer = session.get(url + "form")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"], answer.headers
    answer = session.get(url + "none", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json()["status"] == 404, answer.text
"#;
    let Some(python) = tool(&["python3"]) else { return };
    let has = Command::new(&python).args(["-c", "import requests"]).output().unwrap();
    if !has.status.success() {
        return missing("the Python package requests");
    }
    let daemon = Daemon::start(&[]);
    let output = Command::new(&python).args(["-c", SCRIPT, daemon.url()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
