//! Comparison of secrets.

use subtle::ConstantTimeEq as _;

/// Whether two byte strings are equal, in a time that depends on their lengths alone and not on
/// where they differ. The lengths themselves are no secret to it.
///
/// ```
/// use pauper_auth::constant_time_eq;
///
/// assert!(constant_time_eq("secret", b"secret"));
/// assert!(!constant_time_eq("secret", "Secret"));
/// assert!(!constant_time_eq("secret", "secrets"));
/// ```
#[must_use]
pub fn constant_time_eq(left: impl AsRef<[u8]>, right: impl AsRef<[u8]>) -> bool {
    left.as_ref().ct_eq(right.as_ref()).into()
}
