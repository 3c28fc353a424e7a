//! Sealing: bytes that come back from a client unchanged and unread, or not at all.

use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _, Nonce, Tag};
use hkdf::hmac::digest::consts::U12;
use zeroize::Zeroizing;

use crate::encoding::{from_base64, to_base64};
use crate::keys::Keys;
use crate::random::{RandomError, Randomness, draw};

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Version, key, nonce, tag.
const OVERHEAD: usize = 1 + KEY_ID + NONCE + TAG;

/// Seals bytes for one purpose, with AES-256-GCM (NIST SP 800-38D).
///
/// What is sealed is text of letters, digits, `-` and `_`: the version, the number of the key, a
/// random nonce, the encrypted bytes and the tag, in Base64. All of it is authenticated, and so are
/// the purpose and the context (the name of a cookie, for instance), which are not in it: whoever
/// opens has to know them.
///
/// Nonces are random and have 96 bits, so that one key may seal 2³² times before a repetition is
/// likelier than one in 2³²; at a hundred sealings each second that is more than a year. Then it is
/// time for a new secret; see [`Keys`].
///
/// ```
/// # #[cfg(feature = "system-random")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use pauper_auth::{Secret, Sealer, SystemRandom};
///
/// let secret = Secret::random(&SystemRandom)?;
/// let sealer = Sealer::new(&secret.into(), "invitation");
/// let text = sealer.seal(&[b"to alice"], b"table 7", &SystemRandom)?;
/// assert_eq!(sealer.open(&[b"to alice"], &text).as_deref(), Some(&b"table 7"[..]));
/// assert_eq!(sealer.open(&[b"to bob"], &text), None);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "system-random"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Sealer {
    purpose: Box<str>,
    /// The newest first.
    ciphers: Vec<([u8; KEY_ID], Aes256Gcm)>,
}

impl Sealer {
    /// With these keys, for a purpose that nothing else has.
    #[must_use]
    pub fn new(keys: &Keys, purpose: &str) -> Self {
        let ciphers = keys.derive(&format!("seal: {purpose}"));
        let ids = keys.derive(&format!("seal, number of the key: {purpose}"));
        let ciphers = ciphers.iter().zip(&ids).map(|(key, id)| {
            let mut short = [0; KEY_ID];
            short.copy_from_slice(&id[..KEY_ID]);
            (short, Aes256Gcm::new((&**key).into()))
        });
        Self { purpose: purpose.into(), ciphers: ciphers.collect() }
    }

    /// The length of what [`seal`](Self::seal) makes of so many bytes.
    #[must_use]
    pub fn sealed_len(len: usize) -> usize {
        (len.saturating_add(OVERHEAD)).saturating_mul(4).div_ceil(3)
    }

    /// Seals bytes for a context, with the newest key.
    ///
    /// # Errors
    /// When there are no random bytes.
    ///
    /// # Panics
    /// With more than 64 GiB, which AES-GCM cannot seal.
    pub fn seal(
        &self,
        context: &[&[u8]],
        plain: &[u8],
        random: &dyn Randomness,
    ) -> Result<String, RandomError> {
        let (id, cipher) = &self.ciphers[0];
        let nonce = draw::<NONCE>(random)?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(plain.len() + OVERHEAD));
        sealed.push(VERSION);
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&nonce);
        let from = sealed.len();
        sealed.extend_from_slice(plain);
        let about = self.associated(id, context);
        let body = InOutBuf::from(&mut sealed[from..]);
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), &about, body)
            .expect("what is sealed is shorter than 64 GiB");
        sealed.extend_from_slice(&tag);
        Ok(to_base64(&sealed))
    }

    /// Opens what was sealed for the same purpose and context with one of the keys; `None` if it
    /// was not. Nothing tells why, and nothing of it is looked at before it is authenticated.
    #[must_use]
    pub fn open(&self, context: &[&[u8]], text: &str) -> Option<Vec<u8>> {
        let mut sealed = from_base64(text)?;
        let plain_len = sealed.len().checked_sub(OVERHEAD)?;
        let (head, rest) = sealed.split_at_mut(1 + KEY_ID + NONCE);
        let (body, tag) = rest.split_at_mut(plain_len);
        let (version, head) = head.split_first()?;
        let (id, nonce) = head.split_at(KEY_ID);
        if *version != VERSION {
            return None;
        }
        let nonce = Nonce::<U12>::try_from(nonce).ok()?;
        let tag = Tag::try_from(&*tag).ok()?;
        let about = self.associated(id, context);
        // Two keys may by chance have the same number; a failed opening leaves the bytes as they
        // were, since the tag is compared first.
        let found = self.ciphers.iter().filter(|(known, _)| known == id).any(|(_, cipher)| {
            let body = InOutBuf::from(&mut *body);
            cipher.decrypt_inout_detached(&nonce, &about, body, &tag).is_ok()
        });
        if !found {
            return None;
        }
        sealed.truncate(sealed.len() - TAG);
        sealed.drain(..1 + KEY_ID + NONCE);
        Some(sealed)
    }

    /// The associated data: everything that is authenticated and not encrypted, each part
    /// preceded by its length.
    fn associated(&self, id: &[u8], context: &[&[u8]]) -> Vec<u8> {
        let mut about = vec![VERSION];
        about.extend_from_slice(id);
        for part in std::iter::once(self.purpose.as_bytes()).chain(context.iter().copied()) {
            about.extend_from_slice(&(part.len() as u64).to_be_bytes());
            about.extend_from_slice(part);
        }
        about
    }
}

/// Shows no key.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({:?}, {} keys)", self.purpose, self.ciphers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::{Broken, Counting};
    use crate::secret::Secret;

    fn secret(text: &str) -> Secret {
        Secret::from_text(text.repeat(16)).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_and_has_the_length_that_was_told() {
        let sealer = Sealer::new(&secret("ab").into(), "test");
        let random = Counting::default();
        for len in 0..70 {
            let plain = vec![b'x'; len];
            let text = sealer.seal(&[b"a", b"b"], &plain, &random).unwrap();
            assert_eq!(text.len(), Sealer::sealed_len(len));
            assert_eq!(sealer.open(&[b"a", b"b"], &text).unwrap(), plain);
            assert!(!text.contains("xxxx"));
            for other in [&[&b"ab"[..], b""][..], &[b"a"], &[b"a", b"b", b""], &[b"b", b"a"]] {
                assert_eq!(sealer.open(other, &text), None);
            }
        }
        assert!(sealer.seal(&[], b"", &Broken).is_err());
    }

    #[test]
    fn the_same_bytes_never_look_the_same() {
        let sealer = Sealer::new(&secret("ab").into(), "test");
        let random = Counting::default();
        let seal = || sealer.seal(&[], b"same", &random).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let sealer = Sealer::new(&secret("ab").into(), "test");
        let text = sealer.seal(&[b"n"], b"some bytes", &Counting::default()).unwrap();
        let sealed = from_base64(&text).unwrap();
        for at in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(sealer.open(&[b"n"], &to_base64(&flipped)), None, "bit {at}");
        }
        for len in 0..sealed.len() {
            assert_eq!(sealer.open(&[b"n"], &to_base64(&sealed[..len])), None);
            assert_eq!(sealer.open(&[b"n"], &to_base64(&sealed[len + 1..])), None);
        }
        for (at, _) in text.char_indices() {
            for byte in 0..128 {
                let mut bytes = text.clone().into_bytes();
                if std::mem::replace(&mut bytes[at], byte) != byte {
                    let changed = String::from_utf8(bytes).unwrap();
                    assert_eq!(sealer.open(&[b"n"], &changed), None, "{at}: {byte}");
                }
            }
        }
        assert_eq!(sealer.open(&[b"n"], &format!("{text}A")), None);
        assert!(sealer.open(&[b"n"], &text).is_some());
    }

    #[test]
    fn keys_are_replaced_one_after_another() {
        let random = Counting::default();
        let of = |keys: Keys| Sealer::new(&keys, "test");
        let (old, new) = (of(secret("ab").into()), of(secret("cd").into()));
        let both = of(Keys::new(secret("cd")).or_old(secret("ab")));
        let was = old.seal(&[], b"was", &random).unwrap();
        let is = both.seal(&[], b"is", &random).unwrap();
        assert_eq!(both.open(&[], &was).unwrap(), b"was");
        assert_eq!(new.open(&[], &is).unwrap(), b"is");
        assert_eq!((old.open(&[], &is), new.open(&[], &was)), (None, None));
        let other = Sealer::new(&secret("ab").into(), "other");
        assert_eq!(other.open(&[], &was), None);
    }
}
