use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::daemon::Daemon;

fn check_end(signal: &str) {
    let mut daemon = Daemon::start(&[]);
    daemon.signal(signal);
    daemon.stderr_until(&format!("SIG{signal}: no new connections"));
    assert_eq!(daemon.wait(), Some(0));
    assert_eq!(daemon.stderr_rest(), ["stopped"]);
}

#[test]
fn the_first_signal_ends_it_gracefully() {
    check_end("TERM");
    check_end("INT");
}

/// An answer that is under way is finished, however slowly it is read.
#[test]
fn a_slow_answer_is_finished() {
    const LEN: usize = 64 << 20;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow-answer");
    std::fs::create_dir_all(&folder).unwrap();
    // Larger than all buffers on the way, and sparse.
    File::create(folder.join("large")).unwrap().set_len(LEN as u64).unwrap();

    let mut daemon = Daemon::start(&["--root", folder.to_str().unwrap()]);
    let mut client = daemon.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut start = [0; 512];
    client.read_exact(&mut start).unwrap();
    daemon.signal("TERM");
    daemon.stderr_until("SIGTERM: ");

    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    let head = start.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(start.len() + rest.len() - head, LEN, "the whole file came");
    assert_eq!(daemon.wait(), Some(0));
    assert_eq!(daemon.stderr_rest(), ["stopped"]);
}

/// A request whose body is still on its way is answered, too.
#[test]
fn a_slow_request_is_answered() {
    let mut daemon = Daemon::start(&[]);
    let mut client = daemon.connect();
    let head = "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                Expect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    // That it asks for the body shows that it has the head.
    let mut answer = [0; 25];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"tr").unwrap();
    daemon.signal("TERM");
    daemon.stderr_until("SIGTERM: ");
    client.write_all(b"ue").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("{\"received\":true}"), "{answer}");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let mut daemon = Daemon::start(&[]);
    let mut client = daemon.connect();
    let head =
        "POST /json HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    client.read_exact(&mut [0; 25]).unwrap();
    daemon.signal("TERM");
    daemon.stderr_until("SIGTERM: no new");
    daemon.signal("INT");
    daemon.stderr_until("SIGINT: stopping at once");
    assert_eq!(daemon.wait(), Some(128 + 2));
}

/// Even when the thread that should stop is blocked by a handler.
#[test]
fn the_second_signal_ends_a_blocked_server() {
    let mut daemon = Daemon::start_example("own", &["--mode", "single"]);
    let mut asleep = daemon.connect();
    asleep.write_all(b"GET /nap/600 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut waiting = daemon.connect();
    waiting.write_all(b"GET /nap/0 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let answer = waiting.read(&mut [0; 9]);
    assert!(answer.is_err(), "single mode: nobody is served while a handler sleeps");
    daemon.signal("TERM");
    daemon.stderr_until("SIGTERM: no new");
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(128 + 15));
}

/// With threads nobody waits for a handler that blocks, and the second signal does not either.
#[test]
fn a_blocked_handler_holds_up_neither_clients_nor_the_second_signal() {
    let mut daemon = Daemon::start_example("own", &[]);
    let mut asleep = daemon.connect();
    asleep.write_all(b"GET /nap/600 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut other = daemon.connect();
    other.write_all(b"GET /nap/0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    daemon.signal("TERM");
    daemon.stderr_until("SIGTERM: no new");
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(128 + 15));
}
