//! Sessions: sealing and opening beside the private jar of `cookie`, and a request with a session
//! beside one without.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cookie::{Cookie, CookieJar, Key};
use divan::{AllocProfiler, Bencher, black_box};
use pauper_app::App;
use pauper_auth::csrf::Csrf;
use pauper_auth::session::{
    JwtSession, RequestSession, SealedSession, Session, SessionContext, SessionFormat, Sessions,
    StoredSession,
};
use pauper_auth::store::MemoryStore;
use pauper_auth::{Keys, RandomError, Randomness, Sealer, Secret, SystemRandom};
use pauper_message::{BodyPlan, Request, Response, Service};

#[global_allocator]
static ALLOCATOR: AllocProfiler<std::alloc::System> = AllocProfiler::system();

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NAME: &str = "SESSID";
/// As many bytes as our session has, of an alphabet that a cookie can hold.
const TEXT: &str =
    "user=alice&role=admin&visits=7&issued=1700000000&started=1700000000&expires=1700028800";

fn main() {
    divan::main();
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn keys() -> Keys {
    Keys::new(Secret::new(SECRET).unwrap())
}

/// Bytes that cost nothing, and are not random.
struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(count).for_each(|(byte, count)| *byte = count);
        Ok(())
    }
}

/// A session as a login leaves it, and its cookie.
fn session(format: impl SessionFormat + Clone + 'static) -> (Session, String) {
    let sessions = Sessions::new(format);
    let mut session = Session::new();
    session.set("user", "alice");
    session.set("role", "admin");
    session.set("visits", 7);
    let req = Request::builder().received(now()).build().unwrap();
    let cookie = sessions.save(&mut session, &req).unwrap();
    let value = cookie.value().to_owned();
    (session, value)
}

#[divan::bench_group]
mod seal {
    use super::*;

    #[divan::bench]
    fn pauper_sealed_session(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (session, _) = session(format.clone());
        let context = SessionContext::new(NAME, now(), &SystemRandom);
        bencher.bench_local(|| format.write(black_box(&session), &context).unwrap());
    }

    #[divan::bench]
    fn pauper_sealer(bencher: Bencher<'_, '_>) {
        let sealer = Sealer::new(&keys(), "bench");
        bencher.bench_local(|| {
            sealer.seal(&[NAME.as_bytes()], black_box(TEXT.as_bytes()), &SystemRandom).unwrap()
        });
    }

    /// Without the system call for the nonce. Not to be imitated.
    #[divan::bench]
    fn pauper_sealer_but_for_random_bytes(bencher: Bencher<'_, '_>) {
        let sealer = Sealer::new(&keys(), "bench");
        let random = Counting(AtomicU64::new(0));
        bencher.bench_local(|| {
            sealer.seal(&[NAME.as_bytes()], black_box(TEXT.as_bytes()), &random).unwrap()
        });
    }

    #[divan::bench]
    fn pauper_jwt_session(bencher: Bencher<'_, '_>) {
        let format = JwtSession::new(keys());
        let (session, _) = session(format.clone());
        let context = SessionContext::new(NAME, now(), &SystemRandom);
        bencher.bench_local(|| format.write(black_box(&session), &context).unwrap());
    }

    #[divan::bench]
    fn cookie_private_jar(bencher: Bencher<'_, '_>) {
        let key = Key::from(SECRET);
        bencher.bench_local(|| {
            let mut jar = CookieJar::new();
            jar.private_mut(&key).add(Cookie::new(NAME, black_box(TEXT)));
            jar
        });
    }
}

#[divan::bench_group]
mod open {
    use super::*;

    #[divan::bench]
    fn pauper_sealed_session(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (_, value) = session(format.clone());
        let context = SessionContext::new(NAME, now(), &SystemRandom);
        bencher.bench_local(|| {
            let session = format.read(black_box(&value), &context).unwrap();
            assert_eq!(session.get("user"), Some("alice"));
            session
        });
    }

    #[divan::bench]
    fn pauper_sealer(bencher: Bencher<'_, '_>) {
        let sealer = Sealer::new(&keys(), "bench");
        let value = sealer.seal(&[NAME.as_bytes()], TEXT.as_bytes(), &SystemRandom).unwrap();
        bencher.bench_local(|| {
            let text = sealer.open(&[NAME.as_bytes()], black_box(&value)).unwrap();
            assert_eq!(text.len(), TEXT.len());
            text
        });
    }

    #[divan::bench]
    fn pauper_jwt_session(bencher: Bencher<'_, '_>) {
        let format = JwtSession::new(keys());
        let (_, value) = session(format.clone());
        let context = SessionContext::new(NAME, now(), &SystemRandom);
        bencher.bench_local(|| format.read(black_box(&value), &context).unwrap());
    }

    #[divan::bench]
    fn cookie_private_jar(bencher: Bencher<'_, '_>) {
        let key = Key::from(SECRET);
        let mut jar = CookieJar::new();
        jar.private_mut(&key).add(Cookie::new(NAME, TEXT));
        let sealed = jar.get(NAME).unwrap().clone();
        bencher.bench_local(|| {
            let mut jar = CookieJar::new();
            jar.add_original(black_box(&sealed).clone());
            let text = jar.private(&key).get(NAME).unwrap();
            assert_eq!(text.value().len(), TEXT.len());
            text
        });
    }
}

/// The same page through an application, asked for by a client with a cookie.
#[divan::bench_group]
mod request {
    use super::*;

    fn ask(app: &App, cookie: &str) -> Response {
        let header = format!("{NAME}={cookie}");
        let mut req = Request::builder()
            .target("/")
            .header("Cookie", header)
            .received(now())
            .build()
            .unwrap();
        let plan = app.begin(&mut req);
        assert!(matches!(plan.body, BodyPlan::Buffer { .. }));
        app.call(&mut req)
    }

    fn run(bencher: Bencher<'_, '_>, app: &App, cookie: &str) {
        app.check().unwrap();
        assert_eq!(ask(app, cookie).status(), 200);
        bencher.bench_local(|| ask(app, black_box(cookie)));
    }

    fn user(req: &mut Request) -> String {
        req.session().get("user").unwrap_or_default().to_owned()
    }

    fn with(sessions: Sessions) -> App {
        let mut app = App::new("bench");
        app.hook(sessions);
        app.get("/", user);
        app
    }

    #[divan::bench]
    fn without_sessions(bencher: Bencher<'_, '_>) {
        let mut app = App::new("bench");
        app.get("/", |_: &mut Request| "alice".to_owned());
        let (_, cookie) = session(SealedSession::new(keys()));
        run(bencher, &app, &cookie);
    }

    #[divan::bench]
    fn sealed_but_nobody_asks(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (_, cookie) = session(format.clone());
        let mut app = App::new("bench");
        app.hook(Sessions::new(format));
        app.get("/", |_: &mut Request| "alice".to_owned());
        run(bencher, &app, &cookie);
    }

    #[divan::bench]
    fn sealed(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (_, cookie) = session(format.clone());
        run(bencher, &with(Sessions::new(format)), &cookie);
    }

    #[divan::bench]
    fn sealed_and_written(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (_, cookie) = session(format.clone());
        let mut app = App::new("bench");
        app.hook(Sessions::new(format));
        app.get("/", |req: &mut Request| {
            req.session_mut().set("visits", 8);
            user(req)
        });
        run(bencher, &app, &cookie);
    }

    #[divan::bench]
    fn sealed_with_a_form_token(bencher: Bencher<'_, '_>) {
        let format = SealedSession::new(keys());
        let (_, cookie) = session(format.clone());
        let mut app = App::new("bench");
        app.hook(Sessions::new(format));
        app.hook(Csrf::new(&keys()));
        app.get("/", |req: &mut Request| req.form_token().unwrap().value());
        run(bencher, &app, &cookie);
    }

    #[divan::bench]
    fn stored_in_memory(bencher: Bencher<'_, '_>) {
        let store = std::sync::Arc::new(MemoryStore::new());
        let stored = Sessions::new(StoredSession::new(store));
        let mut session = Session::new();
        session.set("user", "alice");
        let req = Request::builder().received(now()).build().unwrap();
        let cookie = stored.save(&mut session, &req).unwrap();
        run(bencher, &with(stored), cookie.value());
    }
}
