//! Sockets that listen.

#[cfg(unix)]
mod inherited;
mod tcp;
#[cfg(unix)]
mod unix;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use pauper_message::Network;

#[cfg(unix)]
pub use inherited::InheritedSockets;
#[cfg(unix)]
use unix::SocketFile;
#[cfg(unix)]
pub use unix::UnixSocket;

/// A socket that listens, and on what terms its connections are taken: encrypted or not, behind a
/// proxy or not.
///
/// [`Server::from_listeners`](crate::Server::from_listeners) takes any number of them:
///
/// ```no_run
/// use pauper_server::{Listener, ServeResult, Server, UnixSocket};
///
/// fn main() -> ServeResult {
///     let mut listeners = Listener::bind("localhost:8080")?;
///     listeners.extend(Listener::bind_first("192.0.2.1", [80, 8000])?);
///     listeners.push(UnixSocket::new("/run/hello/socket").mode(0o660).listen()?);
///     Server::from_listeners(listeners)?.run(|_: &mut pauper_message::Request| "Hello!")
/// }
/// ```
pub struct Listener {
    socket: ListeningSocket,
    name: Option<Box<str>>,
    terms: Terms,
    #[cfg(unix)]
    file: Option<Arc<SocketFile>>,
}

pub(crate) enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// On what terms the connections of a listener are taken.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    /// The peers that have to begin with a header of the PROXY protocol; those of a Unix socket all
    /// have to, if there is such a list.
    pub(crate) proxies: Option<Arc<[Network]>>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::Tls>,
}

impl Terms {
    /// Whether a peer has to begin with a header of the PROXY protocol.
    pub(crate) fn expects_proxy(&self, remote: Option<SocketAddr>) -> bool {
        self.proxies.as_ref().is_some_and(|networks| match remote {
            Some(remote) => networks.iter().any(|network| network.contains(remote.ip())),
            None => true,
        })
    }
}

impl Listener {
    fn new(socket: ListeningSocket) -> Self {
        Self {
            socket,
            name: None,
            terms: Terms::default(),
            #[cfg(unix)]
            file: None,
        }
    }

    /// Listens on every address that `addr` stands for: `localhost:8080` is 127.0.0.1, and `[::1]`
    /// where there is IPv6. An address that this machine does not have is left out, unless none
    /// remains. Port 0 is a free port, the same for all addresses; see
    /// [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    /// When the name is unknown or an address cannot be had; the error names it.
    pub fn bind(addr: impl ToSocketAddrs) -> io::Result<Vec<Self>> {
        Ok(tcp::listen(addr)?.into_iter().map(Self::from).collect())
    }

    /// Listens on a host at the first of these ports that nobody else uses on any of its addresses.
    ///
    /// # Errors
    /// As [`bind`](Self::bind); [`AddrInUse`](io::ErrorKind::AddrInUse) if all ports are taken.
    pub fn bind_first(host: &str, ports: impl IntoIterator<Item = u16>) -> io::Result<Vec<Self>> {
        Ok(tcp::listen_first(host, ports)?.into_iter().map(Self::from).collect())
    }

    /// Encrypts its connections; see [`Tls`](crate::Tls).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: &crate::Tls) -> Self {
        self.terms.tls = Some(tls.clone());
        self
    }

    /// Takes who the client is from a header of the PROXY protocol, version 1 or 2, that peers
    /// within these networks have to send before anything else. Over a Unix socket, whose peers
    /// have no address, all have to: its mode says who can be one.
    ///
    /// A header that is wrong, longer than
    /// [4,096 bytes](pauper_wire::proxy_protocol::MAX_LENGTH) or slower than
    /// [`ServerConfig::with_head_time`](crate::ServerConfig::with_head_time) closes the connection.
    /// Peers elsewhere are clients like any: a header of theirs is no HTTP, and status 400.
    #[must_use]
    pub fn with_proxy_protocol(mut self, from: impl IntoIterator<Item = Network>) -> Self {
        self.terms.proxies = Some(from.into_iter().collect());
        self
    }

    /// The address that it listens on, with the port that was chosen; none of a Unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            ListeningSocket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            ListeningSocket::Unix(_) => None,
        }
    }

    /// The path of a Unix socket.
    #[must_use]
    pub fn path(&self) -> Option<std::path::PathBuf> {
        match &self.socket {
            ListeningSocket::Tcp(_) => None,
            #[cfg(unix)]
            ListeningSocket::Unix(socket) => {
                socket.local_addr().ok()?.as_pathname().map(Path::to_owned)
            }
        }
    }

    /// The name that it was inherited by, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Has one queue of connections for all loops, instead of one for each where the system can do
    /// that: whoever waits in it waits for any process that has the socket, so that a server may
    /// stop when another one goes on with the same socket and nobody is turned away. Nobody else can
    /// share the port.
    ///
    /// # Errors
    /// When the option of the socket cannot be set.
    pub fn with_one_queue(self) -> io::Result<Self> {
        #[cfg(unix)]
        if let ListeningSocket::Tcp(socket) = &self.socket {
            socket2::SockRef::from(socket).set_reuse_port(false)?;
        }
        Ok(self)
    }

    /// The same socket once more, on the same terms.
    ///
    /// # Errors
    /// When there can be no more descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            ListeningSocket::Tcp(socket) => ListeningSocket::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            ListeningSocket::Unix(socket) => ListeningSocket::Unix(socket.try_clone()?),
        };
        Ok(Self {
            socket,
            name: self.name.clone(),
            terms: self.terms.clone(),
            #[cfg(unix)]
            file: self.file.clone(),
        })
    }

    /// A socket that another process passed on, of either kind.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is no stream socket that listens.
    #[cfg(unix)]
    pub fn from_fd(fd: std::os::fd::OwnedFd) -> io::Result<Self> {
        inherited::adopt(fd)
    }

    /// Another one for another loop: with a socket of its own where the system spreads connections
    /// over such, the same one again elsewhere.
    pub(crate) fn another(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            ListeningSocket::Tcp(socket) => ListeningSocket::Tcp(tcp::another(socket)?),
            #[cfg(unix)]
            ListeningSocket::Unix(socket) => ListeningSocket::Unix(socket.try_clone()?),
        };
        Ok(Self {
            socket,
            name: self.name.clone(),
            terms: self.terms.clone(),
            #[cfg(unix)]
            file: self.file.clone(),
        })
    }

    /// The very same one for another loop.
    #[cfg(unix)]
    pub(crate) fn same(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            ListeningSocket::Tcp(socket) => ListeningSocket::Tcp(socket.try_clone()?),
            ListeningSocket::Unix(socket) => ListeningSocket::Unix(socket.try_clone()?),
        };
        let (name, terms) = (self.name.clone(), self.terms.clone());
        Ok(Self { socket, name, terms, file: self.file.clone() })
    }

    pub(crate) fn into_parts(self) -> (ListeningSocket, Terms) {
        (self.socket, self.terms)
    }

    /// What is to be kept while the server runs, and dropped when it has stopped.
    #[cfg(unix)]
    pub(crate) fn file(&self) -> Option<Arc<SocketFile>> {
        self.file.clone()
    }
}

/// A socket that listens already.
impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self::new(ListeningSocket::Tcp(socket))
    }
}

/// A Unix socket that listens already. Its file stays when the server has stopped.
#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(socket: UnixListener) -> Self {
        Self::new(ListeningSocket::Unix(socket))
    }
}

/// To pass the socket on.
#[cfg(unix)]
impl std::os::fd::AsFd for Listener {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match &self.socket {
            ListeningSocket::Tcp(socket) => socket.as_fd(),
            ListeningSocket::Unix(socket) => socket.as_fd(),
        }
    }
}

/// `127.0.0.1:8080`, or `unix:/run/hello/socket`.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.local_addr(), self.path()) {
            (Some(address), _) => address.fmt(f),
            (None, Some(path)) => write!(f, "unix:{}", path.display()),
            (None, None) => f.write_str("a socket without an address"),
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({self})")
    }
}
