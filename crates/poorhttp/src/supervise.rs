//! The main thread while the server runs: waits for signals and for the server's end.
//!
//! A server with one configuration is a generation. When the configuration is read again a new
//! generation begins on the same sockets, and the old one finishes what it has under way; a new
//! program takes the place of this one in the same way, with the sockets handed over.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use pauper::server::Control;
use pauper::{App, Server};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use crate::access::AccessLog;
use crate::birth::{self, Birth};
use crate::logger::{self, say};
use crate::notify::Notify;
use crate::options::{Mode, Options};
use crate::pidfile::PidFile;
use crate::registry::Apps;
use crate::sink::Sink;
use crate::sockets::{self, Bound};
use crate::{daemon, logs};

/// How long the server may take to stop at once. A handler that blocks longer than this keeps its
/// thread from stopping, so the process ends without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// What happens.
enum Event {
    Signal(i32),
    /// A generation ended: how many connections it had to cut, or why it failed.
    Ended(u64, Result<usize, String>),
    /// The new process serves, or ended before it did.
    Successor(Option<i32>),
}

/// What runs.
pub(crate) struct Supervisor {
    options: Options,
    args: Vec<OsString>,
    apps: Apps,
    access: Arc<AccessLog>,
    notify: Notify,
    events: Receiver<Event>,
    sender: Sender<Event>,
    /// In the background: where streams are led that nobody reads.
    pub(crate) background: Option<File>,
    /// This program, unless its path is out of reach.
    pub(crate) program: Option<PathBuf>,
    pub(crate) pidfile: Option<PidFile>,
    pub(crate) bound: Vec<Bound>,
    /// The newest one last. Its number, and how it is told.
    generations: Vec<(u64, Control)>,
    started: u64,
    /// The next generation, where only one at a time may run.
    next: Option<Arc<App>>,
    /// Connections that had to be cut, of all generations.
    cut: usize,
    stopping: bool,
    /// The signal that told to stop at once, and when to end in any case.
    forced: Option<(i32, Instant)>,
    /// A new process is being started.
    expecting: bool,
    /// A new process serves in place of this one.
    succeeded: bool,
}

/// How long clients may keep a connection to a server of one thread that is followed by another.
const SINGLE_DRAIN: Duration = Duration::from_millis(500);

impl Supervisor {
    pub(crate) fn new(
        options: Options,
        args: Vec<OsString>,
        apps: Apps,
        access_log: Sink,
    ) -> Result<Self, String> {
        let (sender, events) = mpsc::channel();
        watch_signals(sender.clone())?;
        let access = AccessLog::start(access_log, logs::format(&options)?, daemon::say_text);
        Ok(Self {
            options,
            args,
            apps,
            access: Arc::new(access),
            notify: Notify::from_environment(),
            events,
            sender,
            background: None,
            program: None,
            pidfile: None,
            bound: Vec::new(),
            generations: Vec::new(),
            started: 0,
            next: None,
            cut: 0,
            stopping: false,
            forced: None,
            expecting: false,
            succeeded: false,
        })
    }

    /// Begins the first generation.
    pub(crate) fn start(&mut self, app: Arc<App>) -> Result<(), String> {
        let line = daemon::serving(&self.options, &app, &self.bound);
        self.begin(app)?;
        if let Some(pidfile) = &mut self.pidfile {
            pidfile.write().map_err(|error| format!("pid file: {error}"))?;
        }
        say(line);
        log::info!("pid {}", process::id());
        self.notify.send("READY=1");
        Ok(())
    }

    /// Begins a generation with the sockets and options that are there.
    fn begin(&mut self, app: Arc<App>) -> Result<(), String> {
        let listeners = self
            .bound
            .iter()
            .map(|bound| bound.for_server(&self.options))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        let lines = Arc::clone(&self.access);
        let mut config =
            self.options.server_config().with_on_access(move |record| lines.record(record));
        if self.options.mode() == Mode::Single {
            // The next one waits until this one has gone, and clients wait with it.
            let drain_time = config.drain_time().min(SINGLE_DRAIN);
            config = config.with_drain_time(drain_time);
        }
        let server =
            Server::from_listeners(listeners).map_err(|error| error.to_string())?.config(config);
        self.started += 1;
        let (number, control, mode) = (self.started, server.control(), self.options.mode());
        let sender = self.sender.clone();
        let serve = move || {
            let result = match mode {
                // Forking has a master of its own, and becomes this one only with a restart.
                Mode::Threading | Mode::Forking => server.run(app),
                Mode::Single => server.run_single(app),
            };
            let result = result.map(|served| served.left()).map_err(|error| error.to_string());
            let _ = sender.send(Event::Ended(number, result));
        };
        thread::Builder::new()
            .name("server".to_owned())
            .spawn(serve)
            .map_err(|error| error.to_string())?;
        self.generations.push((number, control));
        Ok(())
    }

    /// Waits for what happens, until all generations have ended.
    pub(crate) fn run(mut self) -> Result<ExitCode, String> {
        let failed = loop {
            let patience =
                self.forced.map(|(_, end)| end.saturating_duration_since(Instant::now()));
            let wait = [patience, self.notify.watchdog()].into_iter().flatten().min();
            let event = match wait {
                None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => self.events.recv_timeout(wait),
            };
            if self.notify.watchdog().is_some() {
                self.notify.send("WATCHDOG=1");
            }
            match event {
                Ok(Event::Signal(signal)) => self.signal(signal),
                Ok(Event::Successor(pid)) => self.successor(pid),
                Ok(Event::Ended(number, result)) => {
                    let newest = self.generations.last().is_some_and(|(last, _)| *last == number);
                    self.generations.retain(|(other, _)| *other != number);
                    match result {
                        Ok(left) => self.cut += left,
                        Err(why) if newest => break Some(why),
                        Err(why) => log::error!("an older generation failed: {why}"),
                    }
                    if let Some(app) = self.next.take() {
                        if let Err(why) = self.begin(app) {
                            break Some(why);
                        }
                        self.reloaded();
                    } else if newest && !self.stopping {
                        // A handler told the server to stop.
                        self.stop();
                    }
                    if self.generations.is_empty() {
                        break None;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some((signal, end)) = self.forced
                        && end <= Instant::now()
                    {
                        self.tidy();
                        process::exit(128 + signal);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            }
        };
        self.access.finish();
        let forced = self.forced;
        if failed.is_none() {
            match self.cut {
                0 => say("stopped"),
                1 => say("stopped; 1 connection had to be cut"),
                cut => say(format_args!("stopped; {cut} connections had to be cut")),
            }
        }
        self.tidy();
        match failed {
            Some(why) => Err(why),
            None => Ok(forced.map_or(ExitCode::SUCCESS, |(signal, _)| {
                ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
            })),
        }
    }

    /// Removes what this process leaves on the disk, unless another one has taken it over.
    fn tidy(&mut self) {
        let pidfile = self.pidfile.take();
        let bound = std::mem::take(&mut self.bound);
        if self.succeeded {
            // The files of Unix sockets would go with the values.
            std::mem::forget(bound);
            return;
        }
        bound.iter().for_each(Bound::remove_file);
        if let Some(pidfile) = pidfile {
            pidfile.remove();
        }
    }

    fn signal(&mut self, signal: i32) {
        let name = signal_name(signal).unwrap_or("signal");
        match signal {
            SIGTERM | SIGINT if !self.stopping => {
                say(format_args!(
                    "{name}: no new connections, finishing what is under way (again to stop at once)"
                ));
                self.stop();
            }
            SIGTERM | SIGINT => {
                say(format_args!("{name}: stopping at once"));
                self.forced.get_or_insert((signal, Instant::now() + PATIENCE));
                self.generations.iter().for_each(|(_, control)| control.stop_now());
            }
            SIGUSR1 => self.reopen(),
            _ if self.stopping || self.expecting => {
                log::warn!("{name} is ignored while the daemon is being stopped or replaced");
            }
            SIGHUP => {
                self.reopen();
                self.reload();
            }
            SIGUSR2 => self.replace(),
            _ => {}
        }
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.next = None;
        if !self.succeeded {
            self.notify.send("STOPPING=1");
        }
        self.generations.iter().for_each(|(_, control)| control.stop());
    }

    /// Opens the logs again, after somebody moved them away.
    fn reopen(&self) {
        self.access.reopen();
        logger::reopen();
        if let Some(null) = &self.background {
            daemon::lead_errors(null);
        }
        log::info!("logs opened again");
    }

    /// Reads the configuration again. Whatever is wrong with it, the old one stays.
    fn reload(&mut self) {
        self.notify.reloading();
        if let Err(why) = self.try_reload() {
            log::error!("the old configuration stays: {}", crate::escape::OneLine(&why));
            say("reload failed");
            self.notify.send("READY=1");
        }
    }

    fn try_reload(&mut self) -> Result<(), String> {
        let options = daemon::read_options(&self.args).map_err(|error| error.to_string())?;
        self.apps.check(&options)?;
        let format = logs::format(&options)?;
        let app = self.apps.make(&options)?;
        let pool = self.bound.iter().map(Bound::try_clone).collect::<Result<Vec<_>, _>>();
        let bound = sockets::bind(&options, pool.map_err(|error| error.to_string())?, None)?;
        let changed = |name: &str| options.text(name) != self.options.text(name);
        for name in ["user", "group", "chroot", "pidfile", "umask"] {
            if changed(name) {
                log::warn!(
                    "{name} has changed, which takes effect when the daemon is started anew"
                );
            }
        }
        // Files that are open already stay open, should they not be reachable any more.
        if changed("errorlog") || changed("format") {
            logs::install(&options, logs::open_error_log(&options)?);
        }
        if changed("accesslog") || changed("accessformat") {
            self.access.replace(logs::open_access_log(&options)?, format);
        }
        log::set_max_level(options.log_level());
        let one_at_a_time = [self.options.mode(), options.mode()].contains(&Mode::Single);
        self.options = options;
        self.bound = bound;
        let old: Vec<Control> =
            self.generations.iter().map(|(_, control)| control.clone()).collect();
        if one_at_a_time {
            self.next = Some(app);
        } else {
            self.begin(app)?;
            self.reloaded();
        }
        old.iter().for_each(Control::retire);
        Ok(())
    }

    fn reloaded(&self) {
        self.notify.send("READY=1");
        say("configuration read again");
    }

    /// Starts a new process that takes over the sockets.
    fn replace(&mut self) {
        if let Err(why) = self.try_replace() {
            log::error!("no new process: {why}");
            say("restart failed");
        }
    }

    fn try_replace(&mut self) -> Result<(), String> {
        let program = self.program.as_ref().ok_or("this program is out of reach after chroot")?;
        // Its mistakes are told here, where the old process can say that it goes on.
        daemon::read_options(&self.args).map_err(|error| error.to_string())?;
        let mut things: Vec<_> = self.bound.iter().map(Bound::handed).collect();
        if let Some(pidfile) = &self.pidfile {
            use std::os::fd::AsFd as _;
            things.push(("pidfile".to_owned(), pidfile.file().as_fd()));
        }
        let args = self.args.get(1..).unwrap_or_default();
        let (mut child, mut socket) = birth::start(program, args, Birth::Takeover, &things)
            .map_err(|error| error.to_string())?;
        self.expecting = true;
        let sender = self.sender.clone();
        let wait = move || {
            let pid = birth::wait(&mut socket).then(|| i32::try_from(child.id()).ok()).flatten();
            let _ = sender.send(Event::Successor(pid));
            // Should it end before this process does.
            let _ = child.wait();
        };
        let thread = thread::Builder::new().name("successor".to_owned()).spawn(wait);
        thread.map(|_| ()).map_err(|error| error.to_string())
    }

    fn successor(&mut self, pid: Option<i32>) {
        self.expecting = false;
        match pid {
            Some(pid) => {
                self.succeeded = true;
                self.notify.send(&format!("MAINPID={pid}"));
                say(format_args!("the process {pid} goes on with the sockets"));
                self.stopping = true;
                self.next = None;
                self.generations.iter().for_each(|(_, control)| control.retire());
            }
            None => {
                // It may have written its number before it ended.
                if let Some(Err(error)) = self.pidfile.as_mut().map(PidFile::write) {
                    log::error!("pid file: {error}");
                }
                log::error!("the new process ended before it served; this one goes on");
                say("restart failed");
            }
        }
    }
}

fn watch_signals(sender: Sender<Event>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("cannot watch for signals: {error}");
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2]).map_err(told)?;
    let watch = move || {
        for signal in signals.forever() {
            if sender.send(Event::Signal(signal)).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch).map(|_| ()).map_err(told)
}
