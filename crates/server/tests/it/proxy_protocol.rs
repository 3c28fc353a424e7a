//! Whose connections they are, behind proxies that say so before the first byte of HTTP.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use pauper_message::{Network, Request, Response};
use pauper_server::{Handle, Server, ServerConfig};

use crate::support::{MODES, Mode, Wire, get, statuses};

const LINE: &str = "PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let len = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &len, rest].concat()
}

fn ipv4() -> Vec<u8> {
    [&[192, 0, 2, 1, 198, 51, 100, 7][..], &50000_u16.to_be_bytes(), &443_u16.to_be_bytes()]
        .concat()
}

/// Says who the client is.
fn whose(req: &mut Request) -> Response {
    let peer = req.peer();
    let local = peer.local.map(|local| local.port());
    Response::text(format!("{:?} {local:?} {}", peer.remote.map(|it| it.ip()), req.method()))
}

fn serve(mode: Mode, trusted: &str, config: ServerConfig) -> Handle {
    let networks: Vec<Network> = trusted.split(' ').map(|one| one.parse().unwrap()).collect();
    let server = Server::bind("127.0.0.1:0").unwrap().config(config).proxy_protocol(networks);
    match mode {
        Mode::Single => server.spawn_single(whose),
        Mode::Threading => server.spawn(whose),
    }
    .unwrap()
}

#[test]
fn the_client_is_whom_the_proxy_names() {
    let mut v6 = vec![0; 36];
    (v6[15], v6[31], v6[35]) = (1, 2, 80);
    let fields = [ipv4(), vec![1, 0, 2, b'h', b'2', 5, 0, 1, b'x']].concat();
    for mode in MODES {
        let server = serve(mode, "10.0.0.0/8 127.0.0.0/8", ServerConfig::new());
        let own = Some(server.addr().port());
        let client = "Some(192.0.2.1) Some(443) GET".to_owned();
        for (header, expected) in [
            (LINE.into(), client.clone()),
            (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(), {
                "Some(2001:db8::1) Some(2) GET".to_owned()
            }),
            (b"PROXY UNKNOWN\r\n".to_vec(), format!("Some(127.0.0.1) {own:?} GET")),
            (binary(0x21, 0x11, &ipv4()), client.clone()),
            (binary(0x21, 0x11, &fields), client.clone()),
            (binary(0x21, 0x21, &v6), "Some(::1) Some(80) GET".to_owned()),
            (binary(0x21, 0x31, &[0; 216]), "None None GET".to_owned()),
            (binary(0x20, 0, &[]), format!("Some(127.0.0.1) {own:?} GET")),
        ] {
            // Together with the first request, before it, byte by byte; and once per connection.
            let mut wire = Wire::connect(server.addr());
            wire.send([&header, get("/").as_bytes()].concat());
            assert_eq!(wire.answer().text(), expected);
            assert_eq!(wire.get("/again").text(), expected);
            let mut wire = Wire::connect(server.addr());
            wire.send(&header);
            thread::sleep(Duration::from_millis(5));
            assert_eq!(wire.get("/").text(), expected);
            let mut wire = Wire::connect(server.addr());
            for byte in &header {
                wire.send([*byte]);
            }
            assert_eq!(wire.get("/").text(), expected);
        }
        let mut wire = Wire::connect(server.addr());
        let many = get("/").repeat(1000);
        wire.send([LINE, &many].concat());
        for _ in 0..1000 {
            assert_eq!(wire.answer().text(), client);
        }
        // A header of IPv4 in IPv6 names the IPv4 address.
        let mut wire = Wire::connect(server.addr());
        wire.send("PROXY TCP6 ::ffff:192.0.2.9 ::1 1 2\r\n");
        assert_eq!(wire.get("/").text(), "Some(192.0.2.9) Some(2) GET");
    }
}

/// gunicorn 26.0: accepted from anyone by one kind of worker.
#[test]
fn gunicorn_26_a_header_counts_from_the_allow_list_alone() {
    for mode in MODES {
        let server = serve(mode, "10.0.0.0/8 192.0.2.0/24 ::1", ServerConfig::new());
        let mut wire = Wire::connect(server.addr());
        wire.send([LINE, &get("/")].concat());
        assert_eq!(statuses(&wire.rest()), [400]);
        let mut wire = Wire::connect(server.addr());
        wire.send([&binary(0x21, 0x11, &ipv4())[..], get("/").as_bytes()].concat());
        assert_eq!(statuses(&wire.rest()), [400]);
        let mut wire = Wire::connect(server.addr());
        assert!(wire.get("/").text().starts_with("Some(127.0.0.1)"), "a client like any");
    }
    // Without a list nobody is a proxy.
    let server = Server::bind("127.0.0.1:0").unwrap().spawn(whose).unwrap();
    let mut wire = Wire::connect(server.addr());
    wire.send([LINE, &get("/")].concat());
    assert_eq!(statuses(&wire.rest()), [400]);
}

/// gunicorn 26.0: truncated, over-long, fields that reach too far.
#[test]
fn gunicorn_26_hostile_headers_of_a_proxy_are_closed() {
    for mode in MODES {
        let server = serve(mode, "127.0.0.1", ServerConfig::new());
        let field = [ipv4(), vec![1, 0xff, 0xff]].concat();
        let checksum = [ipv4(), vec![3, 0, 4, 1, 2, 3, 4]].concat();
        for header in [
            // A client without a header cannot come from a proxy.
            b"".to_vec(),
            b"PROXY TCP4 192.0.2.1 198.51.100.7 50000\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 198.51.100.7 99999 1\r\n".to_vec(),
            b"PROXY TCP4 localhost 198.51.100.7 1 1\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 198.51.100.7 1 1\n".to_vec(),
            [b"PROXY UNKNOWN ", &[b'x'; 200][..], b"\r\n"].concat(),
            binary(0x11, 0x11, &ipv4()),
            binary(0x2f, 0x11, &ipv4()),
            binary(0x21, 0x12, &ipv4()),
            binary(0x21, 0x11, &ipv4()[..4]),
            binary(0x21, 0x11, &field),
            binary(0x21, 0x11, &checksum),
            binary(0x21, 0x11, &[0; 60_000]),
            LINE.to_lowercase().into_bytes(),
        ] {
            let mut wire = Wire::connect(server.addr());
            // The server may be quicker than the rest of it.
            let bytes = [&header, get("/").as_bytes()].concat();
            let _ = std::io::Write::write_all(&mut wire.socket, &bytes);
            wire.assert_closed();
        }
        // Twice is once too often: the second one is the client's own.
        let mut wire = Wire::connect(server.addr());
        wire.send([LINE, LINE, &get("/")].concat());
        assert_eq!(statuses(&wire.rest()), [400]);
        // One that leaves in the middle.
        let mut wire = Wire::connect(server.addr());
        wire.send("PROXY TCP4 192");
        drop(wire);
        let mut wire = Wire::connect(server.addr());
        wire.send(LINE);
        assert_eq!(wire.get("/").status(), 200);
    }
}

#[test]
fn a_header_has_the_time_of_a_head() {
    for mode in MODES {
        let config = ServerConfig::new().with_head_time(Duration::from_millis(200));
        let server = serve(mode, "127.0.0.1", config);
        let mut silent = Wire::connect(server.addr());
        let mut slow = Wire::connect(server.addr());
        slow.send("PROXY TCP4 192.0.2.1");
        let mut slow_head = Wire::connect(server.addr());
        slow_head.send([LINE, "GET / HT"].concat());
        silent.assert_closed();
        slow.assert_closed();
        assert_eq!(statuses(&slow_head.rest()), [408]);
    }
}

/// The addresses that are counted are those of clients, not that of the proxy.
#[test]
fn caps_per_address_are_for_clients() {
    for mode in MODES {
        let config = ServerConfig::new().with_max_connections_per_address(1);
        let server = serve(mode, "127.0.0.1", config);
        let mut one = Wire::connect(server.addr());
        one.send(LINE);
        assert_eq!(one.get("/").status(), 200);
        let mut other = Wire::connect(server.addr());
        other.send("PROXY TCP4 192.0.2.2 198.51.100.7 50000 443\r\n");
        assert_eq!(other.get("/").status(), 200);
        let mut again = Wire::connect(server.addr());
        let _ = std::io::Write::write_all(&mut again.socket, [LINE, &get("/")].concat().as_bytes());
        again.assert_closed();
    }
}

#[test]
fn access_records_name_the_client() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let records = Arc::clone(&seen);
    let config = ServerConfig::new().with_on_access(move |record| {
        let remote = record.peer.remote.map(|remote| remote.to_string());
        records.lock().unwrap().push(remote.unwrap_or_default());
    });
    let server = serve(Mode::Threading, "127.0.0.1", config);
    let mut wire = Wire::connect(server.addr());
    wire.send(LINE);
    assert_eq!(wire.get("/").status(), 200);
    server.stop();
    let _ = server.join().unwrap();
    assert_eq!(*seen.lock().unwrap(), ["192.0.2.1:50000"]);
}

/// Whoever can write to the socket's file is a proxy.
#[cfg(unix)]
#[test]
fn over_a_unix_socket_everybody_is_a_proxy() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = pauper_server::UnixSocket::new(&path).listen().unwrap();
    let server = Server::from_listeners(vec![listener]).unwrap().proxy_protocol([]);
    let _server = server.spawn(whose).unwrap();
    let ask = |header: &str| {
        let mut socket = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let request = format!("{header}GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = socket.read_to_string(&mut text);
        text
    };
    let text = ask(LINE);
    assert!(text.ends_with("Some(192.0.2.1) Some(443) GET"), "{text}");
    assert_eq!(ask(""), "");
}
