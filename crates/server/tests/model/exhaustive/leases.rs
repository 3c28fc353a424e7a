//! A lease takes back its own loop, or nothing.

use std::sync::Arc;

use loom::thread;

use super::check;
use super::slot::Slot;
use super::watch::Watch;

/// A loop; who put it in last, and how often that was done; how far it has come.
#[derive(Default)]
struct Loop {
    last: (char, u32),
    progress: usize,
}

/// Lends the loop so many times, for as long as nobody takes it away.
fn hold(slot: &Slot<Loop>, me: char, mut held: Loop, times: u32) -> Option<Loop> {
    for time in 0..times {
        held.last = (me, time);
        let lease = slot.lend(held);
        held = slot.take_back(lease)?;
        assert_eq!(held.last, (me, time), "this is not what the lease was for");
    }
    Some(held)
}

/// The first thread may be held up for as long as the loop is adopted, lent by who adopted it,
/// adopted once more, and so on: it never takes what somebody else put in.
#[test]
fn a_lease_takes_back_its_own_loop_only() {
    check("leases", Some(3), || {
        let slot = Arc::new(Slot::<Loop>::new());
        let adopters: Vec<_> = ['b', 'c']
            .into_iter()
            .map(|me| {
                let slot = Arc::clone(&slot);
                thread::spawn(move || {
                    let adopted = slot.adopt_if(|| true)?;
                    hold(&slot, me, adopted, 2)
                })
            })
            .collect();
        let mine = hold(&slot, 'a', Loop::default(), 2);
        let theirs = adopters.into_iter().filter_map(|thread| thread.join().unwrap());
        let all = theirs.chain(mine).chain(slot.adopt_if(|| true)).count();
        assert_eq!(all, 1, "there is one loop");
    });
}

/// What the monitor found out about a loop still holds when it takes the loop away.
#[test]
fn a_loop_is_adopted_only_where_it_was_seen_to_stand() {
    check("adoption", None, || {
        let slot = Arc::new(Slot::<Loop>::new());
        let watch = Arc::new(Watch::new(1));
        let monitor = {
            let (slot, watch) = (Arc::clone(&slot), Arc::clone(&watch));
            thread::spawn(move || {
                let seen = watch.progress(0);
                let adopted = slot.adopt_if(|| watch.progress(0) == seen)?;
                assert_eq!(adopted.progress, seen, "it was seen elsewhere");
                assert!(Watch::is_at_work(seen), "a loop that polls is lent to nobody");
                Some(adopted)
            })
        };
        let mut held = Some(Loop::default());
        for _ in 0..3 {
            let Some(at_work) = held.take() else { break };
            let lease = slot.lend(at_work);
            if let Some(mut back) = slot.take_back(lease) {
                watch.enter_poll(0);
                watch.leave_poll(0);
                back.progress += 2;
                held = Some(back);
            }
        }
        let adopted = monitor.join().unwrap();
        assert!(held.is_some() != adopted.is_some(), "there is one loop");
    });
}
