//! Digest as clients meet it: a hook, requests, answers.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pauper_auth::digest::*;
use pauper_auth::passwords::{PasswordMap, StoredDigest};
use pauper_auth::{MemoryOnceStore, RandomError, Randomness, RequestUser, Secret, User};
use pauper_message::{Error, Hook, Request, Response, plain_answer};

use crate::random::Counting;

pub(crate) const REALM: &str = "User Zone";

pub(crate) fn at(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs_f64(1_700_000_000.0 + seconds)
}

pub(crate) fn users() -> PasswordMap {
    let mut map = PasswordMap::new();
    for (user, password) in [("user", "looser"), ("foo", "bar"), ("Ondřej", "heslíčko")] {
        for hash in Hash::ALL {
            map.add(REALM, user, StoredDigest::of_password(hash, REALM, user, password)).unwrap();
        }
    }
    map.set_password("Admin Zone", "admin", "admin", Hash::Md5).unwrap();
    map
}

fn secret() -> Secret {
    Secret::from_text("0123456789abcdef0123456789abcdef").unwrap()
}

fn builder() -> DigestBuilder {
    Digest::builder_with_random(REALM, secret(), users(), Counting::default())
}

/// One request through the hook, before and after; `served` tells who it was.
pub(crate) fn serve(hook: &dyn Hook, req: &mut Request) -> (Option<String>, Response) {
    let run = |req: &mut Request| -> Result<(), Error> {
        hook.before(req)?;
        hook.with_body(req)
    };
    let (user, mut response) = match run(req) {
        Ok(()) => {
            let user = req.user().map(User::name).unwrap_or_default().to_owned();
            (Some(user), Response::text("for users"))
        }
        Err(error) => (None, plain_answer(error)),
    };
    hook.after(req, &mut response).unwrap();
    (user, response)
}

pub(crate) fn challenges(response: &Response) -> Vec<String> {
    let values = response.headers().get_all("www-authenticate");
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

pub(crate) fn part(challenge: &str, name: &str) -> String {
    let start = challenge.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    challenge[start..].split('"').next().unwrap().to_owned()
}

/// A client that does what it should, but for what a test changes.
#[derive(Clone)]
struct Client {
    user: &'static str,
    password: &'static str,
    method: &'static str,
    target: &'static str,
    agent: &'static str,
    body: &'static str,
    algorithm: Algorithm,
    qop: Option<Qop>,
    nonce: String,
    count: u32,
    time: f64,
}

impl Client {
    fn new(digest: &Digest) -> Self {
        let mut client = Self {
            user: "user",
            password: "looser",
            method: "GET",
            target: "/user_zone?param=text",
            agent: "UA",
            body: "",
            algorithm: Algorithm::SHA_256,
            qop: Some(Qop::Auth),
            nonce: String::new(),
            count: 1,
            time: 0.0,
        };
        client.knock(digest);
        client
    }

    fn request(&self, authorization: Option<&str>) -> Request {
        let mut builder = Request::builder()
            .method(self.method)
            .target(self.target)
            .header("User-Agent", self.agent)
            .received(at(self.time));
        if !self.body.is_empty() {
            builder = builder.body(self.body);
        }
        if let Some(value) = authorization {
            builder = builder.header("Authorization", value);
        }
        builder.build().unwrap()
    }

    /// Asks without credentials and keeps the nonce.
    fn knock(&mut self, digest: &Digest) -> Vec<String> {
        let (user, response) = serve(digest, &mut self.request(None));
        assert_eq!((user, response.status().as_u16()), (None, 401));
        let challenges = challenges(&response);
        self.nonce = part(&challenges[0], "nonce");
        self.count = 1;
        challenges
    }

    fn exchange<'a>(&'a self, count: &'a str) -> Exchange<'a> {
        let hash = self.algorithm.hash();
        Exchange {
            algorithm: self.algorithm,
            nonce: &self.nonce,
            protection: self.qop.map(|qop| Protection {
                count,
                client_nonce: "c0",
                body: (qop == Qop::AuthInt).then(|| hash.of(self.body.as_bytes())),
            }),
            uri: self.target,
        }
    }

    fn stored(&self) -> HexDigest {
        hexdigest(self.user, REALM, self.password, self.algorithm.hash())
    }

    fn header(&self) -> String {
        let count = format!("{:08x}", self.count);
        let response = self.exchange(&count).response(&self.stored(), self.method);
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{REALM}\", nonce=\"{}\", uri=\"{}\", \
             algorithm={}, response=\"{}\"",
            self.user,
            self.nonce,
            self.target,
            self.algorithm,
            response.as_str()
        );
        match self.qop {
            Some(Qop::Auth) => header += &format!(", qop=auth, nc={count}, cnonce=\"c0\""),
            Some(Qop::AuthInt) => header += &format!(", qop=auth-int, nc={count}, cnonce=\"c0\""),
            None => {}
        }
        header
    }

    /// Sends a header and tells what came of it: the user, or the status and whether it is stale.
    fn send(&self, digest: &Digest, header: &str) -> Result<String, (u16, bool)> {
        let (user, response) = serve(digest, &mut self.request(Some(header)));
        let stale = challenges(&response).iter().any(|it| it.ends_with(",stale=true"));
        user.ok_or((response.status().as_u16(), stale))
    }

    fn log_in(&self, digest: &Digest) -> Result<String, (u16, bool)> {
        self.send(digest, &self.header())
    }
}

#[test]
fn every_algorithm_and_quality() {
    for algorithm in Algorithm::ALL {
        for qop in [Some(Qop::Auth), Some(Qop::AuthInt), None] {
            if qop.is_none() && algorithm.is_session() {
                continue;
            }
            let qops: Vec<Qop> = qop.into_iter().collect();
            let digest = builder().algorithms([algorithm]).qop(qops).build().unwrap();
            let client =
                Client { algorithm, qop, method: "POST", body: "a=1", ..Client::new(&digest) };
            assert_eq!(client.log_in(&digest), Ok("user".to_owned()), "{algorithm} {qop:?}");
            let wrong = Client { password: "loser", ..client.clone() };
            assert_eq!(wrong.log_in(&digest), Err((401, false)), "{algorithm} {qop:?}");
            let header = client.header();
            let other_body = Client { body: "a=2", ..client };
            let given = other_body.send(&digest, &header);
            match qop {
                Some(Qop::AuthInt) => assert_eq!(given, Err((401, false)), "{algorithm}"),
                // The header was used before.
                _ => assert_eq!(given, Err((401, true)), "{algorithm}"),
            }
        }
    }
}

#[test]
fn challenges_are_in_order_of_preference_and_share_a_nonce() {
    let digest = builder().opaque("O\"p").build().unwrap();
    let challenges = Client::new(&digest).knock(&digest);
    assert_eq!(challenges.len(), 2);
    let nonce = part(&challenges[0], "nonce");
    for (challenge, algorithm) in challenges.iter().zip(["SHA-256", "MD5"]) {
        assert_eq!(
            *challenge,
            format!(
                "Digest realm=\"User Zone\",qop=\"auth\",algorithm=\"{algorithm}\",\
                 nonce=\"{nonce}\",opaque=\"O\\\"p\",charset=UTF-8"
            )
        );
    }
    // MD5 is offered only where somebody needs it, and SHA-256 likewise.
    let only_md5 =
        Digest::builder_with_random("Admin Zone", secret(), users(), Counting::default());
    let (_, response) = serve(&only_md5.build().unwrap(), &mut Request::builder().build().unwrap());
    assert_eq!(part(&self::challenges(&response)[0], "algorithm"), "MD5");
    let all = builder()
        .algorithms([Algorithm::MD5_SESS])
        .qop([Qop::AuthInt, Qop::Auth])
        .domain("/a /b")
        .userhash(true)
        .announce_utf8(false)
        .build()
        .unwrap();
    let challenge = Client::new(&all).knock(&all).remove(0);
    let nonce = part(&challenge, "nonce");
    assert_eq!(
        challenge,
        format!(
            "Digest realm=\"User Zone\",domain=\"/a /b\",qop=\"auth-int,auth\",\
             algorithm=\"MD5-sess\",nonce=\"{nonce}\",userhash=true"
        )
    );
}

/// Advisory section 7: realm with quotes or CR.
#[test]
fn advisory_texts_in_challenges_are_escaped_or_refused() {
    let realm = "a \"quoted\\\" realm";
    let digest =
        Digest::builder_with_random(realm, secret(), PasswordMap::new(), Counting::default())
            .build()
            .unwrap();
    let (_, response) = serve(&digest, &mut Request::builder().build().unwrap());
    let challenge = &challenges(&response)[0];
    assert!(challenge.starts_with(r#"Digest realm="a \"quoted\\\" realm",qop="#), "{challenge}");
    for bad in ["", "a\r\nX: y", "a\0", "a\u{85}"] {
        let users = PasswordMap::new();
        let builder = Digest::builder_with_random(bad, secret(), users, Counting::default());
        assert!(builder.build().is_err(), "{bad:?}");
    }
    assert!(builder().opaque("a\nb").build().is_err());
    assert!(builder().domain("a\rb").build().is_err());
    assert!(builder().algorithms([Algorithm::MD5_SESS]).qop([]).build().is_err());
    assert!(builder().algorithms([]).build().is_err());
    assert!(builder().algorithms([Algorithm::MD5, Algorithm::MD5]).build().is_err());
    assert!(builder().qop([Qop::Auth, Qop::Auth]).build().is_err());
    assert!(builder().nonce_lifetime(Duration::from_millis(999)).build().is_err());
}

/// Advisory section 7: libsoup CVE-2026-3099, Tomcat CVE-2011-1184.
#[test]
fn advisory_a_header_that_is_replayed_is_stale() {
    let digest = builder().build().unwrap();
    let mut client = Client::new(&digest);
    assert!(client.log_in(&digest).is_ok());
    assert_eq!(client.log_in(&digest), Err((401, true)));
    client.count = 2;
    assert!(client.log_in(&digest).is_ok());
    // A window of 64, for requests that were sent at once.
    client.count = 65;
    assert!(client.log_in(&digest).is_ok());
    client.count = 3;
    assert!(client.log_in(&digest).is_ok());
    assert_eq!(client.log_in(&digest), Err((401, true)));
    for count in [1, 2, 65] {
        client.count = count;
        assert_eq!(client.log_in(&digest), Err((401, true)), "{count}");
    }
    // A wrong password uses no count.
    client.count = 70;
    let wrong = Client { password: "loser", ..client.clone() };
    assert_eq!(wrong.log_in(&digest), Err((401, false)));
    assert!(client.log_in(&digest).is_ok());
    // As of RFC 2069 a nonce is good once.
    let old = builder().algorithms([Algorithm::MD5]).qop([]).build().unwrap();
    let mut client = Client { algorithm: Algorithm::MD5, qop: None, ..Client::new(&old) };
    assert!(client.log_in(&old).is_ok());
    assert_eq!(client.log_in(&old), Err((401, true)));
    client.knock(&old);
    assert!(client.log_in(&old).is_ok());
}

/// Advisory section 7: Authen::SASL CVE-2026-86219, libwebsockets PR 3638.
#[test]
fn advisory_nonces_of_clients_are_refused() {
    let digest = builder().build().unwrap();
    let client = Client::new(&digest);
    for nonce in ["n0", "", &client.nonce[1..], &client.nonce[..44], &"A".repeat(48)] {
        let own = Client { nonce: nonce.to_owned(), ..client.clone() };
        let expected = if nonce.is_empty() { (400, false) } else { (401, true) };
        assert_eq!(own.log_in(&digest), Err(expected), "{nonce}");
    }
    // Of another realm with the same secret, and of another secret.
    let admin = Digest::builder_with_random("Admin Zone", secret(), users(), Counting::default());
    let admin = admin.build().unwrap();
    let foreign = Client { nonce: Client::new(&admin).nonce, ..client };
    assert_eq!(foreign.log_in(&digest), Err((401, true)));
    // From another client.
    let other = Client { agent: "another", ..client.clone() };
    assert_eq!(other.log_in(&digest), Err((401, true)));
    let unbound = builder().bind_user_agent(false).build().unwrap();
    let other = Client { agent: "another", ..Client::new(&unbound) };
    assert!(other.log_in(&unbound).is_ok());
    assert!(client.log_in(&digest).is_ok());
}

/// Advisory section 7: Squid CVE-2014-9749.
#[test]
fn advisory_a_stale_nonce_gives_no_access() {
    let digest = builder().nonce_lifetime(Duration::from_secs(60)).build().unwrap();
    let mut client = Client::new(&digest);
    client.time = 59.999;
    assert!(client.log_in(&digest).is_ok());
    client.time = 60.0;
    client.count = 2;
    assert_eq!(client.log_in(&digest), Err((401, true)));
    // The clock steps back: it stays over.
    client.time = 10.0;
    assert_eq!(client.log_in(&digest), Err((401, true)));
    // And who comes now is not locked out, whatever the clock does.
    for time in [5.0, -100_000.0, 100_000.0, 0.0] {
        client.time = time;
        client.knock(&digest);
        assert!(client.log_in(&digest).is_ok(), "{time}");
        assert_eq!(client.log_in(&digest), Err((401, true)), "{time}");
    }
}

/// Advisory section 7: Apache CVE-2018-1312.
#[test]
fn advisory_nonces_are_random_and_instances_share_what_was_used() {
    let store = Arc::new(OnceCounts(MemoryOnceStore::new(100)));
    let one = builder().counts(store.clone()).build().unwrap();
    let other = builder().counts(store).build().unwrap();
    let mut client = Client::new(&one);
    assert!(client.log_in(&one).is_ok());
    assert_eq!(client.log_in(&other), Err((401, true)), "used at the other instance");
    client.count = 2;
    assert!(client.log_in(&other).is_ok());
    assert_eq!(client.log_in(&one), Err((401, true)));
    let nonces: Vec<String> = (0..50).map(|_| Client::new(&one).nonce).collect();
    let mut unique = nonces.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), nonces.len());

    struct Broken;
    impl Randomness for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    let digest = Digest::builder_with_random(REALM, secret(), users(), Broken).build().unwrap();
    let mut response = Response::text("").with_status(401);
    assert!(digest.after(&mut Request::builder().build().unwrap(), &mut response).is_err());
}

/// Advisory section 7: PoorWSGI compared the end of the URI only.
#[test]
fn advisory_the_uri_is_the_target() {
    let digest = builder().build().unwrap();
    let client = Client { target: "/secret/admin", ..Client::new(&digest) };
    let header = client.header();
    for target in ["/admin", "/secret/admin?", "/secret/admin/", "/secret/%61dmin", "/"] {
        let other = Client { target, ..client.clone() };
        assert_eq!(other.send(&digest, &header), Err((400, false)), "{target}");
    }
    let other = Client { method: "DELETE", ..client.clone() };
    assert_eq!(other.send(&digest, &header), Err((401, false)));
    assert!(client.send(&digest, &header).is_ok());
}

/// Advisory section 7: traps of RFC 7616. What is changed in a good header, and what comes of it.
#[test]
fn advisory_a_table_of_headers() {
    const OK: Result<(), (u16, bool)> = Ok(());
    const NO: Result<(), (u16, bool)> = Err((401, false));
    const BAD: Result<(), (u16, bool)> = Err((400, false));
    let check = |name: &str, expected, change: &dyn Fn(String) -> String| {
        let digest = builder().build().unwrap();
        let client = Client::new(&digest);
        let header = change(client.header());
        assert_eq!(client.send(&digest, &header).map(drop), expected, "{name}: {header}");
    };
    let replace = |name: &str, expected, from: &str, to: &str| {
        check(name, expected, &|header| {
            assert!(header.contains(from), "{from} in {header}");
            header.replacen(from, to, 1)
        });
    };
    let add = |name: &str, expected, what: &str| {
        check(name, expected, &|header| format!("{header}{what}"));
    };
    check("as it should be", OK, &|header| header);
    replace("scheme in another case", OK, "Digest", "dIGEST");
    replace("quoted qop", OK, "qop=auth", "qop=\"auth\"");
    replace("quoted nc", OK, "nc=00000001", "nc=\"00000001\"");
    replace("quoted algorithm", OK, "=SHA-256", "=\"SHA-256\"");
    replace("algorithm in another case", OK, "=SHA-256", "=sha-256");
    replace("a name in another case", OK, "realm=", "Realm=");
    replace("blanks around =", OK, "qop=auth", "qop = auth");
    replace("a tab", OK, ", qop", ",\tqop");
    replace("no blanks", OK, ", ", ",");
    replace("an escaped letter", OK, "\"user\"", "\"us\\er\"");
    add("an unknown parameter", OK, ", new=\"x, y\"");
    add("an empty element", OK, ",,");
    add("userhash=false", OK, ", userhash=false");
    check("UTF-8 extension", OK, &|header| {
        header.replace("username=\"user\"", "username*=UTF-8''us%65r")
    });
    replace("no qop", NO, ", qop=auth", "");
    replace("another qop", BAD, "qop=auth", "qop=auth-conf");
    replace("a qop that was not offered", NO, "qop=auth", "qop=auth-int");
    replace("no nc", BAD, ", nc=00000001", "");
    replace("nc of 7 digits", BAD, "nc=00000001", "nc=0000001");
    replace("nc of 9 digits", BAD, "nc=00000001", "nc=000000001");
    replace("nc 0", BAD, "nc=00000001", "nc=00000000");
    replace("nc with a sign", BAD, "nc=00000001", "nc=+0000001");
    replace("nc that is not in the response", NO, "nc=00000001", "nc=00000002");
    replace("no cnonce", BAD, ", cnonce=\"c0\"", "");
    replace("empty cnonce", BAD, "cnonce=\"c0\"", "cnonce=\"\"");
    replace("another cnonce", NO, "cnonce=\"c0\"", "cnonce=\"c1\"");
    replace("no uri", BAD, "uri=", "url=");
    replace("no realm", BAD, "realm=", "real=");
    replace("another realm", NO, "User Zone", "Admin Zone");
    replace("no nonce", BAD, "nonce=", "non=");
    replace("no user", BAD, "username=", "name=");
    replace("an empty user", BAD, "\"user\"", "\"\"");
    replace("an unknown user", NO, "\"user\"", "\"nobody\"");
    replace("no response", BAD, "response=", "answer=");
    replace("a short response", BAD, "response=\"", "response=\"a");
    replace("a weaker algorithm", BAD, "=SHA-256", "=MD5");
    replace("no algorithm, which means MD5", BAD, ", algorithm=SHA-256", "");
    replace("another algorithm as long", NO, "=SHA-256", "=SHA-512-256");
    replace("-sess that was not offered", NO, "=SHA-256", "=SHA-256-sess");
    replace("an unknown algorithm", BAD, "=SHA-256", "=SHA-1");
    add("a repeated parameter", BAD, ", realm=\"User Zone\"");
    add("repeated in another case", BAD, ", REALM=\"User Zone\"");
    add("username twice", BAD, ", username*=UTF-8''user");
    add("a hashed user that was not asked for", BAD, ", userhash=true");
    add("userhash=maybe", BAD, ", userhash=maybe");
    add("an opaque that we did not send", NO, ", opaque=\"x\"");
    add("junk", BAD, ", junk");
    add("a quote that is left open", BAD, ", x=\"a");
    add("text behind a quote", BAD, ", x=\"a\"b");
    add("a semicolon", BAD, "; x=y");
    add("a token68", BAD, ", YWJj=");
    replace("another scheme", NO, "Digest", "Bearer");
    check("Basic", NO, &|_| "Basic dXNlcjpsb29zZXI=".to_owned());
    check("the scheme alone", BAD, &|_| "Digest".to_owned());
    check("the scheme without a blank", NO, &|header| header.replacen("Digest ", "Digest", 1));
    check("nothing", NO, &|_| String::new());
}

#[test]
fn two_headers_and_no_utf8_are_400() {
    let digest = builder().build().unwrap();
    let client = Client::new(&digest);
    let twice = Request::builder()
        .target(client.target)
        .header("User-Agent", "UA")
        .header("Authorization", client.header())
        .header("Authorization", client.header());
    let (_, response) = serve(&digest, &mut twice.received(at(0.0)).build().unwrap());
    assert_eq!(response.status(), 400);
    let bytes = [client.header().as_bytes(), b", x=\"\xff\""].concat();
    let mut req = Request::builder().header("Authorization", bytes).build().unwrap();
    assert_eq!(serve(&digest, &mut req).1.status(), 400);
}

#[test]
fn users_with_names_in_utf8_and_hashed_ones() {
    let digest = builder().userhash(true).build().unwrap();
    let mut client = Client { user: "Ondřej", password: "heslíčko", ..Client::new(&digest) };
    assert_eq!(client.log_in(&digest), Ok("Ondřej".to_owned()));
    client.count = 2;
    let extended = (client.header()).replace("username=\"Ondřej\"", "username*=utf-8''Ond%C5%99ej");
    assert_eq!(client.send(&digest, &extended), Ok("Ondřej".to_owned()));
    client.count = 3;
    for algorithm in [Algorithm::SHA_256, Algorithm::MD5] {
        client.count += 1;
        client.algorithm = algorithm;
        let name = userhash("Ondřej", REALM, algorithm.hash());
        let hashed = client.header().replace("Ondřej", name.as_str()) + ", userhash=true";
        assert_eq!(client.send(&digest, &hashed), Ok("Ondřej".to_owned()));
        let unknown = userhash("Andrej", REALM, algorithm.hash());
        let hashed = client.header().replace("Ondřej", unknown.as_str()) + ", userhash=true";
        assert_eq!(client.send(&digest, &hashed), Err((401, false)));
    }
    for bad in ["iso-8859-1''Ondrej", "UTF-8''Ond%C5", "UTF-8''", "UTF-8'Ondrej", "Ondřej"] {
        let header = client.header().replace("username=\"Ondřej\"", &format!("username*={bad}"));
        assert_eq!(client.send(&digest, &header), Err((400, false)), "{bad}");
    }
}

#[test]
fn lists_of_users_inside_one_login() {
    let login = builder().build().unwrap();
    let only_foo = login.clone().only(["foo"]);
    let client = Client::new(&login);
    assert_eq!(client.log_in(&only_foo), Err((401, false)));
    // That used no count.
    assert!(client.log_in(&login).is_ok());
    let foo = Client { user: "foo", password: "bar", ..Client::new(&login) };
    // A route inside a group with the same login: one count, two hooks.
    let mut req = foo.request(Some(&foo.header()));
    login.before(&mut req).unwrap();
    only_foo.before(&mut req).unwrap();
    assert_eq!(req.user(), Some(&User::new("foo", REALM)));
    assert_eq!(login.clone().only(["user"]).before(&mut req).unwrap_err().status().unwrap(), 401);
}

#[test]
fn the_server_proves_itself() {
    for algorithm in [Algorithm::SHA_256, Algorithm::MD5] {
        for qop in [Qop::Auth, Qop::AuthInt] {
            let digest = builder().qop([Qop::Auth, Qop::AuthInt]).build().unwrap();
            let mut client = Client { algorithm, qop: Some(qop), ..Client::new(&digest) };
            for (time, renews) in [(1.0, false), (151.0, true)] {
                client.time += time;
                let header = client.header();
                let (_, response) = serve(&digest, &mut client.request(Some(&header)));
                let info = response.headers().get("authentication-info").unwrap();
                let info = info.to_str().unwrap();
                let body = (qop == Qop::AuthInt).then(|| algorithm.hash().of(b"for users"));
                let count = format!("{:08x}", client.count);
                let proof = client.exchange(&count).response_auth(&client.stored(), body);
                let name = if qop == Qop::Auth { "auth" } else { "auth-int" };
                let rest =
                    format!("qop={name},rspauth=\"{}\",cnonce=\"c0\",nc={count}", proof.as_str());
                assert!(info.ends_with(&rest), "{info} {rest}");
                assert_eq!(info.contains("nextnonce="), renews, "{info}");
                client.count += 1;
                if renews {
                    client.nonce = part(info, "nextnonce");
                    client.count = 1;
                    assert!(client.log_in(&digest).is_ok());
                }
            }
        }
    }
    // Who did not log in gets no proof.
    let digest = builder().build().unwrap();
    let (_, response) = serve(&digest, &mut Client::new(&digest).request(None));
    assert!(!response.headers().contains("authentication-info"));
}

#[test]
fn a_401_of_a_handler_has_a_challenge_too() {
    let digest = builder().build().unwrap();
    let client = Client::new(&digest);
    let mut req = client.request(Some(&client.header()));
    digest.before(&mut req).unwrap();
    let mut response = Response::text("log in as somebody else").with_status(401);
    digest.after(&mut req, &mut response).unwrap();
    assert_eq!(challenges(&response).len(), 2);
    // Another login's challenge stays alone.
    let mut response = response.with_header("www-authenticate", "Basic realm=\"x\"");
    digest.after(&mut req, &mut response).unwrap();
    assert_eq!(challenges(&response), ["Basic realm=\"x\""]);
}

/// The table is bounded, and what has no place is refused and not accepted twice.
#[test]
fn a_flood_of_nonces_takes_bounded_memory() {
    let counts = Arc::new(MemoryNonceCounts::new(100));
    let digest = builder().counts(counts.clone()).build().unwrap();
    // Who has no password puts nothing in.
    let mut stranger = Client { password: "?", ..Client::new(&digest) };
    for _ in 0..300 {
        stranger.knock(&digest);
        assert_eq!(stranger.log_in(&digest), Err((401, false)));
    }
    assert_eq!(counts.len(), 0);
    let mut clients = Vec::new();
    for n in 0..1000 {
        let mut client = Client { time: f64::from(n) * 0.01, ..Client::new(&digest) };
        client.knock(&digest);
        assert!(client.log_in(&digest).is_ok());
        assert!(counts.len() <= 100);
        clients.push(client);
    }
    let again = clients.iter().filter(|client| client.log_in(&digest).is_ok()).count();
    assert_eq!(again, 0, "replays");
    let mut last = clients.pop().unwrap();
    last.count = 2;
    assert!(last.log_in(&digest).is_ok(), "those in the table go on");
}

/// The examples of RFC 7616, RFC 2617 and RFC 2069, and the vectors of the original.
#[test]
fn examples_and_vectors() {
    let check = |stored: &HexDigest, exchange: Exchange<'_>, expected: &str| {
        assert_eq!(exchange.response(stored, "GET").as_str(), expected, "{exchange:?}");
    };
    let rfc = |algorithm, response| {
        let realm = "http-auth@example.org";
        let stored = hexdigest("Mufasa", realm, "Circle of Life", Algorithm::hash(algorithm));
        let protection = Some(Protection {
            count: "00000001",
            client_nonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            body: None,
        });
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        check(&stored, Exchange { algorithm, nonce, protection, uri: "/dir/index.html" }, response);
    };
    rfc(Algorithm::MD5, "8ca523f5e9506fed4657c9700eebdbec");
    rfc(Algorithm::SHA_256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    // RFC 2617, section 3.5, whose nonce RFC 2069 has, too.
    let stored = hexdigest("Mufasa", "testrealm@host.com", "Circle Of Life", Hash::Md5);
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let protection = Some(Protection { count: "00000001", client_nonce: "0a4f113b", body: None });
    let uri = "/dir/index.html";
    let exchange = Exchange { algorithm: Algorithm::MD5, nonce, protection, uri };
    check(&stored, exchange, "6629fae49393a05397450978507c4ef1");
    // RFC 2069, section 2.4, with the value that its errata give.
    let stored = hexdigest("Mufasa", "testrealm@host.com", "CircleOfLife", Hash::Md5);
    check(&stored, Exchange { protection: None, ..exchange }, "1949323746fe6a43ef61f9606e7febea");

    for (user, realm, password, hash, stored) in [
        ("user", REALM, "looser", Hash::Md5, "99f490dffe2c74a7f13d0cf9b61098a5"),
        ("foo", REALM, "bar", Hash::Md5, "c0daa9760e4ee18ed706dcc68c21a578"),
        ("Ondřej", REALM, "heslíčko", Hash::Md5, "10b692fa4bb8c2572042cf933b86a3b0"),
        ("admin", "Admin Zone", "admin", Hash::Md5, "0829ef1f99fd01b17f182522467e3f38"),
        (
            "sha",
            REALM,
            "sha",
            Hash::Sha256,
            "f90881bb149a81e3a7bed12616ca0b313c8dadfa9ffaaeeb26db48afd8749d9e",
        ),
    ] {
        assert_eq!(hexdigest(user, realm, password, hash).as_str(), stored, "{user}");
    }
    let stored = hexdigest("user", REALM, "looser", Hash::Md5);
    let protection = Some(Protection { count: "00000001", client_nonce: "c0", body: None });
    let uri = "/user_zone?param=text";
    let exchange = Exchange { algorithm: Algorithm::MD5_SESS, nonce: "n0", protection, uri };
    check(&stored, exchange, "8c93057fe673cd0ca2648819edafdd0e");
    let exchange = Exchange { algorithm: Algorithm::MD5, ..exchange };
    check(&stored, exchange, "54a30d83223e6708fec7382cc817a1e3");
    check(&stored, Exchange { protection: None, ..exchange }, "4459dc0b6264e54317038444c806815b");
}

/// RFC 7616, section 3.9.2: SHA-512-256 and userhash. Its values are of SHA-512 cut to 256 bits
/// (erratum 4897), and not of SHA-512/256, which the registry and curl mean; only the texts are
/// compared here.
#[test]
fn the_example_with_userhash_is_read() {
    let sent = "username=\"488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec\",\
        realm=\"api@example.org\",uri=\"/doe.json\",algorithm=SHA-512-256,\
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\",nc=00000001,\
        cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm\",qop=auth,\
        response=\"ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd\",\
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\",userhash=true";
    let read = DigestCredentials::parse(sent.as_bytes()).unwrap();
    assert!(matches!(read.user, DigestUser::Hashed(name) if name.as_str().starts_with("4888694")));
    assert_eq!(read.algorithm, Algorithm::SHA_512_256);
    assert_eq!(read.opaque.as_deref(), Some("HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS"));
    assert_eq!(read.protection.unwrap().count, 1);
}
