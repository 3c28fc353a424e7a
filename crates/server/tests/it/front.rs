//! Behind the two proxies that people put in front: nginx and haproxy.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pauper_message::{Body, Request, Response};

use crate::support::{Wire, get, long_bytes, serve, snapshot, tool, wait_until};

/// Stops the proxy with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy of this configuration, once it listens.
fn start(program: &Path, args: &[&str], port: u16) -> (Running, SocketAddr) {
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait_until("the proxy listens", || TcpStream::connect(address).is_ok());
    (running, address)
}

const FILE: usize = 300_000;

fn service(req: &mut Request) -> Response {
    match req.path() {
        "/accepted" => Response::text(snapshot(req).accepted.to_string()),
        "/file" => Response::bytes(long_bytes(FILE)).with_etag("abc").conditional(req).ranged(req),
        "/pieces" => {
            let pieces: Vec<_> = long_bytes(50_000).chunks(999).map(<[u8]>::to_vec).collect();
            Response::body_of(Body::pieces(pieces.into_iter().map(Ok), None))
        }
        _ => Response::bytes(req.bytes().unwrap().to_vec()),
    }
}

fn check(proxy: SocketAddr) {
    let mut client = Wire::connect(proxy);
    let accepted = |client: &mut Wire| -> u64 { client.get("/accepted").text().parse().unwrap() };
    let before = accepted(&mut client);
    for _ in 0..50 {
        assert_eq!(client.get("/file").body(), long_bytes(FILE));
    }
    assert_eq!(client.get("/pieces").body(), long_bytes(50_000));

    client.send(get("/file").replace("GET", "HEAD"));
    let answer = client.answer_to("HEAD");
    assert_eq!(answer.header("content-length"), Some(&*FILE.to_string()));
    client.send("GET /file HTTP/1.1\r\nHost: h\r\nRange: bytes=100-299\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status(), answer.body()), (206, &long_bytes(FILE)[100..300]));
    client.send("GET /file HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"abc\"\r\n\r\n");
    assert_eq!(client.answer().status(), 304);

    // An upload in chunks, in pieces.
    let body = long_bytes(200_000);
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in body.chunks(7000) {
        client.send(format!("{:x}\r\n", chunk.len()));
        client.send(chunk);
        client.send("\r\n");
    }
    client.send("0\r\n\r\n");
    assert!(client.answer().body() == body);
    // All of that came by connections that were kept.
    let after = accepted(&mut client);
    assert!(after - before <= 3, "{} connections for 57 requests", after - before);
}

#[test]
fn behind_nginx() {
    let Some(nginx) = tool(&["nginx"]) else { return };
    let server = serve(service);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let path = folder.path().display();
    let config = format!(
        "daemon off; master_process off; pid {path}/pid; error_log {path}/error;\n\
         events {{}}\n\
         http {{\n\
         access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
         fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
         upstream ours {{ server {}; keepalive 4; }}\n\
         server {{ listen 127.0.0.1:{port};\n\
         location / {{ proxy_pass http://ours; proxy_http_version 1.1;\n\
         proxy_request_buffering off; proxy_set_header Connection \"\"; }} }} }}\n",
        server.addr()
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let args = ["-c", file.to_str().unwrap(), "-p", folder.path().to_str().unwrap()];
    let (_running, proxy) = start(&nginx, &args, port);
    check(proxy);
}

#[test]
fn behind_haproxy() {
    let Some(haproxy) = tool(&["haproxy"]) else { return };
    let server = serve(service);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n \
         http-reuse always\n\
         frontend front\n bind 127.0.0.1:{port}\n default_backend back\n\
         backend back\n server ours {}\n",
        server.addr()
    );
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, config).unwrap();
    let (_running, proxy) = start(&haproxy, &["-db", "-f", file.to_str().unwrap()], port);
    check(proxy);
}
