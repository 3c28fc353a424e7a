//! The hook, its cookie and lifetimes, with sealed sessions.

use std::time::Duration;

use pauper_auth::Keys;
use pauper_auth::session::{
    RequestSession, SealedSession, SecureCookie, Session, SessionContext, SessionErrorKind,
    SessionFormat, Sessions,
};
use pauper_message::{Hook, Peer, Request, Response, SameSite};

use crate::support::{Client, Counting, at, keys, request_of, secret};

fn sealed() -> Sessions {
    Sessions::with_random(SealedSession::new(keys()), Counting::default())
}

fn user(req: &mut Request) -> Option<String> {
    req.session().get("user").map(str::to_owned)
}

fn login(req: &mut Request) {
    req.renew_session().unwrap();
    req.session_mut().set("user", "alice");
}

#[test]
fn what_was_set_comes_back() {
    let sessions = sealed();
    let mut client = Client::default();
    let ((), visit) = client.get(&[&sessions], login);
    assert!(visit.set[0].starts_with("SESSID=") && !visit.set[0].contains("alice"));
    assert!(visit.set[0].ends_with("; HttpOnly; Path=/; SameSite=Lax"), "{}", visit.set[0]);
    assert_eq!(client.get(&[&sessions], user).0.as_deref(), Some("alice"));
    // As some clients send values back.
    let value = format!("\"{}\"", client.cookies["SESSID"]);
    client.cookies.insert("SESSID".into(), value);
    assert_eq!(client.get(&[&sessions], user).0.as_deref(), Some("alice"));
}

#[test]
fn who_does_not_ask_is_told_nothing_of_cookies() {
    let sessions = sealed();
    let mut client = Client::default();
    let (_, visit) = client.get(&[&sessions], |_| ());
    assert_eq!((visit.header("vary"), visit.set.len()), (None, 0));
    let (_, visit) = client.get(&[&sessions], user);
    assert_eq!((visit.header("vary"), visit.header("cache-control")), (Some("cookie"), None));
    assert_eq!(visit.set.len(), 0, "an empty session is not written");
    client.get(&[&sessions], login);
    let (_, visit) = client.get(&[&sessions], |_| ());
    assert_eq!((visit.header("vary"), visit.set.len()), (None, 0));
}

/// CVE-2023-30861 (Flask): a refreshed session behind a cache.
#[test]
fn answers_with_a_cookie_stay_out_of_shared_caches() {
    let sessions = sealed();
    let cases = [
        (None, "no-store"),
        (Some("public, max-age=60"), "no-store"),
        (Some("private"), "private"),
        (Some("max-age=5, Private"), "max-age=5, Private"),
        (Some("No-Store"), "No-Store"),
    ];
    for (said, expected) in cases {
        let mut req = Request::builder().received(at(0)).build().unwrap();
        sessions.before(&mut req).unwrap();
        login(&mut req);
        let mut response = Response::text("");
        if let Some(said) = said {
            response = response.with_cache_control(said);
        }
        sessions.after(&mut req, &mut response).unwrap();
        assert_eq!(response.headers().get("cache-control").unwrap(), expected);
        assert_eq!(response.headers().get("vary").unwrap(), "cookie");
    }
}

#[test]
fn a_session_ends_when_it_is_not_used_and_after_its_longest_time() {
    let sessions = sealed().idle(Duration::from_secs(100)).longest(Duration::from_secs(250));
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let mut seen = Vec::new();
    for now in [24, 26, 99, 100, 150, 199, 249, 250] {
        client.now = now;
        let (user, visit) = client.get(&[&sessions], user);
        seen.push((now, user.is_some(), visit.set.len()));
    }
    // It is written again after a quarter of its time, and at the end removed.
    let expected = [
        (24, true, 0),
        (26, true, 1),
        (99, true, 1),
        (100, true, 0),
        (150, true, 1),
        (199, true, 0),
        (249, true, 0),
        (250, false, 1),
    ];
    assert_eq!(seen, expected);
    assert!(client.cookies.is_empty());

    client.now = 0;
    client.get(&[&sessions], login);
    client.now = 100;
    let (_, visit) = client.get(&[&sessions], user);
    assert!(visit.set[0].starts_with("SESSID=; Expires=Thu, 01 Jan 1970"), "{}", visit.set[0]);

    let fixed = sessions.sliding(false);
    client.now = 0;
    client.get(&[&fixed], login);
    for (now, expected) in [(60, true), (99, true), (100, false)] {
        client.now = now;
        assert_eq!(client.get(&[&fixed], user).0.is_some(), expected, "{now}");
    }
}

#[test]
fn shorter_lifetimes_count_for_sessions_of_before() {
    let mut client = Client::default();
    client.get(&[&sealed()], login);
    client.now = 60;
    let shorter = sealed().idle(Duration::from_secs(60));
    let (fault, _) =
        client.clone().get(&[&shorter], |req| req.session().fault().unwrap().kind().clone());
    assert_eq!(fault, SessionErrorKind::Expired);
    assert!(client.get(&[&sealed()], user).0.is_some());
    let shortest = sealed().longest(Duration::from_secs(60));
    assert!(client.get(&[&shortest], user).0.is_none());
}

/// The end is inside, whatever the one who reads thinks of lifetimes.
#[test]
fn a_session_ends_when_its_cookie_says_so() {
    let mut client = Client::default();
    client.get(&[&sealed().idle(Duration::from_secs(60))], login);
    let (format, random) = (SealedSession::new(keys()), Counting::default());
    for (now, expected) in [(59, None), (60, Some(SessionErrorKind::Expired))] {
        let context = SessionContext::new("SESSID", at(now), &random);
        let read = format.read(&client.cookies["SESSID"], &context);
        assert_eq!(read.err().map(|error| error.kind().clone()), expected, "{now}");
    }
}

#[test]
fn a_copy_of_a_cookie_is_worth_nothing_elsewhere() {
    let mut client = Client::default();
    client.get(&[&sealed()], login);
    let other_name = sealed().name("OTHER");
    let mut swapped = client.clone();
    swapped.cookies.insert("OTHER".into(), client.cookies["SESSID"].clone());
    let audience = |name: &str, keys: Keys| {
        Sessions::with_random(SealedSession::new(keys).audience(name), Counting::default())
    };
    for (sessions, expected) in [
        (other_name, false),
        (audience("ledger", keys()), false),
        (audience("", keys()), true),
        (audience("", secret("cd").into()), false),
        (audience("", Keys::new(secret("cd")).or_old(secret("ab"))), true),
    ] {
        let (user, _) = swapped.clone().get(&[&sessions], user);
        assert_eq!(user.is_some(), expected, "{sessions:?}");
    }
}

#[test]
fn sessions_of_the_future_are_refused_but_for_clocks_that_differ() {
    let sessions = sealed();
    for (ahead, expected) in [(60, None), (61, Some(SessionErrorKind::FromTheFuture))] {
        let mut client = Client { now: 1000 + ahead, ..Client::default() };
        client.get(&[&sessions], login);
        client.now = 1000;
        let (fault, visit) =
            client.get(&[&sessions], |req| req.session().fault().map(|fault| fault.kind().clone()));
        assert_eq!(fault, expected);
        // It may be our clock that is wrong, so the cookie stays.
        assert_eq!(visit.set.len(), 0);
    }
}

#[test]
fn every_bit_of_the_cookie_counts() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let good = client.cookies["SESSID"].clone();
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            if !changed.bytes().all(|byte| byte.is_ascii_graphic() && !b";\"".contains(&byte)) {
                continue;
            }
            client.cookies.insert("SESSID".into(), changed);
            assert_eq!(client.clone().get(&[&sessions], user).0, None, "{at}, {bit}");
        }
    }
    for len in 0..good.len() {
        client.cookies.insert("SESSID".into(), good[..len].into());
        assert_eq!(client.clone().get(&[&sessions], user).0, None, "{len}");
    }
}

#[test]
fn logout_removes_the_cookie_with_the_attributes_it_had() {
    let sessions = sealed().name("__Secure-s").path("/app").domain("example.org");
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let old = client.cookies["__Secure-s"].clone();
    let (_, visit) = client.get(&[&sessions], |req| req.session_mut().destroy());
    assert_eq!(
        visit.set,
        ["__Secure-s=; Domain=example.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; \
          Max-Age=0; Path=/app; SameSite=Lax; Secure"]
    );
    assert!(!visit.set[0].contains(&old) && client.cookies.is_empty());
    // So is who seems to have none: perhaps it is sent to another path only.
    let (_, visit) = client.get(&[&sessions], |req| req.session_mut().destroy());
    assert_eq!(visit.set.len(), 1);
}

#[test]
fn what_is_set_after_a_logout_begins_anew() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let (old, _) = client.get(&[&sessions], |req| req.session().id().unwrap());
    client.get(&[&sessions], |req| {
        req.session_mut().destroy();
        req.session_mut().flash("info", "Good bye");
    });
    let ((), _) = client.get(&[&sessions], |req| {
        assert_ne!(req.session().id().unwrap(), old);
        assert_eq!(req.session().get("user"), None);
        assert_eq!(req.session_mut().take_flashes()[0].text(), "Good bye");
    });
    assert!(client.cookies.is_empty(), "nothing is left");
}

#[test]
fn flashes_are_shown_once() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], |req| {
        login(req);
        req.session_mut().flash("info", "one");
        req.session_mut().flash("error", "two");
    });
    let take = |req: &mut Request| {
        let flashes = req.session_mut().take_flashes();
        flashes.iter().map(|flash| format!("{}: {}", flash.level(), flash.text())).collect()
    };
    let (flashes, _): (Vec<String>, _) = client.get(&[&sessions], take);
    assert_eq!(flashes, ["info: one", "error: two"]);
    let (flashes, visit): (Vec<String>, _) = client.get(&[&sessions], take);
    assert!(flashes.is_empty() && visit.set.is_empty());
    assert!(client.get(&[&sessions], user).0.is_some());
}

#[test]
fn a_login_gets_a_new_number() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], |req| req.session_mut().set("cart", 3));
    let (before, _) = client.get(&[&sessions], |req| req.session().id().unwrap());
    client.get(&[&sessions], login);
    let (after, _) = client.get(&[&sessions], |req| req.session().id().unwrap());
    assert_ne!(before, after);
    assert_eq!(client.get(&[&sessions], |req| req.session().parse("cart")).0, Some(3));
}

#[test]
fn a_session_too_large_for_a_cookie_is_an_error() {
    let sessions = sealed();
    let mut client = Client::default();
    let mut of = |len: usize| {
        client.send(&[&sessions], "GET", "", |req| req.session_mut().set("a", "x".repeat(len)))
    };
    assert!(of(2900).is_ok());
    assert_eq!(of(3100).err(), Some(500));
    let mut session = Session::new();
    session.set("a", "x".repeat(3100));
    let req = Request::builder().build().unwrap();
    let error = sessions.save(&mut session, &req).unwrap_err();
    assert!(matches!(error.kind(), SessionErrorKind::TooLarge { limit: 4096, .. }), "{error}");
}

#[test]
fn attributes_follow_their_rules() {
    let cookie = |sessions: Sessions, secure: bool| {
        let mut peer = Peer::new(None, None);
        peer.secure = secure;
        let mut req = Request::builder().peer(peer).received(at(0)).build().unwrap();
        let (_, visit) = Client::default().deliver(&[&sessions], &mut req, login).ok()?;
        Some(visit.set[0].split_once("; ").unwrap().1.to_owned())
    };
    let plain = "HttpOnly; Path=/; SameSite=Lax";
    let secure = "HttpOnly; Path=/; SameSite=Lax; Secure";
    for (sessions, over_tls, expected) in [
        (sealed(), false, Some(plain)),
        (sealed(), true, Some(secure)),
        (sealed().secure(SecureCookie::Always), false, Some(secure)),
        (sealed().secure(SecureCookie::Never), true, Some(plain)),
        (sealed().name("__Host-s"), false, Some(secure)),
        (sealed().name("__host-s"), false, Some(secure)),
        (sealed().name("__Host-s").secure(SecureCookie::Never), false, None),
        (sealed().name("__Host-s").path("/app"), false, None),
        (sealed().name("__Host-s").domain("example.org"), false, None),
        (
            sealed().same_site(SameSite::None),
            false,
            Some("HttpOnly; Path=/; SameSite=None; Secure"),
        ),
        (sealed().same_site(SameSite::None).secure(SecureCookie::Never), true, None),
        (sealed().same_site(SameSite::Strict), false, Some("HttpOnly; Path=/; SameSite=Strict")),
        (sealed().persistent(true), false, Some("HttpOnly; Max-Age=28800; Path=/; SameSite=Lax")),
        (sealed().domain("a;b"), false, None),
        (sealed().path("/\r\nx"), false, None),
    ] {
        assert_eq!(cookie(sessions.clone(), over_tls).as_deref(), expected, "{sessions:?}");
    }
}

/// Whoever may set cookies for a parent domain sets one of the same name; ours counts all the same.
#[test]
fn a_planted_cookie_of_the_same_name_hides_nothing() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let good = &client.cookies["SESSID"];
    for (header, expected) in [
        (format!("SESSID=planted; SESSID={good}"), true),
        (format!("SESSID={good}; SESSID=planted"), true),
        (format!("SESSID=1; SESSID=2; SESSID=3; SESSID={good}"), true),
        (format!("SESSID=1; SESSID=2; SESSID=3; SESSID=4; SESSID={good}"), false),
        // CVE-2023-23934 (Werkzeug): a cookie without a name.
        (format!("=SESSID={good}"), false),
        (format!("sessid={good}"), false),
        // CVE-2016-7401 (Django): one cookie does not hold another.
        (format!("a=\"b, SESSID={good}\""), false),
    ] {
        let mut req = Request::builder().received(at(0)).header("Cookie", &header).build().unwrap();
        let (user, _) = Client::default().deliver(&[&sessions], &mut req, user).unwrap();
        assert_eq!(user.is_some(), expected, "{header}");
    }
}

/// RUSTSEC-2017-0005 (cookie): lifetimes and clocks at their ends do not panic.
#[test]
fn the_longest_and_the_strangest_times() {
    use std::time::SystemTime;
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    for lifetime in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for now in [before, SystemTime::UNIX_EPOCH, at(0), far] {
            let sessions = sealed().idle(lifetime).longest(lifetime).persistent(true);
            let mut req = Request::builder().received(now).build().unwrap();
            let (_, visit) = Client::default().deliver(&[&sessions], &mut req, login).unwrap();
            let (name, value) = visit.set[0].split(';').next().unwrap().split_once('=').unwrap();
            let header = format!("{name}={value}");
            let mut req =
                Request::builder().received(now).header("Cookie", header).build().unwrap();
            let (user, _) = Client::default().deliver(&[&sessions], &mut req, user).unwrap();
            assert_eq!(user.is_some(), lifetime == Duration::MAX, "{lifetime:?}, {now:?}");
        }
    }
}

/// CVE-2025-58186 (Go): so many cookies are looked at and no more.
#[test]
fn a_flood_of_cookies_is_cut_off() {
    let sessions = sealed();
    let mut client = Client::default();
    client.get(&[&sessions], login);
    let good = format!("SESSID={}", client.cookies["SESSID"]);
    let most = pauper_message::MAX_COOKIES;
    for (others, expected) in [(most - 1, true), (most, false), (5 * most, false)] {
        let header = format!("{}{good}", "a=b; ".repeat(others));
        let mut req = Request::builder().received(at(0)).header("Cookie", header).build().unwrap();
        let (user, _) = Client::default().deliver(&[&sessions], &mut req, user).unwrap();
        assert_eq!(user.is_some(), expected, "{others}");
    }
}

#[test]
fn revoked_sessions_end() {
    let sessions = sealed();
    let mut client = Client { now: 50, ..Client::default() };
    client.get(&[&sessions], login);
    let since = |seconds| {
        sealed().revoked_if(move |session| {
            session.get("user") == Some("alice") && session.started() < Some(at(seconds))
        })
    };
    assert!(client.clone().get(&[&since(50)], user).0.is_some());
    let (fault, visit) =
        client.get(&[&since(51)], |req| req.session().fault().unwrap().kind().clone());
    assert_eq!((fault, visit.set.len()), (SessionErrorKind::Ended, 0));
}

/// A cookie of one instance is good for another one that has the same secret and shares nothing.
#[test]
fn two_instances_with_one_key_share_sessions() {
    let (here, there) = (sealed(), sealed());
    let mut client = Client::default();
    client.get(&[&here], login);
    let (user, _) = client.get(&[&there], |req| {
        req.session_mut().set("seen", "there");
        user(req)
    });
    assert_eq!(user.as_deref(), Some("alice"));
    let (seen, _) = client.get(&[&here], |req| req.session().get("seen") == Some("there"));
    assert!(seen);
}

#[test]
fn sessions_are_values_too() {
    let sessions = sealed();
    let mut session = Session::new();
    session.set("user", "alice");
    let req = Request::builder().received(at(0)).build().unwrap();
    let cookie = sessions.save(&mut session, &req).unwrap();
    let req = request_of(&cookie);
    let mut session = sessions.load(&req);
    assert_eq!(session.get("user"), Some("alice"));
    assert_eq!((session.started(), session.expires()), (Some(at(0)), Some(at(8 * 3600))));
    session.destroy();
    assert_eq!(sessions.save(&mut session, &req).unwrap().value(), "");

    // And without the cookie.
    let (format, random) = (SealedSession::new(keys()), Counting::default());
    let context = SessionContext::new("SESSID", at(0), &random);
    let read = format.read(cookie.value(), &context).unwrap();
    assert_eq!(read.get("user"), Some("alice"));
    assert!(format.write(&Session::new(), &context).is_err(), "it has no times");
}

#[test]
#[should_panic(expected = "app.hook(Sessions::new")]
fn without_the_hook_the_message_says_what_to_do() {
    Request::builder().build().unwrap().session();
}
