//! What is about encryption itself.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pauper_message::{Body, Network, Request, Response};
use pauper_server::test::read_answer;
use pauper_server::{
    ClientCertificates, Handle, Listener, Pem, Server, ServerConfig, TlsConfig, TlsErrorKind,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, HandshakeKind};

use crate::encrypted::{TlsSocket, Wire, client_config, pem, serve, serve_by, serve_in, tls};
use crate::plain::{
    Gate, MODES, Mode, PATIENCE, Wire as PlainWire, get, long_bytes, post, wait_until,
};

const MS: Duration = Duration::from_millis(1);

/// Says what it knows of the connection.
fn told(req: &mut Request) -> Response {
    let text = match req.tls() {
        None => "plain".to_owned(),
        Some(tls) => format!(
            "{} {} {}",
            tls.version,
            tls.server_name.as_deref().unwrap_or("-"),
            tls.client_certificate().map_or(0, <[u8]>::len)
        ),
    };
    Response::text(format!("{text} {} {}", req.scheme(), req.bytes().unwrap().len()))
}

fn wire(address: SocketAddr, name: &str, config: ClientConfig) -> Wire {
    Wire::with(TlsSocket::connect(address, name, Arc::new(config)))
}

/// The certificate that a server shows.
fn shown(wire: &Wire) -> Vec<u8> {
    wire.socket.client().peer_certificates().unwrap()[0].to_vec()
}

fn der(name: &str) -> Vec<u8> {
    CertificateDer::from_pem_file(pem(name)).unwrap().to_vec()
}

// --- the handshake ----------------------------------------------------------------------------

#[test]
fn both_versions_say_what_they_are() {
    use rustls::version::{TLS12, TLS13};
    for mode in MODES {
        let server = serve_in(mode, ServerConfig::new(), told);
        for (version, name) in [(&TLS12, "TLSv1.2"), (&TLS13, "TLSv1.3")] {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(pem("authority.pem")).unwrap()).unwrap();
            let config = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            let mut client = wire(server.addr(), "LocalHost", config);
            assert_eq!(client.get("/").text(), format!("{name} localhost 0 https 0"));
            client.send(post("/", &"x".repeat(100_000)));
            assert_eq!(client.answer().text(), format!("{name} localhost 0 https 100000"));
        }
    }
}

#[test]
fn http_1_is_what_is_agreed_on_and_nothing_else() {
    let server = serve(told);
    for (offered, agreed) in [
        (vec!["h2", "http/1.1"], Some("http/1.1")),
        (vec!["http/1.0"], Some("http/1.0")),
        (vec![], None),
    ] {
        let mut config = client_config(None);
        config.alpn_protocols = offered.into_iter().map(|name| name.into()).collect();
        let mut client = wire(server.addr(), "localhost", config);
        assert_eq!(client.get("/").status(), 200);
        let found = client.socket.client().alpn_protocol().map(<[u8]>::to_vec);
        assert_eq!(found.as_deref(), agreed.map(str::as_bytes));
    }
    let mut config = client_config(None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut client = wire(server.addr(), "localhost", config);
    let error = client.socket.shake_hands().unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

#[test]
fn sessions_are_resumed_until_a_reload() {
    for mode in MODES {
        let tls = tls();
        let server = serve_by(&tls, mode, ServerConfig::new(), told);
        let config = Arc::new(client_config(None));
        let connect = || {
            let mut wire =
                Wire::with(TlsSocket::connect(server.addr(), "localhost", Arc::clone(&config)));
            assert_eq!(wire.get("/").status(), 200);
            let kind = wire.socket.client().handshake_kind();
            kind.unwrap()
        };
        assert_eq!(connect(), HandshakeKind::Full);
        assert_eq!(connect(), HandshakeKind::Resumed);
        tls.reload().unwrap();
        assert_eq!(connect(), HandshakeKind::Full);
        assert_eq!(connect(), HandshakeKind::Resumed);
    }
}

#[test]
fn each_name_has_its_certificate() {
    let tls = TlsConfig::new(pem("localhost.pem"), pem("localhost-key.pem"))
        .with_name("EXAMPLE.org", pem("example.pem"), pem("example-key.pem"))
        .with_name("*.example.org", pem("example.pem"), pem("example-key.pem"))
        .load()
        .unwrap();
    let server = serve_by(&tls, Mode::Threading, ServerConfig::new(), told);
    for (name, expected) in [
        ("example.org", "example.pem"),
        ("Example.Org", "example.pem"),
        ("www.example.org", "example.pem"),
        ("localhost", "localhost.pem"),
        ("127.0.0.1", "localhost.pem"),
    ] {
        let mut client = wire(server.addr(), name, client_config(None));
        let sent = if name.starts_with('1') { "-".to_owned() } else { name.to_lowercase() };
        assert_eq!(client.get("/").text(), format!("TLSv1.3 {sent} 0 https 0"));
        assert_eq!(shown(&client), der(expected), "{name}");
    }
    // A star is for one label; others see a certificate that is not theirs.
    for name in ["a.b.example.org", "example.com", "org"] {
        let mut client = wire(server.addr(), name, client_config(None));
        let error = client.socket.shake_hands().unwrap_err();
        assert!(error.to_string().contains("certificate"), "{name}: {error}");
    }
}

#[test]
fn clients_show_certificates() {
    use ClientCertificates::{Optional, Required};
    for mode in MODES {
        for asks in [Optional, Required] {
            let tls = TlsConfig::new(pem("localhost.pem"), pem("localhost-key.pem"))
                .with_client_authorities(pem("client-authority.pem"), asks)
                .load()
                .unwrap();
            let server = serve_by(&tls, mode, ServerConfig::new(), told);
            let config = Arc::new(client_config(Some("client")));
            let len = der("client.pem").len();
            // The second time the session is resumed, and the certificate is known all the same.
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let socket = TlsSocket::connect(server.addr(), "localhost", Arc::clone(&config));
                let mut client = Wire::with(socket);
                assert_eq!(client.get("/").text(), format!("TLSv1.3 localhost {len} https 0"));
                assert_eq!(client.get("/").text(), format!("TLSv1.3 localhost {len} https 0"));
                assert_eq!(client.socket.client().handshake_kind(), Some(kind));
            }
            // What one connection knows another one does not.
            let mut client = wire(server.addr(), "localhost", client_config(None));
            client.send_anyway(get("/").as_bytes());
            if asks == Optional {
                assert_eq!(client.answer().text(), "TLSv1.3 localhost 0 https 0");
            } else {
                client.refused();
            }
            let mut stranger = wire(server.addr(), "localhost", client_config(Some("stranger")));
            stranger.send_anyway(get("/").as_bytes());
            stranger.refused();
            // A certificate for servers is none for clients.
            let mut wrong = wire(server.addr(), "localhost", client_config(Some("localhost")));
            wrong.send_anyway(get("/").as_bytes());
            wrong.refused();
        }
    }
}

impl Wire {
    /// Sends, though the server may not want it.
    fn send_anyway(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
    }

    #[track_caller]
    fn refused(&mut self) {
        let error = self.socket.read(&mut [0; 1000]).expect_err("the server is to refuse it");
        let text = error.to_string();
        let told =
            text.contains("Certificate") || text.contains("CA") || text.contains("certificate");
        assert!(told || error.kind() == ErrorKind::ConnectionReset, "{text}");
    }
}

// --- wrong files ------------------------------------------------------------------------------

#[test]
fn each_wrong_file_is_named_with_what_is_wrong() {
    use TlsErrorKind::*;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (good, key) = (pem("localhost.pem"), pem("localhost-key.pem"));
    let certificate = fs::read_to_string(&good).unwrap();
    let empty = write("empty.pem", b"");
    let words = write("words.pem", b"hello\n");
    let cut = write("cut.pem", &certificate.as_bytes()[..certificate.len() - 40]);
    let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let junk = write("junk.pem", junk);
    let scrambled = write("scrambled.pem", certificate.replacen("MII", "!!!", 1).as_bytes());
    let junk_key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let junk_key = write("junk-key.pem", junk_key);
    let none = folder.path().join("none.pem");
    let odd = pem("odd-key.pem");
    let check = |certificates: &Path, key: &Path, kind, place: &Path, words: &str| {
        let error = TlsConfig::new(certificates, key).load().unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(text.starts_with(&format!("{}: ", place.display())), "{text}");
        assert!(text.contains(words), "{text}");
    };
    check(&none, &key, Unreadable, &none, "No such file");
    check(&good, &none, Unreadable, &none, "No such file");
    check(folder.path(), &key, Unreadable, folder.path(), "directory");
    check(&empty, &key, NoCertificate, &empty, "there is no certificate in it");
    check(&words, &key, NoCertificate, &words, "there is no certificate in it");
    check(&key, &good, NoCertificate, &key, "but a private key");
    check(&good, &good, NoKey, &good, "there is no private key in it, but a certificate");
    check(&good, &empty, NoKey, &empty, "there is no private key in it");
    check(&cut, &key, BadPem, &cut, "no end");
    check(&scrambled, &key, BadPem, &scrambled, "base64");
    check(&junk, &key, BadCertificate, &junk, "the first certificate is none");
    check(&good, &junk_key, BadKey, &junk_key, "cannot be used");
    check(&good, &odd, BadKey, &odd, "cannot be used");
    let encrypted = pem("encrypted-key.pem");
    check(&good, &encrypted, EncryptedKey, &encrypted, "encrypted by a password");
    let other = pem("example-key.pem");
    check(
        &good,
        &other,
        Mismatch,
        &good,
        &format!("not for the private key in {}", other.display()),
    );
    // Certificates by name, and authorities.
    let base = || TlsConfig::new(&good, &key);
    for (name, words) in [
        ("example.com", "the certificate is not for example.com"),
        ("*.example.com", "the certificate is not for *.example.com"),
        ("a.b.example.org", "the certificate is not for a.b.example.org"),
        ("", "no name of a host"),
        ("127.0.0.1", "no name of a host"),
        ("a b", "no name of a host"),
        ("*", "no name of a host"),
    ] {
        let named = base().with_name(name, pem("example.pem"), pem("example-key.pem"));
        let error = named.load().unwrap_err();
        assert_eq!(error.kind(), WrongName, "{name}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    for (authorities, kind) in [(&none, Unreadable), (&key, NoCertificate), (&junk, BadCertificate)]
    {
        let error = base().with_client_authorities(authorities, ClientCertificates::Required);
        let error = error.load().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&authorities.display().to_string()), "{error}");
    }
    // From memory, and as the error of a server.
    let text = Pem::text(fs::read(&good).unwrap());
    let (again, key) = (text.clone(), Pem::text(fs::read(&key).unwrap()));
    TlsConfig::new(text, key.clone()).load().unwrap();
    let error = TlsConfig::new(again.clone(), again).load().unwrap_err();
    assert!(error.to_string().starts_with("PEM in memory: "), "{error}");
    let error = pauper_server::ServeError::from(error);
    assert!(error.to_string().contains("no private key"), "{error}");
    // Neither names nor debugging tell a key.
    let debug = format!("{:?}", TlsConfig::new(key.clone(), key));
    assert!(!debug.contains("BEGIN") && debug.contains("PEM in memory"), "{debug}");
}

// --- reloading --------------------------------------------------------------------------------

#[test]
fn certificates_are_reloaded_in_the_middle_of_a_long_answer() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        let put = |name: &str| {
            fs::copy(pem(&format!("{name}.pem")), &chain).unwrap();
            fs::copy(pem(&format!("{name}-key.pem")), &key).unwrap();
        };
        put("localhost");
        let tls = TlsConfig::new(&chain, &key).load().unwrap();
        let bytes = long_bytes(20_000_000);
        let whole = bytes.clone();
        let server =
            serve_by(&tls, mode, ServerConfig::new(), move |req: &mut Request| match req.path() {
                "/long" => Response::bytes(whole.clone()),
                _ => told(req),
            });
        let mut long = Wire::connect(server.addr());
        long.send(get("/long"));
        assert!(long.head().starts_with("HTTP/1.1 200 OK\r\n"));
        let mut idle = Wire::connect(server.addr());
        assert_eq!(idle.get("/").status(), 200);
        put("renewed");
        tls.reload().unwrap();
        let mut new = wire(server.addr(), "localhost", client_config(None));
        assert_eq!(new.get("/").status(), 200);
        assert_eq!(shown(&new), der("renewed.pem"));
        assert_eq!(shown(&idle), der("localhost.pem"));
        // What cannot be loaded changes nothing.
        fs::write(&key, "no key").unwrap();
        assert_eq!(tls.reload().unwrap_err().kind(), TlsErrorKind::NoKey);
        let mut newer = wire(server.addr(), "localhost", client_config(None));
        assert_eq!(newer.get("/").status(), 200);
        assert_eq!(shown(&newer), der("renewed.pem"));
        assert_eq!(idle.get("/").status(), 200);
        assert!(long.take(bytes.len()) == bytes);
        assert_eq!(long.get("/").status(), 200);
    }
}

// --- clients that are not good ----------------------------------------------------------------

/// What a client sends first.
fn hello() -> Vec<u8> {
    let name = "localhost".try_into().unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(client_config(None)), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[test]
fn a_client_that_does_not_encrypt_is_told_so() {
    for mode in MODES {
        let server = serve_in(mode, ServerConfig::new(), told);
        let mut plain = PlainWire::connect(server.addr());
        plain.send(get("/"));
        let bytes = plain.rest();
        let (answer, _) = read_answer(&bytes, "GET", true).unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.text().contains("HTTPS"), "{}", answer.text());
    }
}

#[test]
fn garbage_ends_a_handshake_and_nothing_else() {
    for mode in MODES {
        let config = ServerConfig::new().with_head_time(1500 * MS).with_loops(1);
        let server = serve_in(mode, config, told);
        let good = hello();
        let mut bad_length = good.clone();
        bad_length[3..5].copy_from_slice(&[0xff, 0xff]);
        let mut wrong = good.clone();
        wrong[20..60].fill(0xff);
        for bytes in [
            vec![0; 100],
            vec![0xff; 5000],
            bad_length,
            wrong,
            [&[22, 3, 1, 0, 0][..]; 1000].concat(),
            [&[21, 3, 3, 0, 2, 1, 0][..]; 1000].concat(),
            vec![23, 3, 3, 0, 1, 0],
        ] {
            let mut client = PlainWire::connect(server.addr());
            let _ = client.socket.write_all(&bytes);
            // An alert at most.
            let rest = client.rest();
            assert!(rest.len() < 100, "{}", rest.escape_ascii());
        }
        // Half of one, and then the end.
        let mut client = PlainWire::connect(server.addr());
        client.send(&good[..good.len() / 2]);
        client.socket.shutdown(std::net::Shutdown::Write).unwrap();
        client.rest();
        assert_eq!(Wire::connect(server.addr()).get("/").status(), 200);
    }
}

#[test]
fn a_handshake_and_the_first_head_have_the_time_of_a_head() {
    for mode in MODES {
        let server = serve_in(mode, ServerConfig::new().with_head_time(300 * MS), told);
        let mut silent = PlainWire::connect(server.addr());
        let mut begun = PlainWire::connect(server.addr());
        begun.send(&hello()[..50]);
        let mut answered = PlainWire::connect(server.addr());
        answered.send(hello());
        let mut shaken = Wire::connect(server.addr());
        shaken.socket.shake_hands().unwrap();
        silent.assert_closed();
        begun.assert_closed();
        assert!(!answered.rest().is_empty());
        shaken.assert_closed();
        let mut half = Wire::connect(server.addr());
        half.send("GET / HT");
        assert_eq!(half.answer().status(), 408);
    }
}

#[test]
fn a_thousand_slow_handshakes_hold_up_nobody() {
    for mode in MODES {
        let mut listeners: Vec<Listener> = Listener::bind("127.0.0.1:0").unwrap();
        listeners.push(Listener::bind("127.0.0.1:0").unwrap().remove(0).with_tls(&tls()));
        let server = Server::from_listeners(listeners).unwrap();
        let server = server.config(ServerConfig::new().with_loops(1));
        let server: Handle = match mode {
            Mode::Single => server.spawn_single(told),
            Mode::Threading => server.spawn(told),
        }
        .unwrap();
        let [plain, encrypted] = *server.addresses() else { panic!("two addresses") };
        let hello = hello();
        let mut slow: Vec<TcpStream> =
            (0..1000).map(|_| TcpStream::connect(encrypted).unwrap()).collect();
        let mut quick = PlainWire::connect(plain);
        let mut safe = Wire::connect(encrypted);
        // Some bytes of each at a time, and the whole of it for some.
        for (round, piece) in hello.chunks(hello.len() / 6).enumerate() {
            for (number, socket) in slow.iter_mut().enumerate() {
                if round < 5 || number % 10 == 0 {
                    socket.write_all(piece).unwrap();
                }
            }
            assert_eq!(quick.get("/").text(), "plain http 0");
            assert_eq!(safe.get("/").text(), "TLSv1.3 localhost 0 https 0");
            let mut new = Wire::connect(encrypted);
            assert_eq!(new.get("/").status(), 200);
        }
        let count = server.control().info().unwrap().snapshot().connections();
        assert!(count >= 1000, "{count}");
        drop(slow);
        let info = server.control().info().unwrap();
        wait_until("they are forgotten", || info.snapshot().connections() <= 2);
        assert_eq!(quick.get("/").status(), 200);
    }
}

/// What a client sent right behind its handshake is inside the encryption when the socket is empty.
#[test]
fn nothing_is_left_inside_when_the_socket_is_empty() {
    for mode in MODES {
        let server = serve_in(mode, ServerConfig::new().with_loops(1), told);
        // Records of 16 KiB against buffers of 8: many requests in one, and a body over some.
        let mut client = Wire::connect(server.addr());
        client.send(get("/").repeat(500) + &post("/", &"x".repeat(40_000)));
        for _ in 0..500 {
            assert_eq!(client.answer().text(), "TLSv1.3 localhost 0 https 0");
        }
        assert_eq!(client.answer().text(), "TLSv1.3 localhost 0 https 40000");
        for size in [16_000, 16_384, 16_385, 8_192, 8_100, 65_536] {
            client.send(post("/", &"x".repeat(size)));
            assert_eq!(client.answer().text(), format!("TLSv1.3 localhost 0 https {size}"));
        }
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.answer_to("HEAD").status(), 200);
        assert_eq!(client.get("/").status(), 200);
    }
}

/// A body that was cut off is no request, whoever cut it.
#[test]
fn an_end_without_a_farewell_completes_nothing() {
    for mode in MODES {
        let gate = Gate::default();
        let waits = gate.clone();
        let server = serve_in(mode, ServerConfig::new(), move |_: &mut Request| {
            waits.pass();
            Response::text("called")
        });
        let mut client = Wire::connect(server.addr());
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
        client.socket.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.answer().status(), 400);
        let mut whole = Wire::connect(server.addr());
        whole.send(get("/"));
        gate.wait_for(1);
        // A whole one is answered to whoever ends its side without a farewell.
        whole.socket.stream.shutdown(std::net::Shutdown::Write).unwrap();
        gate.open();
        assert_eq!(whole.answer().text(), "called");
        assert_eq!(gate.came(), 1);
    }
}

/// A file that is being sent encrypted has to be read, and not sent by the system as it is.
#[test]
fn files_are_encrypted() {
    for mode in MODES {
        let bytes = long_bytes(3_000_000);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let server = serve_in(mode, ServerConfig::new(), move |_: &mut Request| {
            Response::text("").with_body(Body::file(file.try_clone().unwrap(), 1, 2_999_998))
        });
        let mut client = Wire::connect(server.addr());
        for _ in 0..2 {
            assert!(client.get("/").body() == &bytes[1..2_999_999]);
        }
    }
}

#[test]
fn the_header_of_a_proxy_comes_before_the_handshake() {
    for mode in MODES {
        let local: Network = "127.0.0.1".parse().unwrap();
        let server = Server::bind("127.0.0.1:0").unwrap().tls(&tls()).proxy_protocol([local]);
        let service =
            |req: &mut Request| Response::text(format!("{:?} {}", req.client_ip(), req.scheme()));
        let server = match mode {
            Mode::Single => server.spawn_single(service),
            Mode::Threading => server.spawn(service),
        }
        .unwrap();
        let header = b"PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n";
        let config = Arc::new(client_config(None));
        for together in [true, false] {
            let mut socket = TlsSocket::connect(server.addr(), "localhost", Arc::clone(&config));
            let mut first = header.to_vec();
            if together {
                socket.client().write_tls(&mut first).unwrap();
            }
            socket.stream.write_all(&first).unwrap();
            let mut client = Wire::with(socket);
            assert_eq!(client.get("/").text(), "Some(192.0.2.1) https");
            assert_eq!(client.get("/").text(), "Some(192.0.2.1) https");
        }
        // Not before the handshake, not at all.
        let mut client = Wire::connect(server.addr());
        assert!(client.socket.shake_hands().is_err());
    }
}

/// While handlers hold all threads whoever connects is told so, which takes a handshake.
#[test]
fn handshakes_go_on_while_handlers_hold_all_threads() {
    let gate = Gate::default();
    let waits = gate.clone();
    let config = ServerConfig::new().with_loops(1).with_threads(2).with_max_queue(1);
    let server = serve_by(&tls(), Mode::Threading, config, move |_: &mut Request| {
        waits.pass();
        Response::text("passed")
    });
    let mut held: Vec<Wire> = Vec::new();
    for count in 1..=2 {
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        gate.wait_for(count);
        held.push(client);
    }
    // One waits in the queue, all others are told.
    let mut refused = 0;
    for _ in 0..20 {
        let mut client = Wire::connect(server.addr());
        client.send(get("/"));
        client.socket.set_read_timeout(Some(300 * MS)).unwrap();
        if client.socket.peek(&mut [0]).is_ok() {
            assert_eq!(client.answer().status(), 503);
            refused += 1;
        } else {
            held.push(client);
        }
    }
    assert!(refused >= 15, "{refused}");
    gate.open();
    for client in &mut held {
        client.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(client.answer().text(), "passed");
    }
}

/// A stop lets a handshake that has begun come to its answer.
#[test]
fn a_stop_waits_for_a_handshake() {
    for mode in MODES {
        let server = serve_in(mode, ServerConfig::new().with_loops(1), told);
        let mut client = PlainWire::connect(server.addr());
        let hello = hello();
        client.send(&hello[..100]);
        let info = loop {
            if let Some(info) = server.control().info() {
                break info;
            }
        };
        wait_until("its bytes came", || info.snapshot().bytes_in >= 100);
        server.stop();
        std::thread::sleep(50 * MS);
        client.send(&hello[100..]);
        client.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(client.socket.read(&mut [0; 5]).unwrap() > 0, "the handshake goes on");
        drop(client);
        assert_eq!(server.join().unwrap().left(), 0);
    }
}
