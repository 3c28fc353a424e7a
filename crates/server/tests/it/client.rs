//! The blocking client, against our server and against servers that play from a script.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use pauper_message::{Request, Response};
use pauper_server::client::{Client, ClientError};
use pauper_wire::ErrorKind;

use crate::support::{Counted, PATIENCE, serve};

/// A server that takes as many connections as there are scripts, reads a head on each for every
/// answer of its script, and then closes. Gives all it read.
fn scripted(scripts: Vec<Vec<&'static str>>) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for script in scripts {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            for answer in script {
                requests.push(read_head(&mut stream));
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
        requests
    });
    (Client::new("127.0.0.1", port).with_timeout(PATIENCE), server)
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// The body of the answer to a GET, or why there is none.
fn asked(answer: &'static str) -> Result<String, ClientError> {
    let (client, server) = scripted(vec![vec![answer]]);
    let answer = client.with_max_body(20).with_max_head(100).get("/").send();
    server.join().unwrap();
    answer.map(|it| String::from_utf8(it.into_body()).unwrap())
}

#[test]
fn methods_queries_headers_and_bodies_reach_our_server() {
    let server = serve(|req: &mut Request| {
        let body = String::from_utf8(req.bytes().unwrap().to_vec()).unwrap();
        let header = req.header("x-one").map_or(String::new(), |it| format!("{it:?}"));
        Response::text(format!("{} {} {} {header} {body}", req.method(), req.path(), req.query()))
    });
    let mut client = Client::new("127.0.0.1", server.addr().port());
    let text = |answer: http::Response<Vec<u8>>| {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        String::from_utf8(answer.into_body()).unwrap()
    };
    let answer = client.get("/a b").query("x", "1 2").header("X-One", "1").send().unwrap();
    assert_eq!(text(answer).trim_end(), "GET /a b x=1%202 \"1\"");
    let answer = client.post("/p").body("data").send().unwrap();
    assert_eq!(text(answer), "POST /p   data");
    let answer = client.put("/p").body(vec![b'x'; 100_000]).send().unwrap();
    assert_eq!(text(answer).len(), "PUT /p   ".len() + 100_000);
    assert!(text(client.delete("/d").send().unwrap()).starts_with("DELETE /d"));
    let answer = client.head("/h").send().unwrap();
    assert!(answer.body().is_empty());
    assert_eq!(answer.headers()["content-length"], "10");
}

#[test]
fn one_connection_serves_many_requests() {
    let service = Counted::default();
    let server = serve(service.clone());
    let mut client = Client::new("localhost", server.addr().port());
    for _ in 0..50 {
        assert_eq!(client.post("/").body("x").send().unwrap().body(), b"x");
    }
    assert_eq!(service.calls(), 50);
}

#[test]
fn bodies_end_where_they_say() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nT: r\r\n\r\n",
            "abc",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"),
        ("HTTP/1.0 200 \r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\n\r\nnot a body", ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            "a",
        ),
    ] {
        assert_eq!(asked(answer).unwrap(), expected, "{answer}");
    }
}

#[test]
fn wrong_answers_are_errors() {
    let rule = |answer| match asked(answer).unwrap_err() {
        ClientError::Answer(error) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(rule("HTTP/1.1 200\r\n\r\n"), ErrorKind::BadStatusLine);
    assert_eq!(rule("HTTP/1.1 2xx OK\r\n\r\n"), ErrorKind::BadStatusLine);
    assert_eq!(rule("ICY 200 OK\r\n\r\n"), ErrorKind::BadVersion);
    assert_eq!(
        rule("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ErrorKind::BothFramings
    );
    assert_eq!(
        rule("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
        ErrorKind::BadChunkSize
    );
    let long = Box::leak(format!("HTTP/1.1 200 {}", "x".repeat(100)).into_boxed_str());
    assert_eq!(rule(long), ErrorKind::HeadTooLarge);
    for (answer, begun) in [
        ("", false),
        ("HTTP/1.1 200 O", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", true),
    ] {
        let error = asked(answer).unwrap_err();
        assert!(
            matches!(error, ClientError::Closed { begun: it } if it == begun),
            "{answer} {error:?}"
        );
    }
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nand more than twenty bytes",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n0123456789012345678901\r\n",
    ] {
        let error = asked(answer).unwrap_err();
        assert!(matches!(error, ClientError::TooLarge { limit: 20 }), "{answer} {error:?}");
    }
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    assert!(matches!(asked(upgrade).unwrap_err(), ClientError::Upgrade));
}

#[test]
fn interim_answers_without_end_are_an_error() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    let error = asked(Box::leak(interim.into_boxed_str())).unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { .. }), "{error:?}");
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LAST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[test]
fn a_closed_connection_is_made_anew() {
    let (mut client, server) = scripted(vec![vec![OK], vec![OK, LAST], vec![OK]]);
    for _ in 0..4 {
        assert_eq!(client.post("/").send().unwrap().body(), b"ok");
        // So that the end of a connection has come before it is used again.
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.join().unwrap().len(), 4);
}

#[test]
fn only_what_is_idempotent_is_sent_again() {
    // The second request of each connection is read, and not answered.
    for (method, tries) in [("GET", 2), ("POST", 1)] {
        let mut scripts = vec![vec![OK, ""]];
        if tries == 2 {
            scripts.push(vec![OK]);
        }
        let (mut client, server) = scripted(scripts);
        client.request(method, "/first").send().unwrap();
        let second = client.request(method, "/second").send();
        match tries {
            2 => assert_eq!(second.unwrap().body(), b"ok"),
            _ => assert!(matches!(second, Err(ClientError::Closed { begun: false })), "{second:?}"),
        }
        let requests = server.join().unwrap();
        let seconds = requests.iter().filter(|it| it.contains("/second")).count();
        assert_eq!(seconds, tries, "{method}");
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = Client::new("127.0.0.1", port).with_timeout(Duration::from_millis(50));
    assert!(matches!(client.get("/").send(), Err(ClientError::TimedOut)));
    // A byte now and then does not make it wait longer.
    let (stop, stopped) = mpsc::channel::<()>();
    let dribbling = std::thread::spawn(move || {
        let streams: Vec<TcpStream> = (0..2).map(|_| listener.accept().unwrap().0).collect();
        while stopped.recv_timeout(Duration::from_millis(10)).is_err() {
            let _ = (&streams[1]).write_all(b"H");
        }
    });
    let error = client.get("/").send().unwrap_err();
    assert!(matches!(error, ClientError::TimedOut | ClientError::Answer(_)), "{error:?}");
    stop.send(()).unwrap();
    dribbling.join().unwrap();
}

#[test]
fn nobody_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Client::new("127.0.0.1", port).get("/").send().unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().starts_with("no connection to the server: "), "{error}");
}
