//! Bodies of answers on their way out: channels that other threads fill, files, and pieces that
//! block.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use pauper_message::{Body, BodySender, Request, Response, SendError};
use pauper_server::ServerConfig;

use crate::support::{
    Gate, MODES, Mode, PATIENCE, Wire, get, long_bytes, one_loop, serve_in, serve_with, wait_until,
};

/// Hands the sender of each channel to the test.
fn channels(
    capacity: usize,
) -> (impl Fn(&mut Request) -> Response + Send + Sync + 'static, mpsc::Receiver<BodySender>) {
    let (made, senders) = mpsc::channel();
    let made = Mutex::new(made);
    let handler = move |req: &mut Request| {
        if req.path() == "/quick" {
            return Response::text("quick");
        }
        let (sender, body) = Body::channel(capacity);
        made.lock().unwrap().send(sender).unwrap();
        Response::body_of(body)
    };
    (handler, senders)
}

#[test]
fn a_channel_gives_each_piece_when_it_is_sent() {
    for mode in MODES {
        let (handler, senders) = channels(100);
        let server = serve_in(mode, one_loop(), handler);
        let mut client = Wire::connect(server.addr());
        for _ in 0..3 {
            client.send(get("/"));
            let sender = senders.recv_timeout(PATIENCE).unwrap();
            let head = client.head();
            assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
            for piece in ["one", "two", "three"] {
                sender.send(piece).unwrap();
                // It is there before the next one is sent.
                let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                assert_eq!(client.take(chunk.len()), chunk.as_bytes(), "{mode:?}");
            }
            assert!(!sender.is_closed());
            sender.finish();
            assert_eq!(client.take(5), b"0\r\n\r\n");
        }
        assert_eq!(client.get("/quick").text(), "quick");
    }
}

#[test]
fn what_was_sent_before_the_answer_is_in_it() {
    for mode in MODES {
        let server = serve_in(mode, one_loop(), |_: &mut Request| {
            let (sender, body) = Body::channel(8);
            sender.send("before").unwrap();
            assert_eq!(sender.send("too much"), Err(SendError::Full), "it would wait for itself");
            sender.try_send("!").unwrap();
            Response::body_of(body)
        });
        let mut client = Wire::connect(server.addr());
        for _ in 0..3 {
            assert_eq!(client.get("/").text(), "before!", "{mode:?}");
        }
    }
}

#[test]
fn a_slow_client_slows_the_sender_and_nobody_else() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 400;
    for mode in MODES {
        let (handler, senders) = channels(2 * PIECE);
        let server = serve_in(mode, one_loop(), handler);
        let mut client = Wire::connect(server.addr());
        client.send("GET / HTTP/1.0\r\n\r\n");
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let producer = thread::spawn(move || {
            for number in 0..PIECES {
                sender.send(vec![number as u8; PIECE]).unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        // It stops somewhere, since 25 MiB do not fit into sockets.
        let mut before = usize::MAX;
        wait_until("the sender waits", || {
            thread::sleep(Duration::from_millis(50));
            let now = sent.load(Ordering::SeqCst);
            now > 0 && std::mem::replace(&mut before, now) == now
        });
        assert!(sent.load(Ordering::SeqCst) < PIECES, "nothing held the sender up");
        assert_eq!(Wire::connect(server.addr()).get("/quick").text(), "quick");
        client.head();
        let body = client.rest();
        producer.join().unwrap();
        assert_eq!(body.len(), PIECES * PIECE);
        let pieces = body.chunks(PIECE).enumerate();
        assert!(pieces.into_iter().all(|(i, piece)| piece.iter().all(|byte| *byte == i as u8)));
    }
}

#[test]
fn a_sender_learns_that_its_client_left() {
    for mode in MODES {
        let (handler, senders) = channels(1000);
        let server = serve_in(mode, one_loop(), handler);
        // While it waits for room, while it has nothing to send, and by an answer to HEAD.
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        let producer = thread::spawn(move || {
            while sender.send(vec![b'x'; 1000]).is_ok() {}
            assert!(sender.is_closed());
        });
        client.take(1000);
        client.reset();
        producer.join().unwrap();

        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        client.head();
        client.reset();
        wait_until("the channel is closed", || sender.is_closed());

        let mut client = Wire::connect(server.addr());
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        assert_eq!(client.answer_to("HEAD").status(), 200);
        wait_until("nobody wants the body", || sender.is_closed());
        assert_eq!(sender.send("x"), Err(SendError::Closed));
        assert_eq!(client.get("/quick").text(), "quick", "{mode:?}");
    }
}

#[test]
fn old_clients_get_a_channel_until_the_end_of_the_connection() {
    for mode in MODES {
        let (handler, senders) = channels(1000);
        let server = serve_in(mode, one_loop(), handler);
        let mut client = Wire::connect(server.addr());
        client.send("GET / HTTP/1.0\r\n\r\n");
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        sender.send("some ").unwrap();
        sender.send("bytes").unwrap();
        drop(sender);
        let bytes = String::from_utf8(client.rest()).unwrap();
        assert!(bytes.ends_with("\r\n\r\nsome bytes"), "{bytes}");
        assert!(!bytes.contains("chunked"), "{bytes}");
    }
}

#[test]
fn a_channel_that_breaks_is_no_whole_body() {
    for mode in MODES {
        for version in ["1.0", "1.1"] {
            for panics in [false, true] {
                let (handler, senders) = channels(1000);
                let server = serve_in(mode, one_loop(), handler);
                let mut client = Wire::connect(server.addr());
                client.send(format!("GET / HTTP/{version}\r\nHost: h\r\n\r\n"));
                let sender = senders.recv_timeout(PATIENCE).unwrap();
                let producer = thread::spawn(move || {
                    sender.send("begun").unwrap();
                    assert!(!panics, "as asked");
                    sender.fail(std::io::Error::other("no more"));
                });
                assert_eq!(producer.join().is_err(), panics);
                let mut bytes = Vec::new();
                let end = loop {
                    let mut piece = [0; 1000];
                    match client.socket.read(&mut piece) {
                        Ok(0) => break None,
                        Ok(n) => bytes.extend_from_slice(&piece[..n]),
                        Err(error) => break Some(error.kind()),
                    }
                };
                let text = bytes.escape_ascii().to_string();
                assert!(!text.ends_with("0\\r\\n\\r\\n"), "{text}");
                if version == "1.0" {
                    assert_eq!(end, Some(ErrorKind::ConnectionReset), "{mode:?} {text}");
                }
                assert_eq!(Wire::connect(server.addr()).get("/quick").text(), "quick");
            }
        }
    }
}

/// A client that has said all it has to say still gets its answer.
#[test]
fn a_half_closed_client_gets_the_whole_channel() {
    for mode in MODES {
        let (handler, senders) = channels(1000);
        let server = serve_in(mode, one_loop(), handler);
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        client.socket.shutdown(Shutdown::Write).unwrap();
        client.head();
        sender.send("one").unwrap();
        assert_eq!(client.take(8), b"3\r\none\r\n");
        sender.send("two").unwrap();
        sender.finish();
        assert_eq!(client.rest(), b"3\r\ntwo\r\n0\r\n\r\n", "{mode:?}");
    }
}

#[test]
fn many_senders_fill_many_channels() {
    let (handler, senders) = channels(300);
    let server = serve_with(ServerConfig::new().with_loops(2), handler);
    let address = server.addr();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Wire::connect(address);
                for _ in 0..5 {
                    let answer = client.get("/");
                    let mut numbers: Vec<usize> =
                        answer.text().split_whitespace().map(|it| it.parse().unwrap()).collect();
                    numbers.sort_unstable();
                    assert!(numbers.into_iter().eq(0..200));
                }
            })
        })
        .collect();
    for _ in 0..100 {
        let sender = senders.recv_timeout(PATIENCE).unwrap();
        for first in 0..2 {
            let sender = sender.clone();
            thread::spawn(move || {
                for number in (first..200).step_by(2) {
                    sender.send(format!("{number} ")).unwrap();
                }
            });
        }
    }
    clients.into_iter().for_each(|client| client.join().unwrap());
}

/// A file of these bytes.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn parts_of_files_are_sent_exactly() {
    const LEN: usize = 3_000_001;
    let bytes = long_bytes(LEN);
    let kept = file(&bytes);
    for mode in MODES {
        let kept = kept.try_clone().unwrap();
        let server = serve_in(mode, one_loop(), move |req: &mut Request| {
            let (from, len) = req.query().split_once('+').unwrap();
            let file = kept.try_clone().unwrap();
            Body::file(file, from.parse().unwrap(), len.parse().unwrap())
        });
        let mut client = Wire::connect(server.addr());
        for (from, len) in [(0, LEN), (0, 0), (1, 1), (LEN - 1, 1), (12_345, 2_000_000), (LEN, 0)] {
            // Two at once, so that one answer is behind another.
            client.send(get(&format!("/?{from}+{len}")).repeat(2));
            for _ in 0..2 {
                let answer = client.answer();
                assert_eq!(answer.header("content-length").unwrap(), len.to_string());
                assert!(answer.body() == &bytes[from..from + len], "{mode:?} {from} {len}");
            }
        }
        client.send("HEAD /?5+100 HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.answer_to("HEAD").header("content-length"), Some("100"));
        assert_eq!(client.get("/?5+3").body(), &bytes[5..8]);
    }
}

/// A file that is deleted while it is sent is sent whole; one that is cut short ends the
/// connection, and not as if all were well.
#[test]
fn files_change_while_they_are_sent() {
    const LEN: usize = 30_000_000;
    let folder = tempfile::tempdir().unwrap();
    for mode in MODES {
        let path = folder.path().join("file");
        std::fs::write(&path, vec![b'x'; LEN]).unwrap();
        let served = path.clone();
        let server = serve_in(mode, one_loop(), move |req: &mut Request| {
            if req.path() == "/quick" {
                return Response::text("quick");
            }
            Response::body_of(Body::file(File::open(&served).unwrap(), 0, LEN as u64))
        });
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        client.take(100_000);
        std::fs::remove_file(&path).unwrap();
        assert!(client.take(LEN - 100_000).ends_with(b"xxx"));

        std::fs::write(&path, vec![b'y'; LEN]).unwrap();
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        client.take(100_000);
        File::options().write(true).open(&path).unwrap().set_len(200_000).unwrap();
        let got = client.rest().len() + 100_000;
        assert!(got < LEN, "{got} bytes of a file that is shorter");
        assert_eq!(Wire::connect(server.addr()).get("/quick").text(), "quick", "{mode:?}");
    }
}

#[test]
fn slow_readers_of_files_hold_up_nobody() {
    const LEN: usize = 20_000_000;
    let bytes = Arc::new(long_bytes(LEN));
    for mode in MODES {
        let kept = file(&bytes);
        let server = serve_in(mode, one_loop(), move |req: &mut Request| {
            if req.path() == "/quick" {
                return Response::text("quick");
            }
            Response::body_of(Body::file(kept.try_clone().unwrap(), 0, LEN as u64))
        });
        let mut slow: Vec<Wire> = (0..5).map(|_| Wire::connect(server.addr())).collect();
        slow.iter_mut().for_each(|client| client.send(get("/")));
        let mut quick = Wire::connect(server.addr());
        slow.iter_mut().for_each(|client| assert!(client.head().contains(" 200 ")));
        for step in 0..20 {
            for client in &mut slow {
                assert_eq!(client.take(10), &bytes[step * 10..step * 10 + 10]);
            }
            assert_eq!(quick.get("/quick").text(), "quick", "{mode:?} {step}");
        }
        // Whoever reads on gets the rest.
        let mut last = slow.pop().unwrap();
        drop(slow);
        assert!(last.take(LEN - 200) == bytes[200..], "{mode:?}");
    }
}

#[test]
fn pieces_that_block_hold_up_nobody() {
    struct Slow(Gate, usize);
    impl Iterator for Slow {
        type Item = std::io::Result<String>;
        fn next(&mut self) -> Option<Self::Item> {
            self.0.pass();
            self.1 += 1;
            (self.1 <= 3).then(|| Ok(format!("{};", self.1)))
        }
    }
    let gate = Gate::default();
    let waits = gate.clone();
    let server = serve_in(Mode::Threading, one_loop(), move |req: &mut Request| {
        if req.path() == "/quick" {
            return Response::text("quick");
        }
        Response::body_of(Body::pieces(Slow(waits.clone(), 0), None))
    });
    let mut slow = Wire::connect(server.addr());
    let mut quick = Wire::connect(server.addr());
    slow.send(get("/"));
    for _ in 0..4 {
        gate.wait_for(1);
        for _ in 0..20 {
            assert_eq!(quick.get("/quick").text(), "quick");
        }
        assert_eq!(gate.waiting(), 1);
        gate.let_pass(1);
    }
    assert_eq!(slow.answer().text(), "1;2;3;");
    assert_eq!(slow.get("/quick").text(), "quick");
}
