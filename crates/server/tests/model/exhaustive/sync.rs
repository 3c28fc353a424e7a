//! Loom's primitives, in the place of the standard library's.

use std::cell::Cell;
pub(super) use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(super) fn wait<'m, T>(condvar: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
    condvar.wait(guard).unwrap()
}

/// Where fences stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fences {
    BeforeLoads,
    AfterStores,
}

std::thread_local! {
    /// All threads of a model share one thread of the system.
    static FENCES: Cell<Fences> = const { Cell::new(Fences::BeforeLoads) };
}

/// Chooses where fences stand for the models that this thread runs from now on.
///
/// Loom takes sequentially consistent loads and stores for acquiring and releasing ones, and would
/// find faults that there are not; but it knows fences. Either place has one between a store and a
/// load that follows. With the first, a load that was made weaker is found out, with the second a
/// store.
pub(super) fn set_fences(fences: Fences) {
    FENCES.set(fences);
}

fn fence_if(fences: Fences, ordering: Ordering) {
    if ordering == Ordering::SeqCst && FENCES.get() == fences {
        fence(ordering);
    }
}

pub(super) struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    pub(super) fn new(value: bool) -> Self {
        Self(loom::sync::atomic::AtomicBool::new(value))
    }

    pub(super) fn load(&self, ordering: Ordering) -> bool {
        fence_if(Fences::BeforeLoads, ordering);
        self.0.load(ordering)
    }

    pub(super) fn store(&self, value: bool, ordering: Ordering) {
        self.0.store(value, ordering);
        fence_if(Fences::AfterStores, ordering);
    }
}

pub(super) struct AtomicUsize(loom::sync::atomic::AtomicUsize);

impl AtomicUsize {
    pub(super) fn new(value: usize) -> Self {
        Self(loom::sync::atomic::AtomicUsize::new(value))
    }

    pub(super) fn load(&self, ordering: Ordering) -> usize {
        fence_if(Fences::BeforeLoads, ordering);
        self.0.load(ordering)
    }

    pub(super) fn store(&self, value: usize, ordering: Ordering) {
        self.0.store(value, ordering);
        fence_if(Fences::AfterStores, ordering);
    }

    pub(super) fn fetch_add(&self, value: usize, ordering: Ordering) -> usize {
        let before = self.0.fetch_add(value, ordering);
        fence_if(Fences::AfterStores, ordering);
        before
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

    pub(super) fn is_set(&self) -> bool {
        *lock(&self.set)
    }
}
