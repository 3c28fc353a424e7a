//! The PROXY protocol: a header by which a proxy says, before the first byte of the client, whose
//! connection it passes on. Both versions of it, the line of text and the binary one.
//!
//! Whoever can write such a header can claim any address, so it is to be read from peers alone
//! that are known to be proxies; and from those always, since a client could else write its own.
//!
//! ```
//! use pauper_wire::proxy_protocol::{Origin, parse};
//!
//! let bytes = b"PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\nGET / HTTP/1.1\r\n";
//! assert_eq!(parse(&bytes[..20]), Ok(None));
//! let header = parse(bytes).unwrap().unwrap();
//! assert_eq!(header.origin().source().unwrap().to_string(), "192.0.2.1:50000");
//! assert!(bytes[header.len()..].starts_with(b"GET "));
//!
//! // The proxy itself asks, to see whether the server is alive.
//! let header = parse(b"PROXY UNKNOWN\r\n").unwrap().unwrap();
//! assert_eq!(header.origin(), Origin::Unknown);
//! ```

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::{self, FromStr};

/// The longest header that is read, in bytes. Those of proxies have a hundred, or some hundreds
/// with the names of certificates; the format would allow 65,551.
pub const MAX_LENGTH: usize = 4096;
/// The longest line of version 1, with its end, as the specification counts it.
pub const MAX_LINE: usize = 107;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const LINE: &[u8] = b"PROXY ";
/// What comes before the addresses of version 2.
const FIXED: usize = 16;
/// The type of the field that holds the CRC-32C of the whole header.
const CHECKSUM: u8 = 0x03;

/// Whose connection a proxy passes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// That of a client which the proxy does not know, or the proxy's own: the addresses of the
    /// connection itself are all there is. (`UNKNOWN`, `LOCAL`, `UNSPEC`.)
    Unknown,
    /// One over a Unix socket, which has no address worth telling.
    Unix,
    /// One of these addresses.
    Tcp {
        /// The client's address.
        source: SocketAddr,
        /// The address that the client connected to.
        destination: SocketAddr,
    },
}

impl Origin {
    /// The client's address, if there is one.
    #[must_use]
    pub fn source(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp { source, .. } => Some(*source),
            Self::Unknown | Self::Unix => None,
        }
    }

    /// The address that the client connected to, if there is one.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp { destination, .. } => Some(*destination),
            Self::Unknown | Self::Unix => None,
        }
    }
}

/// A whole header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header<'b> {
    origin: Origin,
    len: usize,
    fields: &'b [u8],
}

impl<'b> Header<'b> {
    /// Whose connection it is.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// How many bytes the header has; those of the client follow.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// What else a header of version 2 says: type and value, in order.
    #[must_use]
    pub fn fields(&self) -> Fields<'b> {
        Fields { rest: self.fields }
    }
}

/// The additional fields of a [`Header`].
#[derive(Clone, Debug)]
pub struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Iterator for Fields<'b> {
    type Item = (u8, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, value, rest) = field(self.rest)?;
        self.rest = rest;
        Some((kind, value))
    }
}

fn field(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [kind, high, low, rest @ ..] = bytes else { return None };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    let (value, rest) = rest.split_at_checked(len)?;
    Some((*kind, value, rest))
}

/// Why bytes are no header of the PROXY protocol. After each of them the connection is to be
/// closed: nobody can say where the client's bytes begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ProxyError {
    /// They begin with neither `PROXY ` nor the signature of version 2.
    NoHeader,
    /// A line of more than [`MAX_LINE`] bytes, or a header of more than [`MAX_LENGTH`].
    TooLong,
    /// A line that does not end with CR LF, or has them elsewhere.
    LineEnd,
    /// A protocol other than `TCP4`, `TCP6` and `UNKNOWN`, or other than streams.
    Protocol,
    /// Addresses or ports that are none, or not written as they should, or too few bytes for them.
    Address,
    /// A binary version other than 2.
    Version,
    /// A command other than `LOCAL` and `PROXY`.
    Command,
    /// An additional field that is longer than the header.
    Field,
    /// A checksum that is not that of the header.
    Checksum,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHeader => "no header of the PROXY protocol",
            Self::TooLong => "the header of the PROXY protocol is too long",
            Self::LineEnd => "the line of the PROXY protocol does not end with CR LF",
            Self::Protocol => "a protocol that the PROXY protocol does not pass on here",
            Self::Address => "a bad address in the header of the PROXY protocol",
            Self::Version => "an unknown version of the PROXY protocol",
            Self::Command => "an unknown command of the PROXY protocol",
            Self::Field => "a field is longer than the header of the PROXY protocol",
            Self::Checksum => "the checksum of the PROXY protocol is wrong",
        })
    }
}

impl core::error::Error for ProxyError {}

/// Reads the header at the beginning of `bytes`, which begin where the connection does. `None` if
/// more bytes are needed; there are never more than [`MAX_LENGTH`] needed.
///
/// # Errors
/// When the bytes are no header, however many follow.
pub fn parse(bytes: &[u8]) -> Result<Option<Header<'_>>, ProxyError> {
    let starts = |start: &[u8]| {
        let len = start.len().min(bytes.len());
        bytes[..len] == start[..len]
    };
    if starts(LINE) {
        parse_line(bytes)
    } else if starts(SIGNATURE) {
        parse_binary(bytes)
    } else {
        Err(ProxyError::NoHeader)
    }
}

fn parse_line(bytes: &[u8]) -> Result<Option<Header<'_>>, ProxyError> {
    let most = &bytes[..bytes.len().min(MAX_LINE)];
    let Some(end) = most.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return if bytes.len() < MAX_LINE { Ok(None) } else { Err(ProxyError::TooLong) };
    };
    match (most[end], most.get(end + 1)) {
        (b'\r', Some(b'\n')) => {}
        (b'\r', None) if bytes.len() < MAX_LINE => return Ok(None),
        (b'\r', None) => return Err(ProxyError::TooLong),
        _ => return Err(ProxyError::LineEnd),
    }
    let text = most.get(LINE.len()..end).ok_or(ProxyError::LineEnd)?;
    let text = str::from_utf8(text).map_err(|_| ProxyError::Address)?;
    let origin = match text.split_once(' ') {
        Some(("TCP4", rest)) => addresses::<Ipv4Addr>(rest)?,
        Some(("TCP6", rest)) => addresses::<Ipv6Addr>(rest)?,
        // What follows is to be ignored.
        Some(("UNKNOWN", _)) => Origin::Unknown,
        None if text == "UNKNOWN" => Origin::Unknown,
        _ => return Err(ProxyError::Protocol),
    };
    Ok(Some(Header { origin, len: end + 2, fields: &[] }))
}

fn addresses<A: FromStr + Into<IpAddr>>(text: &str) -> Result<Origin, ProxyError> {
    let mut words = text.split(' ');
    let mut word = || words.next().ok_or(ProxyError::Address);
    let ip = |text: &str| text.parse::<A>().map(Into::into).map_err(|_| ProxyError::Address);
    let (source, destination) = (ip(word()?)?, ip(word()?)?);
    let (source_port, destination_port) = (port(word()?)?, port(word()?)?);
    if words.next().is_some() {
        return Err(ProxyError::Address);
    }
    Ok(Origin::Tcp {
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    })
}

/// A number of up to five digits, without a sign or a needless zero.
fn port(text: &str) -> Result<u16, ProxyError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(ProxyError::Address);
    }
    text.parse().map_err(|_| ProxyError::Address)
}

fn parse_binary(bytes: &[u8]) -> Result<Option<Header<'_>>, ProxyError> {
    // Whatever is known to be wrong is told at once.
    let Some(&version_and_command) = bytes.get(12) else { return Ok(None) };
    if version_and_command >> 4 != 2 {
        return Err(ProxyError::Version);
    }
    let local = match version_and_command & 0xf {
        0 => true,
        1 => false,
        _ => return Err(ProxyError::Command),
    };
    let Some(&family) = bytes.get(13) else { return Ok(None) };
    // Of the proxy's own connections everything else is to be ignored.
    let needed = match family {
        _ if local => 0,
        0x00 => 0,
        0x11 => 12,
        0x21 => 36,
        0x31 => 216,
        _ => return Err(ProxyError::Protocol),
    };
    let (Some(&high), Some(&low)) = (bytes.get(14), bytes.get(15)) else { return Ok(None) };
    let rest = usize::from(u16::from_be_bytes([high, low]));
    let len = FIXED + rest;
    if len > MAX_LENGTH {
        return Err(ProxyError::TooLong);
    }
    if rest < needed {
        return Err(ProxyError::Address);
    }
    let Some(header) = bytes.get(..len) else { return Ok(None) };
    let (addresses, fields) = header[FIXED..].split_at(needed);
    if local {
        return Ok(Some(Header { origin: Origin::Unknown, len, fields: &[] }));
    }
    let origin = match family {
        0x11 => binary_addresses::<4>(addresses)?,
        0x21 => binary_addresses::<16>(addresses)?,
        0x31 => Origin::Unix,
        _ => Origin::Unknown,
    };
    check_fields(header, fields)?;
    Ok(Some(Header { origin, len, fields }))
}

fn binary_addresses<const N: usize>(bytes: &[u8]) -> Result<Origin, ProxyError>
where
    IpAddr: From<[u8; N]>,
{
    let ip = |at: usize| {
        let bytes: Option<[u8; N]> = bytes.get(at..at + N).and_then(|ip| ip.try_into().ok());
        bytes.map(IpAddr::from).ok_or(ProxyError::Address)
    };
    let port = |at: usize| match bytes.get(at..at + 2) {
        Some(&[high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(ProxyError::Address),
    };
    Ok(Origin::Tcp {
        source: SocketAddr::new(ip(0)?, port(2 * N)?),
        destination: SocketAddr::new(ip(N)?, port(2 * N + 2)?),
    })
}

fn check_fields(header: &[u8], mut fields: &[u8]) -> Result<(), ProxyError> {
    while !fields.is_empty() {
        let (kind, value, rest) = field(fields).ok_or(ProxyError::Field)?;
        if kind == CHECKSUM {
            let sum: [u8; 4] = value.try_into().map_err(|_| ProxyError::Field)?;
            let at = header.len() - rest.len() - sum.len();
            // It is computed as if it were zero itself.
            let zeros = [0; 4];
            let whole = [&header[..at], &zeros, &header[at + sum.len()..]];
            if crc32c(whole) != u32::from_be_bytes(sum) {
                return Err(ProxyError::Checksum);
            }
        }
        fields = rest;
    }
    Ok(())
}

/// CRC-32C (RFC 9260, appendix A). A header is short and comes once per connection, so it needs no
/// table.
fn crc32c(pieces: [&[u8]; 3]) -> u32 {
    let mut sum = !0_u32;
    for byte in pieces.into_iter().flatten() {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32c([b"1234", b"567", b"89"]), 0xe306_9283);
        assert_eq!(crc32c([&[0; 32], &[], &[]]), 0x8a91_36aa);
    }
}
