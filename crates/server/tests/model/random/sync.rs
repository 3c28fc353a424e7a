//! Shuttle's primitives, in the place of the standard library's.

pub(super) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(super) use shuttle::sync::{Condvar, Mutex, MutexGuard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(super) fn wait<'m, T>(condvar: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
    condvar.wait(guard).unwrap()
}

/// Something that is remembered from when it happens: as an operating system's way to wake a poll
/// if it is [taken](Self::take), as a gate that stays open if it is [waited for](Self::pass).
#[derive(Default)]
pub(super) struct Signal {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn set(&self) {
        *lock(&self.set) = true;
        self.changed.notify_all();
    }

    /// Waits for it, and leaves it.
    pub(super) fn pass(&self) -> MutexGuard<'_, bool> {
        let mut set = lock(&self.set);
        while !*set {
            set = wait(&self.changed, set);
        }
        set
    }

    /// Waits for it, and waits for the next one from then on.
    pub(super) fn take(&self) {
        *self.pass() = false;
    }
}
