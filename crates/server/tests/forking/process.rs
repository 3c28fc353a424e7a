//! A server in a process of its own, and what the system knows of it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PATIENCE, Wire, wait_until};

/// Tells this program that it is the server, and of which kind: `single` or `threads`.
pub(crate) const ROLE: &str = "PAUPER_TEST_FORKING";
pub(crate) const KINDS: [&str; 2] = ["single", "threads"];

pub(crate) struct Process {
    child: Child,
    orders: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    address: Option<SocketAddr>,
    pub(crate) folder: tempfile::TempDir,
}

impl Process {
    /// A server of this kind; and if it is not expected to fail, it serves with this many workers.
    pub(crate) fn start(kind: &str, workers: usize, settings: &[(&str, &str)]) -> Self {
        let server = Self::begin(kind, workers, settings);
        wait_until("the workers are there", || server.workers().len() == workers);
        server.client();
        server
    }

    pub(crate) fn begin(kind: &str, workers: usize, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let version = folder.path().join("version");
        let first = settings.iter().find(|(name, _)| *name == "FIRST");
        fs::write(&version, first.map_or("first", |(_, text)| text)).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, kind)
            .env("WORKERS", workers.to_string())
            .env("VERSION", version)
            .envs(settings.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.strip_prefix("serves ").and_then(|address| address.parse().ok());
        // What it complains of is not read, but must not end it.
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).count());
        Self { child, orders, lines, address, folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    /// A client whose connection is accepted.
    pub(crate) fn client(&self) -> Client {
        let mut wire = Wire::connect(self.address());
        let process = wire.get("/process").text().parse().unwrap();
        Client { wire, process }
    }

    /// One client of each worker.
    pub(crate) fn client_of_each(&self, workers: usize) -> Vec<Client> {
        let mut all: Vec<Client> = Vec::new();
        let start = Instant::now();
        let mut others = Vec::new();
        while all.len() < workers {
            assert!(start.elapsed() < PATIENCE, "a worker accepts nobody");
            let client = self.client();
            if all.iter().any(|other| other.process == client.process) {
                // It stays, so that its worker is not the one with the fewest.
                others.push(client);
            } else {
                all.push(client);
            }
        }
        all
    }

    pub(crate) fn set_version(&self, text: &str) {
        fs::write(self.folder.path().join("version"), text).unwrap();
    }

    pub(crate) fn order(&mut self, order: u8) {
        self.orders.as_mut().unwrap().write_all(&[order]).unwrap();
    }

    pub(crate) fn master(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The children of the master, dead or alive.
    pub(crate) fn workers(&self) -> BTreeSet<u32> {
        let id = self.master();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        children.unwrap_or_default().split_whitespace().map(|it| it.parse().unwrap()).collect()
    }

    /// What it says before it ends, and how it ends.
    pub(crate) fn end(mut self) -> (String, ExitStatus) {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let status = self.child.wait().unwrap();
        (self.lines.by_ref().map_while(Result::ok).last().unwrap_or_default(), status)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The workers notice.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that knows who serves it.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) process: u32,
}

pub(crate) fn signal(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process as i32).unwrap(), signal).unwrap();
}

pub(crate) fn kill(process: u32) {
    signal(process, Signal::KILL);
}

/// Whether a process runs: one that ended may still wait for its parent.
pub(crate) fn is_alive(process: u32) -> bool {
    !matches!(state(process), None | Some('Z' | 'X'))
}

pub(crate) fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

pub(crate) fn files(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}
