//! Logins: how many Digest and Basic checks there are in a second, the calculation beside the crate
//! `digest_auth`, and a request with a login beside one without.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use divan::{Bencher, black_box};
use pauper_app::App;
use pauper_auth::basic::Basic;
use pauper_auth::digest::{
    Algorithm, Digest, DigestCredentials, Exchange, Hash, Protection, hexdigest,
};
use pauper_auth::passwords::{PasswordMap, StoredDigest};
use pauper_auth::{Secret, SystemRandom};
use pauper_message::{BodyPlan, Hook, Request, Response, Service};

fn main() {
    divan::main();
}

const REALM: &str = "User Zone";
const TARGET: &str = "/user_zone?param=text";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn users() -> PasswordMap {
    let mut users = PasswordMap::new();
    for n in 0..1000 {
        for hash in Hash::ALL {
            let user = format!("user{n}");
            users.add(REALM, &user, StoredDigest::of_password(hash, REALM, &user, "x")).unwrap();
        }
    }
    users
}

fn login(algorithm: Algorithm) -> Digest {
    let secret = Secret::from_text("0123456789abcdef0123456789abcdef").unwrap();
    Digest::builder(REALM, secret, users()).algorithms([algorithm]).build().unwrap()
}

fn bare() -> Request {
    request(&[])
}

fn request(headers: &[(&str, &str)]) -> Request {
    let mut builder =
        Request::builder().target(TARGET).header("User-Agent", "bench").received(now());
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.build().unwrap()
}

/// A client that goes on counting with one nonce.
struct Client {
    nonce: String,
    algorithm: Algorithm,
    count: AtomicU32,
}

impl Client {
    fn new(login: &Digest, algorithm: Algorithm) -> Self {
        let challenge = login.challenges(&bare(), false).unwrap().remove(0);
        let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        Self { nonce: nonce.to_owned(), algorithm, count: AtomicU32::new(1) }
    }

    fn header(&self) -> String {
        let count = format!("{:08x}", self.count.fetch_add(1, Ordering::Relaxed));
        let protection = Some(Protection { count: &count, client_nonce: "0a4f113b", body: None });
        let exchange =
            Exchange { algorithm: self.algorithm, nonce: &self.nonce, protection, uri: TARGET };
        let stored = hexdigest("user7", REALM, "x", self.algorithm.hash());
        let response = exchange.response(&stored, "GET");
        format!(
            "Digest username=\"user7\", realm=\"{REALM}\", nonce=\"{}\", uri=\"{TARGET}\", \
             algorithm={}, qop=auth, nc={count}, cnonce=\"0a4f113b\", response=\"{}\"",
            self.nonce,
            self.algorithm,
            response.as_str()
        )
    }

    fn request(&self) -> Request {
        request(&[("Authorization", &self.header())])
    }
}

/// A whole check: header, nonce, user, response, count.
#[divan::bench(args = Algorithm::ALL)]
fn check(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let login = login(algorithm);
    let client = Client::new(&login, algorithm);
    bencher.with_inputs(|| client.request()).bench_refs(|req| login.before(req).unwrap());
}

#[divan::bench]
fn check_basic(bencher: Bencher<'_, '_>) {
    let login = Basic::new(REALM, users());
    bencher
        .with_inputs(|| request(&[("Authorization", "Basic dXNlcjc6eA==")]))
        .bench_refs(|req| login.before(req).unwrap());
}

/// What a stranger costs: 401 with a new nonce.
#[divan::bench]
fn challenge(bencher: Bencher<'_, '_>) {
    let login = login(Algorithm::SHA_256);
    bencher.bench(|| {
        let mut response = Response::text("").with_status(401);
        login.after(&mut bare(), &mut response).unwrap();
        response
    });
}

mod header_and_response {
    use super::*;

    fn header() -> String {
        Client::new(&login(Algorithm::SHA_256), Algorithm::SHA_256).header()
    }

    #[divan::bench]
    fn pauper(bencher: Bencher<'_, '_>) {
        let header = header();
        bencher.bench(|| {
            let sent = DigestCredentials::parse(&black_box(&header).as_bytes()[6..]).unwrap();
            let protection = sent.protection.as_ref().map(|sent| Protection {
                count: &sent.count_text,
                client_nonce: &sent.client_nonce,
                body: None,
            });
            let stored = hexdigest("user7", REALM, "x", Hash::Sha256);
            let exchange = Exchange {
                algorithm: sent.algorithm,
                nonce: &sent.nonce,
                protection,
                uri: &sent.uri,
            };
            assert!(exchange.response(&stored, "GET") == sent.response);
        });
    }

    #[divan::bench]
    fn digest_auth(bencher: Bencher<'_, '_>) {
        use ::digest_auth::{AuthContext, AuthorizationHeader, HttpMethod};
        let header = header();
        bencher.bench(|| {
            let mut sent = AuthorizationHeader::parse(black_box(&header)).unwrap();
            let response = std::mem::take(&mut sent.response);
            let mut context = AuthContext::new_with_method(
                "user7",
                "x",
                TARGET,
                Option::<&[u8]>::None,
                HttpMethod::GET,
            );
            context.set_custom_cnonce("0a4f113b");
            sent.digest(&context);
            assert_eq!(sent.response, response);
        });
    }
}

mod a_request {
    use super::*;

    fn through(app: &App, req: &mut Request) -> Response {
        match app.begin(req).body {
            BodyPlan::Reject(response) => *response,
            _ => app.call(req),
        }
    }

    fn app(login: Option<impl Hook + 'static>) -> App {
        let mut app = App::new("bench");
        if let Some(login) = login {
            app.hook(login);
        }
        app.get("/user_zone", |_: &mut Request| "hello");
        app
    }

    fn run(bencher: Bencher<'_, '_>, app: &App, make: impl Fn() -> Request + Sync) {
        bencher.with_inputs(make).bench_refs(|req| {
            let response = through(app, req);
            assert_eq!(response.status(), 200);
            response
        });
    }

    #[divan::bench]
    fn without(bencher: Bencher<'_, '_>) {
        run(bencher, &app(None::<Digest>), bare);
    }

    #[divan::bench(args = [Algorithm::MD5, Algorithm::SHA_256, Algorithm::SHA_512_256])]
    fn with_digest(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
        let login = login(algorithm);
        let client = Client::new(&login, algorithm);
        run(bencher, &app(Some(login)), || client.request());
    }

    #[divan::bench]
    fn with_basic(bencher: Bencher<'_, '_>) {
        let login = Basic::new(REALM, users());
        let make = || request(&[("Authorization", "Basic dXNlcjc6eA==")]);
        run(bencher, &app(Some(login)), make);
    }
}

/// The randomness that nonces take.
#[divan::bench]
fn random_bytes() -> [u8; 12] {
    use pauper_auth::Randomness as _;
    let mut bytes = [0; 12];
    SystemRandom.fill(&mut bytes).unwrap();
    bytes
}
