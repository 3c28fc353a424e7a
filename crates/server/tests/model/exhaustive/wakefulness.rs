//! The monitor sleeps only while all loops do.

use std::sync::Arc;

use loom::thread;

use super::sync::{Fences, Signal, set_fences};
use super::watch::Watch;

/// What is known of sequentially consistent operations is shown in two ways.
fn check(name: &str, interruptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    for fences in [Fences::BeforeLoads, Fences::AfterStores] {
        set_fences(fences);
        let model = Arc::clone(&model);
        super::check(name, interruptions, move || model());
    }
}

/// Watches until all is over; frees a loop from what holds it up when it saw it stand still where
/// that is (`held_up_at`).
fn monitor(watch: &Watch, held_up_at: &[usize], freed: &[Signal]) {
    let mut seen: Vec<usize> = freed.iter().map(|_| 1).collect();
    while watch.sleep_while_idle() {
        for (number, seen) in seen.iter_mut().enumerate() {
            let now = watch.progress(number);
            let before = std::mem::replace(seen, now);
            if before != now && Watch::is_at_work(now) && held_up_at.contains(&now) {
                freed[number].set();
            }
        }
        // The time to the next look.
        thread::yield_now();
    }
    assert!(watch.is_over());
}

/// A loop that is held up after it has left a poll is seen by a monitor, though that was about to
/// sleep; otherwise loop and monitor wait for ever, which loom finds.
fn no_loop_at_work_is_unwatched(loops: usize, polls: usize, interruptions: Option<usize>) {
    check(&format!("{loops} loops watched"), interruptions, move || {
        let watch = Arc::new(Watch::new(loops));
        let freed: Arc<[Signal]> = (0..loops).map(|_| Signal::default()).collect();
        let held_up_at: Vec<usize> = (1..=polls).map(|poll| 2 * poll).collect();
        let monitors = {
            let (watch, freed) = (Arc::clone(&watch), Arc::clone(&freed));
            thread::spawn(move || monitor(&watch, &held_up_at, &freed))
        };
        let run = |number: usize| {
            let (watch, freed) = (Arc::clone(&watch), Arc::clone(&freed));
            move || {
                for _ in 0..polls {
                    watch.enter_poll(number);
                    watch.leave_poll(number);
                    // What holds it up.
                    freed[number].wait();
                }
                watch.enter_poll(number);
            }
        };
        let others: Vec<_> = (1..loops).map(|number| thread::spawn(run(number))).collect();
        run(0)();
        others.into_iter().for_each(|other| other.join().unwrap());
        watch.end();
        monitors.join().unwrap();
    });
}

#[test]
fn a_loop_at_work_is_watched() {
    no_loop_at_work_is_unwatched(1, 2, Some(4));
}

#[test]
fn each_of_two_loops_at_work_is_watched() {
    no_loop_at_work_is_unwatched(2, 1, Some(3));
}

/// A monitor that is told the end ends, asleep or not, whatever loops do meanwhile.
#[test]
fn the_end_wakes_the_monitor() {
    check("end of the monitor", None, || {
        let watch = Arc::new(Watch::new(1));
        watch.enter_poll(0);
        let sleeper = {
            let watch = Arc::clone(&watch);
            thread::spawn(move || {
                while watch.sleep_while_idle() {
                    thread::yield_now();
                }
                assert!(watch.is_over());
                assert!(!watch.sleep_while_idle(), "over is over");
            })
        };
        let loops = {
            let watch = Arc::clone(&watch);
            thread::spawn(move || {
                watch.leave_poll(0);
                watch.enter_poll(0);
            })
        };
        watch.end();
        loops.join().unwrap();
        sleeper.join().unwrap();
    });
}
