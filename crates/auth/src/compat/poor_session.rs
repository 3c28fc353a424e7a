//! `PoorSession` of PoorWSGI 2.8.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use pauper_message::JsonStyle;
use serde_core::Serialize;
use serde_json::{Map, Value};
use sha2::Sha256;
use shake::Shake256;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use zeroize::Zeroizing;

use super::mersenne::Mersenne;
use super::metadata;
use crate::compare::constant_time_eq;
use crate::session::{Session, SessionContext, SessionError, SessionErrorKind, SessionFormat};

/// How the data of a [`PoorSession`] are compressed. It is not told in the cookie, so both sides
/// have to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// bzip2, the default of PoorWSGI.
    #[default]
    Bzip2,
    /// zlib (RFC 1950), which Python's `gzip.zlib` is.
    Zlib,
    /// Not at all.
    None,
}

/// The self-contained session cookie of PoorWSGI: JSON, hidden, compressed, and authenticated with
/// HMAC-SHA-256. Hidden is not encrypted: who knows what one cookie says can read the others.
///
/// The key is that of the old application, of any length but none. Cookies that this writes through
/// [`Sessions`](crate::session::Sessions) have their times in a member `_pauper`, which PoorWSGI keeps
/// as any other; those that PoorWSGI wrote never end.
pub struct PoorSession {
    stream: Zeroizing<Vec<u8>>,
    mac_key: Zeroizing<[u8; 32]>,
    table: Box<Zeroizing<[u8; 256]>>,
    reverse: Box<Zeroizing<[u8; 256]>>,
    compression: Compression,
}

/// The most bytes that the data of one cookie may have once they are unpacked. A cookie that fits
/// into a browser can be unpacked to thousands of times its length, though only with the key.
const MOST_UNPACKED: u64 = 64 * 1024;

const STREAM: usize = 1024;

impl PoorSession {
    /// With the old application's key, and bzip2.
    ///
    /// # Errors
    /// When the key is empty.
    pub fn new(key: impl AsRef<[u8]>) -> Result<Self, SessionError> {
        let key = key.as_ref();
        if key.is_empty() {
            return Err(SessionError::new(SessionErrorKind::Value));
        }
        let mut stream = Zeroizing::new(vec![0; STREAM]);
        let mut mac_key = Zeroizing::new([0; 32]);
        let mut seed = Zeroizing::new([0; 32]);
        derive(b"ks\0", key, &mut stream);
        derive(b"mac\0", key, &mut *mac_key);
        derive(b"perm\0", key, &mut *seed);
        let mut table = Box::new(Zeroizing::new([0; 256]));
        for (index, byte) in table.iter_mut().enumerate() {
            *byte = index as u8;
        }
        Mersenne::of_bytes(&*seed).shuffle(&mut **table);
        let mut reverse = Box::new(Zeroizing::new([0; 256]));
        for (index, byte) in table.iter().enumerate() {
            reverse[usize::from(*byte)] = index as u8;
        }
        Ok(Self { stream, mac_key, table, reverse, compression: Compression::default() })
    }

    /// With another compression.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The value of the cookie for data, which have to be a map.
    ///
    /// # Errors
    /// When the data cannot be written as JSON.
    pub fn write_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<String, SessionError> {
        let mut bytes = python_json(data)?;
        for (byte, key) in bytes.iter_mut().zip(self.stream.iter().cycle()) {
            *byte = self.table[usize::from(*byte ^ key)];
        }
        let payload = self.compress(&bytes).map_err(|_| SessionError::bad())?;
        let signature = self.mac(&payload).finalize().into_bytes();
        Ok(format!("{}.{}", STANDARD.encode(payload), STANDARD.encode(signature)))
    }

    /// The data of a cookie's value. The signature is looked at before anything else.
    ///
    /// # Errors
    /// When it was not made with this key and compression, or holds more than 64 KiB.
    pub fn read_data(&self, value: &str) -> Result<Map<String, Value>, SessionError> {
        self.open(value).ok_or_else(SessionError::bad)
    }

    fn open(&self, value: &str) -> Option<Map<String, Value>> {
        let (payload, signature) = value.split_once('.')?;
        let (payload, signature) =
            (STANDARD.decode(payload).ok()?, STANDARD.decode(signature).ok()?);
        if !constant_time_eq(self.mac(&payload).finalize().into_bytes(), signature) {
            return None;
        }
        let mut bytes = self.decompress(&payload)?;
        for (byte, key) in bytes.iter_mut().zip(self.stream.iter().cycle()) {
            *byte = self.reverse[usize::from(*byte)] ^ key;
        }
        serde_json::from_slice(&bytes).ok()
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&*self.mac_key).expect("HMAC takes keys of any length");
        hmac::Mac::update(&mut mac, payload);
        mac
    }

    fn compress(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        match self.compression {
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(out, bzip2::Compression::best());
                encoder.write_all(bytes)?;
                return encoder.finish();
            }
            Compression::Zlib => {
                ZlibEncoder::new(bytes, flate2::Compression::best()).read_to_end(&mut out)?;
            }
            Compression::None => out.extend_from_slice(bytes),
        }
        Ok(out)
    }

    fn decompress(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let most = MOST_UNPACKED + 1;
        let read = match self.compression {
            Compression::Bzip2 => {
                bzip2::read::BzDecoder::new(payload).take(most).read_to_end(&mut out)
            }
            Compression::Zlib => ZlibDecoder::new(payload).take(most).read_to_end(&mut out),
            Compression::None => payload.take(most).read_to_end(&mut out),
        };
        read.ok().filter(|len| (*len as u64) < most).map(|_| out)
    }
}

fn derive(label: &[u8], key: &[u8], out: &mut [u8]) {
    Shake256::default().chain(label).chain(key).finalize_xof().read(out);
}

/// JSON as Python writes it: ASCII, with a space behind each comma and colon.
pub(super) fn python_json<T: Serialize + ?Sized>(data: &T) -> Result<Vec<u8>, SessionError> {
    let mut bytes = Vec::new();
    let style = JsonStyle::new().ascii(true).spaced(true);
    data.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, style))
        .map_err(|_| SessionError::new(SessionErrorKind::Value))?;
    Ok(bytes)
}

impl SessionFormat for PoorSession {
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        self.write_data(&metadata::to_object(session, context.cookie))
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        metadata::of_object(self.read_data(value)?, context.cookie, context.now)
    }
}

impl fmt::Debug for PoorSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoorSession({:?})", self.compression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::to_hex;
    use sha2::Digest as _;

    #[test]
    fn keys_are_derived_as_the_original_does() {
        let session = PoorSession::new("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(to_hex(&session.table[..16]), "e0750cefeda521b1529835e408c415ea");
        assert_eq!(
            to_hex(&Sha256::digest(**session.table)),
            "e7da88a0d7d7a141da7e558cce84057f01a504babd014ab0c30db86a0bf7f516"
        );
        assert_eq!(to_hex(&session.stream[..16]), "e064eae2def7e540167e1b408b5f04fe");
        assert_eq!(
            to_hex(&*session.mac_key),
            "40a9b11a97dc2e302aaeee5864d67168ed8162fb0555ca42a0a6024628964fe9"
        );
        assert!(PoorSession::new("").is_err());
    }

    #[test]
    fn a_bomb_is_refused_even_with_the_key() {
        for compression in [Compression::Bzip2, Compression::Zlib, Compression::None] {
            let session = PoorSession::new("key").unwrap().compression(compression);
            let data = |len: usize| serde_json::json!({"a": "x".repeat(len)});
            let good = session.write_data(&data(MOST_UNPACKED as usize - 9)).unwrap();
            assert!(session.read_data(&good).is_ok(), "{compression:?}");
            for len in [MOST_UNPACKED as usize - 8, 500_000] {
                let bomb = session.write_data(&data(len)).unwrap();
                assert!(session.read_data(&bomb).is_err(), "{compression:?}, {len}");
            }
        }
    }
}
