//! A brake on guessing passwords.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pauper_message::{Error, Request, Response, StatusCode, abort_with};
use sha2::{Digest as _, Sha256};

use crate::expiring::Expiring;

/// Bounds how often somebody may try to log in: so often at once, and then once in a while.
///
/// An attempt is counted before the password is looked at, so that many at once are counted too,
/// and given back when it was right. Memory is bounded: when it is full, whoever is limited least
/// is forgotten. It counts within one process; behind a balancer each instance has its own.
///
/// ```
/// use pauper_auth::LoginLimiter;
/// use pauper_message::{Error, Request, abort};
///
/// fn log_in(req: &mut Request, limiter: &LoginLimiter, user: &str, password: &str) -> Result<(), Error> {
///     limiter.login(req, user)?; // 429 with Retry-After
///     if !is_right(user, password) {
///         return Err(abort(403));
///     }
///     limiter.succeeded(req, user);
///     Ok(())
/// }
/// # fn is_right(user: &str, password: &str) -> bool { user == password }
/// # let mut req = Request::builder().build().unwrap();
/// # let limiter = LoginLimiter::new();
/// # assert!(log_in(&mut req, &limiter, "a", "a").is_ok());
/// # let tried: Vec<_> = (0..99).map(|_| log_in(&mut req, &limiter, "a", "b").unwrap_err().status()).collect();
/// # assert!(tried[0].unwrap() == 403 && tried[98].unwrap() == 429);
/// ```
pub struct LoginLimiter {
    free: Mutex<Free>,
    address: Rate,
    user: Rate,
}

/// When each would be as free as somebody new. Apart, so that a flood of names drives out no
/// addresses.
struct Free {
    addresses: Expiring<[u8; 16], ()>,
    users: Expiring<[u8; 16], ()>,
}

impl Free {
    fn new(most: usize) -> Self {
        Self { addresses: Expiring::new(most), users: Expiring::new(most) }
    }
}

/// So many at once, and one more each `every`.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u32,
    every: Duration,
}

impl LoginLimiter {
    /// From one address 10 attempts at once and one more each 30 seconds; for one user 20 and one
    /// more each minute, from wherever they come; at most 100,000 addresses and 100,000 users at a
    /// time, which is about 25 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            free: Mutex::new(Free::new(100_000)),
            address: Rate { burst: 10, every: Duration::from_secs(30) },
            user: Rate { burst: 20, every: Duration::from_secs(60) },
        }
    }

    /// How many attempts one address has at once, and how long it waits for each further one. An
    /// address of IPv6 stands for its network of 64 bits, since a client has all of these.
    #[must_use]
    pub fn per_address(mut self, burst: u32, every: Duration) -> Self {
        self.address = Rate { burst, every };
        self
    }

    /// The same for one user. Whoever knows a name can use up its attempts and so keep its owner
    /// out for a while; so this is the looser one.
    #[must_use]
    pub fn per_user(mut self, burst: u32, every: Duration) -> Self {
        self.user = Rate { burst, every };
        self
    }

    /// How many addresses, and how many users, are remembered at a time.
    #[must_use]
    pub fn capacity(mut self, most: usize) -> Self {
        self.free = Mutex::new(Free::new(most));
        self
    }

    /// Counts an attempt of a request's client to log in as a user; nobody has to be known by this
    /// name.
    ///
    /// # Errors
    /// 429 with Retry-After when there were too many. That one is not counted.
    pub fn login(&self, req: &Request, user: &str) -> Result<(), Error> {
        let address = req.client_ip();
        let tried = self.attempt(address, user, req.received());
        tried.map_err(|error| abort_with(error.into_response()))
    }

    /// The attempt was right: the user's are forgotten, and the address has one back. Others that
    /// it made stay counted, lest somebody with an account of their own guess at all others.
    pub fn succeeded(&self, req: &Request, user: &str) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.users.remove(&key_of_user(user));
        if let Some(address) = req.client_ip() {
            let (key, now) = (key_of_address(address), req.received());
            if let Some(end) = free.addresses.end(&key, now) {
                match end.checked_sub(self.address.every).filter(|end| *end > now) {
                    Some(end) => free.addresses.insert(key, (), end, now),
                    None => drop(free.addresses.remove(&key)),
                }
            }
        }
    }

    /// Counts an attempt, without a request.
    ///
    /// # Errors
    /// When there were too many from the address or for the user. That one is not counted.
    pub fn attempt(
        &self,
        address: Option<IpAddr>,
        user: &str,
        now: SystemTime,
    ) -> Result<(), TooManyAttempts> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = match address {
            Some(address) => {
                let key = key_of_address(address);
                Some((key, self.address.next(free.addresses.end(&key, now), now)?))
            }
            None => None,
        };
        let user = key_of_user(user);
        let end = self.user.next(free.users.end(&user, now), now)?;
        free.users.insert(user, (), end, now);
        if let Some((address, end)) = of_address {
            free.addresses.insert(address, (), end, now);
        }
        Ok(())
    }
}

impl Rate {
    /// When somebody is free again after one more attempt, of whom `end` says when it would be so
    /// without (the generic cell rate algorithm).
    fn next(self, end: Option<SystemTime>, now: SystemTime) -> Result<SystemTime, TooManyAttempts> {
        let end = end.unwrap_or(now);
        let ahead = end.duration_since(now).unwrap_or_default();
        let most = self.every.saturating_mul(self.burst.saturating_sub(1));
        match ahead.checked_sub(most) {
            Some(wait) if !wait.is_zero() || self.burst == 0 => {
                Err(TooManyAttempts { retry_after: wait })
            }
            _ => end.checked_add(self.every).ok_or(TooManyAttempts { retry_after: self.every }),
        }
    }
}

fn key_of_address(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => key(b"4", &address.octets()),
        IpAddr::V6(address) => key(b"6", &address.octets()[..8]),
    }
}

fn key_of_user(user: &str) -> [u8; 16] {
    key(b"u", user.as_bytes())
}

/// Of a name of any length, and of one's own choice.
fn key(kind: &[u8], name: &[u8]) -> [u8; 16] {
    let hash = Sha256::new().chain_update(kind).chain_update(name).finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

impl Default for LoginLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LoginLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLimiter")
            .field("address", &self.address)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// There were too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyAttempts {
    retry_after: Duration,
}

impl TooManyAttempts {
    /// How long to wait for the next one.
    pub fn retry_after(&self) -> Duration {
        self.retry_after
    }

    /// 429 (RFC 6585, section 4) with Retry-After in whole seconds.
    #[must_use]
    pub fn into_response(self) -> Response {
        let seconds = self.retry_after.as_secs().saturating_add(1);
        Response::text("Too many attempts. Please wait a moment.\n")
            .with_status(StatusCode::TOO_MANY_REQUESTS)
            .with_header("retry-after", seconds.to_string())
    }
}

impl fmt::Display for TooManyAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many attempts; the next is possible in {:?}", self.retry_after)
    }
}

impl std::error::Error for TooManyAttempts {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn limiter() -> LoginLimiter {
        LoginLimiter::new()
            .per_address(3, Duration::from_secs(10))
            .per_user(5, Duration::from_secs(100))
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn so_many_at_once_and_then_one_in_a_while() {
        let limiter = limiter();
        let mut user = 0;
        let mut tries = |now| {
            (0..9)
                .take_while(|_| {
                    user += 1;
                    limiter.attempt(ip("192.0.2.1"), &user.to_string(), at(now)).is_ok()
                })
                .count()
        };
        let counts = [0, 0, 9, 10, 19, 20, 45, 1000].map(&mut tries);
        assert_eq!(counts, [3, 0, 0, 1, 0, 1, 2, 3]);
        let refused = limiter.attempt(ip("192.0.2.1"), "x", at(1004)).unwrap_err();
        assert_eq!(refused.retry_after(), Duration::from_secs(6));
        let response = refused.into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers().get("retry-after").unwrap(), "7");
    }

    #[test]
    fn a_user_is_guarded_against_many_addresses() {
        let limiter = limiter();
        let from = |last: u8, user: &str| {
            limiter.attempt(ip(&format!("192.0.2.{last}")), user, at(0)).is_ok()
        };
        assert_eq!((0..20).filter(|last| from(*last, "alice")).count(), 5);
        assert!(from(20, "bob"));
        // What was refused for the user is not counted for the address.
        assert!((0..3).all(|_| from(19, "bob")));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let limiter = limiter();
        let from = |address: &str, user: &str| limiter.attempt(ip(address), user, at(0)).is_ok();
        assert!(from("2001:db8::1", "a") && from("2001:db8::2", "b") && from("2001:db8::3:4", "c"));
        assert!(!from("2001:db8::5", "d"));
        assert!(from("2001:db8:0:1::5", "d"));
        // One of IPv4 in IPv6 is one of IPv4.
        assert!(from("192.0.2.1", "e") && from("::ffff:192.0.2.1", "f") && from("192.0.2.1", "g"));
        assert!(!from("::ffff:192.0.2.1", "h"));
    }

    #[test]
    fn a_right_password_frees_the_user_and_gives_one_back() {
        let limiter = limiter();
        let peer = pauper_message::Peer::new(Some("192.0.2.1:5".parse().unwrap()), None);
        let req = Request::builder().peer(peer).received(at(0)).build().unwrap();
        for _ in 0..2 {
            limiter.login(&req, "alice").unwrap();
        }
        for _ in 0..30 {
            limiter.login(&req, "mallory").unwrap();
            limiter.succeeded(&req, "mallory");
        }
        // The two wrong ones still count.
        limiter.login(&req, "alice").unwrap();
        assert!(limiter.login(&req, "alice").is_err());
        limiter.succeeded(&Request::builder().build().unwrap(), "alice");
        let free = limiter.free.lock().unwrap();
        assert_eq!((free.addresses.len(), free.users.len()), (1, 0));
    }

    #[test]
    fn memory_is_bounded_and_the_most_limited_stay() {
        let limiter = limiter().capacity(100);
        for _ in 0..3 {
            limiter.attempt(ip("192.0.2.1"), "alice", at(0)).unwrap();
        }
        for flood in 0..10_000_u32 {
            let address = Some(IpAddr::from(flood.to_be_bytes()));
            limiter.attempt(address, &flood.to_string(), at(0)).unwrap();
        }
        let free = limiter.free.lock().unwrap();
        assert_eq!((free.addresses.len(), free.users.len()), (100, 100));
        drop(free);
        assert!(limiter.attempt(ip("192.0.2.1"), "y", at(0)).is_err());
    }

    #[test]
    fn many_at_once_are_all_counted() {
        let limiter = limiter();
        let passed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (limiter, passed) = (&limiter, &passed);
                scope.spawn(move || {
                    for count in 0..50 {
                        let user = format!("{thread} {count}");
                        if limiter.attempt(ip("192.0.2.1"), &user, at(0)).is_ok() {
                            passed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 3);
    }

    #[test]
    fn no_burst_is_none_and_long_times_do_not_overflow() {
        let none = limiter().per_user(0, Duration::from_secs(1));
        assert!(none.attempt(None, "a", at(0)).is_err());
        let long = limiter().per_user(u32::MAX, Duration::MAX);
        assert!(long.attempt(None, "a", at(0)).is_err());
    }
}
