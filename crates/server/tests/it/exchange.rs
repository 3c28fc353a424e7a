//! What happens on one connection.

use pauper_server::test::{Client, read_answer};

use crate::support::Counted;

/// All answers to `GET` and `POST` in `bytes`, which have to be whole.
fn answers(mut bytes: &[u8], closed: bool) -> Vec<(u16, String)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (answer, len) = read_answer(bytes, "GET", closed).unwrap();
        all.push((answer.status(), answer.text().to_owned()));
        bytes = &bytes[len..];
    }
    all
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let service = Counted::default();
    let mut client = Client::new(&service);
    let answer = client.get("/");
    assert_eq!((answer.status(), answer.text()), (200, "none"));
    assert_eq!(answer.header("server"), Some("Pauper"));
    assert_eq!(answer.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(answer.header("connection"), None);
    assert_eq!(client.post("/", "text/plain", "body").text(), "body");
    assert_eq!(client.get("/").text(), "none");
    assert!(!client.is_closed());
    assert_eq!(service.calls(), 3);
}

#[test]
fn good_bad_good_runs_only_the_first() {
    let service = Counted::default();
    let mut client = Client::new(&service);
    let good = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let out = client.raw(format!("{good}GET / HTTP/1.1\nHost: h\r\n\r\n{good}").as_bytes());
    let all = answers(&out, true);
    assert_eq!(all.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 400]);
    assert!(all[1].1.contains("CRLF"), "{all:?}");
    assert_eq!(service.calls(), 1);
    assert!(client.is_closed());
}
