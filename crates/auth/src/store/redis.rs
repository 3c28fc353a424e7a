//! Sessions in Redis, for several processes and machines.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use redis::{Client, Connection, FromRedisValue, RedisError};

use crate::once::OnceStore;
use crate::store_error::StoreError;

use super::SessionStore;

/// Sessions, and what may be used once, in Redis (2.6.12 or later, or what speaks its language).
///
/// Each is one key with a prefix and a time to live, so that Redis forgets what is over by itself.
/// Connections are kept and used again, one for each call that runs at the same time; a call that
/// finds its connection broken tries a fresh one, once.
///
/// ```no_run
/// # #[cfg(feature = "system-random")]
/// # fn main() -> Result<(), pauper_auth::StoreError> {
/// use pauper_auth::session::{Sessions, StoredSession};
/// use pauper_auth::store::RedisStore;
///
/// let store = RedisStore::open("redis://127.0.0.1:6379/0")?;
/// let sessions = Sessions::new(StoredSession::new(store));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "system-random"))]
/// # fn main() {}
/// ```
pub struct RedisStore {
    client: Client,
    prefix: Box<str>,
    timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// The most connections that are kept while nobody needs them.
const MOST_IDLE: usize = 64;

impl RedisStore {
    /// A store at an URL: `redis://user:password@host:port/number`, or `redis+unix:///path` for a
    /// socket. Nobody is connected to before there is something to do.
    ///
    /// # Errors
    /// When it is no such URL.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        // The URL may hold a password, so that nothing of it is in the message.
        let client =
            Client::open(url).map_err(|_| StoreError::new("this is no URL of a Redis server"))?;
        Ok(Self {
            client,
            prefix: "pauper:".into(),
            timeout: Duration::from_secs(2),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// What stands before each key; `pauper:` if not set.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long connecting, sending and waiting for an answer may take, each; 2 seconds if not
    /// set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn connect(&self) -> Result<Connection, RedisError> {
        let connection = self.client.get_connection_with_timeout(self.timeout)?;
        connection.set_read_timeout(Some(self.timeout))?;
        connection.set_write_timeout(Some(self.timeout))?;
        Ok(connection)
    }

    /// Asks; whatever is asked here may be asked twice.
    fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let asked = match kept {
            Some(connection) => match self.ask_by(connection, command) {
                Err(error) if is_broken(&error) => {
                    self.connect().and_then(|fresh| self.ask_by(fresh, command))
                }
                asked => asked,
            },
            None => self.connect().and_then(|fresh| self.ask_by(fresh, command)),
        };
        asked.map_err(|error| {
            StoreError::new(format!("Redis: {:?}: {}", error.kind(), error.detail().unwrap_or("-")))
        })
    }

    fn ask_by<T: FromRedisValue>(
        &self,
        mut connection: Connection,
        command: &redis::Cmd,
    ) -> Result<T, RedisError> {
        let asked = command.query(&mut connection);
        // After a time-out the answer may still come, and would be taken for the next one's.
        if !matches!(&asked, Err(error) if is_broken(error)) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MOST_IDLE {
                idle.push(connection);
            }
        }
        asked
    }

    fn session_key(&self, key: &str) -> String {
        format!("{}session:{key}", self.prefix)
    }

    /// Keeps a value for so many milliseconds, if the key is (`XX`) or is not (`NX`) there; whether
    /// it was kept.
    fn set(
        &self,
        key: &str,
        value: &[u8],
        millis: u64,
        condition: &str,
    ) -> Result<bool, StoreError> {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value).arg("PX").arg(millis).arg(condition);
        self.ask::<Option<String>>(&command).map(|answer| answer.is_some())
    }
}

fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped()
}

/// Redis counts from when it hears of it; there has to be something left.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 50)
}

fn until(now: SystemTime, expires: SystemTime) -> u64 {
    millis(expires.duration_since(now).unwrap_or_default())
}

impl SessionStore for RedisStore {
    fn load(&self, key: &str, _: SystemTime) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(redis::cmd("GET").arg(self.session_key(key)))
    }

    fn create(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(), StoreError> {
        // Of a fresh key. If it is there, this is the second try of a first that went through.
        self.set(&self.session_key(key), data, until(now, expires), "NX").map(drop)
    }

    fn update(
        &self,
        key: &str,
        data: &[u8],
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<bool, StoreError> {
        self.set(&self.session_key(key), data, until(now, expires), "XX")
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.ask::<u64>(redis::cmd("DEL").arg(self.session_key(key))).map(drop)
    }
}

impl OnceStore for RedisStore {
    fn first_use(&self, key: &str, _: SystemTime, keep: Duration) -> Result<bool, StoreError> {
        self.set(&format!("{}once:{key}", self.prefix), b"", millis(keep), "NX")
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({:?})", self.prefix)
    }
}
