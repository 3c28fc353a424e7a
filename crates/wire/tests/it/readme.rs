//! The tables of README.md, run row by row.

use pauper_wire::Status;

use crate::support::{decode, head, response};

const README: &str = include_str!("../../README.md");

struct Row {
    input: Vec<u8>,
    verdict: String,
    result: String,
}

/// The rows of the table below this heading.
fn rows(heading: &str) -> Vec<Row> {
    let section = README.split(&format!("### {heading}\n")).nth(1).expect(heading);
    let section = section.split("\n#").next().unwrap();
    let rows: Vec<Row> = section.lines().filter(|l| l.starts_with("| `")).map(row).collect();
    assert!(rows.len() >= 5, "{heading}: {} rows", rows.len());
    rows
}

fn row(line: &str) -> Row {
    let (input, rest) = line["| `".len()..].split_once("` | ").expect(line);
    let columns: Vec<&str> = rest.split(" | ").collect();
    let [verdict, _rfc, result] = columns[..] else { panic!("{line}") };
    let result = result.trim_end_matches(" |").trim_matches('`');
    Row { input: unescape(input), verdict: verdict.into(), result: result.into() }
}

/// `\r`, `\n`, `\t`, `\0` and `\xNN`; before other letters a backslash is itself.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let (escaped, len) = match tail {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (b'\0', 1),
            [b'x', high, low, ..] => {
                let hex = [*high, *low];
                (u8::from_str_radix(str::from_utf8(&hex).unwrap(), 16).unwrap(), 3)
            }
            _ => (b'\\', 0),
        };
        out.push(escaped);
        rest = &tail[len..];
    }
    out
}

/// Checks heads made of `before`, the row's input and `after`; `tell` says what was accepted.
fn check_heads(
    heading: &str,
    before: &str,
    after: &str,
    tell: fn(&pauper_wire::RequestHead) -> String,
) {
    for row in rows(heading) {
        let message = [before.as_bytes(), &row.input, after.as_bytes()].concat();
        let (verdict, result) = match head(&message) {
            Ok(Status::Complete(parsed)) => ("accepted".to_owned(), tell(&parsed.head)),
            Ok(Status::Partial) => ("partial".to_owned(), String::new()),
            Err(error) => (error.status().to_string(), format!("{:?}", error.kind())),
        };
        assert_eq!((verdict, result), (row.verdict, row.result), "{}", row.input.escape_ascii());
    }
}

#[test]
fn request_lines() {
    check_heads("Request lines", "", "Host: h\r\n\r\n", |head| format!("{:?}", head.form()));
}

#[test]
fn header_lines() {
    let before = "POST / HTTP/1.1\r\nHost: h\r\n";
    check_heads("Header lines", before, "\r\n", |head| format!("{:?}", head.body()));
}

#[test]
fn first_header_lines() {
    let before = "GET / HTTP/1.1\r\n";
    check_heads("First header lines", before, "\r\n", |head| format!("{:?}", head.body()));
}

#[test]
fn header_lines_of_http_1_0() {
    let before = "POST / HTTP/1.0\r\n";
    let heading = "Header lines of HTTP/1.0";
    check_heads(heading, before, "\r\n", |head| format!("{:?}", head.body()));
}

/// The same for responses to GET; both tables tell how the end of the body is found.
fn check_responses(heading: &str, before: &str) {
    for row in rows(heading) {
        let message = [before.as_bytes(), &row.input, b"\r\n"].concat();
        let (verdict, result) = match response(&message) {
            Ok(Status::Complete((head, _))) => {
                assert_eq!(head.len(), message.len());
                ("accepted".to_owned(), format!("{:?}", head.body(b"GET")))
            }
            Ok(Status::Partial) => ("partial".to_owned(), String::new()),
            Err(error) => (error.status().to_string(), format!("{:?}", error.kind())),
        };
        assert_eq!((verdict, result), (row.verdict, row.result), "{}", row.input.escape_ascii());
    }
}

#[test]
fn status_lines() {
    check_responses("Status lines", "");
}

#[test]
fn header_lines_of_responses() {
    check_responses("Header lines of responses", "HTTP/1.1 200 OK\r\n");
}

#[test]
fn chunked_bodies() {
    for row in rows("Chunked bodies") {
        let body = decode(&row.input);
        let (verdict, result) = match (body.end, body.error) {
            (Some(end), None) => {
                assert_eq!(end, row.input.len());
                ("accepted".to_owned(), body.data.len().to_string())
            }
            (None, Some((kind, _))) => (kind.status().to_string(), format!("{kind:?}")),
            _ => ("incomplete".to_owned(), String::new()),
        };
        assert_eq!((verdict, result), (row.verdict, row.result), "{}", row.input.escape_ascii());
    }
}
