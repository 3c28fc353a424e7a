//! A token that looks different each time.

use crate::compare::constant_time_eq;
use crate::encoding::{from_base64, to_base64};
use crate::random::{RandomError, Randomness, draw};

/// What a token says: as many bits as nobody guesses.
pub(super) type Token = [u8; 16];

/// The token as a form shows it: random bytes, and the token under them.
pub(super) fn mask(token: &Token, random: &dyn Randomness) -> Result<String, RandomError> {
    let mask = draw::<16>(random)?;
    let mut shown = [0; 32];
    shown[..16].copy_from_slice(&mask);
    for (shown, (mask, token)) in shown[16..].iter_mut().zip(mask.iter().zip(token)) {
        *shown = mask ^ token;
    }
    Ok(to_base64(&shown))
}

/// Whether what was shown is one of these tokens. All are compared, each in constant time.
pub(super) fn is_one_of(shown: &str, tokens: impl Iterator<Item = Token>) -> bool {
    // Whoever sends a mebibyte need not have it decoded.
    if shown.len() != 43 {
        return false;
    }
    let Some(bytes) = from_base64(shown) else { return false };
    let (mask, hidden) = bytes.split_at(16);
    let presented: Vec<u8> = mask.iter().zip(hidden).map(|(mask, hidden)| mask ^ hidden).collect();
    tokens.fold(false, |found, token| found | constant_time_eq(&presented, token))
}

/// The first half of a MAC.
pub(super) fn first_half(mac: [u8; 32]) -> Token {
    let mut half = Token::default();
    half.copy_from_slice(&mac[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::{Broken, Counting};

    #[test]
    fn a_token_looks_different_each_time_and_is_the_same() {
        let random = Counting::default();
        let token = [9; 16];
        let shown = [mask(&token, &random).unwrap(), mask(&token, &random).unwrap()];
        assert_ne!(shown[0], shown[1]);
        // Neither half of it is the same twice.
        assert_ne!(shown[0][..20], shown[1][..20]);
        assert_ne!(shown[0][23..], shown[1][23..]);
        for shown in &shown {
            assert!(is_one_of(shown, [[8; 16], token].into_iter()));
            assert!(!is_one_of(shown, [[8; 16]].into_iter()));
            assert!(!is_one_of(shown, std::iter::empty()));
        }
        assert!(mask(&token, &Broken).is_err());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let shown = mask(&[9; 16], &Counting::default()).unwrap();
        let cut = &shown[1..];
        let longer = format!("{shown}A");
        for bad in ["", "x", cut, &longer, &"=".repeat(43), &"é".repeat(22), &"A".repeat(43)] {
            assert!(!is_one_of(bad, std::iter::once([9; 16])), "{bad:?}");
        }
    }
}
