//! Encrypted connections as other programs make them: curl, openssl, Python.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use pauper_message::{Body, Request, Response};
use pauper_server::{ClientCertificates, Handle, ServerConfig, TlsConfig};

use crate::encrypted::{pem, serve_by};
use crate::plain::{MODES, Mode, long_bytes, tool};

const LEN: usize = 2_000_000;

/// Says what it knows, echoes bodies, gives a file, a stream and a long answer.
fn service(req: &mut Request) -> Response {
    match req.path() {
        "/file" => {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&long_bytes(LEN)).unwrap();
            Response::text("").with_body(Body::file(file, 0, LEN as u64))
        }
        "/pieces" => Response::text("").with_body(Body::pieces(
            long_bytes(LEN).chunks(1000).map(<[u8]>::to_vec).map(Ok).collect::<Vec<_>>(),
            None,
        )),
        "/echo" => Response::bytes(req.bytes().unwrap().to_vec()),
        _ => {
            let tls = req.tls().expect("an encrypted connection");
            let shows = tls.client_certificate().is_some();
            Response::text(format!("{} {} {shows}\n", tls.version, req.scheme()))
        }
    }
}

fn start(mode: Mode) -> Handle {
    let tls = TlsConfig::new(pem("localhost.pem"), pem("localhost-key.pem"))
        .with_client_authorities(pem("client-authority.pem"), ClientCertificates::Optional)
        .load()
        .unwrap();
    serve_by(&tls, mode, ServerConfig::new(), service)
}

fn run(program: &Path, args: &[&str], input: &str) -> (bool, Vec<u8>, String) {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn curl() {
    let Some(curl) = tool(&["curl"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let upload = folder.path().join("upload");
    fs::write(&upload, long_bytes(LEN)).unwrap();
    let upload = format!("@{}", upload.display());
    let authority = pem("authority.pem").display().to_string();
    let certificate = pem("client.pem").display().to_string();
    let key = pem("client-key.pem").display().to_string();
    for mode in MODES {
        let server = start(mode);
        let url = |path: &str| format!("https://localhost:{}{path}", server.addr().port());
        let ask = |args: &[&str]| {
            let usual = ["-sS", "--max-time", "20", "-4", "--cacert", &authority];
            let (good, bytes, error) = run(&curl, &[&usual, args].concat(), "");
            assert!(good, "{args:?}: {error}");
            bytes
        };
        assert_eq!(ask(&[&url("/")]), b"TLSv1.3 https false\n");
        assert_eq!(ask(&["--tls-max", "1.2", &url("/")]), b"TLSv1.2 https false\n");
        assert_eq!(ask(&["-0", &url("/")]), b"TLSv1.3 https false\n");
        let shows = ["--cert", &certificate, "--key", &key, &url("/")];
        assert_eq!(ask(&shows), b"TLSv1.3 https true\n");
        let whole = long_bytes(LEN);
        assert!(ask(&[&url("/file")]) == whole);
        assert!(ask(&[&url("/pieces")]) == whole);
        assert!(ask(&["-0", &url("/pieces")]) == whole, "until the end, which is told");
        assert!(ask(&["--data-binary", &upload, &url("/echo")]) == whole);
        let chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", &upload, &url("/echo")];
        assert!(ask(&chunked) == whole);
        assert_eq!(ask(&["-r", "0-3", &url("/")]), b"TLSv1.3 https false\n");
        let head = String::from_utf8(ask(&["-I", &url("/file")])).unwrap().to_ascii_lowercase();
        assert!(head.contains(&format!("content-length: {LEN}\r\n")), "{head}");
        // One connection for all three.
        let text = ask(&["-w", "%{num_connects} ", &url("/"), &url("/"), &url("/")]);
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.matches("TLSv1.3").count(), 3);
        assert_eq!(text.matches("0 ").count(), 2, "{text}");
        // Without the authority there is no connection.
        let (good, _, error) = run(&curl, &["-sS", "--max-time", "20", "-4", &url("/")], "");
        assert!(!good && error.contains("certificate"), "{error}");
    }
}

#[test]
fn openssl() {
    let Some(openssl) = tool(&["openssl"]) else { return };
    let authority = pem("authority.pem").display().to_string();
    for mode in MODES {
        let server = start(mode);
        let address = server.addr().to_string();
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for version in ["-tls1_2", "-tls1_3"] {
            let args = [
                "s_client",
                "-connect",
                &address,
                "-servername",
                "localhost",
                "-CAfile",
                &authority,
                "-verify_return_error",
                "-alpn",
                "h2,http/1.1",
                "-ign_eof",
                version,
            ];
            let (good, bytes, error) = run(&openssl, &args, request);
            let text = String::from_utf8_lossy(&bytes);
            assert!(good, "{error}{text}");
            assert!(text.contains("ALPN protocol: http/1.1"), "{text}");
            assert!(text.contains("Verify return code: 0 (ok)"), "{text}");
            assert!(text.contains("HTTP/1.1 200 OK"), "{text}");
            assert!(text.contains("https false"), "{text}");
        }
        // What is too old is refused.
        let args = ["s_client", "-connect", &address, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
        let (good, bytes, error) = run(&openssl, &args, "");
        assert!(!good, "{error}{}", String::from_utf8_lossy(&bytes));
    }
}

const PYTHON: &str = r#"
import hashlib, http.client, ssl, sys, threading
port, authority, certificate, key = int(sys.argv[1]), *sys.argv[2:5]
context = ssl.create_default_context(cafile=authority)
context.set_alpn_protocols(["http/1.1"])
connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
for _ in range(3):
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"TLSv1.3 https false\n"
assert connection.sock.selected_alpn_protocol() == "http/1.1"
connection.request("HEAD", "/file")
answer = connection.getresponse()
assert answer.read() == b"" and answer.headers["content-length"] == "2000000"
connection.request("GET", "/file")
whole = connection.getresponse().read()
assert len(whole) == 2000000
connection.request("POST", "/echo", body=whole)
assert connection.getresponse().read() == whole
chunks = (whole[at:at + 7919] for at in range(0, len(whole), 7919))
connection.request("POST", "/echo", body=chunks, encode_chunked=True)
assert connection.getresponse().read() == whole
context.load_cert_chain(certificate, key)
def ask():
    other = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
    other.request("GET", "/")
    assert other.getresponse().read() == b"TLSv1.3 https true\n"
    told.append(other)
told = []
threads = [threading.Thread(target=ask) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(told) == 20
# The end of a connection is told, and not just there.
other = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
other.request("GET", "/", headers={"Connection": "close"})
socket = other.sock
assert other.getresponse().read() == b"TLSv1.3 https true\n"
print(hashlib.sha256(whole).hexdigest() and "all good")
"#;

#[test]
fn python() {
    let Some(python) = tool(&["python3"]) else { return };
    let name = |file: &str| pem(file).display().to_string();
    for mode in MODES {
        let server = start(mode);
        let port = server.addr().port().to_string();
        let (authority, certificate) = (name("authority.pem"), name("client.pem"));
        let args = ["-", &port, &authority, &certificate, &name("client-key.pem")];
        let (good, bytes, error) = run(&python, &args, PYTHON);
        assert!(good && bytes == b"all good\n", "{error}");
    }
}
