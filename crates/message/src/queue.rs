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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    type Call = std::sync::Arc<dyn Fn() + Send + Sync>;

    impl Wake for Call {
        fn wake(&self) {
            self();
        }
    }

    fn counter() -> (std::sync::Arc<AtomicUsize>, Call) {
        let count = std::sync::Arc::new(AtomicUsize::new(0));
        let counted = std::sync::Arc::clone(&count);
        (count, std::sync::Arc::new(move || _ = counted.fetch_add(1, Ordering::SeqCst)))
    }

    fn queue(
        capacity: usize,
    ) -> (Sender<u32, &'static str, Call>, Receiver<u32, &'static str, Call>) {
        bounded(capacity)
    }

    #[test]
    fn nobody_waits_for_a_receiver_that_has_not_started() {
        let (sender, mut receiver) = queue(10);
        assert_eq!(sender.send(1, 100, Wait::Started), Ok(()), "an empty queue takes anything");
        assert_eq!(sender.send(2, 1, Wait::Started), Err(Refused::Full));
        assert_eq!(receiver.try_next(), Next::Item(1));
        assert_eq!(sender.send(2, 10, Wait::Started), Ok(()));
        assert_eq!(sender.send(3, 0, Wait::Started), Ok(()));
        assert_eq!(sender.send(3, 1, Wait::Started), Err(Refused::Full));
    }

    #[test]
    fn who_may_wait_for_the_start_does() {
        let (sender, mut receiver) = queue(1);
        sender.send(1, 1, Wait::Never).unwrap();
        let producer = thread::spawn(move || sender.send(2, 1, Wait::Always));
        receiver.start(std::sync::Arc::new(|| {}));
        assert_eq!(receiver.try_next(), Next::Item(1));
        assert_eq!(producer.join().unwrap(), Ok(()));
        assert_eq!(receiver.try_next(), Next::Item(2));

        let (sender, receiver) = queue(1);
        sender.send(1, 1, Wait::Never).unwrap();
        let producer = thread::spawn(move || sender.send(2, 1, Wait::Always));
        drop(receiver);
        assert_eq!(producer.join().unwrap(), Err(Refused::Closed));
    }

    #[test]
    fn only_the_edge_wakes() {
        let (count, wake) = counter();
        let woken = || count.load(Ordering::SeqCst);
        let (sender, mut receiver) = queue(10);
        sender.send(1, 1, Wait::Never).unwrap();
        receiver.start(wake);
        sender.send(2, 1, Wait::Never).unwrap();
        assert_eq!(woken(), 0, "it was not empty");
        assert_eq!(receiver.try_next(), Next::Item(1));
        assert_eq!(receiver.try_next(), Next::Item(2));
        assert_eq!(receiver.try_next(), Next::Empty);
        sender.send(3, 1, Wait::Never).unwrap();
        assert_eq!(woken(), 1);
        sender.finish();
        assert_eq!(woken(), 1, "the end stands behind an item");
        assert_eq!(receiver.try_next(), Next::Item(3));
        assert_eq!(receiver.try_next(), Next::End);
        assert_eq!(receiver.try_next(), Next::End);

        let (count, wake) = counter();
        let (sender, mut receiver) = queue(10);
        receiver.start(wake);
        sender.fail("no");
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!(receiver.try_next(), Next::Failed(Some("no")));
        assert_eq!(receiver.try_next(), Next::Failed(None));
    }

    #[test]
    fn a_wake_may_use_the_queue() {
        let (sender, receiver) = queue(10);
        let receiver = std::sync::Arc::new(Mutex::new(receiver));
        let inside = std::sync::Arc::clone(&receiver);
        let got = std::sync::Arc::new(Mutex::new(Vec::new()));
        let seen = std::sync::Arc::clone(&got);
        let wake: Call = std::sync::Arc::new(move || {
            seen.lock().unwrap().push(inside.lock().unwrap().try_next());
        });
        receiver.lock().unwrap().start(wake);
        sender.send(7, 1, Wait::Started).unwrap();
        sender.finish();
        assert_eq!(*got.lock().unwrap(), [Next::Item(7), Next::End]);
        // The wake holds the receiver and the receiver the wake.
        receiver.lock().unwrap().start(std::sync::Arc::new(|| {}));
    }

    #[test]
    fn the_last_clone_ends_it_and_a_panic_breaks_it() {
        let (sender, mut receiver) = queue(10);
        let other = sender.clone();
        sender.finish();
        assert!(other.is_open());
        drop(other);
        assert_eq!(receiver.try_next(), Next::End);

        let (sender, mut receiver) = queue(10);
        let other = sender.clone();
        let died = thread::spawn(move || {
            sender.send(1, 1, Wait::Never).unwrap();
            panic!("a producer fails, as this test wants it");
        });
        assert!(died.join().is_err());
        assert!(!other.is_open());
        assert_eq!(other.send(2, 1, Wait::Started), Err(Refused::Closed));
        assert_eq!(receiver.try_next(), Next::Item(1));
        assert_eq!(receiver.try_next(), Next::Failed(None));
    }

    #[test]
    fn who_waits_goes_on_with_room_and_with_the_end() {
        let (sender, mut receiver) = queue(2);
        receiver.start(std::sync::Arc::new(|| {}));
        let producer = thread::spawn(move || {
            let sent =
                (0..1000).map(|item| sender.send(item, 1, Wait::Started)).filter(Result::is_ok);
            sent.count()
        });
        let mut got = Vec::new();
        loop {
            match receiver.try_next() {
                Next::Item(item) => got.push(item),
                Next::Empty => thread::yield_now(),
                Next::End => break,
                Next::Failed(_) => panic!("nobody failed"),
            }
        }
        assert_eq!(producer.join().unwrap(), 1000);
        assert!(got.iter().copied().eq(0..1000));

        let (sender, mut receiver) = queue(2);
        receiver.start(std::sync::Arc::new(|| {}));
        let producer = thread::spawn(move || {
            let mut sent = 0;
            while sender.send(sent, 1, Wait::Started).is_ok() {
                sent += 1;
            }
            sent
        });
        while receiver.try_next() == Next::Empty {
            thread::yield_now();
        }
        drop(receiver);
        assert!(producer.join().unwrap() >= 1);
    }
}
