//! The mode of several processes. The master must not have a second thread, so signals come to it
//! through pipes that the server's loop watches, and the access log is each worker's own.

use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{self, Child, ExitCode};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pauper::message::{CheckError, Plan, Request, Response, Service};
use pauper::server::Control;
use pauper::{App, Server};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::low_level::{pipe, signal_name};

use crate::access::AccessLog;
use crate::birth::{self, Birth};
use crate::logger::{self, say};
use crate::notify::Notify;
use crate::options::Options;
use crate::pidfile::PidFile;
use crate::registry::Apps;
use crate::sockets::Bound;
use crate::{daemon, logs};

/// The access log of a worker.
static ACCESS: OnceLock<AccessLog> = OnceLock::new();

/// What the master has to know when something happens.
pub(crate) struct Master {
    pub(crate) options: Options,
    pub(crate) args: Vec<OsString>,
    pub(crate) apps: Apps,
    pub(crate) program: Option<PathBuf>,
    pub(crate) pidfile: Option<PidFile>,
    pub(crate) bound: Vec<Bound>,
    notify: Notify,
    stopping: bool,
    forced: Option<i32>,
    /// The new process that is to take over.
    successor: Option<Child>,
    succeeded: bool,
}

type Shared = Arc<Mutex<Master>>;

/// What a worker serves; its log is written to the end before the process ends.
struct Worker(Arc<App>);

impl Service for Worker {
    fn begin(&self, req: &mut Request) -> Plan {
        self.0.begin(req)
    }

    fn call(&self, req: &mut Request) -> Response {
        self.0.call(req)
    }

    fn check(&self) -> Result<(), CheckError> {
        self.0.check()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(log) = ACCESS.get() {
            log.finish();
        }
    }
}

impl Master {
    pub(crate) fn new(options: Options, args: Vec<OsString>, apps: Apps) -> Self {
        Self {
            options,
            args,
            apps,
            program: None,
            pidfile: None,
            bound: Vec::new(),
            notify: Notify::from_environment(),
            stopping: false,
            forced: None,
            successor: None,
            succeeded: false,
        }
    }

    /// Serves until it is told to stop. `ready` is called when clients can connect.
    pub(crate) fn run(
        mut self,
        name: &App,
        ready: impl FnOnce() -> Result<(), String>,
    ) -> Result<ExitCode, String> {
        let told = |error: std::io::Error| error.to_string();
        let listeners = self.bound.iter().map(|bound| bound.for_server(&self.options));
        let listeners = listeners.collect::<Result<Vec<_>, _>>().map_err(told)?;
        let config = self.options.server_config().with_on_access(|record| {
            if let Some(log) = ACCESS.get() {
                log.record(record);
            }
        });
        let server = Server::from_listeners(listeners).map_err(told)?.config(config);
        if let Some(pidfile) = &mut self.pidfile {
            pidfile.write().map_err(told)?;
        }
        say(daemon::serving(&self.options, name, &self.bound));
        log::info!("pid {}", process::id());
        self.notify.send("READY=1");
        let watchdog = self.notify.watchdog();
        let master = Arc::new(Mutex::new(self));
        let control = server.control();
        watch_signals(&control, &master).map_err(told)?;
        if let Some(period) = watchdog {
            let timer = timer(period).map_err(told)?;
            let master = Arc::clone(&master);
            control.watch(timer, move |_, _| lock(&master).notify.send("WATCHDOG=1"));
        }
        ready()?;

        let made = Arc::clone(&master);
        let served = server.run_forking(move || worker(&lock(&made)));
        let mut master = lock(&master);
        master.tidy();
        match served.map_err(|error| error.to_string())?.left() {
            0 => say("stopped"),
            1 => say("stopped; 1 connection had to be cut"),
            left => say(format_args!("stopped; {left} connections had to be cut")),
        }
        Ok(master.forced.map_or(ExitCode::SUCCESS, |signal| {
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
        }))
    }

    fn signal(&mut self, signal: i32, control: &Control) -> Option<UnixStream> {
        let name = signal_name(signal).unwrap_or("signal");
        self.look_after_successor();
        match signal {
            SIGTERM | SIGINT if !self.stopping => {
                say(format_args!(
                    "{name}: no new connections, finishing what is under way (again to stop at once)"
                ));
                self.stopping = true;
                self.notify.send("STOPPING=1");
                control.stop();
            }
            SIGTERM | SIGINT => {
                say(format_args!("{name}: stopping at once"));
                self.forced = Some(signal);
                control.stop_now();
            }
            _ if self.stopping || self.successor.is_some() => {
                log::warn!("{name} is ignored while the daemon is being stopped or replaced");
            }
            SIGUSR1 => {
                logger::reopen();
                // New workers open the access log by its name.
                control.reload();
                log::info!("logs opened again");
            }
            SIGHUP => {
                logger::reopen();
                self.notify.reloading();
                match self.reload() {
                    Ok(()) => {
                        control.reload();
                        say("configuration read again");
                    }
                    Err(why) => {
                        log::error!(
                            "the old configuration stays: {}",
                            crate::escape::OneLine(&why)
                        );
                        say("reload failed");
                    }
                }
                self.notify.send("READY=1");
            }
            SIGUSR2 => match self.replace() {
                Ok(socket) => return Some(socket),
                Err(why) => {
                    log::error!("no new process: {why}");
                    say("restart failed");
                }
            },
            _ => {}
        }
        None
    }

    /// Takes the new configuration, which the next workers are made by.
    fn reload(&mut self) -> Result<(), String> {
        let options = daemon::read_options(&self.args).map_err(|error| error.to_string())?;
        self.apps.check(&options)?;
        self.apps.make(&options)?;
        logs::open_access_log(&options)?;
        logs::install(&options, logs::open_error_log(&options)?);
        if options.places() != self.options.places()
            || options.limits() != self.options.limits()
            || options.mode() != self.options.mode()
        {
            log::warn!("addresses, limits and the type take effect with `restart`");
        }
        self.options = options;
        Ok(())
    }

    fn replace(&mut self) -> Result<UnixStream, String> {
        let program = self.program.as_ref().ok_or("this program is out of reach after chroot")?;
        daemon::read_options(&self.args).map_err(|error| error.to_string())?;
        let mut things: Vec<_> = self.bound.iter().map(Bound::handed).collect();
        if let Some(pidfile) = &self.pidfile {
            things.push(("pidfile".to_owned(), pidfile.file().as_fd()));
        }
        let args = self.args.get(1..).unwrap_or_default();
        let (child, socket) = birth::start(program, args, Birth::Takeover, &things)
            .map_err(|error| error.to_string())?;
        self.successor = Some(child);
        Ok(socket)
    }

    /// Forgets a new process that ended before it served.
    fn look_after_successor(&mut self) {
        let ended = |child: &mut Child| matches!(child.try_wait(), Ok(Some(_)));
        if !self.succeeded && self.successor.as_mut().is_some_and(ended) {
            self.successor = None;
            if let Some(Err(error)) = self.pidfile.as_mut().map(PidFile::write) {
                log::error!("pid file: {error}");
            }
            log::error!("the new process ended before it served; this one goes on");
        }
    }

    /// The new process serves.
    fn succeeded(&mut self, control: &Control) {
        let Some(pid) = self.successor.as_ref().map(Child::id) else { return };
        self.succeeded = true;
        self.stopping = true;
        self.notify.send(&format!("MAINPID={pid}"));
        say(format_args!("the process {pid} goes on with the sockets"));
        control.retire();
    }

    fn tidy(&mut self) {
        let bound = std::mem::take(&mut self.bound);
        if self.succeeded {
            std::mem::forget(bound);
            return;
        }
        bound.iter().for_each(Bound::remove_file);
        if let Some(pidfile) = self.pidfile.take() {
            pidfile.remove();
        }
    }
}

fn lock(master: &Shared) -> MutexGuard<'_, Master> {
    master.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a new worker: its log and its application. What is wrong is told to the master.
fn worker(master: &Master) -> Worker {
    let log = logs::open_access_log(&master.options).and_then(|sink| {
        Ok(AccessLog::start(sink, logs::format(&master.options)?, daemon::say_text))
    });
    let app = log.and_then(|log| {
        let _ = ACCESS.set(log);
        master.apps.make(&master.options)
    });
    match app {
        Ok(app) => Worker(app),
        Err(why) => std::panic::resume_unwind(Box::new(why)),
    }
}

fn watch_signals(control: &Control, master: &Shared) -> std::io::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] {
        let (reader, writer) = UnixStream::pair()?;
        pipe::register(signal, writer)?;
        let master = Arc::clone(master);
        control.watch(reader, move |control, _| {
            let socket = lock(&master).signal(signal, control);
            if let Some(socket) = socket {
                let master = Arc::clone(&master);
                control.watch(socket, move |control, _| lock(&master).succeeded(control));
            }
        });
    }
    Ok(())
}

/// Something to read again and again.
fn timer(period: std::time::Duration) -> std::io::Result<std::os::fd::OwnedFd> {
    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
    let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
    let time = Timespec {
        tv_sec: i64::try_from(period.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(period.subsec_nanos()),
    };
    let every = Itimerspec { it_interval: time, it_value: time };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every)?;
    Ok(timer)
}
