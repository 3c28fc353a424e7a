//! `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2).

use core::net::Ipv6Addr;

use crate::scan;

/// Whether a port may or must follow the host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Optional,
    /// Present and not empty, as CONNECT needs it.
    Required,
}

/// Checks a non-empty host: `reg-name`, IPv4 or `[IPv6]`, and a port of at most five digits up to
/// 65535. User info, zones and IPvFuture are refused. The error is the offset of the bad byte.
pub(super) fn check(host: &[u8], port: Port) -> Result<(), usize> {
    let name_end = if host.first() == Some(&b'[') { ip_literal(host)? } else { reg_name(host)? };
    match host.get(name_end) {
        None if port == Port::Optional => Ok(()),
        Some(b':') => check_port(host, name_end + 1, port),
        _ => Err(name_end),
    }
}

/// The offset after the `]`.
fn ip_literal(host: &[u8]) -> Result<usize, usize> {
    let end = memchr::memchr(b']', host).ok_or(host.len())?;
    core::str::from_utf8(&host[1..end])
        .ok()
        .and_then(|address| address.parse::<Ipv6Addr>().ok())
        .map(|_| end + 1)
        .ok_or(1)
}

/// The offset after a name that is not empty.
fn reg_name(host: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    loop {
        at = scan::reg_name_end(host, at);
        if host.get(at) != Some(&b'%') {
            return if at == 0 { Err(0) } else { Ok(at) };
        }
        let digits = host.get(at + 1..at + 3).ok_or(at)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(at);
        }
        at += 3;
    }
}

fn check_port(host: &[u8], start: usize, port: Port) -> Result<(), usize> {
    let digits = &host[start..];
    if let Some(bad) = digits.iter().position(|byte| !byte.is_ascii_digit()) {
        return Err(start + bad);
    }
    let value = digits.iter().take(6).fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let empty = digits.is_empty() && port == Port::Required;
    if digits.len() > 5 || value > 65_535 || empty { Err(start) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(host: &str) {
        assert_eq!(check(host.as_bytes(), Port::Optional), Ok(()), "{host}");
    }

    fn bad(host: &str, at: usize) {
        assert_eq!(check(host.as_bytes(), Port::Optional), Err(at), "{host}");
    }

    #[test]
    fn names_addresses_and_ports() {
        for host in ["h", "example.com", "a_b", "a%20b", "127.0.0.1", "h:80", "h:", "h:65535"] {
            good(host);
        }
        for host in ["[::1]", "[::1]:8080", "[::ffff:1.2.3.4]", "sub!delims;ok=1,2"] {
            good(host);
        }
    }

    #[test]
    fn everything_else_is_refused_where_it_goes_wrong() {
        bad("", 0);
        bad("a b", 1);
        bad("a/b", 1);
        bad("user@h", 4);
        bad("user:pw@h", 5);
        bad("[::1", 4);
        bad("[::g]", 1);
        bad("[::1%25eth0]", 1);
        bad("[v1.x]", 1);
        bad("[::1]x", 5);
        bad("h:99999", 2);
        bad("h:65536", 2);
        bad("h:000080", 2);
        bad("h:+1", 2);
        bad("h:8 0", 3);
        bad(":80", 0);
        bad("a%2", 1);
        bad("a%zz", 1);
        bad("\u{fc}.de", 0);
        bad("a\\b", 1);
    }

    #[test]
    fn connect_needs_a_port() {
        for host in ["h", "h:", "[::1]"] {
            assert!(check(host.as_bytes(), Port::Required).is_err(), "{host}");
        }
        assert_eq!(check(b"h:443", Port::Required), Ok(()));
    }
}
