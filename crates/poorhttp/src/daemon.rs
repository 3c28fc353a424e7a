//! From the command line to the end.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use pauper::App;

use crate::birth::{self, Birth};
use crate::escape::OneLine;
use crate::forking::Master;
use crate::logger::say;
use crate::options::{Mode, Options, Task, UsageError, World};
use crate::pidfile::PidFile;
use crate::registry::Apps;
use crate::supervise::Supervisor;
use crate::{commands, logs, privileges, sockets};

pub(crate) const NAME_AND_VERSION: &str =
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Makes an application a daemon: reads the command line, the environment and the configuration
/// file, serves until a signal says to stop, and writes the logs.
///
/// Returns what `main` should return: 0 after a graceful end, also if some connections had to be
/// cut; 1 if it could not serve; 2 if the options cannot be understood; 128 and the number of the
/// signal if a second one ended it.
///
/// When the configuration is read again, the application stays as it is.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use pauper::{App, Request};
///
/// fn main() -> ExitCode {
///     let mut app = App::new("clock");
///     app.get("/", |req: &mut Request| format!("{:?}", req.received()));
///     poorhttp::run(app)
/// }
/// ```
pub fn run(app: App) -> ExitCode {
    main(Apps::one(app))
}

/// As [`run`], with an application that depends on the options. It is not made when there is
/// nothing to serve, as with `--help`; and it is made anew when the configuration is read again.
pub fn run_with(app: impl Fn(&Options) -> App + Send + Sync + 'static) -> ExitCode {
    main(Apps::Made(Box::new(app)))
}

/// The whole program.
pub(crate) fn main(apps: Apps) -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let options = match read_options(&args).and_then(|options| {
        let serves = !matches!(options.task(), Task::Help | Task::Version | Task::Digest);
        if serves {
            apps.check(&options).map_err(UsageError::new)?;
        }
        Ok(options)
    }) {
        Ok(options) => options,
        Err(error) => {
            complain(format_args!("{error}; --help lists the options"));
            return ExitCode::from(2);
        }
    };
    let birth = Birth::from_environment();
    let result = match options.task() {
        Task::Help => print(&options.help()).map(|()| ExitCode::SUCCESS),
        Task::Version => print(&format!("{NAME_AND_VERSION}\n")).map(|()| ExitCode::SUCCESS),
        Task::Check => commands::check(&options, &apps),
        Task::Digest => commands::digest(options.words()),
        Task::Stop => commands::stop(&options),
        Task::Reload => commands::reload(&options),
        Task::Status => commands::status(&options),
        Task::Logrotate => commands::logrotate(&options),
        Task::Restart if birth.is_none() => commands::restart(&options, &args),
        Task::Serve if birth.is_none() && !options.foreground() => commands::start(&options, &args),
        Task::Serve | Task::Restart => serve(options, args, apps, birth),
    };
    result.unwrap_or_else(|why| {
        complain(&why);
        ExitCode::FAILURE
    })
}

/// Reads the command line, the environment and the file.
pub(crate) fn read_options(args: &[OsString]) -> Result<Options, UsageError> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let world = World { environment, read: &|path: &Path| std::fs::read_to_string(path) };
    Options::read(args.to_vec(), &world)
}

/// One line for whoever started the program.
pub(crate) fn complain(why: impl Display) {
    let line = format!("{}: {}\n", env!("CARGO_PKG_NAME"), why);
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))
}

/// Serves until it is told to stop, or says why it cannot.
///
/// The order is that of what only root may do: logs, pid file, sockets, their owners, and then
/// the groups and the user, before anything of the application runs.
fn serve(
    options: Options,
    args: Vec<OsString>,
    apps: Apps,
    birth: Option<Birth>,
) -> Result<ExitCode, String> {
    let background = !options.foreground();
    // Before anything can change what the name stands for.
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    if birth == Some(Birth::Start) {
        // Away from the terminal: whoever started this one leads its group, so this one does not.
        rustix::process::setsid().map_err(|error| format!("a session of its own: {error}"))?;
    }
    // Later it may be out of reach.
    let null = OpenOptions::new().read(true).write(true).open("/dev/null");
    let handed = match birth {
        None => Vec::new(),
        Some(_) => birth::receive().map_err(|error| format!("nothing was handed over: {error}"))?,
    };
    if let Some(mask) = options.umask() {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
    }
    if background {
        // What is in the memory of a server is nobody's business.
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    }

    let error_log = logs::open_error_log(&options)?;
    let access_log = logs::open_access_log(&options)?;
    let owned_logs = [&error_log, &access_log].map(logs::descriptor);
    logs::install(&options, error_log);
    if options.older_layout() {
        log::info!("the configuration file has the older layout, with everything in [http]");
    }

    let (mut pool, mut lock) = (Vec::new(), None);
    for thing in handed {
        match thing.name.as_str() {
            "pidfile" => lock = Some(thing.fd),
            _ => pool.push(thing),
        }
    }
    let pidfile = match (options.pidfile(), lock) {
        (Some(path), Some(lock)) => Some(PidFile::inherit(path, lock)?),
        (Some(path), None) => Some(PidFile::take(path)?),
        (None, _) => None,
    };
    // From here on whatever fails has to remove it again.
    let started = (|| {
        let identity = privileges::wanted(&options)?;
        let owner = identity.as_ref().map(|one| (one.user.as_raw(), one.group.as_raw()));
        let pool = match birth {
            Some(Birth::Takeover) => sockets::handed(pool)?,
            _ => sockets::given()?,
        };
        let bound = sockets::bind(&options, pool, owner)?;
        if let Some((user, group)) = owner {
            let give = |file: &std::fs::File| {
                crate::sink::give(file, user, group)
                    .map_err(|error| format!("the owner of a file: {error}"))
            };
            owned_logs.iter().flatten().try_for_each(&give)?;
            pidfile.as_ref().map(PidFile::file).map_or(Ok(()), &give)?;
        }
        if let Some(folder) = options.for_daemon("chroot") {
            privileges::chroot(Path::new(folder))?;
        }
        if let Some(identity) = &identity {
            identity.assume()?;
        }
        let app = apps.make(&options)?;
        Ok((bound, app))
    })();
    let (bound, app) = match started {
        Ok(started) => started,
        Err(why) => {
            // A successor that fails leaves the file to the old process.
            match (pidfile, birth) {
                (Some(_), Some(Birth::Takeover)) | (None, _) => {}
                (Some(pidfile), _) => pidfile.remove(),
            }
            return Err(why);
        }
    };
    drop(owned_logs);

    if privileges::is_root() {
        log::warn!("root answers requests; `start` with user = NAME becomes somebody else");
    }
    let chrooted = options.for_daemon("chroot").is_some();
    let program = (!chrooted).then_some(program);
    let tell = move || match birth {
        None => Ok(()),
        Some(_) => birth::ready().map_err(|error| format!("nobody waits any more: {error}")),
    };
    if options.mode() == Mode::Forking {
        drop(access_log);
        let mut master = Master::new(options, args, apps);
        (master.program, master.pidfile, master.bound) = (program, pidfile, bound);
        return master.run(&app, || {
            tell()?;
            if let (Some(_), Ok(null)) = (birth, &null) {
                detach(null, background);
            }
            Ok(())
        });
    }
    let mut supervisor = Supervisor::new(options, args, apps, access_log)?;
    (supervisor.program, supervisor.pidfile, supervisor.bound) = (program, pidfile, bound);
    supervisor.start(app)?;
    tell()?;
    if let (Some(_), Ok(null)) = (birth, null) {
        detach(&null, background);
        supervisor.background = background.then_some(null);
    }
    supervisor.run()
}

/// Lets go of the streams of whoever started this process, in favour of `/dev/null`; what panics
/// and libraries write to standard error belongs to the error log.
fn detach(null: &File, background: bool) {
    let _ = rustix::stdio::dup2_stdin(null);
    if background {
        let _ = rustix::stdio::dup2_stdout(null);
        lead_errors(null);
    }
}

/// Leads standard error to the error log, or to `/dev/null` where that is no file.
pub(crate) fn lead_errors(null: &File) {
    let file = crate::logger::file();
    let _ = rustix::stdio::dup2_stderr(file.as_ref().unwrap_or(null));
}

/// The line that says what is served, and where to look.
pub(crate) fn serving(options: &Options, app: &App, bound: &[sockets::Bound]) -> String {
    let folder = match options.root() {
        Some(root) => format!("{} and ", root.display()),
        None => String::new(),
    };
    let what = format!("{folder}{}", app.name());
    let places: Vec<String> = bound.iter().map(sockets::Bound::url).collect();
    let how = if options.foreground() { " (Ctrl-C stops)" } else { "" };
    format!("{NAME_AND_VERSION} serving {} on {}{how}", OneLine(&what), places.join(" and "))
}

/// What `say` is for a thread that has only text.
pub(crate) fn say_text(text: &str) {
    say(text);
}
