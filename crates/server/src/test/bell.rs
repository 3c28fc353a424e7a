//! How other threads tell the client that there is something for it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung from any thread; heard once, however often it was rung.
#[derive(Clone, Default)]
pub(super) struct Bell {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl Bell {
    pub(super) fn ring(&self) {
        *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.1.notify_all();
    }

    /// Whether it was rung since the last call; waits for that.
    pub(super) fn wait(&self, most: Duration) -> bool {
        let rung = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.1.wait_timeout_while(rung, most, |rung| !*rung);
        std::mem::take(&mut *waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}
