//! A worker: one server like any, and a thread that listens to the master.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};

use super::link::{Link, Order, Report};
use crate::ServerConfig;
use crate::control::Control;
use crate::error::ServeResult;
use crate::exchange::Membership;

/// How much longer than its time a worker that stops has before it is ended.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The place of a process among the workers.
pub(crate) struct Seat {
    link: Arc<Link>,
    number: usize,
    /// After so many requests somebody else should have the place; 0 is never.
    limit: u64,
    /// Whether the master told the worker to end.
    told: Arc<AtomicBool>,
}

impl Seat {
    pub(super) fn new(stream: UnixStream, number: usize, limit: u64) -> Self {
        let told = Arc::default();
        Self { link: Arc::new(Link::new(stream)), number, limit, told }
    }

    /// What the loops have to know of it.
    pub(crate) fn membership(&self) -> Membership {
        let link = Arc::clone(&self.link);
        Membership::new(self.number, self.limit, move || link.tell(&Report::Worn))
    }

    /// Starts the thread that listens to the master; from now on `control` is that of a worker.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(crate) fn obey(&self, control: &Control, config: &ServerConfig) -> io::Result<()> {
        control.become_worker(Arc::clone(&self.link));
        let (link, told) = (Arc::clone(&self.link), Arc::clone(&self.told));
        let (control, stop, drain) = (control.clone(), config.stop_time(), config.drain_time());
        let listen = move || listen(&link, &control, &told, stop, drain);
        thread::Builder::new().name("pauper-worker".to_owned()).spawn(listen)?;
        Ok(())
    }

    /// Serves, and ends the process.
    pub(crate) fn work(self, serve: impl FnOnce(&Self) -> ServeResult) -> ! {
        // Nothing may unwind into what called the server: that is the master's to do.
        let served = pauper_message::guard(|| Ok(serve(&self)));
        let code = match served {
            Ok(Ok(served)) => {
                if !self.told.load(Ordering::SeqCst) {
                    self.link.tell(&Report::Shutdown);
                }
                let left = u32::try_from(served.left()).unwrap_or(u32::MAX);
                self.link.tell(&Report::Left(left));
                0
            }
            Ok(Err(error)) => {
                self.link.tell(&Report::Failed(error.to_string()));
                1
            }
            Err(panic) => {
                self.link.tell(&Report::Failed(panic.log_text()));
                101
            }
        };
        let _ = io::stdout().flush();
        process::exit(code)
    }
}

/// Does what the master says until the process ends.
fn listen(link: &Link, control: &Control, told: &AtomicBool, stop: Duration, drain: Duration) {
    let mut ends_at: Option<Instant> = None;
    let mut orphan = false;
    loop {
        if let Some(ends_at) = ends_at {
            let left = ends_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Something blocks that cannot be asked to end.
                let _ = kill_process(getpid(), Signal::KILL);
            }
            if orphan {
                thread::sleep(left);
                continue;
            }
            link.set_timeout(left);
        }
        let order = match link.next() {
            Ok(Some(order)) => order,
            Ok(None) => {
                // Nobody would replace this worker, or tell it anything.
                orphan = true;
                Order::Stop
            }
            Err(_) => continue,
        };
        let posts = control.posts();
        let time = match order {
            Order::Ping => {
                // They answer to the one before.
                if posts.iter().all(|post| post.answered()) {
                    link.tell(&Report::Pong);
                }
                posts.iter().for_each(|post| post.ping());
                continue;
            }
            Order::Retire => drain,
            Order::Stop => stop,
            Order::StopNow => Duration::ZERO,
        };
        told.store(true, Ordering::SeqCst);
        ends_at = Instant::now().checked_add(time.saturating_add(GRACE));
        match order {
            Order::Ping => {}
            Order::Retire => posts.iter().for_each(|post| post.retire()),
            Order::Stop => posts.iter().for_each(|post| post.stop()),
            Order::StopNow => posts.iter().for_each(|post| post.stop_now()),
        }
        if posts.is_empty() {
            // It does not serve yet, so nobody is lost.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
