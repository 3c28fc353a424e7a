//! Unix sockets, which are files.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use socket2::{Domain, SockAddr, Socket, Type};

use super::Listener;
use super::tcp::BACKLOG;

/// A Unix socket to listen on: where its file is, and who may connect.
///
/// A file that a dead server left behind is replaced; one that somebody listens on is not, and
/// neither is a file that is no socket. When the server has stopped the file is removed, if it is
/// still the same and the process that made it: not by the children of that.
///
/// ```no_run
/// use pauper_server::UnixSocket;
///
/// let listener = UnixSocket::new("/run/hello/socket").mode(0o660).listen()?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct UnixSocket {
    path: PathBuf,
    mode: u32,
    user: Option<u32>,
    group: Option<u32>,
}

impl UnixSocket {
    /// A socket at this path, for the owner of the process alone.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), mode: 0o600, user: None, group: None }
    }

    /// The permissions of the file; whoever may write may connect. Default 0600.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// The owner of the file, by number, and its group; `None` leaves them those of the process.
    #[must_use]
    pub fn owner(mut self, user: Option<u32>, group: Option<u32>) -> Self {
        self.user = user;
        self.group = group;
        self
    }

    /// Listens.
    ///
    /// # Errors
    /// [`AddrInUse`](ErrorKind::AddrInUse) if somebody listens there,
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) if there is something that is no socket, and
    /// whatever prevents a file there, or its owner and mode. The error names the path.
    pub fn listen(&self) -> io::Result<Listener> {
        let told = |error: io::Error| {
            let text = format!("cannot listen on unix:{}: {error}", self.path.display());
            io::Error::new(error.kind(), text)
        };
        let (socket, file) = self.bind().map_err(told)?;
        let mut listener = Listener::from(socket);
        listener.file = Some(Arc::new(file));
        Ok(listener)
    }

    fn bind(&self) -> io::Result<(UnixListener, SocketFile)> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Of two servers that start at once the second one must not take the first one's socket for
        // a dead one, before it listens. Whoever cannot lock the folder has to do without.
        let lock = File::open(folder)?;
        let _ = flock(&lock, FlockOperation::LockExclusive);
        remove_if_dead(&self.path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(&self.path)?)?;
        let made = self.finish(&socket);
        if made.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        let file = made?;
        Ok((socket.into(), file))
    }

    fn finish(&self, socket: &Socket) -> io::Result<SocketFile> {
        // Nobody can connect to a socket that does not listen, so nobody comes before the mode is
        // what it should be.
        if self.user.is_some() || self.group.is_some() {
            chown(&self.path, self.user, self.group)?;
        }
        fs::set_permissions(&self.path, Permissions::from_mode(self.mode))?;
        socket.listen(BACKLOG)?;
        // A relative path would be another one in another folder.
        let path = std::path::absolute(&self.path)?;
        let identity = identity(&path)?;
        Ok(SocketFile { path, identity, process: process::id() })
    }
}

/// Removes the socket of a server that is gone.
fn remove_if_dead(path: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !kind.is_socket() {
        return Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "there is something that is no socket",
        ));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, "another process listens there")),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// What tells a file from another one that came to its place. The number of a file is soon given to
/// another one, so the time of its last change belongs to it.
type Identity = (u64, u64, i64, i64);

fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

/// The file of a socket, which goes when this is dropped.
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    process: u32,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // A child that was forked has a copy of this.
        let is_ours = self.process == process::id();
        if is_ours && identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
