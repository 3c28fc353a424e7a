//! How a loop is told from elsewhere.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use mio::{Registry, Token, Waker};

use super::WAKER;
use crate::log_macros::log_error;

const RUN: u8 = 0;
const STOP: u8 = 1;
const STOP_NOW: u8 = 2;

/// What a loop should do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Run,
    Stop,
    StopNow,
}

/// A message to a loop that only ever grows more urgent.
#[derive(Debug)]
pub(crate) struct Signal {
    level: AtomicU8,
    waker: Waker,
}

impl Signal {
    pub(super) fn new(registry: &Registry) -> io::Result<Self> {
        Ok(Self { level: AtomicU8::new(RUN), waker: Waker::new(registry, Token(WAKER))? })
    }

    pub(crate) fn stop(&self) {
        self.raise(STOP);
    }

    pub(crate) fn stop_now(&self) {
        self.raise(STOP_NOW);
    }

    fn raise(&self, level: u8) {
        self.level.fetch_max(level, Ordering::AcqRel);
        if let Err(error) = self.waker.wake() {
            // The loop will see the level when it next wakes up.
            log_error!("cannot wake the loop: {error}");
            let _ = error;
        }
    }

    pub(super) fn order(&self) -> Order {
        match self.level.load(Ordering::Acquire) {
            RUN => Order::Run,
            STOP => Order::Stop,
            _ => Order::StopNow,
        }
    }
}
