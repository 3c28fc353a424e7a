//! Services that several tests use.

use std::sync::atomic::{AtomicUsize, Ordering};

use pauper_message::{Plan, Request, Response, Service};

/// Echoes the body, and counts how often it is called.
#[derive(Default)]
pub(crate) struct Counted {
    calls: AtomicUsize,
}

impl Counted {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Service for Counted {
    fn begin(&self, _: &mut Request) -> Plan {
        Plan::buffer()
    }

    fn call(&self, req: &mut Request) -> Response {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let body = req.bytes().unwrap().to_vec();
        Response::bytes(if body.is_empty() { b"none".to_vec() } else { body })
    }
}
