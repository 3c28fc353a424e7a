//! JSON web tokens (RFC 7519), signed with HMAC-SHA-256 and nothing else.
//!
//! ```
//! # #[cfg(feature = "system-random")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pauper_auth::{Keys, Secret, SystemRandom, jwt};
//! use std::time::{Duration, SystemTime};
//!
//! let keys = Keys::new(Secret::random(&SystemRandom)?);
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
//! let claims = serde_json::json!({"sub": "alice", "exp": 1060});
//! let token = jwt::encode(claims.as_object().unwrap(), &keys);
//! assert_eq!(jwt::decode(&token, &keys, now)?["sub"], "alice");
//! assert!(jwt::decode(&token, &keys, now + Duration::from_secs(60)).is_err());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "system-random"))]
//! # fn main() {}
//! ```

use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::compare::constant_time_eq;
use crate::encoding::{from_base64, to_base64};
use crate::keys::Keys;
use crate::session::{SKEW, SessionError, SessionErrorKind, to_seconds};

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// A token of these claims, signed with the newest of the keys: the secret itself, as other
/// programs have it.
#[must_use]
pub fn encode(claims: &Map<String, Value>, keys: &Keys) -> String {
    let json = serde_json::to_vec(claims).expect("a map of texts can be written");
    let signed = format!("{HEADER}.{}", to_base64(&json));
    let signature = keys.secrets().map(|secret| sign(secret, &signed)).next();
    let signature = signature.expect("there is a key");
    format!("{signed}.{}", to_base64(&signature))
}

/// The claims of a token: the signature is that of one of the keys, the algorithm is `HS256` and
/// no other, `exp` is there and later than now, and `nbf` and `iat`, if they are there, are not later
/// than a minute from now.
///
/// # Errors
/// When it is no such token.
pub fn decode(
    token: &str,
    keys: &Keys,
    now: SystemTime,
) -> Result<Map<String, Value>, SessionError> {
    let claims = open(token, keys).ok_or_else(SessionError::bad)?;
    let now = to_seconds(now);
    let at = |claim: &str| match claims.get(claim) {
        Some(value) => seconds(value).map(Some).ok_or_else(SessionError::bad),
        None => Ok(None),
    };
    let expires = at("exp")?.ok_or_else(SessionError::bad)?;
    if expires <= now {
        return Err(SessionError::new(SessionErrorKind::Expired));
    }
    let latest = now.saturating_add(SKEW.as_secs());
    if [at("nbf")?, at("iat")?].iter().flatten().any(|begin| *begin > latest) {
        return Err(SessionError::new(SessionErrorKind::FromTheFuture));
    }
    Ok(claims)
}

/// A `NumericDate` (section 2), which may have a fraction.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|time| *time >= 0.0).map(|time| time as u64))
}

/// The claims of a token whose signature is good.
fn open(token: &str, keys: &Keys) -> Option<Map<String, Value>> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = from_base64(signature)?;
    let good = keys.secrets().any(|secret| constant_time_eq(sign(secret, signed), &signature));
    // Of others' tokens the order of the header's members is not known; that of ours is.
    if !good || (header != HEADER && !is_hs256(header)) {
        return None;
    }
    match serde_json::from_slice(&from_base64(claims)?) {
        Ok(Value::Object(claims)) => Some(claims),
        _ => None,
    }
}

/// Whether a header asks for HS256 and for nothing that we do not know (RFC 7515, section 4.1.11).
fn is_hs256(header: &str) -> bool {
    let json = from_base64(header).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    json.is_some_and(|json| json["alg"] == "HS256" && json.get("crit").is_none())
}

fn sign(secret: &[u8], signed: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use serde_json::json;
    use std::time::Duration;

    fn keys(text: &str) -> Keys {
        Keys::new(Secret::from_text(text.repeat(16)).unwrap())
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn made(header: &Value, claims: &Value, keys: &Keys) -> String {
        let part = |value: &Value| to_base64(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", to_base64(&sign(keys.secrets().next().unwrap(), &signed)))
    }

    /// RFC 7515, appendix A.1, with its key and its spaces.
    #[test]
    fn the_token_of_the_rfc() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let keys = Keys::new(Secret::new(from_base64(key).unwrap()).unwrap());
        let claims = decode(token, &keys, at(1_300_819_379)).unwrap();
        assert_eq!(claims["iss"], "joe");
        let late = decode(token, &keys, at(1_300_819_380)).unwrap_err();
        assert_eq!(*late.kind(), SessionErrorKind::Expired);
    }

    #[test]
    fn other_algorithms_and_other_keys_are_refused() {
        let claims = json!({"sub": "alice", "exp": 100});
        let ours = keys("ab");
        for (header, expected) in [
            (json!({"alg": "HS256"}), true),
            (json!({"alg": "HS256", "typ": "JWT", "kid": "1"}), true),
            (json!({"alg": "none"}), false),
            (json!({"alg": "None"}), false),
            (json!({"alg": "HS512"}), false),
            (json!({"alg": "RS256"}), false),
            (json!({"alg": "hs256"}), false),
            (json!({"alg": ["HS256"]}), false),
            (json!({"typ": "JWT"}), false),
            (json!({"alg": "HS256", "crit": ["exp"]}), false),
            (json!("HS256"), false),
        ] {
            let token = made(&header, &claims, &ours);
            assert_eq!(decode(&token, &ours, at(0)).is_ok(), expected, "{header}");
            let unsigned = &token[..token.rfind('.').unwrap()];
            assert!(decode(&format!("{unsigned}."), &ours, at(0)).is_err());
            assert!(decode(unsigned, &ours, at(0)).is_err());
        }
        let token = encode(claims.as_object().unwrap(), &ours);
        assert!(decode(&token, &keys("cd"), at(0)).is_err());
        let both = Keys::new(Secret::from_text("cd".repeat(16)).unwrap())
            .or_old(Secret::from_text("ab".repeat(16)).unwrap());
        assert!(decode(&token, &both, at(0)).is_ok());
        assert!(decode(&"a".repeat(MAX_TOKEN + 1), &ours, at(0)).is_err());
    }

    #[test]
    fn times_are_needed_and_looked_at() {
        let keys = keys("ab");
        for (claims, expected) in [
            (json!({"exp": 1001}), true),
            (json!({"exp": 1001.5}), true),
            (json!({"exp": 1000}), false),
            (json!({}), false),
            (json!({"exp": "2000"}), false),
            (json!({"exp": null}), false),
            (json!({"exp": -5}), false),
            (json!({"exp": 1e300}), true),
            (json!({"exp": 2000, "nbf": 1060}), true),
            (json!({"exp": 2000, "nbf": 1061}), false),
            (json!({"exp": 2000, "iat": 1061}), false),
            (json!({"exp": 2000, "nbf": "x"}), false),
            (json!(["exp", 2000]), false),
        ] {
            let token = made(&json!({"alg": "HS256"}), &claims, &keys);
            assert_eq!(decode(&token, &keys, at(1000)).is_ok(), expected, "{claims}");
        }
    }

    #[test]
    fn every_character_counts() {
        let keys = keys("ab");
        let token = encode(json!({"sub": "alice", "exp": 100}).as_object().unwrap(), &keys);
        assert!(decode(&token, &keys, at(0)).is_ok());
        for at_byte in 0..token.len() {
            for other in [b'A', b'B', b'.', b'=', b'-'] {
                let mut bytes = token.clone().into_bytes();
                if std::mem::replace(&mut bytes[at_byte], other) != other {
                    let changed = String::from_utf8(bytes).unwrap();
                    assert!(decode(&changed, &keys, at(0)).is_err(), "{at_byte}");
                }
            }
            assert!(decode(&token[..at_byte], &keys, at(0)).is_err());
        }
    }
}
