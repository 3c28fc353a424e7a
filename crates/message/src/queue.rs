//! A bounded queue between threads that may block and a receiver that never does.
//!
//! It is generic over what it carries, over the error that breaks it and over how the receiver is
//! woken, and takes its primitives from one place, so that a model checker can run exactly this
//! file.

use std::collections::VecDeque;
use std::mem;
use std::sync::PoisonError;

use super::sync::{Arc, Condvar, Mutex, MutexGuard};

/// How the receiver is woken. It is called on the threads of senders, with no lock held.
pub(crate) trait Wake: Clone {
    fn wake(&self);
}

/// A queue whose items weigh at most `capacity` together; a single heavier one passes alone.
pub(crate) fn bounded<T, E, W>(capacity: usize) -> (Sender<T, E, W>, Receiver<T, E, W>)
where
    W: Wake,
{
    let state = State {
        items: VecDeque::new(),
        weight: 0,
        capacity,
        wake: None,
        senders: 1,
        end: End::Open,
        received: true,
    };
    let shared = Arc::new(Shared { state: Mutex::new(state), room: Condvar::new() });
    (Sender { shared: Arc::clone(&shared), finished: false }, Receiver { shared })
}

struct Shared<T, E, W> {
    state: Mutex<State<T, E, W>>,
    /// There may be room again, or there will never be.
    room: Condvar,
}

struct State<T, E, W> {
    items: VecDeque<(T, usize)>,
    /// The sum of the weights in `items`.
    weight: usize,
    capacity: usize,
    /// How to wake the receiver; there once it takes items.
    wake: Option<W>,
    senders: usize,
    end: End<E>,
    /// Whether there is a receiver.
    received: bool,
}

enum End<E> {
    Open,
    Finished,
    /// The error, until the receiver took it.
    Failed(Option<E>),
}

/// Whether a sender waits for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Never,
    /// If the receiver has started to take items.
    Started,
    Always,
}

/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

/// What the receiver finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<T, E> {
    Item(T),
    /// Nothing at the moment; the receiver is woken when that changes.
    Empty,
    End,
    /// The error is there the first time.
    Failed(Option<E>),
}

impl<T, E, W> Shared<T, E, W> {
    /// Nothing of a user runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<T, E, W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E, W: Wake> State<T, E, W> {
    fn is_open(&self) -> bool {
        self.received && matches!(self.end, End::Open)
    }

    fn takes(&self, weight: usize) -> bool {
        self.items.is_empty() || self.weight.saturating_add(weight) <= self.capacity
    }

    /// Ends an open queue; gives back what is not needed, to be dropped outside the lock, and the
    /// waker to be called there.
    fn end(&mut self, result: Result<(), E>) -> (Option<E>, Option<W>) {
        if !matches!(self.end, End::Open) {
            return (result.err(), None);
        }
        self.end = match result {
            Ok(()) => End::Finished,
            Err(error) => End::Failed(Some(error)),
        };
        (None, if self.items.is_empty() { self.wake.clone() } else { None })
    }
}

/// Puts items in. The last clone to go ends the queue.
pub(crate) struct Sender<T, E, W: Wake> {
    shared: Arc<Shared<T, E, W>>,
    /// Whether this clone ended as it should, even if its thread panics.
    finished: bool,
}

impl<T, E, W: Wake> Sender<T, E, W> {
    /// Puts an item in, and waits for room as long as `wait` says.
    pub(crate) fn send(&self, item: T, weight: usize, wait: Wait) -> Result<(), Refused> {
        let mut state = self.shared.lock();
        loop {
            if !state.is_open() {
                return Err(Refused::Closed);
            }
            if state.takes(weight) {
                break;
            }
            match wait {
                Wait::Never => return Err(Refused::Full),
                Wait::Started if state.wake.is_none() => return Err(Refused::Full),
                Wait::Started | Wait::Always => {}
            }
            state = self.shared.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let wake = if state.items.is_empty() { state.wake.clone() } else { None };
        state.weight = state.weight.saturating_add(weight);
        state.items.push_back((item, weight));
        drop(state);
        if let Some(wake) = wake {
            wake.wake();
        }
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.shared.lock().is_open()
    }

    /// This clone has sent all it had.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }

    /// Breaks the queue behind the items that are in it, whatever other clones do.
    pub(crate) fn fail(mut self, error: E) {
        self.finished = true;
        self.end(Err(error));
    }

    fn end(&self, result: Result<(), E>) {
        let mut state = self.shared.lock();
        let (left, wake) = state.end(result);
        drop(state);
        drop(left);
        // Other clones may wait for room in what is closed now.
        self.shared.room.notify_all();
        if let Some(wake) = wake {
            wake.wake();
        }
    }
}

impl<T, E, W: Wake> Clone for Sender<T, E, W> {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self { shared: Arc::clone(&self.shared), finished: false }
    }
}

impl<T, E, W: Wake> Drop for Sender<T, E, W> {
    fn drop(&mut self) {
        let broken = !self.finished && std::thread::panicking();
        let mut state = self.shared.lock();
        state.senders -= 1;
        let wake = if broken && matches!(state.end, End::Open) {
            state.end = End::Failed(None);
            if state.items.is_empty() { state.wake.clone() } else { None }
        } else if state.senders == 0 {
            state.end(Ok(())).1
        } else {
            return;
        };
        drop(state);
        self.shared.room.notify_all();
        if let Some(wake) = wake {
            wake.wake();
        }
    }
}

/// Takes items out and never waits.
pub(crate) struct Receiver<T, E, W> {
    shared: Arc<Shared<T, E, W>>,
}

impl<T, E, W> Receiver<T, E, W> {
    /// From now on senders wait for room, and `wake` is called when the queue was empty and is not
    /// any more, or ends while it is empty. What is there already wakes nobody.
    pub(crate) fn start(&mut self, wake: W) {
        let old = self.shared.lock().wake.replace(wake);
        drop(old);
    }

    pub(crate) fn try_next(&mut self) -> Next<T, E> {
        let mut state = self.shared.lock();
        if let Some((item, weight)) = state.items.pop_front() {
            state.weight -= weight.min(state.weight);
            // Who waits goes on when half of it is free, not with every item. An empty queue
            // takes whatever comes, so nobody waits for ever.
            let room = state.items.is_empty() || state.weight <= state.capacity / 2;
            drop(state);
            if room {
                self.shared.room.notify_all();
            }
            return Next::Item(item);
        }
        match &mut state.end {
            End::Open => Next::Empty,
            End::Finished => Next::End,
            End::Failed(error) => Next::Failed(error.take()),
        }
    }
}

impl<T, E, W> Drop for Receiver<T, E, W> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.received = false;
        state.weight = 0;
        let items = mem::take(&mut state.items);
        let wake = state.wake.take();
        drop(state);
        self.shared.room.notify_all();
        drop((items, wake));
    }
}
