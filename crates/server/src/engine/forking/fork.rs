//! The fork itself, and what a new process does before anything else. All unsafe code of the engine
//! is here.
#![allow(unsafe_code)]

use std::io::{self, Write as _};

use rustix::process::Pid;

/// Which of the two processes this is.
pub(super) enum Fork {
    /// The one that was before, and the new one's number.
    Master(Pid),
    /// The new one.
    Worker,
}

/// Makes a copy of this process.
///
/// # Errors
/// When the process has more than one thread, of which the copy would lack all but this one while
/// their locks stay locked; or when the system has no room for another process.
pub(super) fn fork() -> io::Result<Fork> {
    if let Some(threads) = threads()
        && threads != 1
    {
        return Err(io::Error::other(format!(
            "cannot fork: this process has {threads} threads, and a copy would have one; start \
             threads in the factory, which every worker calls"
        )));
    }
    // What is buffered would be written by both.
    let _ = io::stdout().flush();
    let _ = io::stderr().flush();
    // SAFETY: The process has one thread, as the system just told (where it does not tell,
    // `Server::run_forking` demands it in words). So nobody else has a lock or is in the middle of
    // anything, and the copy may do whatever this process may.
    let result = unsafe { libc::fork() };
    match result {
        0 => Ok(Fork::Worker),
        number => match Pid::from_raw(number) {
            Some(pid) if number > 0 => Ok(Fork::Master(pid)),
            _ => Err(io::Error::last_os_error()),
        },
    }
}

/// How many threads this process has, where the system tells.
fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// Signals by which processes are told what to do.
const ORDERS: [libc::c_int; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGWINCH,
];

/// For a worker: what the master does on signals is not done here a second time.
///
/// A terminal and some service managers send signals to all processes at once, so those that the
/// master catches do nothing in a worker. They are not ignored, because programs that a handler
/// starts would inherit that. The others do what they do in any process.
pub(super) fn leave_signals_to_master() {
    extern "C" fn nothing(_: libc::c_int) {}
    let nothing: extern "C" fn(libc::c_int) = nothing;
    for signal in ORDERS {
        if is_caught(signal) {
            set(signal, nothing as libc::sighandler_t);
        }
    }
    if is_caught(libc::SIGCHLD) {
        set(libc::SIGCHLD, libc::SIG_DFL);
    }
}

fn is_caught(signal: libc::c_int) -> bool {
    // SAFETY: All zero is a valid `sigaction`, which is written here and read nowhere before.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: Asks only; `action` is valid for writes, and the null pointer is allowed.
    let result = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
    result == 0 && ![libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction)
}

fn set(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: All zero is a valid `sigaction`: no flags, no mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: `action` is valid, and `handler` is either the default or a function of one argument
    // that does nothing, which is safe at any moment.
    unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
}
