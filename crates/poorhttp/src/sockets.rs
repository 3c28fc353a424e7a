//! The sockets that listen: bound here, given by systemd, or handed over.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use pauper::message::Network;
use pauper::server::{InheritedSockets, Listener, UnixSocket};

use crate::birth::Handed;
use crate::escape::OneLine;
use crate::options::Options;

/// What sockets that were given by name are called.
const GIVEN: &str = "given";

/// A socket and why it is there.
pub(crate) struct Bound {
    /// As the options write it, or [`GIVEN`].
    pub(crate) spec: String,
    pub(crate) listener: Listener,
    /// A file of a predecessor's, which nobody else removes.
    file: Option<PathBuf>,
}

/// All sockets that the options ask for. Those of a pool that are asked for are taken from it;
/// sockets that systemd gave count instead of all.
pub(crate) fn bind(
    options: &Options,
    pool: Vec<Bound>,
    owner: Option<(u32, u32)>,
) -> Result<Vec<Bound>, String> {
    let (given, mut pool): (Vec<_>, Vec<_>) =
        pool.into_iter().partition(|bound| bound.spec == GIVEN);
    if !given.is_empty() {
        return Ok(given);
    }
    let mut all = Vec::new();
    for spec in options.places() {
        let (mut found, rest): (Vec<_>, Vec<_>) =
            pool.into_iter().partition(|bound| bound.spec == spec);
        pool = rest;
        if found.is_empty() {
            let listeners =
                listen(options, &spec, owner).map_err(|error| cannot_listen(&spec, &error))?;
            found = listeners
                .into_iter()
                .map(|listener| Bound { spec: spec.clone(), listener, file: None })
                .collect();
        }
        all.append(&mut found);
    }
    Ok(all)
}

fn listen(options: &Options, spec: &str, owner: Option<(u32, u32)>) -> io::Result<Vec<Listener>> {
    if let Some(path) = spec.strip_prefix("unix:") {
        let (user, group) = owner.unzip();
        let socket = UnixSocket::new(path).mode(options.socket_mode()).owner(user, group);
        return Ok(vec![socket.listen()?]);
    }
    let addresses = resolve(spec)?;
    // One queue, so that whoever waits in it is served by the next process or configuration.
    Listener::bind(&addresses[..])?.into_iter().map(Listener::with_one_queue).collect()
}

/// The addresses that a name stands for.
fn resolve(spec: &str) -> io::Result<Vec<SocketAddr>> {
    let name = spec.rsplit_once(':').map_or(spec, |(name, _)| name);
    let told = |error: io::Error| {
        io::Error::new(error.kind(), format!("no address is known for {}: {error}", OneLine(name)))
    };
    Ok(spec.to_socket_addrs().map_err(told)?.collect())
}

/// The error, which names the address, and what to do about it.
fn cannot_listen(spec: &str, error: &io::Error) -> String {
    let port = spec.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse if port.is_some() => "; --port chooses another port",
        io::ErrorKind::PermissionDenied if port.is_some_and(|port| port < 1024) => {
            "; ports below 1024 belong to the administrator"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

/// What systemd gave to this process.
pub(crate) fn given() -> Result<Vec<Bound>, String> {
    let get = |name| std::env::var(name).ok();
    let (pid, fds, names) = (get("LISTEN_PID"), get("LISTEN_FDS"), get("LISTEN_FDNAMES"));
    let listeners = InheritedSockets::new(pid.as_deref(), fds.as_deref(), names.as_deref())
        .and_then(|sockets| sockets.listeners())
        .map_err(|error| error.to_string())?;
    let bound = |listener| Bound { spec: GIVEN.to_owned(), listener, file: None };
    Ok(listeners.into_iter().map(bound).collect())
}

/// What another process handed over.
pub(crate) fn handed(things: Vec<Handed>) -> Result<Vec<Bound>, String> {
    let bound = |Handed { name, fd }: Handed| {
        let listener = Listener::from_fd(fd).map_err(|error| error.to_string())?;
        let file = if name == GIVEN { None } else { listener.path() };
        Ok(Bound { spec: name, listener, file })
    };
    things.into_iter().map(bound).collect()
}

impl Bound {
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            spec: self.spec.clone(),
            listener: self.listener.try_clone()?,
            file: self.file.clone(),
        })
    }

    /// For a server, on the terms of the options.
    pub(crate) fn for_server(&self, options: &Options) -> io::Result<Listener> {
        let listener = self.listener.try_clone()?;
        let proxies: Vec<Network> =
            options.proxies().iter().filter_map(|network| network.parse().ok()).collect();
        Ok(if proxies.is_empty() { listener } else { listener.with_proxy_protocol(proxies) })
    }

    /// To hand over.
    pub(crate) fn handed(&self) -> (String, BorrowedFd<'_>) {
        (self.spec.clone(), self.listener.as_fd())
    }

    /// Removes the file of a Unix socket that a predecessor made. Others see to that themselves.
    pub(crate) fn remove_file(&self) {
        if let Some(path) = &self.file {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Where it is reached, for people.
    pub(crate) fn url(&self) -> String {
        match self.listener.local_addr() {
            Some(address) => format!("http://{address}/"),
            None => self.listener.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_listen(spec: &str, kind: io::ErrorKind, expected: &str) {
        assert_eq!(cannot_listen(spec, &kind.into()), expected);
    }

    #[test]
    fn what_to_do_about_a_port_is_said() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        check_listen("a:8080", AddrInUse, "address in use; --port chooses another port");
        let forbidden = "permission denied; ports below 1024 belong to the administrator";
        check_listen("a:80", PermissionDenied, forbidden);
        check_listen("a:8080", PermissionDenied, "permission denied");
        check_listen("a:80", AddrNotAvailable, "address not available");
        check_listen("unix:/a", PermissionDenied, "permission denied");
    }

    #[test]
    fn sockets_of_the_pool_are_taken_and_others_bound() {
        let read = |list: &str| {
            Options::parse(["p".to_owned(), "--listen".to_owned(), list.to_owned()]).unwrap()
        };
        let first = bind(&read("127.0.0.1:0"), Vec::new(), None).unwrap();
        let address = first[0].listener.local_addr();
        let again = bind(&read("localhost:0,127.0.0.1:0"), first, None).unwrap();
        let kept: Vec<_> = again.iter().filter(|bound| bound.spec == "127.0.0.1:0").collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].listener.local_addr(), address);
        assert!(again.iter().any(|bound| bound.spec == "localhost:0"));
    }
}
