//! A server as a process.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use crate::Result;
use crate::account::{self, Cpu};
use crate::plan::{SERVER_CORE, dies_with_parent};
use crate::servers::{Server, Source};

/// A server that listens; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took to listen.
    pub(crate) started_in: Duration,
}

/// What a server is started with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) server: &'a Server,
    pub(crate) program: &'a Path,
    /// Where it may leave things.
    pub(crate) folder: &'a Path,
    /// What `/file` serves.
    pub(crate) file: &'a Path,
    /// How many handler threads it gets, if it has such a number.
    pub(crate) handlers: usize,
    /// The words of a program that it runs under; usually none.
    pub(crate) under: &'a [&'a str],
}

/// The first of the ports that servers get, and how many there are: below those that clients get,
/// see `network`.
const PORTS: (u32, u32) = (10_000, 5_900);

/// Each server has a port of its own, so that the closed connections of one do not stand in the way
/// of the next. Where they begin depends on the process, for the sake of others at the same time.
fn port() -> u16 {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let count = std::process::id().wrapping_add(STARTED.fetch_add(1, Ordering::Relaxed));
    let (first, ports) = PORTS;
    u16::try_from(first + count % ports).unwrap_or(u16::MAX)
}

impl Running {
    /// Starts a server on its core and waits until it listens.
    ///
    /// # Errors
    /// When it does not within five seconds (a minute under another program), or ends, with what
    /// it said.
    pub(crate) fn start(start: Start<'_>) -> Result<Self> {
        let Start { server, program, folder, file, handlers, under } = start;
        let port = port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut words = dies_with_parent().to_vec();
        // What counts under another program does not count time.
        words.extend(if under.is_empty() { &["taskset", "-c", SERVER_CORE] } else { under });
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(program);
        command.env("PORT", port.to_string()).env("FILE", file);
        command.env("HANDLERS", handlers.to_string()).env("WORKERS", "1");
        if server.encrypts {
            let place = Path::new("crates/server/tests/certificates");
            command.env("CERTIFICATE", place.join("localhost.pem"));
            command.env("KEY", place.join("localhost-key.pem"));
        }
        match server.source {
            Source::Ours { mode } => {
                command.env("MODE", mode);
            }
            Source::Peer { .. } => {}
            Source::Nginx => {
                let config = folder.join("nginx.conf");
                fs::write(&config, nginx(port, folder, file)).map_err(|it| it.to_string())?;
                command.arg("-p").arg(folder).arg("-c").arg(config).args(["-e", "stderr"]);
            }
        }
        let said = folder.join("stderr");
        let stderr = File::create(&said).map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let begun = Instant::now();
        let child = command.spawn().map_err(|error| error.to_string())?;
        let mut running = Self { child, address, started_in: Duration::ZERO };
        let patience = Duration::from_secs(if under.is_empty() { 5 } else { 60 });
        while begun.elapsed() < patience {
            if TcpStream::connect(address).is_ok() {
                running.started_in = begun.elapsed();
                return Ok(running);
            }
            if let Ok(Some(status)) = running.child.try_wait() {
                let said = fs::read_to_string(&said).unwrap_or_default();
                let line = said.lines().find(|line| !line.trim().is_empty());
                let words = line.map_or_else(|| status.to_string(), |line| line.trim().to_owned());
                return Err(format!("ended at once: {words}"));
            }
            sleep(Duration::from_millis(2));
        }
        Err(format!("{} does not listen", server.name))
    }

    /// Asks it to end, again after a second if that was lost on it, and waits until it has.
    ///
    /// # Errors
    /// When it does not within ten seconds.
    pub(crate) fn end(mut self) -> Result {
        for _ in 0..10 {
            for pid in account::tree(self.pid()).into_iter().filter_map(|pid| pid.try_into().ok()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(1) {
                if self.has_ended() {
                    return Ok(());
                }
                sleep(Duration::from_millis(5));
            }
        }
        Err("does not end when asked to".into())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is not there any more.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What it used so far.
    pub(crate) fn cpu(&self) -> Cpu {
        account::cpu(self.pid())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its children are found before it goes and end after it, so that it replaces none.
        let children = account::tree(self.pid()).split_off(1);
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in children.into_iter().filter_map(|pid| pid.try_into().ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// What nginx is told: one process, no log, the two routes that it can have, and room for as many
/// connections as anybody gets.
fn nginx(port: u16, folder: &Path, file: &Path) -> String {
    let (folder, file) = (folder.display(), file.display());
    // Else it becomes a user who may not read our files.
    let user = if geteuid().is_root() { "user root;" } else { "" };
    format!(
        "daemon off; master_process off; {user} pid {folder}/nginx.pid; error_log stderr crit;\n\
         events {{ worker_connections 16000; }}\n\
         http {{\n\
           access_log off; sendfile on; tcp_nodelay on;\n\
           keepalive_requests 1000000000; keepalive_timeout 600s; client_header_timeout 600s;\n\
           client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;\n\
           fastcgi_temp_path {folder}/nginx-fastcgi; uwsgi_temp_path {folder}/nginx-uwsgi;\n\
           scgi_temp_path {folder}/nginx-scgi;\n\
           server {{\n\
             listen 127.0.0.1:{port} backlog=1024;\n\
             location = /plaintext {{ default_type text/plain; return 200 'Hello, World!'; }}\n\
             location = /file {{ default_type application/octet-stream; alias {file}; }}\n\
             location / {{ return 404; }}\n\
           }}\n\
         }}\n"
    )
}
