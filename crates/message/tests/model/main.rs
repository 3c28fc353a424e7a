//! Model checks of the channel of bodies: the crate's very file `queue`, with the primitives of loom
//! in place of the standard library's. Loom tries every order that the threads of a small model can
//! take, within a bound: nothing is lost, nobody waits for ever, and no wake-up is missed.

#[allow(dead_code, unreachable_pub, reason = "what the models do not call is called by the crate")]
#[path = "../../src/queue.rs"]
mod queue;

/// In place of the crate's `sync`.
mod sync {
    pub(crate) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
}

use loom::thread;
use queue::{Next, Receiver, Refused, Sender, Wait, Wake, bounded};
use sync::{Arc, Condvar, Mutex};

/// Rung by the queue; the receiver sleeps on it and on nothing else.
#[derive(Clone)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }

    fn wait(&self) {
        let mut rung = self.0.0.lock().unwrap();
        while !*rung {
            rung = self.0.1.wait(rung).unwrap();
        }
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }
}

type In = Sender<u8, &'static str, Bell>;
type Out = Receiver<u8, &'static str, Bell>;

fn queue(capacity: usize) -> (In, Out) {
    bounded(capacity)
}

/// Takes everything, as an event loop does: until it is empty, then not before it is woken. The end
/// says whether it broke.
fn drain(mut receiver: Out) -> (Vec<u8>, bool) {
    let bell = Bell::new();
    receiver.start(bell.clone());
    let mut all = Vec::new();
    loop {
        match receiver.try_next() {
            Next::Item(item) => all.push(item),
            Next::Empty => bell.wait(),
            Next::End => return (all, false),
            Next::Failed(_) => return (all, true),
        }
    }
}

/// Every order with at most three switches from a thread that could have gone on, which is where
/// nearly all mistakes are.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn everything_arrives_in_order() {
    check(|| {
        let (sender, receiver) = queue(1);
        let producer = thread::spawn(move || {
            for item in 0..3 {
                assert_eq!(sender.send(item, 1, Wait::Always), Ok(()));
            }
        });
        assert_eq!(drain(receiver), (vec![0, 1, 2], false));
        producer.join().unwrap();
    });
}

#[test]
fn two_senders_share_a_full_queue() {
    check(|| {
        let (sender, receiver) = queue(1);
        let other = sender.clone();
        let first = thread::spawn(move || assert_eq!(sender.send(1, 1, Wait::Always), Ok(())));
        let second = thread::spawn(move || {
            assert_eq!(other.send(2, 1, Wait::Always), Ok(()));
            other.finish();
        });
        let (mut all, broken) = drain(receiver);
        all.sort_unstable();
        assert_eq!((all, broken), (vec![1, 2], false));
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn who_waits_is_freed_by_the_start_and_by_the_end() {
    check(|| {
        let (sender, receiver) = queue(1);
        let producer = thread::spawn(move || {
            let first = sender.send(1, 1, Wait::Always);
            let second = sender.send(2, 1, Wait::Always);
            (first, second)
        });
        // The client leaves at any time.
        let mut receiver = receiver;
        receiver.start(Bell::new());
        let got = receiver.try_next();
        drop(receiver);
        let (first, second) = producer.join().unwrap();
        match got {
            Next::Item(item) => assert_eq!((item, first), (1, Ok(()))),
            Next::Empty => {}
            other => panic!("{other:?}"),
        }
        if first == Err(Refused::Closed) {
            assert_eq!(second, Err(Refused::Closed));
        }
    });
}

#[test]
fn a_failure_frees_the_others_and_is_seen() {
    check(|| {
        let (sender, receiver) = queue(1);
        let other = sender.clone();
        let waits = thread::spawn(move || {
            let _ = other.send(1, 1, Wait::Always);
            let _ = other.send(2, 1, Wait::Always);
        });
        let fails = thread::spawn(move || sender.fail("no"));
        let (all, broken) = drain(receiver);
        assert!(broken && [&[][..], &[1], &[1, 2]].contains(&&all[..]), "{all:?}");
        waits.join().unwrap();
        fails.join().unwrap();
    });
}

#[test]
fn who_may_not_wait_for_the_start_does_not() {
    check(|| {
        let (sender, receiver) = queue(1);
        let engine = thread::spawn(move || drain(receiver));
        assert_eq!(sender.send(1, 1, Wait::Started), Ok(()));
        // Full before the start, or taken after it: never a wait that nobody ends.
        let second = sender.send(2, 1, Wait::Started);
        sender.finish();
        let expected = match second {
            Ok(()) => vec![1, 2],
            Err(Refused::Full) => vec![1],
            Err(Refused::Closed) => panic!("there is a receiver"),
        };
        assert_eq!(engine.join().unwrap(), (expected, false));
    });
}
