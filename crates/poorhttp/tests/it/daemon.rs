//! Starts the binary and listens to what it says.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poorhttp"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs it to its end; for command lines that serve nothing.
pub(crate) fn output(args: &[&str]) -> Output {
    command(args).output().expect("the binary was built")
}

/// A running daemon. Killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    stdout: Option<Lines>,
    stderr: Lines,
    /// The line that says what is served and where.
    pub(crate) greeting: String,
}

impl Daemon {
    /// Starts it on a free port.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_into(args, Stdio::piped())
    }

    /// Starts it on a free port, its standard output led elsewhere.
    pub(crate) fn start_into(args: &[&str], stdout: Stdio) -> Self {
        Self::of(command(&[&["--port", "0"], args].concat()), stdout)
    }

    /// Starts an example of this crate on a free port. Cargo builds examples beside the tests, but
    /// not when it is asked for single tests by name.
    pub(crate) fn start_example(name: &str, args: &[&str]) -> Self {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let path = path.join("examples").join(name);
        assert!(path.exists(), "build it first: cargo build -p poorhttp --example {name}");
        let mut command = Command::new(path);
        command.args(["--port", "0"]).args(args).stdin(Stdio::null());
        Self::of(command, Stdio::piped())
    }

    fn of(mut command: Command, stdout: Stdio) -> Self {
        let mut child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().map(Lines::of);
        let mut stderr = Lines::of(child.stderr.take().unwrap());
        let greeting = stderr.until(" serving ");
        Self { child, stdout, stderr, greeting }
    }

    /// Its URL, with a slash at the end.
    pub(crate) fn url(&self) -> &str {
        let start = self.greeting.find("http://").expect("a URL");
        self.greeting[start..].split(' ').next().unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let url = self.url();
        url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes on a new connection and gives everything that comes back until it is closed.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Asks for a target on a new connection.
    pub(crate) fn get(&self, target: &str) -> String {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    }

    /// The next line on standard output that contains a text.
    pub(crate) fn stdout_until(&mut self, text: &str) -> String {
        self.stdout.as_mut().expect("standard output was led elsewhere").until(text)
    }

    /// The next line on standard error that contains a text.
    pub(crate) fn stderr_until(&mut self, text: &str) -> String {
        self.stderr.until(text)
    }

    /// All that is left on standard error, after the end.
    pub(crate) fn stderr_rest(&mut self) -> Vec<String> {
        self.stderr.rest()
    }

    /// Sends it a signal, by its name without SIG.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end and gives the exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it did not end");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream, read by a thread so that waiting for one can end.
struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    fn until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error} while waiting for {text:?}; seen {seen:#?}"),
            }
        }
    }

    fn rest(&mut self) -> Vec<String> {
        self.0.iter().collect()
    }
}
