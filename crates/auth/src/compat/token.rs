//! `get_token` and `check_token` of PoorWSGI 2.8.

use std::time::{Duration, SystemTime};

use sha3::{Digest as _, Sha3_256};

use crate::compare::constant_time_eq;
use crate::encoding::to_hex;
use crate::session::to_seconds;

/// The token that PoorWSGI makes: SHA3-256 in hex of the secret, the end of the time after next, and
/// the client, with nothing between them.
///
/// It is here to check what is still under way. [`Tokens`](crate::Tokens) is what to make. The
/// secret is text, as the original means it to be; a timeout below a second is one second.
#[must_use]
pub fn get_poor_token(
    secret: &str,
    client: &str,
    timeout: Option<Duration>,
    now: SystemTime,
) -> String {
    token(secret, client, timeout.map(|timeout| window(timeout, now, 2)))
}

/// Whether PoorWSGI made this token for this client, within one and two times the timeout. In
/// constant time.
#[must_use]
pub fn check_poor_token(
    presented: &str,
    secret: &str,
    client: &str,
    timeout: Option<Duration>,
    now: SystemTime,
) -> bool {
    let is = |end| constant_time_eq(presented, token(secret, client, end));
    match timeout {
        None => is(None),
        Some(timeout) => is(Some(window(timeout, now, 1))) | is(Some(window(timeout, now, 2))),
    }
}

/// The beginning of a window of time, so many windows after that of now.
fn window(timeout: Duration, now: SystemTime, later: u64) -> u64 {
    let timeout = timeout.as_secs().max(1);
    (to_seconds(now) / timeout).saturating_add(later).saturating_mul(timeout)
}

fn token(secret: &str, client: &str, end: Option<u64>) -> String {
    let mut hash = Sha3_256::new().chain_update(secret);
    if let Some(end) = end {
        hash.update(end.to_string());
    }
    to_hex(&hash.chain_update(client).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_tokens_of_the_original() {
        let timeout = Some(Duration::from_secs(300));
        assert_eq!(
            get_poor_token("secret", "UA", None, at(0)),
            "8a7384e8b18467787b057315cb179b84a064dbfdf4412eb1717071f809497a94"
        );
        // Its end is 1,700,000,400.
        for now in [1_699_999_800, 1_700_000_099] {
            assert_eq!(
                get_poor_token("secret", "UA", timeout, at(now)),
                "38f9b30abad86938181cd6aa0e6097a71fd61b1dd9c7f27e46d007d818a7a44a"
            );
        }
    }

    #[test]
    fn a_token_lasts_one_to_two_timeouts() {
        let timeout = Some(Duration::from_secs(300));
        let token = get_poor_token("secret", "UA", timeout, at(1_699_999_800));
        let check =
            |client: &str, now| check_poor_token(&token, "secret", client, timeout, at(now));
        for (now, expected) in [
            (1_699_999_499, false),
            (1_699_999_800, true),
            (1_700_000_399, true),
            (1_700_000_400, false),
        ] {
            assert_eq!(check("UA", now), expected, "{now}");
        }
        assert!(!check("ua", 1_699_999_800));
        assert!(!check_poor_token("", "secret", "UA", None, at(0)));
        assert!(get_poor_token("s", "c", Some(Duration::ZERO), at(5)).len() == 64);
    }
}
