//! `AESSession` of PoorWSGI 2.8.

use std::fmt;

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_core::Serialize;
use serde_json::{Map, Value};
use sha2::Sha256;
use sha3::{Digest as _, Sha3_256};
use zeroize::Zeroizing;

use super::metadata;
use super::poor_session::python_json;
use crate::compare::constant_time_eq;
use crate::random::{Randomness, draw};
use crate::session::{Session, SessionContext, SessionError, SessionErrorKind, SessionFormat};

const NONCE: usize = 16;

/// The encrypted session cookie of PoorWSGI: JSON, AES-256 in counter mode with a random nonce, and
/// HMAC-SHA-256.
///
/// The key is that of the old application, of any length but none. About times see
/// [`PoorSession`](super::PoorSession).
pub struct AesSession {
    encryption_key: Zeroizing<[u8; 32]>,
    mac_key: Zeroizing<[u8; 32]>,
}

impl AesSession {
    /// With the old application's key.
    ///
    /// # Errors
    /// When the key is empty.
    pub fn new(key: impl AsRef<[u8]>) -> Result<Self, SessionError> {
        if key.as_ref().is_empty() {
            return Err(SessionError::new(SessionErrorKind::Value));
        }
        let root = Zeroizing::new(<[u8; 32]>::from(Sha3_256::digest(key)));
        let derive = |label: &str| {
            let hash = Sha3_256::new().chain_update(*root).chain_update(label).finalize();
            Zeroizing::new(<[u8; 32]>::from(hash))
        };
        Ok(Self { encryption_key: derive("enc"), mac_key: derive("mac") })
    }

    /// The value of the cookie for data, which have to be a map.
    ///
    /// # Errors
    /// When the data cannot be written as JSON, or there are no random bytes.
    pub fn write_data<T: Serialize + ?Sized>(
        &self,
        data: &T,
        random: &dyn Randomness,
    ) -> Result<String, SessionError> {
        let json = python_json(data)?;
        let nonce = draw::<NONCE>(random)?;
        let mut payload = [&nonce[..], &json].concat();
        self.apply_stream(&nonce, &mut payload[NONCE..]);
        let signature = self.sign(&payload);
        Ok(format!("{}.{}", URL_SAFE.encode(payload), URL_SAFE.encode(signature)))
    }

    /// The data of a cookie's value. The signature is looked at before anything else.
    ///
    /// # Errors
    /// When it was not made with this key.
    pub fn read_data(&self, value: &str) -> Result<Map<String, Value>, SessionError> {
        self.open(value).ok_or_else(SessionError::bad)
    }

    fn open(&self, value: &str) -> Option<Map<String, Value>> {
        let (payload, signature) = value.split_once('.')?;
        let mut payload = URL_SAFE.decode(payload).ok()?;
        if !constant_time_eq(self.sign(&payload), URL_SAFE.decode(signature).ok()?) {
            return None;
        }
        let (nonce, json) = payload.split_first_chunk_mut::<NONCE>()?;
        self.apply_stream(nonce, json);
        serde_json::from_slice(json).ok()
    }

    fn apply_stream(&self, nonce: &[u8; NONCE], bytes: &mut [u8]) {
        let key = (&*self.encryption_key).into();
        Ctr128BE::<Aes256>::new(key, nonce.into()).apply_keystream(bytes);
    }

    fn sign(&self, payload: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&*self.mac_key).expect("HMAC takes keys of any length");
        mac.update(payload);
        mac.finalize().into_bytes().into()
    }
}

impl SessionFormat for AesSession {
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        self.write_data(&metadata::to_object(session, context.cookie), context.random)
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        metadata::of_object(self.read_data(value)?, context.cookie, context.now)
    }
}

impl fmt::Debug for AesSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesSession(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::to_hex;

    #[test]
    fn keys_are_derived_as_the_original_does() {
        let session = AesSession::new("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(
            to_hex(&*session.encryption_key),
            "6527ee5d9b2e4023b8b686a54689d795c5667665f52298c619e34011e0db60fb"
        );
        assert_eq!(
            to_hex(&*session.mac_key),
            "769270c90da272112c6b8d88624891c3bd3fcaa8b141019c345ad18a4abbdf91"
        );
        assert!(AesSession::new("").is_err());
    }
}
