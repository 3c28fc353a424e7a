//! Sessions as JSON web tokens.

use serde_json::{Map, Value as Json};

use crate::jwt;
use crate::keys::Keys;
use crate::session::data::{Session, Times, Value, from_seconds, to_seconds};
use crate::session::error::{SessionError, SessionErrorKind};
use crate::session::format::{SessionContext, SessionFormat};
use crate::session::id::SessionId;

/// Sessions that live in their cookies as signed JSON web tokens (RFC 7519, HS256), which other
/// programs with the same secret can read: the client can, too, but cannot change them.
///
/// Values are claims of the same name. `iat`, `exp` and `jti` are made by the session itself, as are
/// `auth_time` (when it began), `cookie` (the name that it counts under) and, if one is set, `aud`; a
/// token that was made elsewhere needs `exp` and nothing else. Messages ([`Session::flash`]) are the
/// claim `flashes`.
#[derive(Clone, Debug)]
pub struct JwtSession {
    keys: Keys,
    audience: Option<Box<str>>,
}

/// Claims that are no values.
const OWN: [&str; 9] =
    ["iat", "exp", "nbf", "jti", "auth_time", "cookie", "aud", "flashes", "until"];

impl JwtSession {
    /// With these keys. The secrets themselves are the keys of HS256, so that other programs can
    /// have them, too.
    #[must_use]
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self { keys: keys.into(), audience: None }
    }

    /// For one audience, the claim `aud`, which a token has to have then.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = Some(audience.into());
        self
    }
}

impl SessionFormat for JwtSession {
    /// # Errors
    /// When a value has the name of one of the session's own claims.
    fn write(
        &self,
        session: &Session,
        context: &SessionContext<'_>,
    ) -> Result<String, SessionError> {
        let (id, times) = session.id().zip(session.times).ok_or_else(SessionError::bad)?;
        let mut claims = Map::new();
        for (name, value) in &session.values {
            if OWN.contains(&&**name) {
                return Err(SessionError::new(SessionErrorKind::Value));
            }
            claims.insert(name.as_ref().into(), value.to_json());
        }
        claims.insert("iat".into(), times.issued.into());
        claims.insert("exp".into(), times.expires.into());
        claims.insert("auth_time".into(), times.started.into());
        claims.insert("jti".into(), id.to_text().into());
        claims.insert("cookie".into(), context.cookie.into());
        if let Some(until) = session.expires_elsewhere {
            claims.insert("until".into(), to_seconds(until).into());
        }
        if let Some(audience) = &self.audience {
            claims.insert("aud".into(), (&**audience).into());
        }
        if !session.flashes().is_empty() {
            let flashes = session.flashes().iter();
            let pairs: Vec<_> = flashes.map(|flash| vec![flash.level(), flash.text()]).collect();
            claims.insert("flashes".into(), pairs.into());
        }
        Ok(jwt::encode(&claims, &self.keys))
    }

    fn read(&self, value: &str, context: &SessionContext<'_>) -> Result<Session, SessionError> {
        let mut claims = jwt::decode(value, &self.keys, context.now)?;
        let is_for = |claim: &str, expected: &str| match claims.get(claim) {
            Some(Json::Array(all)) => all.iter().any(|one| one == expected),
            Some(one) => one == expected,
            None => false,
        };
        // A token for somebody is for nobody else (RFC 7519, section 4.1.3).
        let is_ours = match &self.audience {
            Some(audience) => is_for("aud", audience),
            None => !claims.contains_key("aud"),
        };
        if !is_ours || (claims.contains_key("cookie") && !is_for("cookie", context.cookie)) {
            return Err(SessionError::bad());
        }
        let time = |claim: &str| claims.get(claim).and_then(jwt::seconds);
        let expires = time("exp").ok_or_else(SessionError::bad)?;
        let issued = time("iat").unwrap_or(0);
        // Made elsewhere it says when it ends and perhaps not when it began; then that is all that
        // is asked of it.
        let times = time("iat").map(|_| Times {
            issued,
            started: time("auth_time").unwrap_or(issued),
            expires,
        });
        let (until, is_foreign) = (time("until"), !claims.contains_key("cookie"));
        let id = claims.get("jti").and_then(Json::as_str).and_then(SessionId::parse);
        let mut session = Session { times, ..Session::new() };
        if let Some(id) = id {
            session = session.under(id);
        }
        if let Some(Json::Array(flashes)) = claims.remove("flashes") {
            for flash in &flashes {
                if let (Some(level), Some(text)) = (flash[0].as_str(), flash[1].as_str()) {
                    session.flash(level, text);
                }
            }
        }
        for (name, json) in claims {
            if !OWN.contains(&&*name) {
                session.values.push((name.into(), Value::of_json(json)));
            }
        }
        // What was made elsewhere ends when it was to end there, however often it is written here.
        session.expires_elsewhere = match until {
            Some(until) => Some(from_seconds(until)),
            None => is_foreign.then(|| from_seconds(expires)),
        };
        session.changed = false;
        Ok(session)
    }
}
