//! The master: keeps the number of workers right, whatever happens to them.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

use super::fork::{Fork, fork, leave_signals_to_master};
use super::link::{Order, Report};
use super::worker::{GRACE, Seat};
use crate::ServerConfig;
use crate::control::{Command, Control, Watched};
use crate::error::{ServeError, Served};
use crate::log_macros::{log_error, log_info, log_warn};

/// A worker that lived this long was no failure from the start, and is replaced at once.
const SOUND: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// How soon a process is looked for again that has hung up and not ended.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How long it has for that.
const ENDING: Duration = Duration::from_secs(2);
/// More workers than this are asked for by mistake.
const MOST_WORKERS: usize = 1024;

/// Which process returns.
pub(crate) enum Role {
    /// The master, after all workers have ended.
    Master(Served),
    /// A worker that is to begin.
    Worker(Seat),
}

struct Worker {
    pid: Pid,
    number: usize,
    /// None once it has hung up.
    stream: Option<UnixStream>,
    inbox: Vec<u8>,
    /// Not ready since; without meaning once it is.
    started: Instant,
    ready: Option<Instant>,
    pinged: Instant,
    /// The first ping that it has not answered.
    silent_since: Option<Instant>,
    hung_up: Option<Instant>,
    /// It is to be replaced: it has served enough, or the server was reloaded.
    worn: bool,
    stale: bool,
    /// It was told to end, and has so long for it.
    ends_at: Option<Instant>,
    killed: bool,
    left: usize,
    reason: Option<String>,
}

impl Worker {
    /// Whether it counts among those that there should be.
    fn is_fresh(&self) -> bool {
        !(self.worn || self.stale || self.ends_at.is_some() || self.killed)
    }

    fn tell(&self, order: Order) {
        if let Some(stream) = &self.stream {
            // One that does not listen is found otherwise.
            let _ = (&mut &*stream).write(&[order.to_byte()]);
        }
    }

    fn end(&mut self, order: Order, time: Duration) {
        self.tell(order);
        let ends_at = Instant::now().checked_add(time.saturating_add(GRACE + GRACE / 2));
        self.ends_at = ends_at.or(self.ends_at);
    }

    fn kill(&mut self) {
        if !self.killed {
            self.killed = true;
            // It is not waited for yet, so the number is still its own.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }

    /// All that it has said since.
    fn read(&mut self) -> Vec<Report> {
        let mut piece = [0; 1024];
        while let Some(stream) = &mut self.stream {
            match stream.read(&mut piece) {
                Ok(0) => self.hang_up(),
                Ok(n) => self.inbox.extend_from_slice(&piece[..n]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => break,
                    ErrorKind::Interrupted => {}
                    _ => self.hang_up(),
                },
            }
        }
        std::iter::from_fn(|| Report::decode(&mut self.inbox)).collect()
    }

    fn hang_up(&mut self) {
        self.stream = None;
        self.hung_up = Some(Instant::now());
    }
}

struct Master<'a> {
    config: &'a ServerConfig,
    control: &'a Control,
    /// Where commands arrive.
    commands: UnixStream,
    watched: Vec<Watched>,
    workers: Vec<Worker>,
    /// How many there should be.
    target: usize,
    random: RandomState,
    started: u64,
    /// How many workers in a row did not live, and until when none is started therefore.
    failures: u32,
    paused_until: Option<Instant>,
    /// Whether any worker was ever ready.
    has_served: bool,
    reloading: bool,
    stops: bool,
    failure: Option<ServeError>,
    left: usize,
}

/// Runs workers until the server is told to stop. Returns in each worker, too.
pub(crate) fn run(config: &ServerConfig, control: &Control) -> Result<Role, ServeError> {
    let (commands, ours) = UnixStream::pair()?;
    commands.set_nonblocking(true)?;
    ours.set_nonblocking(true)?;
    control.become_master(ours);
    let master = Master {
        config,
        control,
        commands,
        watched: Vec::new(),
        workers: Vec::new(),
        target: config.workers().clamp(1, MOST_WORKERS),
        random: RandomState::new(),
        started: 0,
        failures: 0,
        paused_until: None,
        has_served: false,
        reloading: false,
        stops: false,
        failure: None,
        left: 0,
    };
    let role = master.run();
    if !matches!(role, Ok(Role::Worker(_))) {
        control.become_nobody();
    }
    role
}

impl Master<'_> {
    fn run(mut self) -> Result<Role, ServeError> {
        loop {
            self.reap();
            if self.stops && self.workers.is_empty() {
                log_info!("stopped, {} connections were cut", self.left);
                return match self.failure.take() {
                    Some(failure) => Err(failure),
                    None => Ok(Role::Master(Served::new(self.left))),
                };
            }
            if !self.stops
                && let Some(seat) = self.replace()
            {
                return Ok(Role::Worker(seat));
            }
            self.look_after();
            if !(self.stops && self.workers.is_empty()) {
                self.wait()?;
            }
        }
    }

    /// Waits for whatever comes first, and notices it.
    fn wait(&mut self) -> io::Result<()> {
        self.watched.extend(self.control.take_watched());
        let before = Instant::now();
        let timeout = self.next_deadline().map(|at| at.saturating_duration_since(before));
        let mut files = vec![PollFd::new(&self.commands, PollFlags::IN)];
        files.extend(self.watched.iter().map(|one| PollFd::new(&one.file, PollFlags::IN)));
        let streams = self.workers.iter().filter_map(|worker| worker.stream.as_ref());
        files.extend(streams.map(|stream| PollFd::new(stream, PollFlags::IN)));
        let time = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut files, time.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |file: &PollFd<'_>| !file.revents().is_empty();
        let watched: Vec<bool> = files[1..=self.watched.len()].iter().map(is_ready).collect();
        drop(files);
        let slept = before.elapsed();
        if timeout.is_some_and(|timeout| slept > timeout + GRACE) {
            // The whole machine slept, or this process did. That is no silence of the workers.
            let now = Instant::now();
            for worker in &mut self.workers {
                worker.silent_since = worker.silent_since.map(|_| now);
                worker.started = now;
            }
        }
        self.read_reports();
        self.call_watchers(&watched);
        self.read_commands();
        Ok(())
    }

    fn next_deadline(&self) -> Option<Instant> {
        let stall = self.config.worker_stall();
        let mut all: Vec<Option<Instant>> = vec![self.paused_until.filter(|_| !self.stops)];
        for worker in &self.workers {
            if worker.hung_up.is_some() {
                all.push(Some(Instant::now() + LOOK_AGAIN));
                continue;
            }
            all.push(worker.ends_at.filter(|_| !worker.killed));
            if !stall.is_zero() && worker.ends_at.is_none() && !worker.killed {
                all.push(match worker.ready {
                    Some(_) => worker.pinged.checked_add(stall / 4),
                    None => worker.started.checked_add(stall),
                });
                all.push(worker.silent_since.and_then(|since| since.checked_add(stall)));
            }
        }
        all.into_iter().flatten().min()
    }

    fn read_reports(&mut self) {
        for index in 0..self.workers.len() {
            let reports = self.workers[index].read();
            for report in reports {
                let worker = &mut self.workers[index];
                match report {
                    Report::Ready => {
                        worker.ready = Some(Instant::now());
                        worker.pinged = Instant::now();
                        self.has_served = true;
                    }
                    Report::Pong => worker.silent_since = None,
                    Report::Worn => worker.worn = true,
                    Report::Shutdown => {
                        // It is on its way out.
                        worker.end(Order::Stop, self.config.stop_time());
                        self.stop(Order::Stop);
                    }
                    Report::Left(left) => worker.left = left as usize,
                    Report::Failed(reason) => worker.reason = Some(reason),
                }
            }
        }
    }

    fn call_watchers(&mut self, ready: &[bool]) {
        let mut ready = ready.iter();
        let control = self.control;
        self.watched.retain_mut(|one| {
            if !ready.next().copied().unwrap_or(false) {
                return true;
            }
            let mut bytes = [0; 1024];
            let n = match rustix::io::read(one.file.as_fd(), &mut bytes) {
                Ok(n) => n,
                // Whoever shares the file was faster.
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return true,
                Err(_) => 0,
            };
            (one.callback)(control, &bytes[..n]);
            n > 0
        });
    }

    fn read_commands(&mut self) {
        let mut bytes = [0; 256];
        while let Ok(n @ 1..) = self.commands.read(&mut bytes) {
            for command in bytes[..n].iter().filter_map(|byte| Command::from_byte(*byte)) {
                match command {
                    Command::Retire => self.stop(Order::Retire),
                    Command::Stop => self.stop(Order::Stop),
                    Command::StopNow => self.stop(Order::StopNow),
                    Command::Reload => self.reload(),
                    Command::Grow => {
                        self.target = (self.target + 1).min(MOST_WORKERS);
                        log_info!("{} workers from now on", self.target);
                    }
                    Command::Shrink => {
                        self.target = self.target.saturating_sub(1).max(1);
                        log_info!("{} workers from now on", self.target);
                    }
                }
            }
        }
    }

    fn stop(&mut self, order: Order) {
        if !self.stops {
            log_info!("stopping, with {} workers", self.workers.len());
        }
        self.stops = true;
        let time = match order {
            Order::Retire => self.config.drain_time(),
            Order::Stop => self.config.stop_time(),
            Order::Ping | Order::StopNow => Duration::ZERO,
        };
        for worker in &mut self.workers {
            if worker.ready.is_none() {
                // It answers nobody yet, and would hear of this when its factory is done.
                worker.ends_at = Some(Instant::now());
                worker.kill();
            } else {
                worker.end(order, time);
            }
        }
    }

    fn reload(&mut self) {
        if self.stops {
            return;
        }
        log_info!("reloading: {} new workers", self.target);
        self.reloading = true;
        self.failures = 0;
        self.paused_until = None;
        for worker in &mut self.workers {
            // One that is not ready yet may be of use or not, and nobody waits for it.
            worker.stale = true;
        }
    }

    /// A new worker did not live: those from before the reload go on.
    fn abandon_reload(&mut self) {
        log_error!("the reload is abandoned, workers from before it go on");
        self.reloading = false;
        let drain = self.config.drain_time();
        for worker in self.workers.iter_mut().filter(|worker| worker.ends_at.is_none()) {
            if worker.stale {
                worker.stale = false;
            } else if worker.ready.is_some() {
                worker.end(Order::Retire, drain);
            } else {
                worker.ends_at = Some(Instant::now());
                worker.kill();
            }
        }
    }

    /// Buries the dead.
    fn reap(&mut self) {
        let mut index = 0;
        while let Some(worker) = self.workers.get_mut(index) {
            // Only these: a process may have other children.
            match waitpid(Some(worker.pid), WaitOptions::NOHANG) {
                Ok(None) => {
                    if worker.hung_up.is_some_and(|since| since.elapsed() > ENDING) {
                        worker.kill();
                    }
                    index += 1;
                }
                Ok(Some((_, status))) => self.bury(index, Some(status)),
                Err(rustix::io::Errno::INTR) => {}
                // Somebody else waited for it.
                Err(_) => self.bury(index, None),
            }
        }
    }

    fn bury(&mut self, index: usize, status: Option<WaitStatus>) {
        // Its last words may be unread.
        self.read_reports();
        let worker = self.workers.remove(index);
        self.left += worker.left;
        let mut how = match (status.and_then(|it| it.terminating_signal()), status) {
            (Some(signal), _) => format!("was ended by signal {signal}"),
            (None, Some(status)) => {
                format!("ended with code {}", status.exit_status().unwrap_or_default())
            }
            (None, None) => "ended".to_owned(),
        };
        if let Some(reason) = &worker.reason {
            how = format!("{how}: {reason}");
        }
        let name = format!("worker {} (process {})", worker.number, worker.pid);
        if worker.ends_at.is_some() {
            let was_killed = status.is_some_and(|status| status.signaled());
            if was_killed && worker.ready.is_some() {
                // Whoever it worked for was cut, and it could not say how many they were.
                self.left += 1;
            }
            log_info!("{name} {how}");
            return;
        }
        if self.stops {
            return;
        }
        log_error!("{name} {how}");
        if !self.has_served {
            // What keeps the very first one from serving keeps all.
            let what = worker.reason.unwrap_or_else(|| format!("a worker {how}"));
            self.failure = Some(ServeError::worker(what));
            self.stop(Order::StopNow);
            return;
        }
        if self.reloading && worker.ready.is_none() && !worker.stale {
            self.abandon_reload();
        }
        if worker.ready.is_some_and(|ready| ready.elapsed() >= SOUND) {
            self.failures = 0;
        } else {
            self.pause();
        }
    }

    /// No worker is started for a while, the longer the more often one failed.
    fn pause(&mut self) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(LAST_PAUSE);
        self.failures += 1;
        self.paused_until = Instant::now().checked_add(pause);
        log_warn!("the next worker is started in {pause:?}");
    }

    /// Starts those that lack, and retires those that are too many. Gives the seat of a new worker
    /// in that worker.
    fn replace(&mut self) -> Option<Seat> {
        let fresh = |workers: &[Worker]| workers.iter().filter(|one| one.is_fresh()).count();
        while fresh(&self.workers) < self.target {
            if self.paused_until.is_some_and(|until| Instant::now() < until) {
                break;
            }
            self.paused_until = None;
            match self.start() {
                Ok(None) => {}
                Ok(Some(seat)) => return Some(seat),
                Err(error) => {
                    if !self.has_served {
                        self.failure = Some(error.into());
                        self.stop(Order::StopNow);
                        return None;
                    }
                    log_error!("cannot start a worker: {error}");
                    if self.reloading {
                        self.abandon_reload();
                    }
                    self.pause();
                    break;
                }
            }
        }
        let drain = self.config.drain_time();
        let too_many = fresh(&self.workers).saturating_sub(self.target);
        let fresh = self.workers.iter_mut().filter(|worker| worker.is_fresh());
        // The youngest ones go: the numbers that stay are those from 0 on.
        let mut fresh: Vec<&mut Worker> = fresh.collect();
        fresh.sort_by_key(|worker| std::cmp::Reverse(worker.number));
        fresh.into_iter().take(too_many).for_each(|worker| worker.end(Order::Retire, drain));
        let ready = |worker: &&Worker| worker.is_fresh() && worker.ready.is_some();
        if self.workers.iter().filter(ready).count() >= self.target {
            if std::mem::take(&mut self.reloading) {
                log_info!("reloaded");
            }
            for worker in &mut self.workers {
                if (worker.worn || worker.stale) && worker.ends_at.is_none() {
                    worker.end(Order::Retire, drain);
                }
            }
        }
        None
    }

    fn start(&mut self) -> io::Result<Option<Seat>> {
        let taken = |number: &usize| self.workers.iter().any(|worker| worker.number == *number);
        let number = (0..).find(|number| !taken(number)).unwrap_or_default();
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        self.started += 1;
        let mut limit = self.config.worker_requests();
        if limit > 0 {
            // Not all at the same time.
            limit = limit.saturating_add(self.random.hash_one(self.started) % (limit / 10 + 1));
        }
        match fork()? {
            Fork::Worker => {
                leave_signals_to_master();
                Ok(Some(Seat::new(theirs, number, limit)))
            }
            Fork::Master(pid) => {
                log_info!("worker {number} is process {pid}");
                let now = Instant::now();
                self.workers.push(Worker {
                    pid,
                    number,
                    stream: Some(ours),
                    inbox: Vec::new(),
                    started: now,
                    ready: None,
                    pinged: now,
                    silent_since: None,
                    hung_up: None,
                    worn: false,
                    stale: false,
                    ends_at: None,
                    killed: false,
                    left: 0,
                    reason: None,
                });
                Ok(None)
            }
        }
    }

    /// Pings, and ends those that are stuck or late.
    fn look_after(&mut self) {
        let now = Instant::now();
        let stall = self.config.worker_stall();
        for worker in &mut self.workers {
            if let Some(ends_at) = worker.ends_at {
                if now >= ends_at && !worker.killed {
                    log_warn!("worker {} did not end in time and is killed", worker.number);
                    worker.kill();
                }
                continue;
            }
            if stall.is_zero() || worker.killed || worker.hung_up.is_some() {
                continue;
            }
            if worker.ready.is_some() && now >= worker.pinged + stall / 4 {
                worker.pinged = now;
                worker.silent_since.get_or_insert(now);
                worker.tell(Order::Ping);
            }
            let since = match worker.ready {
                Some(_) => worker.silent_since,
                None => Some(worker.started),
            };
            if since.is_some_and(|since| now.saturating_duration_since(since) >= stall) {
                let what = if worker.ready.is_some() { "is stuck" } else { "is not ready" };
                log_error!("worker {} {what} after {stall:?} and is killed", worker.number);
                worker.kill();
            }
        }
    }
}
