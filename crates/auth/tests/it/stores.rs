//! What every store has to do, with threads and with a real Redis.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use pauper_auth::OnceStore;
use pauper_auth::store::{MemoryStore, SessionStore};

const MINUTE: Duration = Duration::from_secs(60);

/// What every store has to do.
fn check_store(store: &impl SessionStore) {
    let now = SystemTime::now();
    let end = now + MINUTE;
    assert_eq!(store.load("a", now), Ok(None));
    // An update of nothing makes nothing.
    assert_eq!(store.update("a", b"1", now, end), Ok(false));
    assert_eq!(store.load("a", now), Ok(None));
    store.create("a", b"1", now, end).unwrap();
    store.create("b", b"\0\xff", now, end).unwrap();
    assert_eq!(store.load("a", now).unwrap().unwrap(), b"1");
    assert_eq!(store.update("a", b"", now, end), Ok(true));
    assert_eq!(store.load("a", now).unwrap().unwrap(), b"");
    assert_eq!(store.load("b", now).unwrap().unwrap(), b"\0\xff");
    store.remove("a").unwrap();
    store.remove("a").unwrap();
    assert_eq!(store.load("a", now), Ok(None));
    assert_eq!(store.update("a", b"2", now, end), Ok(false));
    let large = vec![b'x'; 1 << 20];
    store.update("b", &large, now, end).unwrap();
    assert_eq!(store.load("b", now).unwrap().unwrap(), large);
    store.remove("b").unwrap();
}

/// Threads that log in, change and log out, each key used by several: what was removed never comes
/// back, and what is read is what one of them wrote, whole.
fn check_concurrency(store: &(impl SessionStore + ?Sized), rounds: usize) {
    let now = SystemTime::now();
    let end = now + MINUTE;
    let updates = AtomicUsize::new(0);
    for round in 0..rounds {
        let key = format!("{round:032x}");
        store.create(&key, &[0; 64], now, end).unwrap();
        thread::scope(|scope| {
            for writer in 1..=3_u8 {
                let (key, updates) = (&key, &updates);
                scope.spawn(move || {
                    for _ in 0..5 {
                        if store.update(key, &[writer; 64], now, end).unwrap() {
                            updates.fetch_add(1, Ordering::Relaxed);
                        }
                        if let Some(data) = store.load(key, now).unwrap() {
                            assert!(data == vec![data[0]; 64] && data[0] <= 3);
                        }
                    }
                });
            }
            scope.spawn(|| store.remove(&key).unwrap());
        });
        assert_eq!(store.load(&key, now), Ok(None), "it came back");
    }
    println!("{} updates before a logout", updates.into_inner());
}

#[test]
fn memory() {
    check_store(&MemoryStore::new());
    check_concurrency(&MemoryStore::new(), 50);
}

#[test]
fn memory_forgets_what_is_over() {
    let store = MemoryStore::new();
    let now = SystemTime::now();
    store.create("a", b"1", now, now + MINUTE).unwrap();
    assert!(store.load("a", now + MINUTE - Duration::from_millis(1)).unwrap().is_some());
    assert_eq!(store.load("a", now + MINUTE), Ok(None));
    assert_eq!(store.update("a", b"1", now + MINUTE, now + 2 * MINUTE), Ok(false));
}

/// Of many uses at once one is the first.
#[cfg_attr(
    not(all(feature = "redis", feature = "system-random")),
    allow(dead_code, reason = "the memory's own tests are inside")
)]
fn check_once(store: &impl OnceStore) {
    let now = SystemTime::now();
    let first = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for key in 0..30 {
                    if store.first_use(&format!("nonce {key}"), now, MINUTE).unwrap() {
                        first.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(first.into_inner(), 30);
}

#[cfg(all(feature = "redis", feature = "system-random"))]
mod redis {
    use super::*;
    use std::env;
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::process::{Child, Command, Stdio};

    use pauper_auth::session::{RequestSession, SessionErrorKind, Sessions, StoredSession};
    use pauper_auth::store::RedisStore;

    use crate::support::Client;

    /// A Redis of its own, with a socket in a folder of its own.
    struct Redis {
        child: Child,
        folder: PathBuf,
    }

    impl Drop for Redis {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    impl Redis {
        /// `None` where it is not installed, which is a failure where tools are required.
        fn start(name: &str) -> Option<Self> {
            let path = env::var_os("PATH").unwrap_or_default();
            let there = env::split_paths(&path).any(|dir| dir.join("redis-server").is_file());
            if !there {
                let required = env::var_os("PAUPER_REQUIRE_TOOLS").is_some_and(|it| it == "1");
                assert!(!required, "redis-server is missing");
                println!("skipped: redis-server is missing");
                return None;
            }
            let folder = env::temp_dir().join(format!("pauper-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Some(Self { child: Self::run(&folder), folder })
        }

        fn run(folder: &std::path::Path) -> Child {
            let mut child = Command::new("redis-server")
                .args(["--port", "0", "--unixsocket", "socket", "--save", "", "--appendonly", "no"])
                .current_dir(folder)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            for _ in 0..2000 {
                if UnixStream::connect(folder.join("socket")).is_ok() {
                    return child;
                }
                thread::sleep(Duration::from_millis(10));
            }
            let _ = child.kill();
            let _ = child.wait();
            panic!("redis-server does not listen");
        }

        fn store(&self) -> RedisStore {
            let socket = self.folder.join("socket");
            RedisStore::open(&format!("redis+unix://{}", socket.display())).unwrap()
        }

        fn restart(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = std::fs::remove_file(self.folder.join("socket"));
            self.child = Self::run(&self.folder);
        }
    }

    #[test]
    fn redis_does_what_a_store_does() {
        let Some(redis) = Redis::start("store") else { return };
        check_store(&redis.store());
        check_concurrency(&redis.store(), 20);
        check_once(&redis.store());
    }

    /// Two instances of an application with a connection each refuse each other's replays.
    #[test]
    fn redis_counts_nonces_for_several_instances() {
        use pauper_auth::digest::{Digest, NonceCounts, Nonces, OnceCounts};
        use pauper_auth::{Secret, SystemRandom};
        let Some(redis) = Redis::start("nonces") else { return };
        let secret = Secret::random(&SystemRandom).unwrap();
        let (life, now) = (MINUTE, SystemTime::now());
        let (_, id) =
            Nonces::new(secret.clone(), "Zone", life).issue(b"", now, &SystemRandom).unwrap();
        let instances = [OnceCounts(redis.store()), OnceCounts(redis.store())];
        for count in 1..20 {
            let first = instances.each_ref().map(|it| it.first_use(&id, count, now, life).unwrap());
            assert_eq!(first, [true, false], "{count}");
        }
        // At once, exactly one is the first.
        let won = std::sync::atomic::AtomicUsize::new(0);
        thread::scope(|scope| {
            for at in 0..4 {
                let (instance, won) = (&instances[at % 2], &won);
                scope.spawn(move || {
                    let first = (100..150)
                        .filter(|count| instance.first_use(&id, *count, now, life).unwrap());
                    won.fetch_add(first.count(), std::sync::atomic::Ordering::Relaxed);
                });
            }
        });
        assert_eq!(won.into_inner(), 50);
        // It builds: a login takes such counts.
        let users = pauper_auth::passwords::PasswordMap::new();
        let [counts, _] = instances;
        Digest::builder("Zone", secret, users).counts(counts).build().unwrap();
    }

    #[test]
    fn redis_forgets_what_is_over() {
        let Some(redis) = Redis::start("over") else { return };
        let store = redis.store();
        let now = SystemTime::now();
        let short = Duration::from_millis(30);
        store.create("a", b"1", now, now + short).unwrap();
        store.create("past", b"1", now, now - MINUTE).unwrap();
        store.first_use("a", now, short).unwrap();
        let mut gone = false;
        for _ in 0..500 {
            thread::sleep(Duration::from_millis(20));
            gone = store.load("a", now).unwrap().is_none()
                && store.load("past", now).unwrap().is_none();
            if gone {
                break;
            }
        }
        assert!(gone);
        assert_eq!(store.update("a", b"1", now, now + MINUTE), Ok(false));
        assert_eq!(store.first_use("a", now, MINUTE), Ok(true));
    }

    #[test]
    fn prefixes_keep_applications_apart() {
        let Some(redis) = Redis::start("prefix") else { return };
        let (one, other) = (redis.store().prefix("one:"), redis.store().prefix("other:"));
        let now = SystemTime::now();
        one.create("a", b"1", now, now + MINUTE).unwrap();
        assert_eq!(other.load("a", now), Ok(None));
    }

    /// Two instances behind a balancer with one Redis: a logout at one is one at the other.
    #[test]
    fn two_instances_share_one_redis() {
        let Some(redis) = Redis::start("instances") else { return };
        let here = Sessions::new(StoredSession::new(redis.store()));
        let there = Sessions::new(StoredSession::new(redis.store()));
        let mut client = Client::default();
        client.get(&[&here], |req| req.session_mut().set("user", "alice"));
        let user = |req: &mut pauper_message::Request| req.session().get("user").is_some();
        assert!(client.get(&[&there], user).0);
        let mut copy = client.clone();
        client.get(&[&there], |req| req.session_mut().destroy());
        assert!(!copy.get(&[&here], user).0);
    }

    #[test]
    fn a_redis_that_comes_back_is_used_again() {
        let Some(mut redis) = Redis::start("back") else { return };
        let store = redis.store().timeout(Duration::from_secs(5));
        let now = SystemTime::now();
        store.create("a", b"1", now, now + MINUTE).unwrap();
        redis.restart();
        // The kept connection is broken, and the data were in memory.
        assert_eq!(store.load("a", now), Ok(None));
        store.create("a", b"2", now, now + MINUTE).unwrap();
        let _ = redis.child.kill();
        let _ = redis.child.wait();
        let error = store.load("a", now).unwrap_err().to_string();
        assert!(error.starts_with("Redis: "), "{error}");
        let sessions = Sessions::new(StoredSession::new(store));
        let mut client = Client::default();
        client.cookies.insert("SESSID".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
        let (kind, _) =
            client.get(&[&sessions], |req| req.session().fault().unwrap().kind().clone());
        assert!(matches!(kind, SessionErrorKind::Store(_)), "{kind:?}");
    }

    #[test]
    fn an_address_with_a_password_is_not_printed() {
        let error = RedisStore::open("http://user:hunter2@localhost").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let store = RedisStore::open("redis://user:hunter2@localhost/0").unwrap();
        assert!(!format!("{store:?}").contains("hunter2"));
    }
}
