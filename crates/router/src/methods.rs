//! The nine standard methods as a bit set.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign};

/// A set of standard methods, RFC 9110 section 9 and RFC 5789 (PATCH).
///
/// Two bytes, made of the constants and `|`. Methods with other names live in a
/// [`MethodSet`](crate::MethodSet).
///
/// ```
/// use pauper_router::Methods;
///
/// let methods = Methods::GET | Methods::POST;
/// assert!(methods.contains(Methods::POST));
/// assert_eq!(methods.to_string(), "GET, POST");
/// assert_eq!(Methods::from_name("get"), None); // method names are case-sensitive
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Methods(u16);

/// Every method with its name, in the order of the `Allow` header.
const NAMES: [(Methods, &str); 9] = [
    (Methods::GET, "GET"),
    (Methods::HEAD, "HEAD"),
    (Methods::POST, "POST"),
    (Methods::PUT, "PUT"),
    (Methods::PATCH, "PATCH"),
    (Methods::DELETE, "DELETE"),
    (Methods::OPTIONS, "OPTIONS"),
    (Methods::TRACE, "TRACE"),
    (Methods::CONNECT, "CONNECT"),
];

impl Methods {
    /// No method.
    pub const EMPTY: Self = Self(0);
    /// `HEAD`.
    pub const HEAD: Self = Self(1);
    /// `GET`.
    pub const GET: Self = Self(2);
    /// `POST`.
    pub const POST: Self = Self(4);
    /// `PUT`.
    pub const PUT: Self = Self(8);
    /// `DELETE`.
    pub const DELETE: Self = Self(16);
    /// `TRACE`.
    pub const TRACE: Self = Self(32);
    /// `OPTIONS`.
    pub const OPTIONS: Self = Self(64);
    /// `CONNECT`.
    pub const CONNECT: Self = Self(128);
    /// `PATCH`.
    pub const PATCH: Self = Self(256);
    /// All nine standard methods; extension methods are not among them.
    pub const ALL: Self = Self(511);

    /// The method of this name, or `None` when it is not a standard one. Case matters
    /// (RFC 9110 section 9.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "GET" => Self::GET,
            "HEAD" => Self::HEAD,
            "POST" => Self::POST,
            "PUT" => Self::PUT,
            "PATCH" => Self::PATCH,
            "DELETE" => Self::DELETE,
            "OPTIONS" => Self::OPTIONS,
            "TRACE" => Self::TRACE,
            "CONNECT" => Self::CONNECT,
            _ => return None,
        })
    }

    /// The bits, one for each method: the values of the constants.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with these bits; bits that mean no method are dropped.
    #[must_use]
    pub const fn from_bits_truncate(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether there is no method in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all methods of `other` are in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// All methods of both sets: `|` where a constant is needed.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names, in the order of the `Allow` header: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`,
    /// `DELETE`, `OPTIONS`, `TRACE`, `CONNECT`.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(method, _)| self.contains(*method)).map(|(_, name)| name)
    }
}

impl BitOr for Methods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Methods {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Methods {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The names with commas between: `GET, POST`.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, self.iter())
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Methods({self})")
    }
}

/// Writes names with `, ` between them, as in the `Allow` header.
pub(crate) fn write_list<'a>(
    f: &mut fmt::Formatter<'_>,
    names: impl Iterator<Item = &'a str>,
) -> fmt::Result {
    for (index, name) in names.enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        f.write_str(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again() {
        let mut all = Methods::EMPTY;
        for (method, name) in NAMES {
            assert_eq!(Methods::from_name(name), Some(method));
            assert_eq!(method.to_string(), name);
            assert_eq!(method.bits().count_ones(), 1, "{name}");
            all |= method;
        }
        assert_eq!(all, Methods::ALL);
    }

    #[test]
    fn foreign_bits_are_dropped() {
        assert_eq!(Methods::from_bits_truncate(0xffff), Methods::ALL);
        assert_eq!(Methods::from_bits_truncate(0x200), Methods::EMPTY);
    }
}
