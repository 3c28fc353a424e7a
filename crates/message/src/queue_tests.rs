//! Tests of [`crate::queue`], apart from it because a model checker compiles that file.

#[cfg(test)]
use crate::queue::*;
use crate::sync::Mutex;
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

fn queue(capacity: usize) -> (Sender<u32, &'static str, Call>, Receiver<u32, &'static str, Call>) {
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
        let sent = (0..1000).map(|item| sender.send(item, 1, Wait::Started)).filter(Result::is_ok);
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
