//! Who asked and for which host, behind proxies and without.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::{self, FromStr};

use http::StatusCode;
use pauper_wire::grammar;

use crate::error::Error;
use crate::request::Request;
use crate::service::Hook;

/// What trusted proxies say about a request: kept in its extensions by [`TrustedProxies`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded {
    /// The address of the client: the last one, counted from this server, that is no trusted
    /// proxy. None if the proxies do not know it or hide it.
    pub client: Option<IpAddr>,
    /// Whether the client's connection is encrypted, if the proxy says so.
    pub secure: Option<bool>,
    /// The host that the client asked for, with its port if it named one, if the proxy says so.
    pub host: Option<String>,
}

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Text that is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(Box<str>);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no network such as 10.0.0.0/8 or ::1", self.0)
    }
}

impl std::error::Error for NetworkError {}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad = || NetworkError(text.into());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => {
                let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
                let prefix = prefix.parse().ok().filter(|_| digits).ok_or_else(bad)?;
                (address, Some(prefix))
            }
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(bad());
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    /// Whether an address lies within. An IPv4 address that is written as an IPv6 one
    /// (`::ffff:10.0.0.1`), as sockets for both tell it, counts as the IPv4 address that it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, other, bits) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let shift = bits - u32::from(self.prefix);
        own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    }
}

/// Which headers the proxies write. They are told apart because most proxies pass on the headers
/// that they do not know: a client could put its own words into the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProxyHeaders {
    /// `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies in front of this server whose word counts. As a hook it tells every request who its
/// client is; [`Request::client_ip`], [`Request::is_secure`] and [`Request::host`] then say what
/// the client did and not what the last proxy did.
///
/// Headers of peers that are not trusted are not looked at. The proxies have to set or append
/// to the headers of [`ProxyHeaders`], and not merely pass on what the client sent.
///
/// ```
/// use pauper_message::{Hook, Peer, Request, TrustedProxies};
///
/// let proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8"]).unwrap();
/// let mut req = Request::builder()
///     .header("X-Forwarded-For", "192.0.2.1, 203.0.113.7, 10.1.2.3")
///     .header("X-Forwarded-Proto", "https")
///     .peer(Peer::new("127.0.0.1:5000".parse().ok(), None))
///     .build()
///     .unwrap();
/// proxies.before(&mut req).unwrap();
/// assert_eq!(req.client_ip().unwrap().to_string(), "203.0.113.7");
/// assert_eq!(req.scheme(), "https");
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    headers: ProxyHeaders,
    local_sockets: bool,
}

impl TrustedProxies {
    /// Trusts the peers within these networks.
    ///
    /// # Errors
    /// For the first text that is no network.
    pub fn new<'n>(networks: impl IntoIterator<Item = &'n str>) -> Result<Self, NetworkError> {
        let networks = networks.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { networks, ..Self::default() })
    }

    /// The headers that the proxies write; `X-Forwarded-*` if not set.
    #[must_use]
    pub fn headers(mut self, headers: ProxyHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// Whether peers without an address are trusted, which are those of Unix sockets. Default:
    /// false.
    #[must_use]
    pub fn local_sockets(mut self, trusted: bool) -> Self {
        self.local_sockets = trusted;
        self
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// What the proxies say about a request; nothing if its peer is none of them.
    pub fn resolve(&self, req: &Request) -> Option<Forwarded> {
        let peer = req.peer().remote.map(|address| address.ip().to_canonical());
        if !peer.map_or(self.local_sockets, |address| self.trusts(address)) {
            return None;
        }
        let mut told = match self.headers {
            ProxyHeaders::XForwarded => self.x_forwarded(req, peer),
            ProxyHeaders::Forwarded => self.forwarded(req, peer),
        };
        told.host = told.host.filter(|host| is_authority(host));
        Some(told)
    }

    /// Hop by hop from the last: the address that a hop had its request from, if it is an address.
    /// The first that is not trusted is the client.
    fn client(
        &self,
        peer: Option<IpAddr>,
        hops: impl Iterator<Item = Option<IpAddr>>,
    ) -> Option<IpAddr> {
        let mut client = peer;
        for hop in hops {
            client = hop;
            if !client.is_some_and(|address| self.trusts(address)) {
                break;
            }
        }
        client
    }

    fn x_forwarded(&self, req: &Request, peer: Option<IpAddr>) -> Forwarded {
        let hops = elements(req, "x-forwarded-for");
        let hops = hops.iter().rev().map(|hop| str::from_utf8(hop).ok().and_then(node));
        // The last value is the word of the proxy next to this server.
        let last = |name| {
            elements(req, name)
                .pop()
                .and_then(|value| str::from_utf8(value).ok().map(str::to_owned))
        };
        Forwarded {
            client: self.client(peer, hops),
            secure: last("x-forwarded-proto").and_then(|proto| is_secure(&proto)),
            host: last("x-forwarded-host"),
        }
    }

    fn forwarded(&self, req: &Request, peer: Option<IpAddr>) -> Forwarded {
        let mut told = Forwarded { client: peer, ..Forwarded::default() };
        for hop in elements(req, "forwarded").iter().rev() {
            let parameter = |name: &str| {
                grammar::Parameters::new(&[b";", *hop].concat())
                    .map_while(Result::ok)
                    .find(|parameter| parameter.is(name))?
                    .unquote()
            };
            told.client = parameter("for").as_deref().and_then(node);
            told.secure = parameter("proto").and_then(|proto| is_secure(&proto));
            told.host = parameter("host");
            if !told.client.is_some_and(|address| self.trusts(address)) {
                break;
            }
        }
        told
    }
}

impl Hook for TrustedProxies {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        if let Some(told) = self.resolve(req) {
            req.extensions_mut().insert(told);
        }
        Ok(())
    }
}

/// The elements of all lines of a header.
fn elements<'r>(req: &'r Request, name: &'static str) -> Vec<&'r [u8]> {
    req.head().header_all(name).flat_map(grammar::split_list).collect()
}

/// An address as proxies write it: with a port or without, IPv6 in brackets or without. `unknown`
/// and made-up names (RFC 7239, section 6) are none.
fn node(text: &str) -> Option<IpAddr> {
    let address = match text.parse::<SocketAddr>() {
        Ok(address) => address.ip(),
        Err(_) => match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(inner) => IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?),
            None => text.parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

fn is_secure(proto: &str) -> Option<bool> {
    let is = |name: &str| proto.eq_ignore_ascii_case(name);
    if is("https") || is("wss") { Some(true) } else { (is("http") || is("ws")).then_some(false) }
}

/// Whether text is a host with or without a port, as a browser would write it. The parser has
/// checked that of the Host header; this is for the words of proxies.
fn is_authority(text: &str) -> bool {
    let (host, port) = split_port(text);
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(name),
    };
    good && port.is_none_or(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'))
}

/// Host and port of an authority; the colons of an IPv6 address are not those of a port.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Where the request came from and was sent to, by the word of [`TrustedProxies`] if there are any,
/// and else by the connection itself.
impl Request {
    fn told(&self) -> Option<&Forwarded> {
        self.extensions().get::<Forwarded>()
    }

    /// The address of the client; none where there is no such thing (a Unix socket, a test), and
    /// if the proxies hide it.
    pub fn client_ip(&self) -> Option<IpAddr> {
        match self.told() {
            Some(told) => told.client,
            None => self.peer().remote.map(|address| address.ip().to_canonical()),
        }
    }

    /// Whether the client's connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.told().and_then(|told| told.secure).unwrap_or(self.peer().secure)
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }

    /// The host that the client asked for, with its port if it named one.
    fn asked(&self) -> &str {
        let told = self.told().and_then(|told| told.host.as_deref());
        told.or_else(|| self.authority()).unwrap_or_default()
    }

    /// The host that the client asked for, without its port; an IPv6 address in its brackets.
    /// Empty where the client named none (HTTP/1.0). Anybody can ask for any host: see
    /// [`AllowedHosts`].
    pub fn host(&self) -> &str {
        split_port(self.asked()).0
    }

    /// The port that the client asked for: that of the host, or 443 or 80 by the scheme.
    pub fn port(&self) -> u16 {
        let port = split_port(self.asked()).1.and_then(|port| port.parse().ok());
        port.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The absolute URL of a path of this server, as the client sees it: scheme, host, the port
    /// unless it is the usual one, and `path` as it is. An `http` or `https` URL stays what it is.
    ///
    /// ```
    /// use pauper_message::Request;
    ///
    /// let req = Request::builder().header("Host", "example.org:8080").build().unwrap();
    /// assert_eq!(req.url_for("/a?b=c"), "http://example.org:8080/a?b=c");
    /// ```
    pub fn url_for(&self, path: &str) -> String {
        if path.starts_with("http://") || path.starts_with("https://") {
            return path.to_owned();
        }
        let usual = if self.is_secure() { 443 } else { 80 };
        let (scheme, host, port) = (self.scheme(), self.host(), self.port());
        let host = if host.is_empty() { "localhost" } else { host };
        let slash = if path.starts_with('/') { "" } else { "/" };
        if port == usual {
            format!("{scheme}://{host}{slash}{path}")
        } else {
            format!("{scheme}://{host}:{port}{slash}{path}")
        }
    }
}

/// A hook that lets in requests for known hosts alone, and answers 421 to others: so that no link
/// in a mail and no cache entry is made for a host that an attacker named.
///
/// Put it behind [`TrustedProxies`], if there are any.
///
/// ```
/// use pauper_message::{AllowedHosts, Hook, Request};
///
/// let hosts = AllowedHosts::new(["example.org", "*.example.org", "localhost:8080"]);
/// let mut req = Request::builder().header("Host", "WWW.example.org:80").build().unwrap();
/// assert!(hosts.before(&mut req).is_ok());
/// let mut req = Request::builder().header("Host", "example.com").build().unwrap();
/// assert_eq!(hosts.before(&mut req).unwrap_err().status().unwrap(), 421);
/// ```
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    hosts: Vec<String>,
}

impl AllowedHosts {
    /// These hosts: by name, in any case; with any port, unless the pattern has one; `*.` in front
    /// stands for one or more labels.
    pub fn new<'h>(hosts: impl IntoIterator<Item = &'h str>) -> Self {
        Self { hosts: hosts.into_iter().map(str::to_ascii_lowercase).collect() }
    }

    /// Whether a request is for one of the hosts.
    pub fn allows(&self, req: &Request) -> bool {
        let host = req.host().to_ascii_lowercase();
        // The dot of a fully qualified name.
        let host = host.strip_suffix('.').unwrap_or(&host);
        !host.is_empty()
            && self.hosts.iter().any(|pattern| {
                let (name, port) = split_port(pattern);
                let port_fits = port.is_none_or(|port| port.parse() == Ok(req.port()));
                let name_fits = match name.strip_prefix('*') {
                    Some(end) => host.len() > end.len() && host.ends_with(end),
                    None => host == name,
                };
                port_fits && name_fits
            })
    }
}

impl Hook for AllowedHosts {
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        if self.allows(req) {
            return Ok(());
        }
        Err(Error::new(StatusCode::MISDIRECTED_REQUEST, "this server does not serve that host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Peer;

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = Request::builder().peer(Peer::new(peer.parse().ok(), None));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        builder.build().unwrap()
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]).unwrap()
    }

    #[track_caller]
    fn client(lines: &[&str], expected: Option<&str>) {
        let headers: Vec<_> = lines.iter().map(|line| ("X-Forwarded-For", *line)).collect();
        let told = proxies().resolve(&request("127.0.0.1:1", &headers)).unwrap();
        assert_eq!(
            told.client.map(|address| address.to_string()).as_deref(),
            expected,
            "{lines:?}"
        );
    }

    #[test]
    fn the_client_is_the_last_that_is_not_trusted() {
        client(&[], Some("127.0.0.1"));
        client(&[""], Some("127.0.0.1"));
        client(&["192.0.2.1"], Some("192.0.2.1"));
        client(&["192.0.2.1, 192.0.2.2"], Some("192.0.2.2"));
        client(&["192.0.2.1, 192.0.2.2, 10.0.0.1,10.9.9.9"], Some("192.0.2.2"));
        client(&["192.0.2.1", "10.0.0.1"], Some("192.0.2.1"));
        client(&["10.0.0.2, 10.0.0.1"], Some("10.0.0.2"));
        client(&["192.0.2.1:4711"], Some("192.0.2.1"));
        client(&["2001:db8::1"], Some("2001:db8::1"));
        client(&["[2001:db8::1]"], Some("2001:db8::1"));
        client(&["[2001:db8::1]:4711"], Some("2001:db8::1"));
        client(&["::ffff:192.0.2.1, ::ffff:10.0.0.1, fd00::1"], Some("192.0.2.1"));
        // Who hides is unknown, and not whoever stands before.
        client(&["192.0.2.1, unknown"], None);
        client(&["192.0.2.1, _hidden, 10.0.0.1"], None);
        client(&["192.0.2.1, 999.1.1.1"], None);
        client(&[&["192.0.2.1"; 300].join(",")], Some("192.0.2.1"));
    }

    #[test]
    fn nobody_else_is_believed() {
        let headers = [
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ];
        for hook in [proxies(), proxies().headers(ProxyHeaders::Forwarded)] {
            let mut req = request("203.0.113.9:1", &headers);
            hook.before(&mut req).unwrap();
            assert_eq!(req.client_ip().unwrap().to_string(), "203.0.113.9");
            assert_eq!((req.scheme(), req.host(), req.port()), ("http", "localhost", 80));
        }
        let mut nobody = Request::builder().header("X-Forwarded-For", "192.0.2.1").build().unwrap();
        proxies().before(&mut nobody).unwrap();
        assert_eq!(nobody.client_ip(), None);
        proxies().local_sockets(true).before(&mut nobody).unwrap();
        assert_eq!(nobody.client_ip().unwrap().to_string(), "192.0.2.1");
        // Only the headers that were chosen.
        let mut req = request("127.0.0.1:1", &headers[3..]);
        proxies().before(&mut req).unwrap();
        assert_eq!((req.scheme(), req.host()), ("http", "localhost"));
    }

    #[test]
    fn scheme_and_host_are_the_word_of_the_last_proxy() {
        let check = |headers: &[(&str, &str)], url: &str| {
            let mut req = request("[::ffff:127.0.0.1]:1", headers);
            proxies().before(&mut req).unwrap();
            assert_eq!(req.url_for("/x"), url, "{headers:?}");
        };
        check(&[], "http://localhost/x");
        check(&[("X-Forwarded-Proto", "HTTPS")], "https://localhost/x");
        check(&[("X-Forwarded-Proto", "http, https")], "https://localhost/x");
        check(&[("X-Forwarded-Proto", "javascript")], "http://localhost/x");
        check(&[("X-Forwarded-Host", "a.example, b.example:8080")], "http://b.example:8080/x");
        check(&[("X-Forwarded-Host", "[::1]:8080")], "http://[::1]:8080/x");
        for bad in ["a/b", "a b", "user@a", "a:b", "a:+80", "[::1", "a?b", "a#b", ":80"] {
            check(&[("X-Forwarded-Host", bad)], "http://localhost/x");
        }
        let both = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "a.example:443")];
        check(&both, "https://a.example/x");
    }

    #[test]
    fn the_forwarded_header() {
        let check = |value: &str, expected: (Option<&str>, Option<bool>, Option<&str>)| {
            let hook = proxies().headers(ProxyHeaders::Forwarded);
            let told = hook.resolve(&request("127.0.0.1:1", &[("Forwarded", value)])).unwrap();
            let client = told.client.map(|address| address.to_string());
            assert_eq!((client.as_deref(), told.secure, told.host.as_deref()), expected, "{value}");
        };
        check("for=192.0.2.1", (Some("192.0.2.1"), None, None));
        check(
            "For=\"[2001:db8::1]:4711\";Proto=https;Host=\"a.example:8080\"",
            (Some("2001:db8::1"), Some(true), Some("a.example:8080")),
        );
        check(
            "for=192.0.2.9, for=192.0.2.1;proto=https, for=10.0.0.1;proto=http",
            (Some("192.0.2.1"), Some(true), None),
        );
        check("for=unknown;proto=http", (None, Some(false), None));
        check("for=_hidden", (None, None, None));
        check("for=\"192.0.2.1", (None, None, None));
        check("proto=https", (None, Some(true), None));
        check("for=192.0.2.1;host=\"a/b\"", (Some("192.0.2.1"), None, None));
    }

    #[test]
    fn networks() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/31", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8::/32", "2001:db8:ffff::", "2001:db9::"),
            ("::/0", "::1", "127.0.0.1"),
            ("::1/128", "::1", "::2"),
        ] {
            let range: Network = network.parse().unwrap();
            assert!(range.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!range.contains(outside.parse().unwrap()), "{network} {outside}");
        }
        for bad in
            ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "a", "1/"]
        {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts() {
        let allowed =
            AllowedHosts::new(["Example.org", "*.example.net", "localhost:8080", "[::1]"]);
        for (host, expected) in [
            ("example.org", true),
            ("EXAMPLE.ORG.:99", true),
            ("a.example.org", false),
            ("example.net", false),
            ("a.b.example.net", true),
            (".example.net", false),
            ("aexample.net", false),
            ("localhost", false),
            ("localhost:8080", true),
            ("[::1]:8080", true),
            ("", false),
        ] {
            let Ok(req) = Request::builder().header("Host", host).build() else {
                assert!(!expected, "{host}");
                continue;
            };
            assert_eq!(allowed.allows(&req), expected, "{host}");
        }
    }
}
