//! `large_file` over a raw socket, and every way out of an upload.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use pauper::fields::multipart::PartHead;
use pauper::fields::{FormLimits, Sink, SinkError};
use pauper::message::FormPlan;
use pauper::server::ServerConfig;
use pauper::{App, Error, Request, Server, abort};
use sha2::{Digest, Sha256};

/// A running example, killed at the end.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(name: &str) -> Self {
        let mut path = env::current_exe().unwrap();
        path.pop();
        if path.ends_with("deps") {
            path.pop();
        }
        let mut child = Command::new(path.join("examples").join(name))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo built the example beside this test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit("//").next().unwrap().trim_end_matches('/').to_owned();
        Self { child, address }
    }

    /// Status and body of the answer to a head, without its length, and a body.
    fn send(&self, head: &str, body: &[u8]) -> (u16, String) {
        let head = format!("{head}Host: h\r\nContent-Length: {}\r\n\r\n", body.len());
        self.raw(&[head.as_bytes(), body].concat())
    }

    fn raw(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(bytes).unwrap();
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn large_files() {
    let server = Running::start("large_file");
    let (status, page) = server.send("GET / HTTP/1.1\r\n", b"");
    assert!(status == 200 && page.contains("href=\"/no-factory\""), "{page}");
    let data: Vec<u8> = (0..200_000_u32).map(|i| (i % 249) as u8).collect();
    let start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    let body = [start.as_bytes(), &data, b"\r\n--x--\r\n"].concat();
    for (path, name) in [
        ("/blackhole", "blackhole_factory"),
        ("/temporary", "temporary_factory"),
        ("/no-factory", "original_factory"),
    ] {
        let (status, page) = server.send(&format!("GET {path} HTTP/1.1\r\n"), b"");
        assert_eq!(status, 200);
        assert!(page.contains(&format!("Upload form for {name}")), "{page}");
        let head =
            format!("POST {path} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n");
        let (status, page) = server.send(&head, &body);
        assert_eq!(status, 200, "{page}");
        let hash = sha256(&data);
        assert!(page.contains("<pre>Upload: 195.39k in 0s -> "), "{page}");
        assert!(page.contains(&format!("ps SHA256: {hash}</pre>")), "{page}");
        // No length, no upload; one that ends early is none.
        let (status, page) = server.send(&head, b"");
        assert!(status == 400 && page.contains("Content-Length"), "{status} {page}");
        let (status, page) = server.raw(format!("{head}Host: h\r\n\r\n").as_bytes());
        assert!(status == 400 && page.contains("Content-Length"), "{status} {page}");
        let (status, page) = server.send(&head, &body[..100_000]);
        assert!(status == 400 && page.contains("closing boundary"), "{status} {page}");
        let chunked =
            format!("{head}Host: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
        let chunked = [chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        assert!(server.raw(&chunked).1.contains(&hash));
    }
}

/// What became of the sinks of a server.
#[derive(Default)]
struct Seen {
    made: AtomicUsize,
    aborted: AtomicUsize,
    dropped: AtomicUsize,
    handled: AtomicUsize,
}

struct Watched(Arc<Seen>);

impl Sink for Watched {
    fn write(&mut self, data: &[u8]) -> Result<(), SinkError> {
        match data.first() {
            Some(b'!') => panic!("a sink that panics"),
            Some(b'?') => Err(abort(409).into()),
            _ => Ok(()),
        }
    }

    fn abort(&mut self) {
        self.0.aborted.fetch_add(1, Relaxed);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Relaxed);
    }
}

/// However an upload ends, its sinks end with it, and only a whole one reaches the handler.
#[test]
fn every_way_out_of_an_upload() {
    let seen = Arc::new(Seen::default());
    let mut app = App::new("uploads");
    let plan = FormPlan::new(FormLimits::new().max_part(100_000)).sinks({
        let seen = Arc::clone(&seen);
        move |_: &Request| {
            let seen = Arc::clone(&seen);
            Ok(move |_: &PartHead<'_>| -> Result<Option<Box<dyn Sink>>, SinkError> {
                seen.made.fetch_add(1, Relaxed);
                Ok(Some(Box::new(Watched(Arc::clone(&seen)))))
            })
        }
    });
    let handled = Arc::clone(&seen);
    let handler = move |req: &mut Request| -> Result<&'static str, Error> {
        handled.handled.fetch_add(1, Relaxed);
        match req.fields()?.get("what") {
            Some("panic") => panic!("a handler that panics"),
            Some("fail") => Err(abort(418)),
            _ => Ok("done"),
        }
    };
    app.post("/", handler).form(plan);
    let server = Server::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().to_string();
    thread::spawn(move || server.run(app));

    let file = "--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
    let what = |what: &str| {
        format!(
            "{file}data\r\n--x\r\nContent-Disposition: form-data; name=what\r\n\r\n{what}\r\n--x--"
        )
    };
    // The body, how much longer it claims to be, the status (0: the client does not wait), and
    // whether it is whole.
    let cases = [
        (what("well"), 0, 200, true),
        (what("fail"), 0, 418, true),
        (what("panic"), 0, 500, true),
        (format!("{file}data"), 100, 0, false),
        (format!("{file}data\r\n--x\r\n"), 100, 0, false),
        (format!("{file}data\r\n--xx"), 0, 400, false),
        (format!("{file}data\r\n{file}?\r\n--x--"), 0, 409, false),
        (format!("{file}data\r\n{file}!\r\n--x--"), 0, 500, false),
        (format!("{file}{}", "y".repeat(200_000)), 0, 413, false),
    ];
    for (body, missing, status, whole) in cases {
        let before =
            [&seen.made, &seen.aborted, &seen.dropped, &seen.handled].map(|n| n.load(Relaxed));
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            body.len() + missing
        );
        let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
        if status > 0 {
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer[9..], *status.to_string().as_bytes(), "{body:.150}");
        } else {
            // Until the server has seen the file.
            let begun = Instant::now();
            while seen.made.load(Relaxed) == before[0] && begun.elapsed().as_secs() < 10 {
                thread::sleep(Duration::from_millis(5));
            }
        }
        drop(stream);
        let begun = Instant::now();
        loop {
            let now =
                [&seen.made, &seen.aborted, &seen.dropped, &seen.handled].map(|n| n.load(Relaxed));
            let [made, aborted, dropped, handled] = [0, 1, 2, 3].map(|at| now[at] - before[at]);
            let over = made > 0 && dropped == made;
            if over {
                assert_eq!(handled, usize::from(whole), "{body:.150}");
                assert_eq!(aborted, if whole { 0 } else { made }, "{body:.150}");
                break;
            }
            assert!(begun.elapsed().as_secs() < 10, "{now:?} after {body:.150}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Temporary files without a name that this process has open.
fn temporary_files() -> usize {
    let folder = env::temp_dir();
    let open = std::fs::read_dir("/proc/self/fd").expect("the descriptors of this process");
    open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|link| link.starts_with(&folder) && link.to_string_lossy().ends_with("(deleted)"))
        .count()
}

/// Waits until it is so.
#[track_caller]
fn until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed().as_secs() < 20, "it does not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A server that stops in the middle of an upload leaves nothing behind, in any mode.
#[test]
#[cfg(target_os = "linux")]
fn a_server_that_stops_takes_its_uploads_along() {
    for (single, at_once) in [(false, true), (true, true), (false, false), (true, false)] {
        let seen = Arc::new(Seen::default());
        let app = || {
            let seen = Arc::clone(&seen);
            let mut app = App::new("uploads");
            let plan = FormPlan::new(FormLimits::new().max_memory(1000)).sinks(move |_| {
                let seen = Arc::clone(&seen);
                Ok(move |part: &PartHead<'_>| -> Result<Option<Box<dyn Sink>>, SinkError> {
                    seen.made.fetch_add(1, Relaxed);
                    let watched = part.name().is_some_and(|name| name == "watched");
                    Ok(watched.then(|| Box::new(Watched(Arc::clone(&seen))) as Box<dyn Sink>))
                })
            });
            app.post("/", |_: &mut Request| "never whole").form(plan);
            app
        };
        assert_eq!(temporary_files(), 0);
        let config = ServerConfig::new().with_stop_time(Duration::from_millis(100));
        let server = Server::bind("127.0.0.1:0").unwrap().config(config);
        let running = if single { server.spawn_single(app()) } else { server.spawn(app()) };
        let running = running.unwrap();
        let mut stream = TcpStream::connect(running.addr()).unwrap();
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\
                    Content-Type: multipart/form-data; boundary=x\r\n\r\n";
        let part = |name: &str| {
            format!("--x\r\nContent-Disposition: form-data; name={name}; filename=f\r\n\r\n")
        };
        let kept = format!("{head}{}{}\r\n", part("kept"), "y".repeat(50_000));
        stream.write_all(format!("{kept}{}begun", part("watched")).as_bytes()).unwrap();
        until(|| seen.made.load(Relaxed) == 2 && temporary_files() == 1);
        if at_once {
            running.control().stop_now();
        } else {
            running.stop();
        }
        let _ = running.join();
        until(|| temporary_files() == 0);
        assert_eq!(seen.aborted.load(Relaxed), 1);
        assert_eq!(seen.dropped.load(Relaxed), 1);
        assert_eq!(seen.handled.load(Relaxed), 0);
    }
}

/// The most memory that a process had, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// An upload to disk takes no more memory for being long. `PAUPER_UPLOAD_MIB=10240` makes it one of
/// 10 GiB, which wants `--release`.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_an_upload() {
    let mib = env::var("PAUPER_UPLOAD_MIB").map_or(48, |mib| mib.parse::<u64>().unwrap());
    let server = Running::start("large_file");
    let start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    let end = "\r\n--x--\r\n";
    let length = (mib << 20) + (start.len() + end.len()) as u64;
    // Every byte is another one than its neighbours, and a line end is among them.
    let block: Vec<u8> = (0..1_u32 << 20).map(|i| (i % 251) as u8).collect();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /no-factory HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\
         Connection: close\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n{start}"
    );
    let begun = Instant::now();
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..mib {
        stream.write_all(&block).unwrap();
    }
    stream.write_all(end.as_bytes()).unwrap();
    let sent = begun.elapsed();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("SHA256: "), "{answer}");
    let peak = peak(server.child.id());
    println!("{mib} MiB in {sent:.1?}: at most {peak} KiB resident");
    assert!(peak < 16 << 10, "{peak} KiB resident");
}
