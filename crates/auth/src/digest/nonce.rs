//! Nonces that the server need not remember: the time, random bytes, and a MAC of both.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::compare::constant_time_eq;
use crate::encoding::{from_base64, to_base64, to_hex};
use crate::keys::{Key, Keys, mac};
use crate::random::{RandomError, Randomness, draw};

/// Makes nonces and knows its own again.
///
/// A nonce is the time in milliseconds, 12 random bytes, and the first 16 bytes of an HMAC-SHA-256
/// of these, of the realm and of what is known of the client. No two are equal. Servers that share
/// a secret know each other's.
pub struct Nonces {
    keys: Vec<Key>,
    realm: Box<str>,
    lifetime: Duration,
}

/// What names a nonce; in the order in which they were issued.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NonceId([u8; 20]);

impl NonceId {
    pub(crate) fn new(millis: u64, random: [u8; 12]) -> Self {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&millis.to_be_bytes());
        id[8..].copy_from_slice(&random);
        Self(id)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// When it was issued.
    #[must_use]
    pub fn issued(&self) -> SystemTime {
        from_millis(self.millis())
    }

    fn millis(&self) -> u64 {
        self.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}

/// In hex.
impl fmt::Display for NonceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for NonceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NonceId({self})")
    }
}

/// Servers whose clocks differ by up to this know each other's nonces.
const SKEW: Duration = Duration::from_secs(5);

/// The bytes of the MAC that are sent.
const MAC_LEN: usize = 16;

/// A nonce that is not ours, not for this client, or too old. A client that gets another can try
/// again with the same password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleNonce;

impl fmt::Display for StaleNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the nonce is not ours, too old, or used")
    }
}

impl std::error::Error for StaleNonce {}

impl Nonces {
    /// Nonces for a realm that are good for `lifetime` after they were issued.
    #[must_use]
    pub fn new(keys: impl Into<Keys>, realm: &str, lifetime: Duration) -> Self {
        Self { keys: keys.into().derive("digest nonce"), realm: realm.into(), lifetime }
    }

    /// How long a nonce is good.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A new nonce, 48 characters, for a client of whom something is known that it will send
    /// again, as its User-Agent; or for any, if that is empty.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn issue(
        &self,
        client: &[u8],
        now: SystemTime,
        random: &dyn Randomness,
    ) -> Result<(String, NonceId), RandomError> {
        let id = NonceId::new(millis(now), draw(random)?);
        let mac = self.keys.first().map(|key| self.mac(key, &id, client)).unwrap_or_default();
        let bytes = [&id.0[..], &mac[..MAC_LEN]].concat();
        Ok((to_base64(&bytes), id))
    }

    /// Whether a nonce is ours, for this client, and not too old: from its time on, and before
    /// its lifetime is over.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(
        &self,
        nonce: &str,
        client: &[u8],
        now: SystemTime,
    ) -> Result<NonceId, StaleNonce> {
        if nonce.len() != (20 + MAC_LEN) / 3 * 4 {
            return Err(StaleNonce);
        }
        let bytes = from_base64(nonce).ok_or(StaleNonce)?;
        let (id, sent) = bytes.split_first_chunk::<20>().ok_or(StaleNonce)?;
        let id = NonceId(*id);
        let ours = |key| constant_time_eq(&self.mac(key, &id, client)[..MAC_LEN], sent);
        if !self.keys.iter().any(ours) {
            return Err(StaleNonce);
        }
        let issued = id.issued();
        let begun = issued.checked_sub(SKEW).is_none_or(|begin| begin <= now);
        let over = issued.checked_add(self.lifetime).is_some_and(|end| end <= now);
        if begun && !over { Ok(id) } else { Err(StaleNonce) }
    }

    fn mac(&self, key: &Key, id: &NonceId, client: &[u8]) -> [u8; 32] {
        mac(&**key, &[&id.0, self.realm.as_bytes(), client])
    }
}

/// Does not show the keys.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonces({:?}, {:?})", self.realm, self.lifetime)
    }
}

pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn from_millis(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::Counting;
    use crate::secret::Secret;

    const LIFE: Duration = Duration::from_secs(60);

    fn nonces(realm: &str) -> Nonces {
        let secret = Secret::from_text("0123456789abcdef0123456789abcdef").unwrap();
        Nonces::new(secret, realm, LIFE)
    }

    fn at(millis: u64) -> SystemTime {
        from_millis(1_700_000_000_000 + millis)
    }

    #[test]
    fn a_nonce_lives_exactly_as_long_as_it_should() {
        let nonces = nonces("Zone");
        let (nonce, id) = nonces.issue(b"UA", at(0), &Counting::default()).unwrap();
        assert_eq!((nonce.len(), id.issued()), (48, at(0)));
        for (time, good) in [(at(0), true), (at(59_999), true), (at(60_000), false)] {
            assert_eq!(nonces.check(&nonce, b"UA", time).is_ok(), good, "{time:?}");
        }
        // Another server's clock may be a little late, and no more.
        assert!(nonces.check(&nonce, b"UA", at(0) - SKEW).is_ok());
        assert!(nonces.check(&nonce, b"UA", at(0) - SKEW - Duration::from_millis(1)).is_err());
        assert!(nonces.check(&nonce, b"UA", SystemTime::UNIX_EPOCH).is_err());
    }

    #[test]
    fn foreign_cut_and_changed_nonces_are_refused() {
        let (ours, random) = (nonces("Zone"), Counting::default());
        let (nonce, _) = ours.issue(b"UA", at(0), &random).unwrap();
        assert!(ours.check(&nonce, b"other client", at(0)).is_err());
        assert!(nonces("Other Zone").check(&nonce, b"UA", at(0)).is_err());
        for end in 0..nonce.len() {
            assert!(ours.check(&nonce[..end], b"UA", at(0)).is_err());
        }
        for at_byte in 0..nonce.len() {
            let mut bytes = nonce.clone().into_bytes();
            bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(ours.check(&changed, b"UA", at(0)).is_err(), "{changed}");
        }
        for own in ["", "dcd98b7102dd2f0e8b11d0f600bfb0c093", &"A".repeat(48), &"é".repeat(24)] {
            assert!(ours.check(own, b"UA", at(0)).is_err());
        }
    }

    #[test]
    fn a_secret_can_be_replaced() {
        let secret = |text: &str| Secret::from_text(text.repeat(16)).unwrap();
        let (old, random) = (Nonces::new(secret("ab"), "Zone", LIFE), Counting::default());
        let new = Nonces::new(Keys::new(secret("cd")).or_old(secret("ab")), "Zone", LIFE);
        let (nonce, _) = old.issue(b"", at(0), &random).unwrap();
        assert!(new.check(&nonce, b"", at(0)).is_ok());
        let (nonce, _) = new.issue(b"", at(0), &random).unwrap();
        assert!(old.check(&nonce, b"", at(0)).is_err());
    }
}
