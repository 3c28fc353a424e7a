//! Tokens that prove who asked for them, and until when: links in mails, invitations.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::compare::constant_time_eq;
use crate::encoding::{from_base64, to_base64};
use crate::keys::{Key, Keys, mac};
use crate::session::to_seconds;

/// Makes and checks tokens for one purpose.
///
/// A token says when it ends and that it was made here for this purpose and this client (an
/// address of mail, the number of a user: whatever has to be the same when it comes back). It is
/// made of letters, digits, `-` and `_`, and nothing has to be kept for it. It may be used again
/// until it ends; a [`OnceStore`](crate::OnceStore) sees to it that it is not.
///
/// ```
/// # #[cfg(feature = "system-random")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::{Duration, SystemTime};
/// use pauper_auth::{Keys, Secret, SystemRandom, Tokens};
///
/// let keys = Keys::new(Secret::random(&SystemRandom)?);
/// let tokens = Tokens::new(&keys, "confirm an address");
/// let now = SystemTime::now();
/// let hour = Duration::from_secs(3600);
/// let token = tokens.get_token("alice@example.org", Some(hour), now);
/// assert!(tokens.check_token(&token, "alice@example.org", now));
/// assert!(!tokens.check_token(&token, "eve@example.org", now));
/// assert!(!tokens.check_token(&token, "alice@example.org", now + hour));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "system-random"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Tokens {
    keys: Vec<Key>,
}

impl Tokens {
    /// With these keys, for a purpose that nothing else has.
    #[must_use]
    pub fn new(keys: &Keys, purpose: &str) -> Self {
        Self { keys: keys.derive(&format!("token: {purpose}")) }
    }

    /// A token for a client, good for so long from now on, in whole seconds; `None` is for ever,
    /// or until the secret is replaced.
    #[must_use]
    pub fn get_token(&self, client: &str, lifetime: Option<Duration>, now: SystemTime) -> String {
        // The last second that there is stands for no end.
        let end = lifetime.map_or(u64::MAX, |lifetime| {
            to_seconds(now).saturating_add(lifetime.as_secs()).min(u64::MAX - 1)
        });
        let end = end.to_be_bytes();
        to_base64(&[&end[..], &mac(&*self.keys[0], &[&end, client.as_bytes()])].concat())
    }

    /// Whether a token was made here for this client and its time is not over. In constant time,
    /// but for its length.
    #[must_use]
    pub fn check_token(&self, token: &str, client: &str, now: SystemTime) -> bool {
        if token.len() != 54 {
            return false;
        }
        let Some(bytes) = from_base64(token) else { return false };
        let Some((end, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let good = self.keys.iter().fold(false, |found, key| {
            found | constant_time_eq(tag, mac(&**key, &[end, client.as_bytes()]))
        });
        good && u64::from_be_bytes(*end) > to_seconds(now)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} keys)", self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn secret(text: &str) -> Secret {
        Secret::from_text(text.repeat(16)).unwrap()
    }

    #[test]
    fn a_token_ends_to_the_second() {
        let tokens = Tokens::new(&secret("ab").into(), "x");
        let token = tokens.get_token("UA", Some(Duration::from_secs(300)), at(1000));
        assert_eq!(token.len(), 54);
        for (now, expected) in [(0, true), (1000, true), (1299, true), (1300, false)] {
            assert_eq!(tokens.check_token(&token, "UA", at(now)), expected, "{now}");
        }
        let nothing = tokens.get_token("UA", Some(Duration::ZERO), at(1000));
        assert!(!tokens.check_token(&nothing, "UA", at(1000)));
        for lifetime in [None, Some(Duration::MAX)] {
            let long = tokens.get_token("UA", lifetime, at(1000));
            assert!(tokens.check_token(&long, "UA", at(1 << 40)), "{lifetime:?}");
        }
    }

    #[test]
    fn clients_purposes_and_keys_are_kept_apart() {
        let keys = Keys::new(secret("ab"));
        let tokens = Tokens::new(&keys, "x");
        let token = tokens.get_token("UA", None, at(0));
        let both = Keys::new(secret("cd")).or_old(secret("ab"));
        assert!(Tokens::new(&both, "x").check_token(&token, "UA", at(0)));
        for (other, client) in [
            (Tokens::new(&keys, "y"), "UA"),
            (Tokens::new(&secret("cd").into(), "x"), "UA"),
            (tokens.clone(), "ua"),
            (tokens.clone(), "UA1"),
            (tokens, ""),
        ] {
            assert!(!other.check_token(&token, client, at(0)));
        }
    }

    #[test]
    fn every_bit_counts() {
        let tokens = Tokens::new(&secret("ab").into(), "x");
        let token = tokens.get_token("UA", Some(Duration::from_secs(9)), at(0));
        let bytes = from_base64(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!tokens.check_token(&to_base64(&flipped), "UA", at(0)), "{bit}");
        }
        for len in 0..token.len() {
            assert!(!tokens.check_token(&token[..len], "UA", at(0)));
        }
        for bad in ["é".repeat(27), "=".repeat(54), format!("{token}A")] {
            assert!(!tokens.check_token(&bad, "UA", at(0)));
        }
    }
}
