//! Loom's primitives, in the place of the standard library's.

pub(super) use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(super) fn wait<'m, T>(condvar: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
    condvar.wait(guard).unwrap()
}

/// Loom takes sequentially consistent loads and stores for acquiring and releasing ones, and would
/// find faults that there are not; but it knows sequentially consistent fences. Between any two
/// such operations of a thread stands one.
fn fence_for(ordering: Ordering) {
    if ordering == Ordering::SeqCst {
        fence(ordering);
    }
}

pub(super) struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    pub(super) fn new(value: bool) -> Self {
        Self(loom::sync::atomic::AtomicBool::new(value))
    }

    pub(super) fn load(&self, ordering: Ordering) -> bool {
        fence_for(ordering);
        self.0.load(ordering)
    }

    pub(super) fn store(&self, value: bool, ordering: Ordering) {
        fence_for(ordering);
        self.0.store(value, ordering);
    }
}

pub(super) struct AtomicUsize(loom::sync::atomic::AtomicUsize);

impl AtomicUsize {
    pub(super) fn new(value: usize) -> Self {
        Self(loom::sync::atomic::AtomicUsize::new(value))
    }

    pub(super) fn load(&self, ordering: Ordering) -> usize {
        fence_for(ordering);
        self.0.load(ordering)
    }

    pub(super) fn store(&self, value: usize, ordering: Ordering) {
        fence_for(ordering);
        self.0.store(value, ordering);
    }

    pub(super) fn fetch_add(&self, value: usize, ordering: Ordering) -> usize {
        fence_for(ordering);
        self.0.fetch_add(value, ordering)
    }
}

/// Something that happens once or more often, and is remembered until somebody has waited for it;
/// as an operating system's way to wake a poll.
#[derive(Default)]
pub(super) struct Signal {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn set(&self) {
        *lock(&self.set) = true;
        self.changed.notify_one();
    }

    pub(super) fn wait(&self) {
        let mut set = lock(&self.set);
        while !*set {
            set = wait(&self.changed, set);
        }
        *set = false;
    }
}
