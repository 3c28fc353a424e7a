//! SIGTERM and SIGINT.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use pauper::server::Control;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use crate::stderr::say;

/// How long the server may take to stop at once. A handler that blocks longer than this keeps its
/// thread from stopping, so the process ends without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Which signals came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The signal that told to stop at once; 0 before it came.
    forced: Arc<AtomicI32>,
}

impl Seen {
    /// The exit code by which shells know a process that a signal ended, if one did.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.forced.load(Ordering::Relaxed) {
            0 => None,
            signal => u8::try_from(128 + signal).ok(),
        }
    }
}

/// Stops the server gracefully at the first signal, and at once at the second.
pub(crate) fn watch(control: Control) -> io::Result<Seen> {
    let seen = Seen::default();
    let forced = seen.forced.clone();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            say(format_args!(
                "{}: no new connections, finishing what is under way (again to stop at once)",
                signal_name(signal).unwrap_or("signal")
            ));
            control.stop();
        }
        if let Some(signal) = signals.next() {
            say(format_args!("{}: stopping at once", signal_name(signal).unwrap_or("signal")));
            forced.store(signal, Ordering::Relaxed);
            control.stop_now();
            thread::sleep(PATIENCE);
            process::exit(128 + signal);
        }
    })?;
    Ok(seen)
}
