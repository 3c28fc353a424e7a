//! Where lines of logs go: a file, a stream, syslog or the journal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use log::Level;

const SYSLOG: &str = "/dev/log";
const JOURNAL: &str = "/run/systemd/journal/socket";
/// What the lines are called there.
const NAME: &str = "poorhttp";
/// The facility of daemons.
const FACILITY: u8 = 3;

/// Where lines go.
pub(crate) enum Sink {
    Off,
    Stdout,
    Stderr,
    File { path: PathBuf, file: File },
    Syslog { path: PathBuf, socket: UnixDatagram },
    Journal { path: PathBuf, socket: UnixDatagram },
}

impl Sink {
    /// `-`, `off`, `syslog` or `journald` (each also with `:SOCKET`), or a file. `stream` is what `-`
    /// stands for.
    pub(crate) fn open(place: &str, stream: fn() -> Self) -> io::Result<Self> {
        let (kind, socket) = match place.split_once(':') {
            Some((kind @ ("syslog" | "journald"), path)) => (kind, Some(path)),
            _ => (place, None),
        };
        let told = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("cannot write to {}: {error}", path.display()))
        };
        let connected = |usual: &str| {
            let path = PathBuf::from(socket.unwrap_or(usual));
            let socket = UnixDatagram::unbound()?;
            // A reader that does not read must not stop the server.
            socket.set_nonblocking(true)?;
            socket.connect(&path).map_err(|error| told(&path, error))?;
            io::Result::Ok((path, socket))
        };
        Ok(match kind {
            "-" => stream(),
            "off" => Self::Off,
            "syslog" => {
                let (path, socket) = connected(SYSLOG)?;
                Self::Syslog { path, socket }
            }
            "journald" => {
                let (path, socket) = connected(JOURNAL)?;
                Self::Journal { path, socket }
            }
            _ => {
                let path = PathBuf::from(place);
                let file = open_file(&path).map_err(|error| told(&path, error))?;
                Self::File { path, file }
            }
        })
    }

    /// Writes whole lines, each with its end.
    pub(crate) fn write(&mut self, level: Level, lines: &str) -> io::Result<()> {
        match self {
            Self::Off => Ok(()),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush())
            }
            Self::Stderr => io::stderr().lock().write_all(lines.as_bytes()),
            Self::File { file, .. } => file.write_all(lines.as_bytes()),
            Self::Syslog { path, socket } => each(lines, path, socket, |line| {
                let priority = FACILITY * 8 + severity(level);
                // Without a time: the daemon that receives it knows what time it is.
                format!("<{priority}>{NAME}[{}]: {line}", std::process::id())
            }),
            Self::Journal { path, socket } => each(lines, path, socket, |line| {
                let severity = severity(level);
                format!("PRIORITY={severity}\nSYSLOG_IDENTIFIER={NAME}\nMESSAGE={line}\n")
            }),
        }
    }

    /// Opens it anew by its name, after somebody moved the file away. What cannot be opened stays.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        match self {
            Self::File { path, file } => *file = open_file(path)?,
            Self::Syslog { path, socket } | Self::Journal { path, socket } => {
                let again = UnixDatagram::unbound()?;
                again.set_nonblocking(true)?;
                again.connect(&*path)?;
                *socket = again;
            }
            Self::Off | Self::Stdout | Self::Stderr => {}
        }
        Ok(())
    }

    /// Its file, if it is one.
    pub(crate) fn file(&self) -> Option<&File> {
        match self {
            Self::File { file, .. } => Some(file),
            _ => None,
        }
    }
}

fn each(
    lines: &str,
    path: &Path,
    socket: &mut UnixDatagram,
    message: impl Fn(&str) -> String,
) -> io::Result<()> {
    let mut result = Ok(());
    for line in lines.lines() {
        let message = message(line);
        let sent = socket.send(message.as_bytes()).or_else(|error| match error.kind() {
            // The reader was started anew.
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
            | io::ErrorKind::ConnectionReset => {
                socket.connect(path)?;
                socket.send(message.as_bytes())
            }
            _ => Err(error),
        });
        if let Err(error) = sent {
            result = Err(error);
        }
    }
    result
}

fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    // A pipe without a reader is an error, not a reason to wait for ever.
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits();
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .custom_flags(i32::try_from(flags).unwrap_or_default())
        .open(path)?;
    Ok(file)
}

/// Another owner for a file that root opened.
pub(crate) fn give(file: impl AsFd, user: u32, group: u32) -> io::Result<()> {
    let user = rustix::fs::Uid::from_raw(user);
    let group = rustix::fs::Gid::from_raw(group);
    Ok(rustix::fs::fchown(file, Some(user), Some(group))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(kind: &str, level: Level, lines: &str) -> Vec<String> {
        let folder = std::env::temp_dir().join(format!("sink-{kind}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("socket");
        let _ = std::fs::remove_file(&path);
        let reader = UnixDatagram::bind(&path).unwrap();
        reader.set_nonblocking(true).unwrap();
        let place = format!("{kind}:{}", path.display());
        let mut sink = Sink::open(&place, || Sink::Off).unwrap();
        sink.write(level, lines).unwrap();
        let mut space = [0; 4096];
        let mut all = Vec::new();
        while let Ok(len) = reader.recv(&mut space) {
            all.push(String::from_utf8(space[..len].to_vec()).unwrap());
        }
        // A reader that is started anew gets the next line.
        drop(reader);
        std::fs::remove_file(&path).unwrap();
        let reader = UnixDatagram::bind(&path).unwrap();
        sink.write(level, "again\n").unwrap();
        let len = reader.recv(&mut space).unwrap();
        assert!(String::from_utf8_lossy(&space[..len]).contains("again"));
        std::fs::remove_dir_all(&folder).unwrap();
        all
    }

    #[test]
    fn syslog_gets_a_message_for_each_line() {
        let id = std::process::id();
        let expected = [format!("<28>poorhttp[{id}]: a"), format!("<28>poorhttp[{id}]: b")];
        assert_eq!(received("syslog", Level::Warn, "a\nb\n"), expected);
    }

    #[test]
    fn the_journal_gets_fields() {
        let expected = ["PRIORITY=3\nSYSLOG_IDENTIFIER=poorhttp\nMESSAGE=a\n"];
        assert_eq!(received("journald", Level::Error, "a\n"), expected);
    }
}
