//! A server as a process.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;
use crate::account::{self, Cpu};
use crate::plan::{SERVER_CORE, dies_with_parent};
use crate::servers::Server;

/// A server that listens; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took to listen.
    pub(crate) started_in: Duration,
}

/// Below the ports that clients get, see `network`. Each server has its own, so that the closed
/// connections of one do not stand in the way of the next.
static PORT: AtomicU16 = AtomicU16::new(12_000);

impl Running {
    /// Starts a server on its core and waits until it listens.
    ///
    /// # Errors
    /// When it does not within five seconds.
    pub(crate) fn start(
        server: &Server,
        program: &Path,
        file: &Path,
        handlers: usize,
    ) -> Result<Self> {
        let port = PORT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut words = dies_with_parent().to_vec();
        words.extend(["taskset", "-c", SERVER_CORE]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(program);
        command.env("PORT", port.to_string()).env("FILE", file);
        command.env("HANDLERS", handlers.to_string());
        command.env("WORKERS", "1").env("MODE", "single");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn().map_err(|error| error.to_string())?;
        let mut running = Self { child, address, started_in: Duration::ZERO };
        while begun.elapsed() < Duration::from_secs(5) {
            if TcpStream::connect(address).is_ok() {
                running.started_in = begun.elapsed();
                return Ok(running);
            }
            if let Ok(Some(status)) = running.child.try_wait() {
                return Err(format!("{} ended at once: {status}", server.name));
            }
            sleep(Duration::from_millis(2));
        }
        Err(format!("{} does not listen", server.name))
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
