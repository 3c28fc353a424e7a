//! The other formats: stored, JSON web tokens, plain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use pauper_auth::StoreError;
use pauper_auth::csrf::Csrf;
use pauper_auth::session::{
    PlainSession, RequestSession, SessionErrorKind, SessionFormat, Sessions, StoredSession,
};
use pauper_auth::store::{MemoryStore, SessionStore};
use pauper_message::Request;

use crate::support::{Client, Counting, keys};

fn of(format: impl SessionFormat + 'static) -> Sessions {
    Sessions::with_random(format, Counting::default())
}

fn stored() -> (Arc<MemoryStore>, Sessions) {
    let store = Arc::new(MemoryStore::new());
    (Arc::clone(&store), of(StoredSession::new(store)))
}

fn user(req: &mut Request) -> Option<String> {
    req.session().get("user").map(str::to_owned)
}

fn login(req: &mut Request) {
    req.renew_session().unwrap();
    req.session_mut().set("user", "alice");
}

#[test]
fn a_stored_session_is_a_number_and_any_size() {
    let (store, sessions) = stored();
    let mut client = Client::default();
    client.get(&[&sessions], |req| {
        login(req);
        req.session_mut().set("large", "x".repeat(100_000));
    });
    assert_eq!(client.cookies["SESSID"].len(), 22);
    let (len, _) = client.get(&[&sessions], |req| req.session().get("large").unwrap().len());
    assert_eq!((len, store.len()), (100_000, 1));
}

/// A logout ends copies of the cookie, too.
#[test]
fn a_logout_ends_a_stored_session_for_everybody() {
    let (store, sessions) = stored();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let mut thief = client.clone();
    assert!(thief.get(&[&sessions], user).0.is_some());
    client.get(&[&sessions], |req| req.session_mut().destroy());
    assert_eq!(store.len(), 0);
    let (fault, visit) =
        thief.get(&[&sessions], |req| req.session().fault().unwrap().kind().clone());
    assert_eq!((fault, visit.set.len()), (SessionErrorKind::Ended, 0));
}

/// CVE-2015-3982, 5143, 5963 (Django): no store is filled by visitors, and none left after logout.
#[test]
fn empty_sessions_are_not_stored() {
    let (store, sessions) = stored();
    for _ in 0..10 {
        Client::default().get(&[&sessions], user);
        Client::default().get(&[&sessions], |req| {
            req.session_mut().set("a", 1);
            req.session_mut().remove("a");
        });
        Client::default().get(&[&sessions], |req| req.session_mut().destroy());
    }
    assert_eq!(store.len(), 0);
    let mut client = Client::default();
    client.get(&[&sessions], |req| req.session_mut().set("a", 1));
    assert_eq!(store.len(), 1);
    client.get(&[&sessions], |req| req.session_mut().remove("a"));
    assert_eq!((store.len(), client.cookies.len()), (0, 0));
    // One that is there for a form token alone stays as long as it is not emptied on purpose.
    let csrf = Csrf::new(&keys());
    client.get(&[&sessions, &csrf], |req| req.form_token().unwrap().value());
    client.get(&[&sessions, &csrf], |req| drop(req.session_mut().take_flashes()));
    assert_eq!((store.len(), client.cookies.len()), (1, 1));
}

#[test]
fn a_login_leaves_no_number_of_before() {
    let (store, sessions) = stored();
    let mut victim = Client::default();
    // Somebody plants a session of their own, which is a good one.
    let mut eve = Client::default();
    eve.get(&[&sessions], |req| req.session_mut().set("cart", "of eve"));
    victim.cookies = eve.cookies.clone();
    victim.get(&[&sessions], login);
    assert_ne!(victim.cookies, eve.cookies);
    assert_eq!(eve.get(&[&sessions], user).0, None);
    assert!(victim.get(&[&sessions], user).0.is_some());
    assert_eq!(store.len(), 1);
    // And a number that nobody gave out is worth nothing.
    let chosen = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    let mut victim = Client::default();
    victim.cookies.insert("SESSID".into(), chosen.clone());
    victim.get(&[&sessions], |req| req.session_mut().set("cart", 1));
    assert_ne!(victim.cookies["SESSID"], chosen);
}

/// A request that began before a logout does not bring the session back.
#[test]
fn what_was_ended_meanwhile_stays_ended() {
    let (store, sessions) = stored();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let mut other = client.clone();
    let (_, visit) = client.get(&[&sessions], |req| {
        assert_eq!(req.session().get("user"), Some("alice"));
        other.get(&[&sessions], |req| req.session_mut().destroy());
        req.session_mut().set("late", 1);
    });
    assert_eq!((store.len(), visit.set.len()), (0, 0));
}

/// A request that was sent before a login and is answered after it does not log out again, whether it
/// is read before the login or after.
#[test]
fn late_answers_do_not_undo_a_login() {
    let (_, sessions) = stored();
    let mut client = Client::default();
    client.get(&[&sessions], |req| req.session_mut().set("cart", 1));
    let mut before = client.clone();
    let (_, visit) = before.clone().get(&[&sessions], |req| {
        assert_eq!(req.session().parse("cart"), Some(1));
        client.get(&[&sessions], login);
        req.session_mut().set("cart", 2);
    });
    assert_eq!(visit.set.len(), 0);
    let (_, visit) = before.get(&[&sessions], user);
    assert_eq!(visit.set.len(), 0);
    assert!(client.get(&[&sessions], user).0.is_some());
}

/// CVE-2008-0252 (CherryPy): the cookie is looked up, and is no path.
#[test]
fn only_numbers_reach_the_store() {
    struct Strict;
    impl SessionStore for Strict {
        fn load(&self, key: &str, _: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
            assert!(key.len() == 32 && key.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
            Ok(None)
        }
        fn create(
            &self,
            _: &str,
            _: &[u8],
            _: SystemTime,
            _: SystemTime,
        ) -> Result<(), StoreError> {
            unreachable!()
        }
        fn update(
            &self,
            _: &str,
            _: &[u8],
            _: SystemTime,
            _: SystemTime,
        ) -> Result<bool, StoreError> {
            unreachable!()
        }
        fn remove(&self, _: &str) -> Result<(), StoreError> {
            unreachable!()
        }
    }
    let sessions = of(StoredSession::new(Strict));
    for (value, expected) in [
        ("../../etc/passwd", SessionErrorKind::Bad),
        ("AAAAAAAAAAAAAAAAAAAAAA/..", SessionErrorKind::Bad),
        ("AAAAAAAAAAAAAAAAAAAAAB", SessionErrorKind::Bad),
        ("x", SessionErrorKind::Bad),
        ("AAAAAAAAAAAAAAAAAAAAAA", SessionErrorKind::Ended),
    ] {
        let mut client = Client::default();
        client.cookies.insert("SESSID".into(), value.into());
        let (kind, _) =
            client.get(&[&sessions], |req| req.session().fault().unwrap().kind().clone());
        assert_eq!(kind, expected, "{value}");
    }
}

#[test]
fn the_store_knows_nothing_to_log_in_with_and_names_are_kept_apart() {
    let store = Arc::new(MemoryStore::new());
    let of = |name: &str, audience: &str| {
        let format = StoredSession::new(Arc::clone(&store)).audience(audience);
        of(format).name(name)
    };
    let mut client = Client::default();
    client.get(&[&of("a", "")], login);
    let value = client.cookies["a"].clone();
    client.cookies.insert("b".into(), value);
    for (name, audience, expected) in [("a", "", true), ("b", "", false), ("a", "x", false)] {
        let (user, _) = client.clone().get(&[&of(name, audience)], user);
        assert_eq!(user.is_some(), expected, "{name}, {audience}");
    }
}

/// When the store does not answer, nobody is logged in, and nobody is logged out for good.
#[test]
fn a_store_that_is_away_loses_nothing() {
    struct Away(Arc<MemoryStore>, Arc<AtomicBool>);
    impl Away {
        fn there(&self) -> Result<&MemoryStore, StoreError> {
            if self.1.load(Ordering::Relaxed) { Err(StoreError::new("away")) } else { Ok(&self.0) }
        }
    }
    impl SessionStore for Away {
        fn load(&self, key: &str, now: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
            self.there()?.load(key, now)
        }
        fn create(
            &self,
            key: &str,
            data: &[u8],
            now: SystemTime,
            expires: SystemTime,
        ) -> Result<(), StoreError> {
            self.there()?.create(key, data, now, expires)
        }
        fn update(
            &self,
            key: &str,
            data: &[u8],
            now: SystemTime,
            expires: SystemTime,
        ) -> Result<bool, StoreError> {
            self.there()?.update(key, data, now, expires)
        }
        fn remove(&self, key: &str) -> Result<(), StoreError> {
            self.there()?.remove(key)
        }
    }
    let away = Arc::new(AtomicBool::new(false));
    let sessions = of(StoredSession::new(Away(Arc::new(MemoryStore::new()), Arc::clone(&away))));
    let mut client = Client::default();
    client.get(&[&sessions], login);
    away.store(true, Ordering::Relaxed);
    let (fault, visit) =
        client.get(&[&sessions], |req| req.session().fault().unwrap().kind().clone());
    assert!(matches!(fault, SessionErrorKind::Store(_)));
    assert_eq!(visit.set.len(), 0);
    let (_, visit) = client.get(&[&sessions], |req| req.session_mut().set_nothing());
    assert_eq!(visit.set.len(), 0);
    assert_eq!(client.send(&[&sessions], "GET", "", login).err(), Some(500));
    away.store(false, Ordering::Relaxed);
    assert!(client.get(&[&sessions], user).0.is_some());
}

trait SetNothing {
    fn set_nothing(&mut self);
}

impl SetNothing for pauper_auth::session::Session {
    fn set_nothing(&mut self) {
        assert!(!self.remove("nothing"));
    }
}

#[test]
fn stored_sessions_end_with_time() {
    let (store, sessions) = stored();
    let sessions = sessions.idle(Duration::from_secs(100));
    let mut client = Client::default();
    client.get(&[&sessions], login);
    client.now = 99;
    assert!(client.get(&[&sessions], user).0.is_some());
    // It was used, so it lasts longer in the store, too.
    client.now = 198;
    assert!(client.get(&[&sessions], user).0.is_some());
    client.now = 298;
    assert!(client.get(&[&sessions], user).0.is_none());
    Client { now: 298, ..Client::default() }.get(&[&sessions], login);
    assert_eq!(store.len(), 1, "the old one is gone");
}

#[test]
fn a_plain_cookie_is_text_as_it_is() {
    let sessions = of(PlainSession);
    let mut client = Client::default();
    let (_, visit) = client.get(&[&sessions], |req| req.session_mut().set("data", "abc"));
    assert_eq!(visit.set, ["SESSID=abc; HttpOnly; Path=/; SameSite=Lax"]);
    let data = |req: &mut Request| req.session().get("data").map(str::to_owned);
    let (read, visit) = client.get(&[&sessions], data);
    assert_eq!((read.as_deref(), visit.set.len()), (Some("abc"), 0));
    let mut send = |name: &str, value: &str| {
        client.send(&[&sessions], "GET", "", |req| req.session_mut().set(name, value)).err()
    };
    assert_eq!(send("other", "x"), Some(500));
    assert_eq!(send("data", "a;b"), Some(500));
    assert_eq!(send("data", "a\r\nb"), Some(500));
    let (_, visit) = client.get(&[&sessions], |req| req.session_mut().destroy());
    assert!(visit.set[0].starts_with("SESSID=; "));
}

#[cfg(feature = "json")]
mod jwt {
    use super::*;
    use crate::support::at;
    use pauper_auth::jwt;
    use pauper_auth::session::JwtSession;
    use serde_json::json;

    #[test]
    fn a_token_of_ours_is_read_by_others() {
        let sessions = of(JwtSession::new(keys())).idle(Duration::from_secs(3600));
        let mut client = Client::default();
        client.get(&[&sessions], |req| {
            let session = req.session_mut();
            session.set("sub", "alice");
            session.set_as("roles", &["a", "b"]).unwrap();
            session.flash("info", "hello");
        });
        let claims = jwt::decode(&client.cookies["SESSID"], &keys(), at(0)).unwrap();
        assert_eq!((&claims["sub"], &claims["roles"]), (&json!("alice"), &json!(["a", "b"])));
        assert_eq!(
            (&claims["exp"], &claims["iat"]),
            (&json!(1_700_003_600), &json!(1_700_000_000))
        );
        assert_eq!(claims["cookie"], "SESSID");
        let (roles, _) = client.get(&[&sessions], |req| {
            assert_eq!(req.session_mut().take_flashes()[0].text(), "hello");
            assert_eq!(req.session().expires(), Some(at(3600)));
            req.session().get_as::<Vec<String>>("roles").unwrap().unwrap()
        });
        assert_eq!(roles, ["a", "b"]);
        // Under another name it is none.
        let mut other = Client::default();
        other.cookies.insert("OTHER".into(), client.cookies["SESSID"].clone());
        let renamed = sessions.clone().name("OTHER");
        assert!(other.get(&[&renamed], |req| req.session().fault().is_some()).0);
        client.now = 3600;
        let (fault, _) =
            client.get(&[&sessions], |req| req.session().fault().unwrap().kind().clone());
        assert_eq!(fault, SessionErrorKind::Expired);
    }

    #[test]
    fn a_token_of_others_is_read_by_us() {
        let claims = json!({"sub": "alice", "exp": 1_700_000_100, "aud": ["x", "ledger"]});
        let token = jwt::encode(claims.as_object().unwrap(), &keys());
        for (audience, expected) in [(None, false), (Some("ledger"), true), (Some("y"), false)] {
            let mut format = JwtSession::new(keys());
            if let Some(audience) = audience {
                format = format.audience(audience);
            }
            let mut client = Client::default();
            client.cookies.insert("SESSID".into(), token.clone());
            let (user, visit) = client.get(&[&of(format)], |req| {
                let session = req.session();
                session.get("sub").map(|user| (user.to_owned(), session.expires()))
            });
            let read = expected.then(|| ("alice".to_owned(), Some(at(100))));
            assert_eq!(user, read, "{audience:?}");
            assert_eq!(visit.set.len(), usize::from(!expected), "it is left as it is");
        }
    }

    /// Whatever is written into it here.
    #[test]
    fn a_token_of_others_ends_when_it_says() {
        let claims = json!({"sub": "alice", "iat": 1_700_000_000, "exp": 1_700_000_100});
        let sessions = of(JwtSession::new(keys()));
        let mut client = Client::default();
        let token = jwt::encode(claims.as_object().unwrap(), &keys());
        client.cookies.insert("SESSID".into(), token);
        for value in ["one", "two"] {
            let (_, visit) = client.get(&[&sessions], |req| req.session_mut().set("x", value));
            assert_eq!(visit.set.len(), 1);
            let (ends, _) = client.get(&[&sessions], |req| req.session().expires());
            assert_eq!(ends, Some(at(100)), "{value}");
        }
    }

    #[test]
    fn claims_of_the_session_cannot_be_set() {
        let sessions = of(JwtSession::new(keys()));
        for name in ["exp", "iat", "aud", "jti", "cookie", "nbf", "auth_time", "flashes", "until"] {
            let mut client = Client::default();
            let sent = client.send(&[&sessions], "GET", "", |req| req.session_mut().set(name, "x"));
            assert_eq!(sent.err(), Some(500), "{name}");
        }
    }
}

#[cfg(feature = "json")]
#[test]
fn values_of_any_type() {
    use pauper_auth::session::SealedSession;
    let sessions = of(SealedSession::new(keys()));
    let mut client = Client::default();
    client.get(&[&sessions], |req| {
        let session = req.session_mut();
        session.set_as("numbers", &[1, 2]).unwrap();
        session.set_as("text", "é").unwrap();
        session.set_as("nothing", &None::<u8>).unwrap();
    });
    client.get(&[&sessions], |req| {
        let session = req.session();
        assert_eq!(session.get_as::<Vec<u8>>("numbers").unwrap(), Some(vec![1, 2]));
        assert_eq!((session.get("numbers"), session.get("text")), (None, Some("é")));
        assert_eq!(session.get_as::<String>("text").unwrap().as_deref(), Some("é"));
        assert_eq!(session.get_as::<Option<u8>>("nothing").unwrap(), Some(None));
        assert_eq!(session.get_as::<u8>("absent").unwrap(), None);
        let error = session.get_as::<u8>("text").unwrap_err();
        assert_eq!(*error.kind(), SessionErrorKind::Value);
    });
}
