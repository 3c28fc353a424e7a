//! Values by the name of a host.

use std::fmt;

/// Values by the host that a client asks for: routers, applications, whatever answers.
///
/// A pattern is a host name without a port. `example.org` is that host alone; `*.example.org` is
/// every host below it, of any depth, and not itself; the longest of these wins, and an exact name
/// wins over all of them. `*` is every host, also when the client named none. Case does not
/// matter, and neither does a dot at the end.
///
/// | pattern | matches | does not match |
/// |---|---|---|
/// | `example.org` | `example.org`, `EXAMPLE.ORG:8080`, `example.org.` | `www.example.org` |
/// | `*.example.org` | `www.example.org`, `a.b.example.org` | `example.org`, `xexample.org` |
/// | `[::1]` | `[::1]`, `[::1]:80` | `::1` |
///
/// ```
/// use pauper_router::Hosts;
///
/// let mut hosts = Hosts::new();
/// hosts.insert("example.org", 1)?;
/// hosts.insert("*.example.org", 2)?;
/// hosts.insert("*", 3)?;
///
/// assert_eq!(hosts.find(Some("Example.org:8080")), Some(&1));
/// assert_eq!(hosts.find(Some("www.example.org")), Some(&2));
/// assert_eq!(hosts.find(Some("other.test")), Some(&3));
/// assert_eq!(hosts.find(None), Some(&3));
/// # Ok::<(), pauper_router::HostError>(())
/// ```
#[derive(Clone)]
pub struct Hosts<T> {
    entries: Vec<(Box<str>, T)>,
}

/// Why a host was refused: its pattern is none, or is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    pattern: Box<str>,
    why: &'static str,
}

impl HostError {
    /// The pattern that was refused.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid host \"{}\": {}", self.pattern, self.why)
    }
}

impl std::error::Error for HostError {}

impl<T> Hosts<T> {
    /// No hosts.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a value for a host.
    ///
    /// # Errors
    ///
    /// When the pattern has a port or anything else that is in no host name, or is there already.
    pub fn insert(&mut self, pattern: &str, value: T) -> Result<(), HostError> {
        let refuse = |why| Err(HostError { pattern: pattern.into(), why });
        let clean = pattern.strip_suffix('.').unwrap_or(pattern).to_ascii_lowercase();
        let name = clean.strip_prefix("*.").unwrap_or(&clean);
        let is_literal = name.starts_with('[') && name.ends_with(']') && name.len() == clean.len();
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
                && name.split('.').all(|label| !label.is_empty());
        if clean != "*" && !is_literal && !is_name {
            return refuse("a host is a name, *.name, [address] or *, without a port");
        }
        if self.entries.iter().any(|(own, _)| **own == *clean) {
            return refuse("it is there already");
        }
        self.entries.push((clean.into(), value));
        Ok(())
    }

    /// The value for an authority as a client sent it: the host, perhaps with a port. Allocates
    /// nothing.
    #[must_use]
    pub fn find(&self, authority: Option<&str>) -> Option<&T> {
        let host = authority.map_or("", host_of);
        let mut best: Option<(usize, &T)> = None;
        for (pattern, value) in &self.entries {
            // Longer patterns are closer, and an exact one is longer than any below a star.
            let length = if pattern.eq_ignore_ascii_case(host) {
                usize::MAX
            } else if is_below(host, pattern) {
                pattern.len()
            } else {
                continue;
            };
            if best.is_none_or(|(longest, _)| length > longest) {
                best = Some((length, value));
            }
        }
        best.map(|(_, value)| value)
    }

    /// The patterns, in lower case, and their values, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().map(|(pattern, value)| (&**pattern, value))
    }
}

impl<T> Default for Hosts<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Hosts<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(pattern, _)| pattern)).finish()
    }
}

/// The host of an authority, without the port and the dot at the end; the brackets of an IPv6
/// address stay.
fn host_of(authority: &str) -> &str {
    let host = match authority.rfind(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a pattern with a star takes the host.
fn is_below(host: &str, pattern: &str) -> bool {
    let Some(suffix) = pattern.strip_prefix('*') else { return false };
    let (host, suffix) = (host.as_bytes(), suffix.as_bytes());
    suffix.is_empty()
        || host.len() > suffix.len()
            && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}
