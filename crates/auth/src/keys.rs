//! Keys of one secret for many purposes, and the secrets of before.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The secret of an application and those that it had before.
///
/// What is made is made with the first; what comes back may be of any. So a secret is replaced
/// without logging anybody out: put the new one first, and take the old one away when nothing of
/// its time can be valid any more (the longest session). Several instances have to know the new one
/// before one of them uses it: give it to all as an old one first.
///
/// No secret is used as it is. Each purpose has a key of its own, derived with HKDF-SHA-256 (RFC
/// 5869) from the secret and a label, so that what was made for one purpose is worth nothing for
/// another.
///
/// ```
/// use pauper_auth::{Keys, Secret};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (new, old) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
/// let keys = Keys::new(Secret::from_text(new)?).or_old(Secret::from_text(old)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Keys {
    secrets: Vec<Secret>,
}

/// A derived key.
pub(crate) type Key = Zeroizing<[u8; 32]>;

impl Keys {
    /// The keys of one secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self { secrets: vec![secret] }
    }

    /// And of one that was used before.
    #[must_use]
    pub fn or_old(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The secrets themselves, for what other programs have to read.
    #[cfg(feature = "json")]
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        self.secrets.iter().map(Secret::expose)
    }

    /// The key of each secret for one purpose, that of the newest first. A label names one
    /// purpose and nothing else.
    pub(crate) fn derive(&self, label: &str) -> Vec<Key> {
        let of = |secret: &Secret| {
            let mut key = Key::default();
            Hkdf::<Sha256>::new(Some(b"pauper-auth"), secret.expose())
                .expand(label.as_bytes(), &mut *key)
                .expect("32 bytes are fewer than HKDF can give");
            key
        };
        self.secrets.iter().map(of).collect()
    }
}

impl From<Secret> for Keys {
    fn from(secret: Secret) -> Self {
        Self::new(secret)
    }
}

/// Tells how many there are.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} secrets)", self.secrets.len())
    }
}

/// HMAC-SHA-256 (RFC 2104) of several parts, each preceded by its length, so that no two lists of
/// parts are one text.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_and_each_secret_has_a_key() {
        let secret = |text: &str| Secret::from_text(text.repeat(16)).unwrap();
        let keys = Keys::new(secret("ab")).or_old(secret("cd"));
        let (one, other) = (keys.derive("one"), keys.derive("other"));
        let mut all: Vec<_> = one.iter().chain(&other).map(|key| **key).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
        assert_eq!(Keys::from(secret("cd")).derive("one"), one[1..]);
        assert!(!format!("{keys:?}").contains("ab"));
    }

    #[test]
    fn parts_do_not_run_together() {
        let all = [
            mac(b"key", &[b"ab", b"c"]),
            mac(b"key", &[b"a", b"bc"]),
            mac(b"key", &[b"abc"]),
            mac(b"key", &[b"abc", b""]),
            mac(b"yek", &[b"abc"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }
}
