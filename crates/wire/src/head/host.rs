//! `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2).

use core::net::Ipv6Addr;

use crate::Span;
use crate::scan::{self, Isa};

/// Whether a port may or must follow the host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Optional,
    /// Present and not empty, as CONNECT needs it.
    Required,
}

/// Whether a host, which is not empty, is one of the usual ones: at most 32 bytes, a plain name and
/// perhaps a port of one to five digits. Others may be right as well, see [`check`].
#[inline(always)]
pub(super) fn is_usual<I: Isa>(isa: I, buf: &[u8], host: Span) -> bool {
    let Some(rest) = buf.get(host.start()..) else { return false };
    // The last header line of a short head has less than that behind it.
    let (half, before) = match (rest.first_chunk(), buf.last_chunk()) {
        (Some(half), _) => (half, 0),
        (None, Some(half)) if !rest.is_empty() => (half, half.len() - rest.len()),
        _ => return false,
    };
    let Some([plain, digits]) = isa.plain(half).map(|masks| masks.map(|mask| mask >> before))
    else {
        return false;
    };
    let (len, name) = (host.len() as u32, plain.trailing_ones());
    if len > 32 {
        return false;
    }
    if name >= len {
        return true;
    }
    // A bit for the colon, so that there are never more than 31 to shift.
    let port = len - name - 1;
    let in_digits = (digits >> name >> 1).trailing_ones();
    let colon = host.start() + name as usize;
    name > 0
        && buf[colon] == b':'
        && in_digits >= port
        && match port {
            1..=4 => true,
            // Of five digits each, the smaller number is the smaller text.
            5 => buf[colon + 1..host.end()] <= b"65535"[..],
            _ => false,
        }
}

/// Checks a non-empty host: `reg-name`, IPv4 or `[IPv6]`, and a port of at most five digits up to
/// 65535. User info, zones and IPvFuture are refused. The error is the offset of the bad byte.
pub(super) fn check(buf: &[u8], host: Span, port: Port) -> Result<(), usize> {
    let (start, end) = (host.start(), host.end());
    let name_end = match buf[start] {
        b'[' => ip_literal(buf, start, end)?,
        _ => reg_name(buf, start, end)?,
    };
    if name_end < end && buf[name_end] == b':' {
        check_port(&buf[name_end + 1..end], port).map_err(|at| name_end + 1 + at)
    } else if name_end == end && port == Port::Optional {
        Ok(())
    } else {
        Err(name_end)
    }
}

/// The offset after the `]`.
fn ip_literal(buf: &[u8], start: usize, end: usize) -> Result<usize, usize> {
    let inside = &buf[start + 1..end];
    let len = memchr::memchr(b']', inside).ok_or(end)?;
    core::str::from_utf8(&inside[..len])
        .ok()
        .and_then(|address| address.parse::<Ipv6Addr>().ok())
        .map(|_| start + len + 2)
        .ok_or(start + 1)
}

/// The offset after a name that is not empty.
fn reg_name(buf: &[u8], start: usize, end: usize) -> Result<usize, usize> {
    let mut at = start;
    loop {
        at = scan::reg_name_end(&buf[..end], at);
        if at == end || buf[at] != b'%' {
            return if at == start { Err(at) } else { Ok(at) };
        }
        let digits = buf[..end].get(at + 1..at + 3).ok_or(at)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(at);
        }
        at += 3;
    }
}

/// The error is an offset in `digits`.
fn check_port(digits: &[u8], port: Port) -> Result<(), usize> {
    let mut value = 0u32;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(at);
        }
        value = value.saturating_mul(10).saturating_add(u32::from(digit));
    }
    let empty = digits.is_empty() && port == Port::Required;
    if digits.len() > 5 || value > 65_535 || empty { Err(0) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::borrow::ToOwned;

    use super::*;
    use crate::scan::tests::with_each;

    /// The host with something around it.
    fn whole(host: &str, port: Port) -> Result<(), usize> {
        let buf = std::format!("x{host}y:0");
        check(buf.as_bytes(), Span::new(1, 1 + host.len()), port).map_err(|at| at - 1)
    }

    fn good(host: &str) {
        assert_eq!(whole(host, Port::Optional), Ok(()), "{host}");
    }

    fn bad(host: &str, at: usize) {
        assert_eq!(whole(host, Port::Optional), Err(at), "{host}");
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

    /// Whether a host that stands in the middle of a head is a usual one.
    struct Usual<'a>(&'a str);

    impl scan::Task for Usual<'_> {
        type Output = (bool, bool);

        #[inline(always)]
        fn with<I: Isa>(self, isa: I) -> Self::Output {
            let head = std::format!("{}\r\n{}", self.0, "0123456789".repeat(4));
            let host = Span::new(0, self.0.len());
            // Something before it, and nothing behind.
            let last = std::format!("GET /what/is/asked HTTP/1.1\r\nHost: {}", self.0);
            let at_end = Span::new(last.len() - self.0.len(), last.len());
            let inside = is_usual(isa, head.as_bytes(), host);
            assert_eq!(is_usual(isa, last.as_bytes(), at_end), inside && !self.0.is_empty());
            // Alone there may be too little to look at.
            (inside, is_usual(isa, self.0.as_bytes(), host))
        }
    }

    fn usual(host: &str) -> bool {
        let mut usual = false;
        for (name, (inside, alone)) in with_each(|| Usual(host)) {
            assert!(!alone || inside, "{name} {host}");
            assert!(!inside || whole(host, Port::Optional).is_ok(), "{name} {host}");
            usual |= inside;
        }
        usual
    }

    #[test]
    fn usual_hosts_need_no_second_look() {
        let long = "a".repeat(32);
        for host in [
            "h",
            "www.example.com",
            "127.0.0.1:8080",
            "h:1",
            "a-b.c:65",
            "h:12345",
            "h:65535",
            &long,
        ] {
            let quick = cfg!(all(target_arch = "x86_64", not(pauper_wire_portable)));
            assert!(usual(host) || !quick, "{host}");
        }
        for host in [
            "h:", ":80", "h:65536", "h:99999", "h:123456", "h:8x", "a_b", "[::1]", "h:1:2", "a/b",
            "u@h",
        ] {
            assert!(!usual(host), "{host}");
        }
        for host in [long.clone() + "a", long[1..].to_owned() + ":8080"] {
            assert!(!usual(&host), "{host}");
        }
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "takes too long")]
        fn no_usual_host_is_wrong(host in "[a-c0-9.:/_%-]{1,40}|[a-z.]{0,30}:[0-9]{0,6}") {
            let _ = usual(&host);
        }
    }

    #[test]
    fn connect_needs_a_port() {
        for host in ["h", "h:", "[::1]"] {
            assert!(whole(host, Port::Required).is_err(), "{host}");
        }
        assert_eq!(whole("h:443", Port::Required), Ok(()));
    }
}
