//! Hashes and algorithms of Digest, and texts of them.

use std::fmt;
use std::str::FromStr;

use md5::Md5;
use sha2::digest::Digest as _;
use sha2::{Sha256, Sha512_256};

use crate::compare::constant_time_eq;

/// A hash function of Digest (RFC 7616, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hash {
    /// MD5: what every client has. Broken for signatures; here it falls to a fast search for weak
    /// passwords, as the others do.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512 cut to 256 bits, with initial values of its own (FIPS 180-4). Few clients have it.
    Sha512_256,
}

impl Hash {
    /// All of them, the weakest first.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512_256];

    /// The name, as in the IANA registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// How many hex digits a digest has: 32 or 64.
    #[must_use]
    pub const fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 | Self::Sha512_256 => 64,
        }
    }

    /// The digest of bytes.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> HexDigest {
        self.joined(&[bytes])
    }

    /// The digest of parts with colons between them, which all texts of Digest are.
    pub(crate) fn joined(self, parts: &[&[u8]]) -> HexDigest {
        let mut hasher = Hasher::new(self);
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                hasher.update(b":");
            }
            hasher.update(part);
        }
        hasher.finish()
    }

    /// A place among the three.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// In any case.
impl FromStr for Hash {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let known = Self::ALL.into_iter().find(|hash| name.eq_ignore_ascii_case(hash.name()));
        known.ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A hash in the making.
pub(crate) enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
    Sha512_256(Sha512_256),
}

impl Hasher {
    pub(crate) fn new(hash: Hash) -> Self {
        match hash {
            Hash::Md5 => Self::Md5(Md5::new()),
            Hash::Sha256 => Self::Sha256(Sha256::new()),
            Hash::Sha512_256 => Self::Sha512_256(Sha512_256::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512_256(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> HexDigest {
        match self {
            Self::Md5(hasher) => HexDigest::of_bytes(&hasher.finalize()),
            Self::Sha256(hasher) => HexDigest::of_bytes(&hasher.finalize()),
            Self::Sha512_256(hasher) => HexDigest::of_bytes(&hasher.finalize()),
        }
    }
}

/// An algorithm of Digest: a hash function, and whether the key of a client is made anew for each
/// nonce (`-sess`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Algorithm {
    hash: Hash,
    session: bool,
}

impl Algorithm {
    /// `MD5`.
    pub const MD5: Self = Self { hash: Hash::Md5, session: false };
    /// `MD5-sess`.
    pub const MD5_SESS: Self = Self { hash: Hash::Md5, session: true };
    /// `SHA-256`.
    pub const SHA_256: Self = Self { hash: Hash::Sha256, session: false };
    /// `SHA-256-sess`.
    pub const SHA_256_SESS: Self = Self { hash: Hash::Sha256, session: true };
    /// `SHA-512-256`.
    pub const SHA_512_256: Self = Self { hash: Hash::Sha512_256, session: false };
    /// `SHA-512-256-sess`.
    pub const SHA_512_256_SESS: Self = Self { hash: Hash::Sha512_256, session: true };

    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MD5,
        Self::MD5_SESS,
        Self::SHA_256,
        Self::SHA_256_SESS,
        Self::SHA_512_256,
        Self::SHA_512_256_SESS,
    ];

    /// The hash function.
    #[must_use]
    pub const fn hash(self) -> Hash {
        self.hash
    }

    /// Whether it is one with `-sess`.
    #[must_use]
    pub const fn is_session(self) -> bool {
        self.session
    }

    /// The name, as in the IANA registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match (self.hash, self.session) {
            (hash, false) => hash.name(),
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, true) => "SHA-256-sess",
            (Hash::Sha512_256, true) => "SHA-512-256-sess",
        }
    }
}

/// In any case.
impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let known = Self::ALL.into_iter().find(|known| name.eq_ignore_ascii_case(known.name()));
        known.ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of the algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the algorithms of Digest are MD5, SHA-256 and SHA-512-256")
    }
}

impl std::error::Error for UnknownAlgorithm {}

/// A digest as text: 32 or 64 lower-case hex digits, without an allocation.
///
/// Compared in constant time. `Debug` does not show it, since what is stored of a password is as
/// good as the password.
#[derive(Clone, Copy)]
pub struct HexDigest {
    digits: [u8; 64],
    len: u8,
}

impl HexDigest {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(bytes) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        }
        Self { digits, len: (bytes.len() * 2).min(64) as u8 }
    }

    /// The digest that a text of 32 or 64 hex digits is, which may be in upper case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = matches!(text.len(), 32 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !good {
            return None;
        }
        let mut digits = [0; 64];
        digits[..text.len()].copy_from_slice(text.as_bytes());
        digits.make_ascii_lowercase();
        Some(Self { digits, len: text.len() as u8 })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The digits as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }
}

/// In constant time.
impl PartialEq for HexDigest {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for HexDigest {}

/// For names that are looked up; not for what is secret.
impl std::hash::Hash for HexDigest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// Shows its length only.
impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HexDigest({} digits)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_nothing() {
        for (hash, expected) in [
            (Hash::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
            (Hash::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (Hash::Sha512_256, "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"),
        ] {
            assert_eq!(hash.of(b"").as_str(), expected);
            assert_eq!(expected.len(), hash.hex_len());
            assert_eq!(hash.name().to_lowercase().parse(), Ok(hash));
            assert_eq!(hash.joined(&[b"a", b"", b"b"]), hash.of(b"a::b"));
        }
    }

    #[test]
    fn names_of_algorithms() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.to_string().to_uppercase().parse(), Ok(algorithm));
            assert_eq!(algorithm.name().ends_with("-sess"), algorithm.is_session());
        }
        for name in ["", "SHA", "SHA-512", "MD5-", "MD5sess", "SHA-256-sess "] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name:?}");
        }
    }

    #[test]
    fn a_digest_is_hex_of_one_of_two_lengths() {
        let digest = HexDigest::parse(&"aB".repeat(16)).unwrap();
        assert_eq!(digest.as_str(), "ab".repeat(16));
        assert_eq!(format!("{digest:?}"), "HexDigest(32 digits)");
        assert_ne!(digest, HexDigest::parse(&"ab".repeat(32)).unwrap());
        for bad in ["", "ab", &"ag".repeat(16), &"é".repeat(16), &"ab".repeat(33)] {
            assert!(HexDigest::parse(bad).is_none(), "{bad}");
        }
    }
}
