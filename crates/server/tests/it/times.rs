//! Time limits, with a clock of their own.

use std::time::Duration;

use pauper_server::ServerConfig;
use pauper_server::test::Client;

use crate::support::{Counted, answers, get, post, statuses};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> ServerConfig {
    ServerConfig::new()
        .with_head_time(10 * SECOND)
        .with_idle_time(60 * SECOND)
        .with_body_rate(10 * SECOND, 1000)
        .with_linger(2 * SECOND, 1 << 20)
}

#[test]
fn a_dribbled_head_ends_at_its_deadline_whatever_the_bytes_take() {
    let service = Counted::default();
    let mut client = Client::with_config(&service, config());
    client.get("/");
    client.sleep(30 * SECOND);
    let head = get("/");
    let mut bytes = head.as_bytes().iter();
    for second in 0..10 {
        let byte = bytes.next().unwrap();
        assert!(client.raw(std::slice::from_ref(byte)).is_empty(), "second {second}");
        client.sleep(SECOND);
    }
    let out = client.raw(b"");
    let (status, text) = answers(&out).pop().unwrap();
    assert_eq!(status, 408);
    assert!(text.contains("head_time"), "{text}");
    assert!(client.is_closed());
    assert_eq!(service.calls(), 1);
}

#[test]
fn a_new_connection_has_the_time_of_a_head_before_its_first_byte() {
    let service = Counted::default();
    let mut client = Client::with_config(&service, config());
    client.raw(b"");
    client.sleep(9 * SECOND);
    assert!(client.raw(b"G").is_empty());
    assert!(!client.is_closed());
    client.sleep(SECOND);
    assert_eq!(statuses(&client.raw(b"")), [408], "counted from the acceptance");
    // Without any byte there is nothing to answer.
    let mut client = Client::with_config(&service, config());
    client.raw(b"");
    client.sleep(10 * SECOND);
    assert!(client.is_closed());
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let service = Counted::default();
    let mut client = Client::with_config(&service, config());
    client.get("/");
    client.sleep(59 * SECOND);
    assert!(!client.is_closed());
    client.get("/");
    client.sleep(59 * SECOND);
    assert!(!client.is_closed(), "a request begins the time anew");
    client.sleep(SECOND);
    assert!(client.is_closed());
}

#[test]
fn a_slow_body_is_refused_by_its_rate_and_by_its_pauses() {
    let service = Counted::default();
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n";
    // 500 bytes a second, half of what is asked for: the grace of 10 s lasts for 20 s.
    let mut client = Client::with_config(&service, config());
    client.raw(head.as_bytes());
    let mut seconds = 0;
    let out = loop {
        let out = client.raw(&[b'x'; 500]);
        if !out.is_empty() {
            break out;
        }
        client.sleep(SECOND);
        seconds += 1;
    };
    assert_eq!(statuses(&out), [408]);
    assert!((19..=21).contains(&seconds), "{seconds}");
    // Much at once does not buy a long pause.
    let mut client = Client::with_config(&service, config());
    client.raw(head.as_bytes());
    client.raw(&[b'x'; 90_000]);
    client.sleep(9 * SECOND);
    assert!(client.raw(b"x").is_empty());
    client.sleep(10 * SECOND);
    let (status, text) = answers(&client.raw(b"")).pop().unwrap();
    assert_eq!(status, 408);
    assert!(text.contains("body_rate"), "{text}");
    assert_eq!(service.calls(), 0);
}

#[test]
fn a_drained_body_has_the_time_of_any_body_and_then_the_answer_can_be_read() {
    let service = Counted::default();
    let grace = 5 * SECOND;
    let config = || config().with_max_body(10).with_body_rate(grace, 1000);
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n";

    // Slow but honest: the connection is kept, and the next request answered.
    let mut client = Client::with_config(&service, config());
    assert_eq!(statuses(&client.raw(head.as_bytes())), [413]);
    client.sleep(4 * SECOND);
    assert!(client.raw(&[b'x'; 50]).is_empty());
    client.sleep(SECOND / 2);
    assert!(client.raw(&[b'x'; 50]).is_empty());
    assert_eq!(client.get("/").status(), 200);

    // Nothing more comes: the end, which lingers for a client that still reads.
    let mut client = Client::with_config(&service, config());
    assert_eq!(statuses(&client.raw(head.as_bytes())), [413]);
    client.sleep(grace - SECOND);
    assert!(!client.is_closed());
    client.sleep(SECOND);
    assert!(client.is_closed());
}

#[test]
fn the_time_of_a_handler_is_not_the_clients() {
    let service = Counted::default();
    let mut client = Client::with_config(&service, config());
    client.raw(post("/", "x").as_bytes());
    client.sleep(59 * SECOND);
    assert_eq!(client.get("/").status(), 200);
}
