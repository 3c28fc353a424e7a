//! Addresses and ports.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections wait in the operating system before they are accepted. It is lowered to
/// the system's own limit.
pub(super) const BACKLOG: i32 = 4096;
/// How often another free port is looked for, when one is free on some of the addresses only.
const PORTS_TRIED: usize = 8;

/// Listens on all addresses that a name stands for, at the same port.
///
/// An address that this machine does not have (`::1` without IPv6) is left out, unless none
/// remains.
pub(super) fn listen(addr: impl ToSocketAddrs) -> io::Result<Vec<TcpListener>> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in addr.to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let any_port = addresses.len() > 1 && addresses.iter().all(|address| address.port() == 0);
    let mut tries = if any_port { PORTS_TRIED } else { 1 };
    loop {
        tries -= 1;
        match listen_on_all(&addresses) {
            Err(error) if tries > 0 && error.kind() == ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

/// Listens at the first of these ports that is free on all addresses of the host.
pub(super) fn listen_first(
    host: &str,
    ports: impl IntoIterator<Item = u16>,
) -> io::Result<Vec<TcpListener>> {
    let mut taken = Vec::new();
    for port in ports {
        match listen((host, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => taken.push(port.to_string()),
            result => return result,
        }
    }
    Err(match taken.as_slice() {
        [] => io::Error::new(ErrorKind::InvalidInput, "no port to listen on"),
        ports => {
            let text = format!("cannot listen on {host}: no port of {} is free", ports.join(", "));
            io::Error::new(ErrorKind::AddrInUse, text)
        }
    })
}

fn listen_on_all(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut absent = None;
    let both_families = addresses.iter().any(SocketAddr::is_ipv4);
    for address in addresses {
        let mut address = *address;
        if address.port() == 0
            && let Some(first) = listeners.first()
        {
            address.set_port(first.local_addr()?.port());
        }
        match listen_on(address, both_families) {
            Ok(listener) => listeners.push(listener),
            Err(error) => {
                let kind = error.kind();
                let text = format!("cannot listen on {address}: {error}");
                let error = io::Error::new(kind, text);
                // A system without IPv6 has no kind for that, so only a port that is taken or
                // forbidden counts.
                let absent_family = address.is_ipv6()
                    && both_families
                    && !matches!(kind, ErrorKind::AddrInUse | ErrorKind::PermissionDenied);
                if kind != ErrorKind::AddrNotAvailable && !absent_family {
                    return Err(error);
                }
                absent = Some(error);
            }
        }
    }
    if listeners.is_empty() {
        let nothing = || io::Error::new(ErrorKind::InvalidInput, "no address to listen on");
        return Err(absent.unwrap_or_else(nothing));
    }
    Ok(listeners)
}

fn listen_on(mut address: SocketAddr, both_families: bool) -> io::Result<TcpListener> {
    if SHARES_PORTS {
        // Sockets that may share a port would share it with another server, too. One that may not
        // shows that the port is free, or which one is.
        let probe = bound(address, both_families, false)?;
        if let Some(found) = probe.local_addr()?.as_socket() {
            address.set_port(found.port());
        }
    }
    let socket = bound(address, both_families, SHARES_PORTS)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Whether the system spreads connections over several sockets that listen on one port.
const SHARES_PORTS: bool = cfg!(any(target_os = "linux", target_os = "android"));

fn bound(address: SocketAddr, both_families: bool, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` alone serves IPv4 clients too; beside an IPv4 address it must not.
        socket.set_only_v6(both_families)?;
    }
    // Elsewhere the option lets two servers share a port, here only restarts at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    if shared {
        socket.set_reuse_port(true)?;
    }
    let _ = shared;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Another socket at the same address, for another loop: one of its own where the system spreads
/// connections over such, the same one again elsewhere.
pub(super) fn another(listener: &TcpListener) -> io::Result<TcpListener> {
    if SHARES_PORTS && is_shared(listener) {
        let address = listener.local_addr()?;
        let only_v6 = address.is_ipv6() && socket2::SockRef::from(listener).only_v6()?;
        let socket = bound(address, only_v6, true)?;
        socket.listen(BACKLOG)?;
        return Ok(socket.into());
    }
    listener.try_clone()
}

#[cfg(unix)]
fn is_shared(listener: &TcpListener) -> bool {
    socket2::SockRef::from(listener).reuse_port().unwrap_or(false)
}

#[cfg(not(unix))]
fn is_shared(_: &TcpListener) -> bool {
    false
}
