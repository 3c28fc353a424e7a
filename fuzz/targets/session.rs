//! What is inside a session cookie: any bytes are sealed, as the holder of the key could, and read by
//! every format. What can be read is written again and reads the same.

use std::time::{Duration, SystemTime};

use pauper_auth::compat::{AesSession, Compression, PoorSession};
use pauper_auth::session::{JwtSession, SealedSession, SessionContext, SessionFormat};
use pauper_auth::{Keys, RandomError, Randomness, Sealer, Secret, Tokens, jwt};

struct Zeros;

impl Randomness for Zeros {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.fill(0);
        Ok(())
    }
}

const NAME: &str = "SESSID";

pub(crate) fn run(data: &[u8]) {
    let keys = Keys::new(Secret::new(*b"0123456789abcdef0123456789abcdef").expect("long enough"));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let context = SessionContext::new(NAME, now, &Zeros);
    let sealed = SealedSession::new(keys.clone());

    // The bytes inside a sealed cookie.
    let sealer = Sealer::new(&keys, "session");
    let inside = sealer.seal(&[NAME.as_bytes(), b""], data, &Zeros).expect("there are zeros");
    assert_eq!(sealer.open(&[NAME.as_bytes(), b""], &inside).as_deref(), Some(data));
    check(&sealed, &inside, &context, true);

    let Ok(text) = std::str::from_utf8(data) else { return };
    // As the cookie of each format, which it never is without the key.
    let formats: [&dyn SessionFormat; 5] = [
        &sealed,
        &JwtSession::new(keys.clone()),
        &AesSession::new("key").expect("a key"),
        &PoorSession::new("key").expect("a key"),
        &PoorSession::new("key").expect("a key").compression(Compression::Zlib),
    ];
    for format in formats {
        check(format, text, &context, false);
    }
    let tokens = Tokens::new(&keys, "x");
    assert!(!tokens.check_token(text, "client", now));
    // And as the JSON inside of those that have some.
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        if let Some(claims) = json.as_object() {
            check(formats[1], &jwt::encode(claims, &keys), &context, false);
        }
        let aes = AesSession::new("key").expect("a key");
        if let Ok(cookie) = aes.write_data(&json, &Zeros) {
            check(&aes, &cookie, &context, false);
        }
        for compression in [Compression::None, Compression::Zlib] {
            let poor = PoorSession::new("key").expect("a key").compression(compression);
            if let Ok(cookie) = poor.write_data(&json) {
                check(&poor, &cookie, &context, false);
            }
        }
    }
}

/// Reads, writes and reads again.
fn check(format: &dyn SessionFormat, cookie: &str, context: &SessionContext<'_>, exact: bool) {
    let Ok(session) = format.read(cookie, context) else { return };
    assert!(session.fault().is_none());
    let Ok(written) = format.write(&session, context) else { return };
    if exact {
        assert_eq!(written, cookie);
    }
    let again = format.read(&written, context).expect("it was written here");
    assert!(session.names().eq(again.names()) || !exact);
    assert_eq!(session.flashes(), again.flashes());
    assert_eq!((session.id(), session.expires()), (again.id(), again.expires()));
    for name in session.names() {
        assert_eq!(session.get(name), again.get(name));
    }
}
