//! Load: wrk for saturated connections, and drivers of our own for the rest.
//!
//! All of them count what a server refused, closed or answered wrongly.

pub(crate) mod connections;
pub(crate) mod counted;
pub(crate) mod idle;
pub(crate) mod perf;
pub(crate) mod rate;
pub(crate) mod slow;
pub(crate) mod traced;
pub(crate) mod transfer;
pub(crate) mod wrk;

use crate::answers::Failure;

/// What did not go well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) refused: u64,
    pub(crate) closed: u64,
    pub(crate) late: u64,
    pub(crate) wrong: u64,
}

impl Failures {
    pub(crate) fn count(&mut self, failure: Failure) {
        match failure {
            Failure::Refused => self.refused += 1,
            Failure::Closed => self.closed += 1,
            Failure::Late => self.late += 1,
            Failure::Wrong => self.wrong += 1,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.refused += other.refused;
        self.closed += other.closed;
        self.late += other.late;
        self.wrong += other.wrong;
    }

    pub(crate) fn sum(self) -> u64 {
        self.refused + self.closed + self.late + self.wrong
    }
}
