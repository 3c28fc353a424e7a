//! Headers of the PROXY protocol, good and hostile.

use std::net::SocketAddr;

use pauper_wire::proxy_protocol::{MAX_LENGTH, MAX_LINE, Origin, ProxyError, parse};
use proptest::prelude::*;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn tcp(source: &str, destination: &str) -> Origin {
    let parsed = |text: &str| text.parse::<SocketAddr>().expect("an address");
    Origin::Tcp { source: parsed(source), destination: parsed(destination) }
}

/// A whole header gives this, with whatever behind it; each shorter one wants more.
#[track_caller]
fn check(header: &[u8], expected: Origin) {
    for tail in ["", "x", "\r\n", "PROXY UNKNOWN\r\n"] {
        let bytes = [header, tail.as_bytes()].concat();
        let parsed = parse(&bytes).expect("a header").expect("a whole one");
        assert_eq!((parsed.origin(), parsed.len()), (expected, header.len()));
    }
    for len in 0..header.len() {
        assert_eq!(parse(&header[..len]), Ok(None), "{len} bytes of it");
    }
}

/// The bytes are refused, and no shorter beginning of them is taken for a header.
#[track_caller]
fn refused(bytes: &[u8], expected: ProxyError) {
    assert_eq!(parse(bytes), Err(expected), "{}", bytes.escape_ascii());
    for len in 0..bytes.len() {
        match parse(&bytes[..len]) {
            Ok(None) => {}
            other => assert_eq!(other, Err(expected), "{len} bytes of it"),
        }
    }
}

/// A header of version 2.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let len = u16::try_from(rest.len()).expect("a short header").to_be_bytes();
    [SIGNATURE, &[command, family], &len, rest].concat()
}

fn ipv4() -> Vec<u8> {
    [&[192, 0, 2, 1, 198, 51, 100, 7][..], &50000_u16.to_be_bytes(), &443_u16.to_be_bytes()]
        .concat()
}

fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &(value.len() as u16).to_be_bytes(), value].concat()
}

#[test]
fn lines() {
    let v4 = tcp("192.0.2.1:50000", "198.51.100.7:443");
    check(b"PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n", v4);
    let v6 = tcp("[2001:db8::1]:1", "[::1]:65535");
    check(b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n", v6);
    check(b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", tcp("0.0.0.0:0", "0.0.0.0:0"));
    check(b"PROXY UNKNOWN\r\n", Origin::Unknown);
    check(b"PROXY UNKNOWN whatever it is\r\n", Origin::Unknown);
    let full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let longest = format!("PROXY UNKNOWN {full} {full} 65535 65535\r\n");
    assert_eq!(longest.len(), MAX_LINE);
    check(longest.as_bytes(), Origin::Unknown);
}

#[test]
fn hostile_lines() {
    use ProxyError::*;
    for (bytes, error) in [
        ("GET / HTTP/1.1\r\n", NoHeader),
        ("proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n", NoHeader),
        ("PROXY\r\n", NoHeader),
        ("PROXY \r\n", Protocol),
        ("PROXY TCP4\r\n", Protocol),
        ("PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n", Protocol),
        ("PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n", Protocol),
        ("PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n", Protocol),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n", Address),
        ("PROXY TCP4  192.0.2.1 198.51.100.7 1 2\r\n", Address),
        ("PROXY TCP4 192.0.2.01 198.51.100.7 1 2\r\n", Address),
        ("PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n", Address),
        ("PROXY TCP4 ::1 198.51.100.7 1 2\r\n", Address),
        ("PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 +1 2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7  2\r\n", Address),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n", LineEnd),
        ("PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\r\n", LineEnd),
        ("PROXY UNKNOWN\rGET", LineEnd),
    ] {
        refused(bytes.as_bytes(), error);
    }
    refused(b"PROXY UNKNOWN \xff\r\n", Address);
    refused(format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_LINE)).as_bytes(), TooLong);
    // The line end would be one byte too late.
    refused(format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_LINE - 15)).as_bytes(), TooLong);
}

#[test]
fn binary_headers() {
    let v4 = tcp("192.0.2.1:50000", "198.51.100.7:443");
    check(&binary(0x21, 0x11, &ipv4()), v4);
    let mut v6 = vec![0; 36];
    (v6[15], v6[31], v6[33], v6[35]) = (1, 2, 80, 81);
    check(&binary(0x21, 0x21, &v6), tcp("[::1]:80", "[::2]:81"));
    check(&binary(0x21, 0x31, &[b'/'; 216]), Origin::Unix);
    check(&binary(0x21, 0x00, &[]), Origin::Unknown);
    // The proxy's own: whatever it is, it is skipped.
    check(&binary(0x20, 0x00, &[]), Origin::Unknown);
    check(&binary(0x20, 0x11, b"abc"), Origin::Unknown);
    check(&binary(0x20, 0x77, &[0xff; MAX_LENGTH - 16]), Origin::Unknown);
    // The checksum here is that of a header that another program made.
    let mut summed = [ipv4(), field(1, b"http/1.1"), field(3, &[0; 4]), field(4, b"")].concat();
    let sum = reference_crc32c(&binary(0x21, 0x11, &summed));
    let at = summed.len() - 3 - 4;
    summed[at..at + 4].copy_from_slice(&sum.to_be_bytes());
    let header = binary(0x21, 0x11, &summed);
    check(&header, v4);
    let parsed = parse(&header).expect("a header").expect("a whole one");
    let fields: Vec<_> = parsed.fields().collect();
    let sum = sum.to_be_bytes();
    assert_eq!(fields, [(1, &b"http/1.1"[..]), (3, &sum[..]), (4, &b""[..])]);
}

/// By polynomial division, bit by bit from the other end.
fn reference_crc32c(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(byte.reverse_bits()) << 24;
        for _ in 0..8 {
            let carry = sum >> 31 == 1;
            sum <<= 1;
            if carry {
                sum ^= 0x1edc_6f41;
            }
        }
    }
    (!sum).reverse_bits()
}

#[test]
fn hostile_binary_headers() {
    use ProxyError::*;
    refused(&binary(0x11, 0x11, &ipv4()), Version);
    refused(&binary(0x31, 0x11, &ipv4()), Version);
    refused(&binary(0x22, 0x11, &ipv4()), Command);
    refused(&binary(0x21, 0x12, &ipv4()), Protocol);
    refused(&binary(0x21, 0x22, &[0; 36]), Protocol);
    refused(&binary(0x21, 0x41, &ipv4()), Protocol);
    refused(&binary(0x21, 0x10, &ipv4()), Protocol);
    refused(&binary(0x21, 0x11, &ipv4()[..11]), Address);
    refused(&binary(0x21, 0x21, &ipv4()), Address);
    refused(&binary(0x21, 0x31, &[0; 215]), Address);
    refused(&binary(0x21, 0x11, &[0; MAX_LENGTH - 15]), TooLong);
    refused(&binary(0x20, 0x00, &[0; 65535]), TooLong);
    refused(b"\r\n\r\n\0\r\nQUIT\r", NoHeader);
    for cut in [1, 2, 5] {
        // Fields that reach beyond the header, or are no whole ones.
        let all = [ipv4(), field(1, b"http")].concat();
        refused(&binary(0x21, 0x11, &all[..all.len() - cut]), Field);
    }
    refused(&binary(0x21, 0x11, &[ipv4(), vec![1, 0xff, 0xff]].concat()), Field);
    refused(&binary(0x21, 0x11, &[ipv4(), field(3, &[0; 3])].concat()), Field);
    refused(&binary(0x21, 0x11, &[ipv4(), field(3, &[1; 4])].concat()), Checksum);
}

proptest! {
    /// What is written is what is read, in both versions.
    #[test]
    fn round_trips(source: SocketAddr, port: u16, tail in prop::collection::vec(any::<u8>(), 0..40)) {
        let source = match source {
            // Flow and scope are not passed on.
            SocketAddr::V6(v6) => SocketAddr::new((*v6.ip()).into(), v6.port()),
            v4 => v4,
        };
        let destination = SocketAddr::new(source.ip(), port);
        let origin = Origin::Tcp { source, destination };
        let (name, family) = if source.is_ipv4() { ("TCP4", 0x11) } else { ("TCP6", 0x21) };
        let (ip, from) = (source.ip(), source.port());
        let line = format!("PROXY {name} {ip} {ip} {from} {port}\r\n").into_bytes();
        let octets = match ip {
            std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
            std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let ports = [from.to_be_bytes(), port.to_be_bytes()].concat();
        let rest = [octets.clone(), octets, ports, field(5, &tail)].concat();
        for header in [line, binary(0x21, family, &rest)] {
            let bytes = [header.clone(), tail.clone()].concat();
            let parsed = parse(&bytes).unwrap().unwrap();
            prop_assert_eq!((parsed.origin(), parsed.len()), (origin, header.len()));
        }
    }

    /// More bytes never take back what fewer have said.
    #[test]
    fn verdicts_are_final(command in 0x1f_u8..0x23, family in 0_u8..0x32, len in 0_u16..60,
                          rest in prop::collection::vec(0_u8..4, 0..80)) {
        let bytes = [SIGNATURE, &[command, family], &len.to_be_bytes(), &rest].concat();
        let mut said = Ok(None);
        for end in 0..=bytes.len() {
            let now = parse(&bytes[..end]);
            match said {
                Ok(None) => said = now,
                before => prop_assert_eq!(now, before),
            }
        }
    }
}
