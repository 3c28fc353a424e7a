//! Sockets that whoever started this process has opened for it, as systemd does.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::process;

use rustix::io::{FdFlags, fcntl_setfd};
use socket2::{SockRef, Type};

use super::Listener;

/// The first descriptor that is passed on, after those for input, output and errors.
const FIRST: RawFd = 3;
/// The most descriptors that are looked at: more than any limit of open files, usually.
const MOST: usize = 4096;

/// The sockets that a process inherits by the protocol of systemd (`sd_listen_fds`): what its
/// environment says of them.
///
/// This crate never looks into the environment, so the values of three variables are given to it:
///
/// ```no_run
/// use pauper_server::{InheritedSockets, Server};
///
/// let env = |name| std::env::var(name).ok();
/// let (pid, fds, names) = (env("LISTEN_PID"), env("LISTEN_FDS"), env("LISTEN_FDNAMES"));
/// let inherited = InheritedSockets::new(pid.as_deref(), fds.as_deref(), names.as_deref())?;
/// let server = Server::from_listeners(inherited.listeners()?)?;
/// # std::io::Result::Ok(())
/// ```
///
/// Whoever starts other programs should remove the variables for them; the descriptors themselves
/// are not passed on once [`listeners`](Self::listeners) was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InheritedSockets {
    names: Vec<Box<str>>,
}

impl InheritedSockets {
    /// Reads the values of `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`. Without the first two,
    /// or where they are meant for another process, nothing is inherited.
    ///
    /// # Errors
    /// When they cannot be understood, or the numbers of names and of descriptors differ.
    pub fn new(pid: Option<&str>, fds: Option<&str>, names: Option<&str>) -> io::Result<Self> {
        let (Some(pid), Some(fds)) = (pid, fds) else { return Ok(Self::default()) };
        let bad = |text: String| io::Error::new(ErrorKind::InvalidInput, text);
        let Ok(pid) = pid.parse::<u32>() else {
            return Err(bad(format!("LISTEN_PID is no number of a process: {pid:?}")));
        };
        if pid != process::id() {
            return Ok(Self::default());
        }
        let count = fds.parse().ok().filter(|count| *count <= MOST);
        let Some(count) = count else {
            return Err(bad(format!("LISTEN_FDS is no number up to {MOST}: {fds:?}")));
        };
        let names: Vec<Box<str>> = match names {
            Some(names) if count > 0 => names.split(':').map(Box::from).collect(),
            _ => vec![Box::default(); count],
        };
        if names.len() != count {
            let text = format!("LISTEN_FDNAMES has {} names for {count} sockets", names.len());
            return Err(bad(text));
        }
        Ok(Self { names })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Takes them: TCP sockets and Unix ones, in their order. They stay open in the process when
    /// the server has stopped, so that clients wait for whoever inherits them next instead of being
    /// turned away.
    ///
    /// # Errors
    /// When one of the descriptors is not open, or no stream socket that listens; the error has its
    /// number and name.
    pub fn listeners(&self) -> io::Result<Vec<Listener>> {
        let mut all = Vec::with_capacity(self.names.len());
        for (number, name) in (FIRST..).zip(&self.names) {
            let told = |error: io::Error| {
                let text = format!("inherited socket {number} ({name:?}): {error}");
                io::Error::new(error.kind(), text)
            };
            let mut listener = duplicate(number).and_then(adopt).map_err(told)?;
            listener.name = Some(name.clone()).filter(|name| !name.is_empty());
            all.push(listener);
        }
        Ok(all)
    }
}

/// A descriptor of our own for what an inherited one stands for. The inherited one stays open, and
/// is not passed on to programs that this process starts.
#[expect(unsafe_code, reason = "a number from outside has no safe way to become a descriptor")]
fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: `borrow_raw` wants a number other than -1, which those from 3 on are, of a descriptor
    // that is open while it is borrowed. Whoever passes the protocol's values says that it is, and
    // nothing of this process has it: it was opened before the process began. The borrowed value
    // does not leave this function. If all that was a lie the system calls here answer EBADF or
    // duplicate a descriptor of somebody else, who loses nothing by it: nothing is closed.
    let inherited = unsafe { BorrowedFd::borrow_raw(number) };
    let own = inherited.try_clone_to_owned()?;
    fcntl_setfd(inherited, FdFlags::CLOEXEC)?;
    Ok(own)
}

/// Makes sure that it is a stream socket that listens.
pub(super) fn adopt(own: OwnedFd) -> io::Result<Listener> {
    let bad = |text| io::Error::new(ErrorKind::InvalidInput, text);
    let socket = SockRef::from(&own);
    let kind = socket.r#type().map_err(|_| bad("it is no socket"))?;
    if kind != Type::STREAM || !socket.is_listener()? {
        return Err(bad("it is no stream socket that listens"));
    }
    let address = socket.local_addr()?;
    if address.is_unix() {
        Ok(UnixListener::from(own).into())
    } else if address.as_socket().is_some() {
        Ok(TcpListener::from(own).into())
    } else {
        Err(bad("it is neither a TCP nor a Unix socket"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_the_environment() {
        let own = process::id().to_string();
        let count = |pid, fds, names| {
            InheritedSockets::new(pid, fds, names).map(|all| all.len()).map_err(|e| e.to_string())
        };
        let pid = Some(own.as_str());
        assert_eq!(count(None, None, None), Ok(0));
        assert_eq!(count(pid, None, None), Ok(0));
        assert_eq!(count(None, Some("2"), None), Ok(0));
        assert_eq!(count(Some("1"), Some("2"), None), Ok(0));
        assert_eq!(count(pid, Some("0"), Some("")), Ok(0));
        assert_eq!(count(pid, Some("2"), None), Ok(2));
        assert_eq!(count(pid, Some("2"), Some("http:admin")), Ok(2));
        for (pid, fds, names, error) in [
            (Some("x"), "1", None, "LISTEN_PID"),
            (pid, "-1", None, "LISTEN_FDS"),
            (pid, "", None, "LISTEN_FDS"),
            (pid, "99999999999999999999", None, "LISTEN_FDS"),
            (pid, "4097", None, "LISTEN_FDS"),
            (pid, "2", Some("http"), "LISTEN_FDNAMES"),
        ] {
            let text = count(pid, Some(fds), names).expect_err(error);
            assert!(text.contains(error), "{text}");
        }
    }
}
