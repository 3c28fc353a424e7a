//! How far loops have come, for a monitor that sleeps while nothing happens.

use super::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, lock, wait};

/// The progress of all loops.
///
/// Each loop counts how often it entered and left its poll: an even count means that it is at
/// work, an odd one that it waits for events. A loop at work whose count stands still from one
/// look to the next is held up by what it called.
pub(crate) struct Watch {
    progress: Vec<AtomicUsize>,
    /// Whether the monitor sleeps, and has to be woken by a loop that gets to work.
    asleep: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The monitor sleeps until this is false.
    asleep: bool,
    over: bool,
}

impl Watch {
    pub(crate) fn new(loops: usize) -> Self {
        Self {
            progress: (0..loops).map(|_| AtomicUsize::new(0)).collect(),
            asleep: AtomicBool::new(false),
            state: Mutex::new(State { asleep: false, over: false }),
            changed: Condvar::new(),
        }
    }

    /// A loop is about to wait for events.
    pub(crate) fn enter_poll(&self, number: usize) {
        self.progress[number].fetch_add(1, Ordering::SeqCst);
    }

    /// A loop has events, and gets to work.
    pub(crate) fn leave_poll(&self, number: usize) {
        self.progress[number].fetch_add(1, Ordering::SeqCst);
        // Either this sees that the monitor sleeps, or the monitor sees that the loop is at work:
        // both write first and read then, in one order for all.
        if self.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        let mut state = lock(&self.state);
        if state.asleep {
            state.asleep = false;
            self.asleep.store(false, Ordering::SeqCst);
            self.changed.notify_one();
        }
    }

    /// How far a loop has come.
    pub(crate) fn progress(&self, number: usize) -> usize {
        self.progress[number].load(Ordering::SeqCst)
    }

    /// Whether a loop with this progress is at work.
    pub(crate) fn is_at_work(progress: usize) -> bool {
        progress.is_multiple_of(2)
    }

    /// For the monitor: sleeps until a loop is at work. False if all is over.
    pub(crate) fn sleep_while_idle(&self) -> bool {
        let mut state = lock(&self.state);
        if state.over {
            return false;
        }
        state.asleep = true;
        self.asleep.store(true, Ordering::SeqCst);
        let at_work =
            self.progress.iter().any(|count| Self::is_at_work(count.load(Ordering::SeqCst)));
        if at_work {
            state.asleep = false;
            self.asleep.store(false, Ordering::SeqCst);
            return true;
        }
        while state.asleep && !state.over {
            state = wait(&self.changed, state);
        }
        !state.over
    }

    /// Ends the monitor.
    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.over = true;
        state.asleep = false;
        self.asleep.store(false, Ordering::SeqCst);
        self.changed.notify_one();
    }

    /// For the monitor: whether all is over.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.state).over
    }
}
