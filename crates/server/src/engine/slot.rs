//! Where a loop stands while the thread that has it does something that may block.

use super::sync::{Mutex, lock};

/// A place for one loop.
///
/// The thread that runs a loop puts it here before anything that may block, and takes it back
/// after. Meanwhile it can be adopted, by one that is going to run it in its place; then the first
/// thread finds nothing, and has to deliver its result by mail.
pub(crate) struct Slot<L> {
    state: Mutex<State<L>>,
}

struct State<L> {
    /// Counts how often a loop was put in, so that a thread that was held up for long never takes
    /// the loop that somebody else put in after it.
    epoch: u64,
    parked: Option<L>,
}

/// What takes a loop back.
#[derive(Debug)]
#[must_use]
pub(crate) struct Lease {
    epoch: u64,
}

impl<L> Slot<L> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { epoch: 0, parked: None }) }
    }

    /// Puts a loop in.
    pub(crate) fn lend(&self, held: L) -> Lease {
        let mut state = lock(&self.state);
        debug_assert!(state.parked.is_none(), "there is one loop");
        state.epoch += 1;
        state.parked = Some(held);
        Lease { epoch: state.epoch }
    }

    /// Takes the loop back that was put in for this lease; nothing if it was adopted.
    #[expect(clippy::needless_pass_by_value, reason = "a lease ends here")]
    pub(crate) fn take_back(&self, lease: Lease) -> Option<L> {
        let mut state = lock(&self.state);
        if state.epoch == lease.epoch { state.parked.take() } else { None }
    }

    /// Takes the loop away from a thread that is held up, if `is_held_up` says so while the loop
    /// stands here.
    pub(crate) fn adopt_if(&self, is_held_up: impl FnOnce() -> bool) -> Option<L> {
        let mut state = lock(&self.state);
        if state.parked.is_some() && is_held_up() { state.parked.take() } else { None }
    }
}
