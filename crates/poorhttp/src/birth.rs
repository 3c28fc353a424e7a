//! A process that starts another one of itself, and what it hands over: in the background, and when
//! a new program takes the place of the old one.
//!
//! Both ends talk over a Unix socket, which the new process has as its standard input: so no number
//! of a descriptor has to be told or trusted, and nothing here is unsafe.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Tells a process why it was started.
pub(crate) const VARIABLE: &str = "POORHTTP_BIRTH";
/// What the system passes on in one message.
const MOST: usize = 253;
const READY: &[u8] = b"ready\n";

/// Why this process was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    /// To serve in the background, by a command that waits until it does.
    Start,
    /// To take the place of the process that started it.
    Takeover,
}

impl Birth {
    pub(crate) fn from_environment() -> Option<Self> {
        match std::env::var(VARIABLE).ok()?.as_str() {
            "start" => Some(Self::Start),
            "takeover" => Some(Self::Takeover),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Takeover => "takeover",
        }
    }
}

/// Something that is handed over, with its name.
pub(crate) struct Handed {
    pub(crate) name: String,
    pub(crate) fd: OwnedFd,
}

/// Starts this program again. What it says on standard output and errors goes where ours goes.
pub(crate) fn start(
    program: &Path,
    args: &[OsString],
    birth: Birth,
    things: &[(String, BorrowedFd<'_>)],
) -> io::Result<(Child, UnixStream)> {
    let (own, other) = UnixStream::pair()?;
    let mut command = Command::new(program);
    command
        .args(args)
        .env(VARIABLE, birth.word())
        // They are meant for this process.
        .env_remove("LISTEN_PID")
        .env_remove("LISTEN_FDS")
        .env_remove("LISTEN_FDNAMES")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::from(OwnedFd::from(other)));
    let child = command.spawn()?;
    drop(command);
    hand_over(&own, things)?;
    Ok((child, own))
}

/// Sends names and descriptors: one line with how many bytes the names take, then the names.
fn hand_over(socket: &UnixStream, things: &[(String, BorrowedFd<'_>)]) -> io::Result<()> {
    if things.len() > MOST {
        return Err(io::Error::other(format!("more than {MOST} sockets cannot be passed on")));
    }
    let names: String = things.iter().map(|(name, _)| format!("{name}\n")).collect();
    let text = format!("{}\n{names}", names.len());
    let fds: Vec<BorrowedFd<'_>> = things.iter().map(|(_, fd)| *fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&fds));
    }
    let bytes = text.as_bytes();
    let sent = sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    let mut socket = socket;
    socket.write_all(&bytes[sent..])
}

/// Takes what was handed over, on standard input.
pub(crate) fn receive() -> io::Result<Vec<Handed>> {
    receive_from(io::stdin().as_fd())
}

fn receive_from(socket: BorrowedFd<'_>) -> io::Result<Vec<Handed>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut fds: Vec<OwnedFd> = Vec::new();
    let mut text = Vec::new();
    loop {
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; 4096];
        let flags = RecvFlags::CMSG_CLOEXEC;
        let got = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags)?.bytes;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                fds.extend(rights);
            }
        }
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&bytes[..got]);
        let whole = String::from_utf8_lossy(&text);
        let Some((length, names)) = whole.split_once('\n') else { continue };
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "what was handed over is garbled");
        let length: usize = length.parse().map_err(|_| bad())?;
        if names.len() < length {
            continue;
        }
        let names: Vec<String> = names.lines().map(str::to_owned).collect();
        if names.len() != fds.len() {
            return Err(bad());
        }
        return Ok(names.into_iter().zip(fds).map(|(name, fd)| Handed { name, fd }).collect());
    }
}

/// Tells whoever started this process that it serves.
pub(crate) fn ready() -> io::Result<()> {
    rustix::io::write(io::stdin(), READY)?;
    Ok(())
}

/// Waits until the new process serves. False: it ended before that.
pub(crate) fn wait(socket: &mut UnixStream) -> bool {
    let mut answer = [0; READY.len()];
    socket.read_exact(&mut answer).is_ok() && answer == *READY
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn sockets_are_handed_over_with_their_names() {
        let (own, other) = UnixStream::pair().unwrap();
        let sockets: Vec<TcpListener> =
            (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        // More than one read takes.
        let name = |n: usize| format!("{n}:{}", "x".repeat(3000));
        let things: Vec<(String, BorrowedFd<'_>)> =
            sockets.iter().enumerate().map(|(n, socket)| (name(n), socket.as_fd())).collect();
        hand_over(&own, &things).unwrap();
        let handed = receive_from(other.as_fd()).unwrap();
        assert_eq!(handed.len(), 3);
        for (n, one) in handed.into_iter().enumerate() {
            assert_eq!(one.name, name(n));
            let address = TcpListener::from(one.fd).local_addr().unwrap();
            assert_eq!(address, sockets[n].local_addr().unwrap());
        }
    }

    #[test]
    fn nothing_and_an_early_end() {
        let (own, other) = UnixStream::pair().unwrap();
        hand_over(&own, &[]).unwrap();
        assert!(receive_from(other.as_fd()).unwrap().is_empty());
        drop(own);
        assert!(receive_from(other.as_fd()).is_err());
        let (mut own, other) = UnixStream::pair().unwrap();
        drop(other);
        assert!(!wait(&mut own));
    }
}
