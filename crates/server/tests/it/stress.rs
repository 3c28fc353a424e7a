//! Everything at once for a while: handlers that block, compute and panic at random, clients that
//! pipeline, cut their requests into pieces, end their side and vanish; every byte of every answer is
//! compared, and afterwards nothing is left over.

use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pauper_message::{Body, Plan, Request, RequestBody, Response, Service};
use pauper_server::ServerConfig;

use crate::support::{MODES, Mode, Wire, long_bytes, serve_in, wait_until};

/// How long each mode is under stress.
const TIME: Duration = Duration::from_secs(3);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }
}

struct Stressed {
    sometimes: AtomicUsize,
}

impl Service for Stressed {
    fn begin(&self, req: &mut Request) -> Plan {
        let first = req.path().as_bytes().get(1).copied().unwrap_or_default();
        let plan = if first == b's' { Plan::stream() } else { Plan::buffer() };
        plan.for_endpoint(u32::from(first))
    }

    fn call(&self, req: &mut Request) -> Response {
        let number: usize =
            req.path().rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        match req.path().as_bytes().get(1) {
            // Blocks, now and then, for longer than a tick.
            Some(b'b') => {
                let count = self.sometimes.fetch_add(1, Ordering::Relaxed);
                let millis = if count.is_multiple_of(7) { 4 } else { 0 };
                thread::sleep(Duration::from_millis(millis));
                Response::text(format!("blocked {number}"))
            }
            Some(b'p') => panic!("as asked"),
            Some(b'l') => Response::bytes(long_bytes(number)),
            Some(b'i') => {
                let pieces = long_bytes(number);
                let pieces: Vec<Vec<u8>> = pieces.chunks(1000).map(<[u8]>::to_vec).collect();
                Response::body_of(Body::pieces(pieces.into_iter().map(Ok), None))
            }
            Some(b'c') => {
                let (sender, body) = Body::channel(4096);
                thread::spawn(move || {
                    for piece in long_bytes(number).chunks(700) {
                        if sender.send(piece.to_vec()).is_err() {
                            return;
                        }
                    }
                    sender.finish();
                });
                Response::body_of(body)
            }
            Some(b's') => {
                let mut all = Vec::new();
                while let Ok(Some(chunk)) = req.stream().next_chunk() {
                    all.extend_from_slice(&chunk);
                }
                Response::bytes(all)
            }
            _ => Response::body_of(<Body as From<RequestBody>>::from(req.take_body())),
        }
    }
}

/// A request, and what is to be answered.
struct Exchange {
    bytes: Vec<u8>,
    status: u16,
    body: Vec<u8>,
}

fn exchange(random: &mut Random) -> Exchange {
    let number = random.below(40_000);
    let plain = |path: String| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes();
    let with_body = |path: &str, body: &[u8], chunked: bool| {
        let mut bytes = format!("POST {path} HTTP/1.1\r\nHost: h\r\n").into_bytes();
        if chunked {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in body.chunks(997) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(body);
        }
        bytes
    };
    match random.below(20) {
        0..6 => Exchange {
            bytes: plain(format!("/b/{number}")),
            status: 200,
            body: format!("blocked {number}").into_bytes(),
        },
        6 => Exchange { bytes: plain("/p".to_owned()), status: 500, body: Vec::new() },
        7..10 => {
            Exchange { bytes: plain(format!("/l/{number}")), status: 200, body: long_bytes(number) }
        }
        10..12 => {
            Exchange { bytes: plain(format!("/i/{number}")), status: 200, body: long_bytes(number) }
        }
        12..14 => {
            Exchange { bytes: plain(format!("/c/{number}")), status: 200, body: long_bytes(number) }
        }
        14..17 => {
            let body = long_bytes(4 * number);
            Exchange {
                bytes: with_body("/echo", &body, number.is_multiple_of(2)),
                status: 200,
                body,
            }
        }
        _ => {
            let body = long_bytes(number);
            Exchange { bytes: with_body("/s", &body, number.is_multiple_of(2)), status: 200, body }
        }
    }
}

/// One connection: some requests at once, and their answers.
fn converse(address: std::net::SocketAddr, random: &mut Random) -> usize {
    let mut wire = Wire::connect(address);
    let mut answered = 0;
    for _ in 0..1 + random.below(4) {
        let batch: Vec<Exchange> = (0..1 + random.below(5)).map(|_| exchange(random)).collect();
        let bytes = batch.iter().map(|one| &one.bytes[..]).collect::<Vec<_>>().concat();
        let way = random.below(12);
        // Whoever sends without reading has to have no more under way than all buffers hold.
        let (send, read) = match way {
            // Vanishes in the middle, with or without a reset.
            0 | 1 => (random.below(bytes.len() + 1), false),
            _ => (bytes.len(), true),
        };
        let mut writer = wire.socket.try_clone().unwrap();
        let pieces = 1 + random.below(4);
        let part = bytes[..send].to_vec();
        let writing = thread::spawn(move || {
            use std::io::Write;
            for piece in part.chunks(part.len().div_ceil(pieces).max(1)) {
                if writer.write_all(piece).is_err() {
                    return;
                }
            }
            if way == 2 {
                // Half of the connection ends; what was asked is answered all the same.
                let _ = writer.shutdown(Shutdown::Write);
            }
        });
        if !read {
            if way == 0 {
                let _ = socket2::SockRef::from(&wire.socket).set_linger(Some(Duration::ZERO));
            }
            let _ = wire.socket.shutdown(Shutdown::Both);
            let _ = writing.join();
            return answered;
        }
        for expected in &batch {
            let answer = wire.answer();
            assert_eq!(answer.status(), expected.status);
            if expected.status == 500 {
                // After a panic the connection closes, and what was sent behind it is not answered.
                drop(wire);
                let _ = writing.join();
                return answered + 1;
            }
            assert!(answer.body() == expected.body, "an answer of another request, or torn");
            answered += 1;
        }
        writing.join().unwrap();
        if way == 2 {
            wire.assert_closed();
            return answered;
        }
    }
    answered
}

#[test]
fn every_byte_is_right_while_everything_goes_wrong() {
    for mode in MODES {
        let config = ServerConfig::new().with_loops(2).with_threads(8);
        let service = Stressed { sometimes: AtomicUsize::new(0) };
        let server = serve_in(mode, config, service);
        let address = server.addr();
        let end = Instant::now() + TIME;
        let clients: Vec<_> = (0..8_u64)
            .map(|seed| {
                thread::spawn(move || {
                    let mut random = Random(seed * 1000 + u64::from(mode == Mode::Single));
                    let mut answered = 0;
                    while Instant::now() < end {
                        answered += converse(address, &mut random);
                    }
                    answered
                })
            })
            .collect();
        let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
        assert!(answered > 100, "{mode:?}: {answered} answers show little");
        let mut last = Wire::connect(address);
        assert_eq!(last.get("/l/10").body(), long_bytes(10));
        drop(last);
        server.stop();
        assert_eq!(server.join().unwrap().left(), 0, "{mode:?}");
    }
}

/// Stops at random moments of the same: nobody waits for ever, and nothing panics.
#[test]
fn stops_in_the_middle_of_everything_end() {
    for seed in 0..6_u64 {
        let mode = MODES[(seed % 2) as usize];
        let config = ServerConfig::new()
            .with_loops(2)
            .with_threads(4)
            .with_stop_time(Duration::from_millis(500));
        let service = Stressed { sometimes: AtomicUsize::new(0) };
        let server = serve_in(mode, config, service);
        let address = server.addr();
        let clients: Vec<_> = (0..4_u64)
            .map(|number| {
                thread::spawn(move || {
                    let mut random = Random(seed * 77 + number);
                    // They are cut off at any point, so only the server is looked at.
                    loop {
                        let Ok(socket) = std::net::TcpStream::connect(address) else { return };
                        let exchange = exchange(&mut random);
                        let _ = std::io::Write::write_all(&mut &socket, &exchange.bytes);
                        let _ = socket.set_read_timeout(Some(Duration::from_secs(5)));
                        let _ = std::io::Read::read(&mut &socket, &mut [0; 4096]);
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(50 + seed * 40));
        server.stop();
        let _ = server.join().unwrap();
        wait_until("clients see the end", || clients.iter().all(|client| client.is_finished()));
    }
}
