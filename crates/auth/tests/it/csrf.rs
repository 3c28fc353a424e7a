//! Tokens of forms, and the origin of requests.

use pauper_auth::Keys;
use pauper_auth::csrf::{Csrf, CsrfCheck, DoubleSubmit, SameOrigin};
use pauper_auth::session::{RequestSession, SealedSession, Sessions};
use pauper_message::{Hook, OwnedHead, Peer, Request};

use crate::support::{Client, Counting, keys, secret};

fn sessions() -> Sessions {
    Sessions::with_random(SealedSession::new(keys()), Counting::default())
}

fn double_submit(keys: &Keys) -> DoubleSubmit {
    DoubleSubmit::with_random(keys, Counting::default())
}

fn token(req: &mut Request) -> String {
    req.form_token().unwrap().value()
}

/// What both kinds of token have in common.
fn check_tokens(hooks: &[&dyn Hook], other: &[&dyn Hook]) {
    let check = CsrfCheck::new();
    let guarded: Vec<&dyn Hook> = hooks.iter().copied().chain([&check as &dyn Hook]).collect();
    let mut alice = Client::default();
    let (of_alice, visit) = alice.get(hooks, token);
    assert_eq!(visit.set.len(), 1, "so that the token is remembered");
    assert_eq!(visit.header("cache-control"), Some("no-store"));
    let (again, visit) = alice.get(hooks, token);
    assert_eq!(visit.set.len(), 0);
    assert_eq!(visit.header("cache-control"), Some("no-store"), "it is for one client");
    assert_eq!(visit.header("vary"), Some("cookie"));
    assert_ne!(of_alice, again, "it looks different each time");
    let mut eve = Client::default();
    let (of_eve, _) = eve.get(hooks, token);

    let post = |field: &str| {
        alice.clone().send(&guarded, "POST", field, |_| ()).map(|_| 200).unwrap_or_else(|code| code)
    };
    for good in [&of_alice, &again] {
        assert_eq!(post(&format!("a=b&csrf_token={good}")), 200);
    }
    let cut = &of_alice[1..];
    for bad in [
        String::new(),
        "a=b".into(),
        "csrf_token=".into(),
        format!("csrf_token={of_eve}"),
        format!("csrf_token={cut}"),
        format!("csrf_token={of_alice}A"),
        format!("CSRF_TOKEN={of_alice}"),
        format!("csrf_token=x&csrf_token={of_alice}"),
    ] {
        assert_eq!(post(&bad), 403, "{bad}");
    }
    // A token without its cookie, and the cookie of somebody else.
    let body = format!("csrf_token={of_alice}");
    for client in [&mut Client::default(), &mut eve] {
        assert_eq!(client.send(&guarded, "POST", &body, |_| ()).err(), Some(403));
    }
    // Every method that changes something; and a header for scripts, which replaces the field.
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        assert_eq!(alice.clone().send(&guarded, method, "", |_| ()).err(), Some(403), "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert!(alice.clone().send(&guarded, method, "", |_| ()).is_ok(), "{method}");
    }
    let cookies = alice.cookies.iter().map(|(name, value)| format!("{name}={value}"));
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    for (header, expected) in [(&*of_alice, true), (&*of_eve, false), ("", false)] {
        let mut req = Request::builder()
            .method("POST")
            .header("Cookie", &cookies)
            .header("X-CSRF-Token", header)
            .header("Content-Type", "application/json")
            .received(crate::support::at(0))
            .body("{}")
            .build()
            .unwrap();
        let sent = Client::default().deliver(&guarded, &mut req, |_| ());
        assert_eq!(sent.is_ok(), expected, "{header}");
    }
    // Keys of another application.
    let guarded: Vec<&dyn Hook> = other.iter().copied().chain([&check as &dyn Hook]).collect();
    assert_eq!(alice.send(&guarded, "POST", &body, |_| ()).err(), Some(403));
}

#[test]
fn tokens_of_a_session() {
    let (sessions, csrf) = (sessions(), Csrf::new(&keys()));
    let other = Csrf::new(&secret("cd").into());
    check_tokens(&[&sessions, &csrf], &[&sessions, &other]);
}

#[test]
fn tokens_of_a_cookie() {
    let (ours, theirs) = (double_submit(&keys()), double_submit(&secret("cd").into()));
    check_tokens(&[&ours], &[&theirs]);
}

#[test]
fn a_login_makes_tokens_of_before_worthless() {
    let (sessions, csrf, check) = (sessions(), Csrf::new(&keys()), CsrfCheck::new());
    let hooks: [&dyn Hook; 2] = [&sessions, &csrf];
    let guarded: [&dyn Hook; 3] = [&sessions, &csrf, &check];
    let mut client = Client::default();
    let (before, _) = client.get(&hooks, token);
    // The form that logs in is checked by the token of before, and shows one of after.
    let (after, _) = client
        .send(&guarded, "POST", &format!("csrf_token={before}"), |req| {
            req.renew_session().unwrap();
            req.session_mut().set("user", "alice");
            token(req)
        })
        .unwrap();
    let mut post = |token: &str| {
        client.send(&guarded, "POST", &format!("csrf_token={token}"), |_| ()).map(drop)
    };
    assert_eq!(post(&before), Err(403));
    assert_eq!(post(&after), Ok(()));
}

#[test]
fn keys_of_before_count() {
    let both = Keys::new(secret("cd")).or_old(secret("ab"));
    let (sessions, check) = (sessions(), CsrfCheck::new());
    let mut client = Client::default();
    let (token_of_session, _) = client.get(&[&sessions, &Csrf::new(&keys())], token);
    let (token_of_cookie, _) = client.get(&[&double_submit(&keys())], token);
    let csrf = Csrf::new(&both);
    let body = format!("csrf_token={token_of_session}");
    assert!(client.send(&[&sessions, &csrf, &check], "POST", &body, |_| ()).is_ok());
    let body = format!("csrf_token={token_of_cookie}");
    assert!(client.send(&[&double_submit(&both), &check], "POST", &body, |_| ()).is_ok());
}

#[test]
fn the_cookie_of_one_name_is_none_of_another() {
    let (here, there) = (double_submit(&keys()), double_submit(&keys()).cookie("__Host-csrf"));
    let mut client = Client::default();
    let (token, _) = client.get(&[&here], token);
    let value = client.cookies["csrf"].clone();
    client.cookies.insert("__Host-csrf".into(), value);
    let body = format!("csrf_token={token}");
    assert!(client.send(&[&here, &CsrfCheck::new()], "POST", &body, |_| ()).is_ok());
    assert_eq!(client.send(&[&there, &CsrfCheck::new()], "POST", &body, |_| ()).err(), Some(403));
    let (_, visit) = Client::default().get(&[&there], |req| req.form_token().unwrap().value());
    assert!(visit.set[0].ends_with("; HttpOnly; Path=/; SameSite=Lax; Secure"), "{}", visit.set[0]);
}

#[test]
fn fields_have_the_name_they_were_given() {
    let (sessions, csrf) = (sessions(), Csrf::new(&keys()).field("_t"));
    let double = double_submit(&keys()).field("_t");
    for hooks in [&[&sessions as &dyn Hook, &csrf as &dyn Hook][..], &[&double as &dyn Hook]] {
        let mut client = Client::default();
        let (token, _) = client.get(hooks, |req| {
            let token = req.form_token().unwrap();
            assert_eq!(token.field(), "_t");
            // It does not show its value.
            assert_eq!(format!("{token:?}"), "FormToken(_t)");
            token.value()
        });
        let accepted = |req: &mut Request| req.form_token().unwrap().accepts(&token);
        assert!(client.get(hooks, accepted).0);
    }
}

#[test]
fn hooks_in_the_wrong_order_say_so() {
    let mut client = Client::default();
    let mut send = |hook: &dyn Hook, method| client.send(&[hook], method, "", |_| ()).map(drop);
    assert_eq!(send(&Csrf::new(&keys()), "GET"), Err(500));
    assert_eq!(send(&CsrfCheck::new(), "POST"), Err(500));
}

/// CVE-2025-47910 (Go): exact matches only, and each header alone and with the other.
#[test]
fn requests_from_other_origins_are_refused() {
    let own = SameOrigin::new();
    let strict = SameOrigin::new().required();
    let allowing = SameOrigin::new().allow("https://admin.example.org").unwrap();
    let check = |headers: &[(&str, &str)], secure: bool, expected: [bool; 3]| {
        let mut peer = Peer::new(None, None);
        peer.secure = secure;
        let mut builder =
            Request::builder().method("POST").peer(peer).header("Host", "example.org:8080");
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let req = builder.build().unwrap();
        let got = [&own, &strict, &allowing].map(|check| check.allows(&req));
        assert_eq!(got, expected, "{headers:?}, secure: {secure}");
    };
    const SITE: &str = "Sec-Fetch-Site";
    const ORIGIN: &str = "Origin";
    let (all, none, only_allowed) = ([true; 3], [false; 3], [false, false, true]);
    check(&[], false, [true, false, true]);
    check(&[(SITE, "same-origin")], false, all);
    check(&[(SITE, "none")], false, all);
    for site in ["same-site", "cross-site", "", "Same-Origin", "same-origin, none", "x"] {
        check(&[(SITE, site)], false, none);
        check(&[(SITE, site), (ORIGIN, "http://example.org:8080")], false, none);
        check(&[(SITE, site), (ORIGIN, "https://admin.example.org")], false, only_allowed);
    }
    check(&[(SITE, "same-origin"), (SITE, "cross-site")], false, none);
    check(&[(ORIGIN, "http://example.org:8080"), (ORIGIN, "http://evil.example")], false, none);
    check(&[(ORIGIN, "http://example.org:8080")], false, all);
    check(&[(ORIGIN, "http://EXAMPLE.org:8080")], false, all);
    check(&[(ORIGIN, "http://example.org:8080")], true, none);
    check(&[(ORIGIN, "https://example.org:8080")], true, all);
    for origin in [
        "null",
        "",
        "http://example.org",
        "http://example.org:80",
        "http://example.org:8081",
        "https://example.org:8080",
        "http://example.org:8080/",
        "http://example.org:8080@evil.example",
        "http://user@example.org:8080",
        "http://example.org.evil.example:8080",
        "http://evilexample.org:8080",
        "http://www.example.org:8080",
        "http://example.org:08080x",
        "http://example.org:+8080",
        "ftp://example.org:8080",
        "example.org:8080",
        "http://admin.example.org",
        "https://admin.example.org:8443",
        "https://admin.example.org.evil.example",
        "https://ADMIN.example.org",
    ] {
        check(&[(ORIGIN, origin)], false, none);
    }
    check(&[(ORIGIN, "https://admin.example.org")], false, only_allowed);
    // CVE-2011-0447 (Rails), CVE-2010-3082 (Django): a header that anybody can ask for proves nothing.
    check(&[("X-Requested-With", "XMLHttpRequest"), (SITE, "cross-site")], false, none);
}

#[test]
fn usual_ports_need_not_be_named() {
    let own = SameOrigin::new();
    for (host, secure, origin, expected) in [
        ("example.org", false, "http://example.org", true),
        ("example.org", false, "http://example.org:80", true),
        ("example.org:80", false, "http://example.org", true),
        ("example.org", true, "https://example.org", true),
        ("example.org", true, "https://example.org:443", true),
        ("example.org:443", true, "https://example.org", true),
        ("example.org", false, "https://example.org", false),
        ("example.org", true, "http://example.org", false),
        ("[::1]:8080", false, "http://[::1]:8080", true),
        ("[::1]", false, "http://[::1]", true),
        ("[::1]", false, "http://[::2]", false),
    ] {
        let mut peer = Peer::new(None, None);
        peer.secure = secure;
        let req = Request::builder()
            .method("POST")
            .peer(peer)
            .header("Host", host)
            .header("Origin", origin)
            .build()
            .unwrap();
        assert_eq!(own.allows(&req), expected, "{host}, {origin}");
    }
}

#[test]
fn only_whole_origins_can_be_allowed() {
    for bad in [
        "",
        "*",
        "example.org",
        "https://*.example.org",
        "https://example.org/",
        "https://example.org:443",
        "https://Example.org",
        "https://example.org/admin",
        "null",
    ] {
        assert!(SameOrigin::new().allow(bad).is_err(), "{bad}");
    }
    for good in ["https://example.org", "http://localhost:8080", "https://[::1]:8443"] {
        assert!(SameOrigin::new().allow(good).is_ok(), "{good}");
    }
}

/// A WebSocket begins with GET, and any page can open one.
#[test]
fn upgrades_from_other_origins_are_refused() {
    for (site, expected) in [("same-origin", true), ("cross-site", false)] {
        let bytes = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-Fetch-Site: {site}\r\n\r\n"
        )
        .into_bytes();
        let mut slots = vec![pauper_wire::HeaderSpan::default(); 8];
        let (limits, mut progress) = (pauper_wire::Limits::new(), pauper_wire::Progress::new());
        let parsed = pauper_wire::parse_head(&bytes, &mut progress, &mut slots, &limits);
        let Ok(pauper_wire::Status::Complete(head)) = parsed else { panic!("{parsed:?}") };
        let head = OwnedHead { bytes, slots, head };
        let req = Request::from_head(head, Peer::default(), crate::support::at(0));
        assert_eq!(SameOrigin::new().allows(&req), expected, "{site}");
    }
}

#[test]
fn what_changes_nothing_passes_from_everywhere() {
    for (method, expected) in
        [("GET", Ok(())), ("HEAD", Ok(())), ("POST", Err(403)), ("DELETE", Err(403))]
    {
        let mut req = Request::builder()
            .method(method)
            .header("Sec-Fetch-Site", "cross-site")
            .build()
            .unwrap();
        let sent = Client::default().deliver(&[&SameOrigin::new()], &mut req, |_| ());
        assert_eq!(sent.map(drop), expected, "{method}");
    }
}
