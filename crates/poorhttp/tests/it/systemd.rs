//! What a manager of services does and hears, played by the tests.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::daemon::PATIENCE;

/// A daemon under a manager that we play.
struct Managed {
    child: Child,
    socket: UnixDatagram,
    path: PathBuf,
}

impl Managed {
    /// Starts it with a socket of ours at descriptor 3, if there is one, and some variables.
    fn start(name: &str, listener: Option<&TcpListener>, variables: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("notify-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // A shell knows its number before it becomes the daemon, and moves descriptors.
        let script = match listener {
            Some(_) => "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"",
            None => "exec \"$0\" \"$@\"",
        };
        let stdin = match listener {
            Some(listener) => {
                Stdio::from(std::os::fd::OwnedFd::from(listener.try_clone().unwrap()))
            }
            None => Stdio::null(),
        };
        let child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_poorhttp"), "--port", "0"])
            .env("NOTIFY_SOCKET", &path)
            .envs(variables.iter().copied())
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, socket, path }
    }

    /// The next message that is no sign of life.
    fn message(&self) -> String {
        loop {
            let message = self.any();
            if message != "WATCHDOG=1" {
                return message;
            }
        }
    }

    fn any(&self) -> String {
        let mut bytes = [0; 512];
        let len = self.socket.recv(&mut bytes).expect("a message");
        String::from_utf8(bytes[..len].to_vec()).unwrap()
    }

    fn signal(&self, pid: u32, name: &str) {
        let kill = format!("kill -{name} {pid}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn ask(listener: &TcpListener) -> String {
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_the_sockets_that_it_is_given() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let managed = Managed::start("given", Some(&listener), &[]);
    assert_eq!(managed.message(), "READY=1");
    assert!(ask(&listener).starts_with("HTTP/1.1 200 "));

    managed.signal(managed.child.id(), "HUP");
    let message = managed.message();
    let usec = message.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&message);
    assert!(usec.parse::<u64>().is_ok(), "{message}");
    assert_eq!(managed.message(), "READY=1");
    assert!(ask(&listener).starts_with("HTTP/1.1 200 "));

    // A new process with the same sockets.
    managed.signal(managed.child.id(), "USR2");
    let mut messages = [managed.message(), managed.message()];
    messages.sort();
    assert_eq!(messages[1], "READY=1");
    let pid: u32 = messages[0].strip_prefix("MAINPID=").expect(&messages[0]).parse().unwrap();
    assert_ne!(pid, managed.child.id());
    assert!(ask(&listener).starts_with("HTTP/1.1 200 "));

    managed.signal(pid, "TERM");
    assert_eq!(managed.message(), "STOPPING=1");
}

#[test]
fn it_gives_signs_of_life() {
    let managed = Managed::start("watchdog", None, &[("WATCHDOG_USEC", "100000")]);
    assert_eq!(managed.message(), "READY=1");
    for _ in 0..3 {
        assert_eq!(managed.any(), "WATCHDOG=1");
    }
    managed.signal(managed.child.id(), "TERM");
    assert_eq!(managed.message(), "STOPPING=1");
}
