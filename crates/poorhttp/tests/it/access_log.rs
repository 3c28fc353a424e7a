use std::fs::OpenOptions;
use std::process::Stdio;

use crate::daemon::Daemon;

#[test]
fn one_line_for_each_answer() {
    let mut daemon = Daemon::start(&[]);
    let answer = daemon.get("/hello/world");
    let line = daemon.stdout_until("/hello/world");
    let (server, rest) = line.split_once(" 127.0.0.1 - [").unwrap();
    assert_eq!(server, daemon.address().to_string());
    let (time, rest) = rest.split_once("] ").unwrap();
    // 20/Nov/2026:19:00:00 +0000
    assert!(time.ends_with(" +0000") && time.len() == 26, "{time}");
    let bytes = answer.split_once("\r\n\r\n").unwrap().1.len();
    assert_eq!(rest, format!("\"GET /hello/world HTTP/1.1\" 200 {bytes}"));

    daemon.get("/nothing");
    let line = daemon.stdout_until("/nothing");
    assert!(line.contains("\"GET /nothing HTTP/1.1\" 404 "), "{line}");
}

/// Whatever a client sends, its line is one line of printable ASCII with the quotes in place.
#[test]
fn a_client_cannot_forge_lines() {
    let mut daemon = Daemon::start(&[]);
    daemon.send("GET /\x1b[31m\"\r\nHost: a\r\n\r\n");
    daemon.send("GET /%0A\" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    daemon.send("nonsense\n127.0.0.1:1 1.1.1.1 - [x] \"GET /forged HTTP/1.1\" 200 1\r\n\r\n");
    daemon.get("/end");
    loop {
        let line = daemon.stdout_until("");
        let (_, request) = line.split_once("] \"").expect("every line has its parts");
        assert_eq!(line.matches('"').count(), 2, "{line}");
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
        assert!(!line.starts_with("127.0.0.1:1 "), "{line}");
        if request.contains("/end") {
            break;
        }
    }
}

#[test]
fn a_reader_that_went_away_stops_nothing_and_is_told_of_once() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut daemon = Daemon::start_into(&[], Stdio::from(writer));
    check_losing(&mut daemon);
}

#[test]
fn a_reader_that_does_not_read_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut daemon = Daemon::start_into(&[], Stdio::from(writer));
    let long = format!("/nothing/{}", "a".repeat(6000));
    // More than any pipe holds.
    for _ in 0..50 {
        assert!(daemon.get(&long).starts_with("HTTP/1.1 404 "));
    }
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    drop(reader);
}

#[test]
fn a_full_disk_stops_nothing_and_is_told_of_once() {
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else {
        return println!("skipped: there is no /dev/full");
    };
    let mut daemon = Daemon::start_into(&[], Stdio::from(full));
    check_losing(&mut daemon);
}

fn check_losing(daemon: &mut Daemon) {
    for _ in 0..3 {
        assert!(daemon.get("/json").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    let said = daemon.stderr_rest();
    let losing = said.iter().filter(|line| line.contains("access log")).count();
    assert_eq!(losing, 1, "{said:#?}");
}

#[test]
fn errors_of_handlers_go_to_standard_error_in_one_line() {
    let mut daemon = Daemon::start(&[]);
    let answer = daemon.get("/fails");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(!answer.contains("invalid digit"), "the client sees no cause: {answer}");
    let line = daemon.stderr_until("invalid digit");
    let (time, rest) = line.split_at("2026-11-20T19:00:00Z".len());
    assert!(time.ends_with('Z') && time.contains('T'), "{line}");
    let rest = rest.strip_prefix(" ERROR pauper::app: [").expect("the level, and a number");
    let (number, rest) = rest.split_once("] ").expect("the number of the request");
    assert!(u64::from_str_radix(number, 16).is_ok(), "{line}");
    assert!(rest.starts_with("GET /fails from 127.0.0.1:"), "{line}");
    assert!(rest.contains("features.rs:"), "with the place: {line}");
}

/// What others make of the lines: GoAccess reads the formats that it knows by name.
#[test]
fn goaccess_reads_common_and_combined() {
    let Some(goaccess) = crate::tool::tool(&["goaccess"]) else { return };
    for (format, name) in [("common", "COMMON"), ("combined", "COMBINED")] {
        let folder = std::env::temp_dir().join(format!("goaccess-{format}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join("access.log");
        let mut daemon =
            Daemon::start(&["--access-format", format, "--accesslog", log.to_str().unwrap()]);
        for target in ["/", "/json?a=b%20c", "/nothing", "/hello/k%C3%A4se"] {
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: a \"b\" \\ c\r\n\
                 Referer: http://example.org/?\"\r\nConnection: close\r\n\r\n"
            );
            daemon.send(request);
        }
        daemon.signal("TERM");
        assert_eq!(daemon.wait(), Some(0));
        let report = folder.join("report.json");
        let output = std::process::Command::new(&goaccess)
            .arg(&log)
            .args(["--no-global-config", "--no-progress", "--log-format", name, "-o"])
            .arg(&report)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = std::fs::read_to_string(&report).unwrap_or_else(|_| panic!("{said}"));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let general = &report["general"];
        assert_eq!(general["valid_requests"], 4, "{general}");
        assert_eq!(general["failed_requests"], 0, "{general}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
