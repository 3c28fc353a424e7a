//! Where listening sockets come from: several addresses, ports in turn, Unix sockets, a parent.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use pauper_message::{Body, Request, Response};
use pauper_server::test::read_answer;
use pauper_server::{Handle, InheritedSockets, Listener, Server, ServerConfig, UnixSocket};

use crate::support::{MODES, Mode, PATIENCE, Wire, get, long_bytes, wait_until};

fn spawn(mode: Mode, server: Server) -> Handle {
    let service = |req: &mut Request| match req.path() {
        "/stop" => Response::text("stops").and_shutdown(),
        "/file" => {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&long_bytes(300_000)).unwrap();
            Response::text("").with_body(Body::file(file, 0, 300_000))
        }
        _ => {
            let peer = req.peer();
            let local = peer.local.map(|local| local.to_string()).unwrap_or_default();
            Response::text(format!("{:?} {local} {}", req.client_ip(), req.bytes().unwrap().len()))
        }
    };
    match mode {
        Mode::Single => server.spawn_single(service),
        Mode::Threading => server.spawn(service),
    }
    .unwrap()
}

/// Whether there is IPv6 here.
fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

// --- addresses and ports ----------------------------------------------------------------------

#[test]
fn localhost_answers_on_both_families_at_one_port() {
    for mode in MODES {
        let server = spawn(mode, Server::bind("localhost:0").unwrap());
        let port = server.addr().port();
        assert_ne!(port, 0);
        let mut addresses = vec![SocketAddr::from(([127, 0, 0, 1], port))];
        if has_ipv6() && server.addresses().len() == 2 {
            addresses.push(format!("[::1]:{port}").parse().unwrap());
        }
        for address in addresses {
            let text = Wire::connect(address).get("/").text().to_owned();
            assert_eq!(text, format!("{:?} {address} 0", Some(address.ip())));
        }
    }
}

#[test]
fn a_wildcard_of_ipv6_serves_both() {
    if !has_ipv6() {
        println!("skipped: no IPv6");
        return;
    }
    let server = spawn(Mode::Threading, Server::bind("[::]:0").unwrap());
    let port = server.addr().port();
    for ip in ["127.0.0.1", "::1"] {
        let ip: IpAddr = ip.parse().unwrap();
        let text = Wire::connect((ip, port).into()).get("/").text().to_owned();
        assert_eq!(text, format!("{:?} {} 0", Some(ip), SocketAddr::new(ip, port)));
    }
}

#[test]
fn several_listeners_of_one_server() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let mut listeners = Listener::bind("127.0.0.1:0").unwrap();
        listeners.extend(Listener::bind("127.0.0.2:0").unwrap());
        listeners.push(TcpListener::bind("127.0.0.1:0").unwrap().into());
        listeners.push(UnixSocket::new(&path).listen().unwrap());
        let told: Vec<_> = listeners.iter().map(ToString::to_string).collect();
        assert_eq!(told[3], format!("unix:{}", path.display()));
        assert_eq!(listeners[3].path(), Some(path.clone()));
        let server = Server::from_listeners(listeners).unwrap();
        let addresses = server.addresses().to_vec();
        assert_eq!(addresses.len(), 3);
        assert_eq!(told[..3], addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
        let handle = spawn(mode, server);
        assert_eq!(handle.addresses(), addresses);
        for address in addresses {
            assert_eq!(Wire::connect(address).get("/").status(), 200, "{address}");
        }
        assert_eq!(ask(&path, &get("/")), "None  0");
    }
    assert_eq!(Server::from_listeners(vec![]).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_first_port_that_is_free_is_taken() {
    let (one, two) = (Server::bind("localhost:0").unwrap(), Server::bind("localhost:0").unwrap());
    let ports = [one.local_addr().port(), two.local_addr().port()];
    let third = Server::bind_first("localhost", [ports[0], ports[1], 0]).unwrap();
    assert!(!ports.contains(&third.local_addr().port()));
    let error = Server::bind_first("localhost", ports).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(ports.iter().all(|port| text.contains(&port.to_string())), "{text}");
    drop(two);
    let again = Server::bind_first("localhost", ports).unwrap();
    assert_eq!(again.local_addr().port(), ports[1]);
    let error = Server::bind_first("localhost", []).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // What no other port would cure is told at once.
    let error = Server::bind_first("203.0.113.1", [0, 0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}

/// A port that is taken on one of the addresses is not free.
#[test]
fn a_port_is_free_when_it_is_on_all_addresses() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let server = Server::bind_first("localhost", [port, 0]).unwrap();
    assert!(server.addresses().iter().all(|address| address.port() != port));
}

/// Connections of before, which the system remembers for a minute, do not keep a
/// new server from the port.
#[test]
fn a_port_can_be_used_again_at_once() {
    let first = Server::bind("127.0.0.1:0").unwrap();
    let address = first.local_addr();
    let first = spawn(Mode::Threading, first);
    let mut wire = Wire::connect(address);
    // The server closes first, so the connection is remembered at its side.
    wire.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.answer().status(), 200);
    wire.assert_closed();
    drop(wire);
    drop(first);
    let again = spawn(Mode::Threading, Server::bind(address).unwrap());
    assert_eq!(Wire::connect(again.addr()).get("/").status(), 200);
}

// --- Unix sockets -----------------------------------------------------------------------------

/// One request on a connection of its own, and the text of its answer.
#[track_caller]
fn ask(path: &Path, request: &str) -> String {
    let mut socket = UnixStream::connect(path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    loop {
        if let Ok((answer, _)) = read_answer(&bytes, "GET", false) {
            assert_eq!(answer.status(), 200);
            return String::from_utf8_lossy(answer.body()).into_owned();
        }
        let mut piece = [0; 4096];
        let n = socket.read(&mut piece).unwrap();
        assert!(n > 0, "the end after {}", bytes.escape_ascii());
        bytes.extend_from_slice(&piece[..n]);
    }
}

#[test]
fn a_unix_socket_from_its_beginning_to_its_end() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixSocket::new(&path).mode(0o620).listen().unwrap();
        let found = fs::symlink_metadata(&path).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o620);
        assert_eq!(listener.local_addr(), None);
        let server = spawn(mode, Server::from_listeners(vec![listener]).unwrap());
        assert_eq!(ask(&path, &get("/")), "None  0");
        let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n".to_owned();
        assert_eq!(ask(&path, &(post + &"x".repeat(200_000))), "None  200000");
        assert_eq!(ask(&path, &get("/file")).len(), {
            String::from_utf8_lossy(&long_bytes(300_000)).len()
        });
        // Kept alive, pipelined, and on to the end of the server.
        let mut socket = UnixStream::connect(&path).unwrap();
        socket.write_all((get("/1") + &get("/2")).as_bytes()).unwrap();
        server.stop();
        assert_eq!(server.join().unwrap().left(), 0);
        assert!(!path.exists(), "the file is gone with its server");
    }
}

#[test]
fn the_mode_is_for_the_owner_alone_unless_it_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixSocket::new(&path).listen().unwrap();
    let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn an_owner_is_set_before_anybody_can_connect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata(folder.path()).unwrap();
    let owned = UnixSocket::new(&path).owner(Some(own.uid()), Some(own.gid())).listen();
    drop(owned.unwrap());
    if own.uid() == 0 {
        let _socket = UnixSocket::new(&path).owner(Some(65534), Some(65534)).listen().unwrap();
        let found = fs::symlink_metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid()), (65534, 65534));
    } else {
        // Only root may give files away, and what cannot be done leaves nothing behind.
        UnixSocket::new(&path).owner(Some(0), None).listen().unwrap_err();
        assert!(!path.exists());
    }
}

#[test]
fn a_dead_socket_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    // A server that was killed leaves its file.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let listener = UnixSocket::new(&path).listen().unwrap();
    let server = spawn(Mode::Threading, Server::from_listeners(vec![listener]).unwrap());
    let error = UnixSocket::new(&path).listen().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(ask(&path, &get("/")), "None  0", "it is as it was");
    drop(server);
    assert!(!path.exists());
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "precious").unwrap();
    let link = folder.path().join("link");
    symlink(folder.path().join("nothing"), &link).unwrap();
    for path in [file.as_path(), link.as_path(), folder.path()] {
        let error = UnixSocket::new(path).listen().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&link).is_ok());
    let deep = folder.path().join("no/such/folder");
    assert_eq!(UnixSocket::new(deep).listen().unwrap_err().kind(), ErrorKind::NotFound);
    let long = folder.path().join("x".repeat(200));
    let error = UnixSocket::new(&long).listen().unwrap_err().to_string();
    assert!(error.contains("xxx"), "{error}");
}

#[test]
fn a_server_leaves_the_socket_of_its_successor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let old = UnixSocket::new(&path).listen().unwrap();
    let old = spawn(Mode::Single, Server::from_listeners(vec![old]).unwrap());
    fs::remove_file(&path).unwrap();
    let new = UnixSocket::new(&path).listen().unwrap();
    let _new = spawn(Mode::Single, Server::from_listeners(vec![new]).unwrap());
    old.stop();
    let _ = old.join().unwrap();
    assert_eq!(ask(&path, &get("/")), "None  0");
}

#[test]
fn of_many_servers_that_start_at_once_one_has_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    for _ in 0..20 {
        drop(UnixListener::bind(&path).unwrap());
        let all: Vec<_> = std::thread::scope(|scope| {
            let start = || UnixSocket::new(&path).listen();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
        UnixStream::connect(&path).unwrap();
        drop(all);
        assert!(!path.exists());
    }
}

// --- inherited sockets ------------------------------------------------------------------------

/// What the child of the next tests does. Alone it does nothing.
#[test]
#[ignore = "the child of other tests"]
fn child() {
    let env = |name| std::env::var(name).ok();
    let (pid, fds, names) = (env("LISTEN_PID"), env("LISTEN_FDS"), env("LISTEN_FDNAMES"));
    let Some(mode) = env("PAUPER_TEST_CHILD") else { return };
    let inherited = InheritedSockets::new(pid.as_deref(), fds.as_deref(), names.as_deref());
    let listeners = match inherited.and_then(|inherited| inherited.listeners()) {
        Ok(listeners) => listeners,
        Err(error) => {
            eprintln!("refused: {error}");
            return;
        }
    };
    for listener in &listeners {
        eprintln!("inherited: {listener} {:?}", listener.name());
    }
    let flags = fs::read_to_string("/proc/self/fdinfo/3").unwrap_or_default();
    let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim);
    let flags = flags.and_then(|flags| u32::from_str_radix(flags, 8).ok());
    assert!(flags.is_none_or(|flags| flags & 0o2000000 != 0), "it is not passed on");
    let mode = if mode == "single" { Mode::Single } else { Mode::Threading };
    if !listeners.is_empty() {
        let _ = spawn(mode, Server::from_listeners(listeners).unwrap()).join().unwrap();
    }
}

/// Starts the child with these sockets as its descriptors from 3 on.
fn start(mode: &str, sockets: [OwnedFd; 2], fds: &str, names: &str) -> std::process::Child {
    let [first, second] = sockets;
    let own = std::env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0 4>&1 1>&2 </dev/null; export LISTEN_PID=$$; exec \"$0\" \"$@\"")
        .arg(own)
        .args(["--exact", "listeners::child", "--ignored", "--nocapture"])
        .env("LISTEN_FDS", fds)
        .env("LISTEN_FDNAMES", names)
        .env("PAUPER_TEST_CHILD", mode)
        .stdin(Stdio::from(first))
        .stdout(Stdio::from(second))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn sockets_are_inherited_from_a_parent() {
    for mode in ["single", "threading"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let unix = UnixListener::bind(&path).unwrap();
        let sockets = [tcp.try_clone().unwrap().into(), unix.try_clone().unwrap().into()];
        // Whoever came before the child began is served, too.
        let mut early = Wire::connect(address);
        early.send(get("/"));
        let child = start(mode, sockets, "2", "web:admin");
        assert_eq!(early.answer().status(), 200);
        assert_eq!(ask(&path, &get("/")), "None  0");
        assert_eq!(Wire::connect(address).get("/stop").text(), "stops");
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert!(told.contains(&format!("inherited: {address} Some(\"web\")")), "{told}");
        assert!(told.contains(&format!("{} Some(\"admin\")", path.display())), "{told}");
        // The sockets are the parent's, for the next child.
        assert!(path.exists());
        TcpStream::connect(address).unwrap();
    }
}

#[test]
fn what_is_inherited_has_to_be_a_listening_socket() {
    let null = || OwnedFd::from(fs::File::open("/dev/null").unwrap());
    let tcp = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let datagrams = OwnedFd::from(std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    let (connected, _other) = UnixStream::pair().unwrap();
    let full = OwnedFd::from(connected);
    for (sockets, fds, names, expected) in [
        ([null(), tcp()], "1", "a", "inherited socket 3 (\"a\"): it is no socket"),
        ([datagrams, tcp()], "1", "a", "inherited socket 3 (\"a\"): it is no stream socket"),
        ([tcp(), full], "2", "a:b", "inherited socket 4 (\"b\"): it is no stream socket"),
        ([tcp(), tcp()], "900", "", "LISTEN_FDNAMES"),
        ([tcp(), tcp()], "x", "", "LISTEN_FDS"),
    ] {
        let output = start("single", sockets, fds, names).wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("refused: ") && told.contains(expected), "{expected}: {told}");
    }
}

// --- limits -----------------------------------------------------------------------------------

#[test]
fn the_cap_of_connections_is_one_for_all_listeners() {
    let mut listeners = Listener::bind("127.0.0.1:0").unwrap();
    listeners.extend(Listener::bind("127.0.0.1:0").unwrap());
    let config = ServerConfig::new().with_max_connections(1).with_loops(1);
    let server = Server::from_listeners(listeners).unwrap().config(config);
    let server = spawn(Mode::Threading, server);
    let [first, second] = *server.addresses() else { panic!("two addresses") };
    let mut one = Wire::connect(first);
    assert_eq!(one.get("/").status(), 200);
    let mut two = Wire::connect(second);
    two.send(get("/"));
    drop(one);
    assert_eq!(two.answer().status(), 200);
    wait_until("one is left", || server.control().info().unwrap().snapshot().connections() <= 1);
}
