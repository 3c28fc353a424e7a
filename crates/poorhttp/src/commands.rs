//! What is done to a daemon that runs already, and how one is put in the background.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::birth::{self, Birth};
use crate::daemon::print;
use crate::options::Options;
use crate::pidfile::{Look, look};
use crate::registry::Apps;

/// How long a process may take that has only to end or to begin.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// `check`: whether all of it could be served, and what is set.
pub(crate) fn check(options: &Options, apps: &Apps) -> Result<ExitCode, String> {
    apps.make(options)?;
    print(&options.listing())?;
    Ok(ExitCode::SUCCESS)
}

/// `digest`: files of passwords.
pub(crate) fn digest(words: &[OsString]) -> Result<ExitCode, String> {
    Ok(crate::digest::command(words))
}

/// `start`: puts the daemon in the background, and waits until it serves.
pub(crate) fn start(options: &Options, args: &[OsString]) -> Result<ExitCode, String> {
    writable(options)?;
    crate::privileges::wanted(options)?;
    if let Look::Running(pid) = look_at(options)? {
        return Err(match pid {
            Some(pid) => format!("it runs already, with pid {pid}"),
            None => "it is being started already".to_owned(),
        });
    }
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let args = args.get(1..).unwrap_or_default();
    let (mut child, mut socket) = birth::start(&program, args, Birth::Start, &[])
        .map_err(|error| format!("cannot start: {error}"))?;
    if birth::wait(&mut socket) {
        print(&format!("poorhttp is running, with pid {}\n", child.id()))?;
        return Ok(ExitCode::SUCCESS);
    }
    // It has said why.
    let code = child.wait().ok().and_then(|status| status.code());
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Whether the files can be written, before anything begins.
fn writable(options: &Options) -> Result<(), String> {
    let logs = [options.error_log(), options.access_log()]
        .into_iter()
        .filter(|place| place.contains('/') && !place.contains(':'))
        .map(PathBuf::from);
    for path in logs.chain(options.pidfile().map(Path::to_owned)) {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        let file = rustix::fs::Access::WRITE_OK | rustix::fs::Access::READ_OK;
        let told = |path: &Path, error: rustix::io::Errno| {
            format!("cannot write to {}: {error}", path.display())
        };
        match fs::metadata(&path) {
            Ok(_) => rustix::fs::access(&path, file).map_err(|error| told(&path, error))?,
            Err(_) => rustix::fs::access(folder, access).map_err(|error| told(&path, error))?,
        }
    }
    Ok(())
}

/// `stop`: tells it to stop, and waits until it has.
pub(crate) fn stop(options: &Options) -> Result<ExitCode, String> {
    let Look::Running(_) = look_at(options)? else {
        print("poorhttp is not running\n")?;
        return Ok(ExitCode::SUCCESS);
    };
    send(options, Signal::TERM)?;
    let end = Instant::now() + options.stop_time() + PATIENCE;
    while let Look::Running(_) = look_at(options)? {
        if end < Instant::now() {
            return Err("it does not stop".to_owned());
        }
        thread::sleep(PAUSE);
    }
    print("poorhttp has stopped\n")?;
    Ok(ExitCode::SUCCESS)
}

/// `restart`: a new process takes the place of the one that runs; or one is started.
pub(crate) fn restart(options: &Options, args: &[OsString]) -> Result<ExitCode, String> {
    let Look::Running(old) = look_at(options)? else { return start(options, args) };
    send(options, Signal::USR2)?;
    let end = Instant::now() + PATIENCE;
    while end > Instant::now() {
        match look_at(options)? {
            // The number changes when it serves.
            Look::Running(Some(new)) if Some(new) != old => {
                print(&format!("poorhttp is running, with pid {new}\n"))?;
                return Ok(ExitCode::SUCCESS);
            }
            _ => thread::sleep(PAUSE),
        }
    }
    Err("no new process took over; the error log says why, and the old one goes on".to_owned())
}

/// `reload`: it reads the configuration again, which was found right before this runs.
pub(crate) fn reload(options: &Options) -> Result<ExitCode, String> {
    send(options, Signal::HUP)?;
    Ok(ExitCode::SUCCESS)
}

/// `logrotate`: it opens its logs again.
pub(crate) fn logrotate(options: &Options) -> Result<ExitCode, String> {
    send(options, Signal::USR1)?;
    Ok(ExitCode::SUCCESS)
}

/// `status`: whether it runs.
pub(crate) fn status(options: &Options) -> Result<ExitCode, String> {
    let file = options.pidfile().unwrap_or(Path::new("")).display().to_string();
    let (text, code) = match look_at(options)? {
        Look::Running(Some(pid)) => (format!("poorhttp is running, with pid {pid}"), 0),
        Look::Running(None) => ("poorhttp is being started".to_owned(), 0),
        Look::Stale => (format!("poorhttp is not running; it left {file} behind"), 1),
        Look::Missing => ("poorhttp is not running".to_owned(), 1),
    };
    print(&format!("{text}\n"))?;
    Ok(ExitCode::from(code))
}

fn look_at(options: &Options) -> Result<Look, String> {
    let path = options.pidfile().ok_or("there is no pid file in the foreground")?;
    look(path).map_err(|error| format!("pid file {}: {error}", path.display()))
}

fn send(options: &Options, signal: Signal) -> Result<(), String> {
    let Look::Running(Some(pid)) = look_at(options)? else {
        return Err("it is not running".to_owned());
    };
    let pid = Pid::from_raw(pid).ok_or("the pid file has no number")?;
    kill_process(pid, signal).map_err(|error| format!("cannot signal the process: {error}"))
}
