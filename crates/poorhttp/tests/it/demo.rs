use crate::daemon::Daemon;

#[test]
fn the_demo_is_at_the_root() {
    let daemon = Daemon::start(&[]);
    let page = daemon.get("/");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(
        page.to_lowercase().contains("\r\ncontent-type: text/html; charset=utf-8\r\n"),
        "{page}"
    );
    assert!(page.contains("Hello, world!"));
}

/// The page shows the request that asked for it, from the address that it came from.
#[test]
fn the_request_is_that_of_the_visitor() {
    let daemon = Daemon::start(&[]);
    let page = daemon.send(
        "GET /request?a=%3Cb%3E HTTP/1.0\r\nHost: a\r\nAuthorization: Basic aHVudGVyMg==\r\n\r\n",
    );
    assert!(page.contains("127.0.0.1:"), "{page}");
    assert!(page.contains("HTTP/1.0") && page.contains("/request?a=%3Cb%3E"), "{page}");
    assert!(page.contains("(hidden, 18 bytes)") && !page.contains("aHVudGVyMg"), "{page}");
}

#[test]
fn a_panic_ends_one_request_and_nothing_else() {
    let mut daemon = Daemon::start(&[]);
    assert!(daemon.get("/panics").starts_with("HTTP/1.1 500 "));
    daemon.stderr_until("the pot was dropped");
    assert!(daemon.get("/json").starts_with("HTTP/1.1 200 "));
}
