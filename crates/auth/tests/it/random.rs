//! Randomness for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use pauper_auth::{RandomError, Randomness};

/// Numbers that count up: no two the same, and the same in each run.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().rev().zip(number.iter().rev().chain([0].iter().cycle())).for_each(
            |(byte, digit)| {
                *byte = *digit;
            },
        );
        Ok(())
    }
}
