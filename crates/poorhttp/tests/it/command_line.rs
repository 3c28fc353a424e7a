use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::daemon::{Daemon, PATIENCE, output};

/// Exit code, then what standard output and standard error begin with.
fn check(args: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = output(args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
    let begins = |found: &str, text: &str| {
        assert!(found.starts_with(text) && found.is_empty() == text.is_empty(), "{found:?}");
    };
    begins(&out, stdout);
    begins(&err, stderr);
    assert!(err.lines().count() <= 1, "one clear line: {err}");
}

#[test]
fn what_is_asked_for_is_printed() {
    let version = concat!("poorhttp ", env!("CARGO_PKG_VERSION"), "\n");
    check(&["--version"], 0, version, "");
    check(&["-v"], 0, version, "");
    check(&["--help"], 0, "Serves a web application until it is told to stop.\n", "");
    check(&["-h"], 0, "Serves", "");
}

#[test]
fn wrong_lines_end_with_2_and_one_line() {
    check(&["--colour"], 2, "", "poorhttp: invalid option '--colour'; --help lists the options\n");
    check(&["-b", "99999"], 2, "", "poorhttp: --port is a number from 0 to 65535, and not");
    check(&["--index"], 2, "", "poorhttp: --index lists the folder of --root");
    check(&["www"], 2, "", "poorhttp: unexpected argument \"www\"");
}

#[test]
fn what_cannot_be_served_ends_with_1_and_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let expected = format!("poorhttp: cannot listen on 127.0.0.1:{port}: Address already in use");
    check(&["-b", &port], 1, "", &expected);
    check(
        &["-b0", "-a", "no such host"],
        1,
        "",
        "poorhttp: no address is known for no such host: ",
    );
    check(&["-b0", "--root", "/there/is/none"], 1, "", "poorhttp: ");
}

#[test]
fn the_greeting_names_the_real_address() {
    let daemon = Daemon::start(&[]);
    let (start, end) = daemon.greeting.split_once("http://127.0.0.1:").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(start, format!("poorhttp {version} serving the demo on "));
    let (port, end) = end.split_once('/').unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    assert_eq!(end, " (Ctrl-C stops)");
    assert!(daemon.get("/json").starts_with("HTTP/1.1 200 OK\r\n"));
}

/// A name that stands for two addresses is served at both, and both are printed.
#[test]
fn every_address_that_is_printed_answers() {
    let daemon = Daemon::start(&["-a", "localhost"]);
    let urls: Vec<&str> = daemon.greeting.split(' ').filter(|w| w.starts_with("http")).collect();
    assert!(!urls.is_empty(), "{}", daemon.greeting);
    for url in urls {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /json HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("\r\n\r\n{\"message\":\"Hello, World!\"}"), "{url}: {answer}");
    }
}
