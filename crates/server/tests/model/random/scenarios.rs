//! What clients do to the engine, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::thread;

use super::check;
use super::clients::{Client, Clients, Fate, Step, What};
use super::engine::{Config, Engine};
use super::event_loop::{STOP, STOP_NOW};
use super::sync::Signal;

const CONFIG: Config = Config {
    loops: 1,
    workers: 3,
    workers_per_kind: 3,
    streams: 2,
    queue: 8,
    slow: 0.3,
    short: 0.0,
};

/// Runs an engine with clients that ask for this; tells it `order` while they do so, if it is not
/// to serve them to the end. Gives how each client fared, and how many loops were rescued.
fn serve(config: Config, steps: &'static [&[Step]], order: Option<usize>) -> (Vec<Fate>, usize) {
    let clients: Clients = steps.iter().map(|_| Client::default()).collect();
    let gates: Arc<[Signal]> = (0..4).map(|_| Signal::default()).collect();
    let engine = Engine::start(config, &clients, &gates);
    let asking: Vec<_> = (0..steps.len())
        .map(|me| {
            let (clients, gates) = (Arc::clone(&clients), Arc::clone(&gates));
            let engine = Arc::clone(&engine);
            thread::spawn(move || clients[me].ask(me, steps[me], engine.post(me), &gates))
        })
        .collect();
    if let Some(level) = order {
        engine.order(level);
    }
    let fates = asking.into_iter().map(|client| client.join().unwrap()).collect();
    if order.is_none() {
        engine.wait_for_rest();
        engine.order(STOP);
    }
    engine.end();
    clients.iter().for_each(Client::expect_nothing);
    (fates, engine.rescues())
}

/// All get what they ask for. Gives how many loops were rescued in all orders together.
fn all_are_answered(name: &str, orders: usize, config: Config, steps: &'static [&[Step]]) -> usize {
    let rescues = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&rescues);
    check(name, orders, move || {
        let (fates, rescues) = serve(config, steps, None);
        for (fate, steps) in fates.iter().zip(steps) {
            let expected = Fate { answered: steps.len(), refused: 0, cut: false };
            assert_eq!(*fate, expected);
        }
        count.fetch_add(rescues, Ordering::Relaxed);
    });
    rescues.load(Ordering::Relaxed)
}

const ANSWER: Step = (What::Answer, None);
const BLOCK: Step = (What::Block, None);
const COMPUTE: Step = (What::Compute, None);

const fn awaits(gate: usize) -> Step {
    (What::Await(gate), None)
}

const fn opens(gate: usize) -> Step {
    (What::Answer, Some(gate))
}

#[test]
fn everybody_gets_their_own_answers() {
    const STEPS: &[&[Step]] = &[&[BLOCK, ANSWER], &[ANSWER, BLOCK, COMPUTE], &[BLOCK, COMPUTE]];
    let rescues = all_are_answered("one loop", 300, CONFIG, STEPS);
    assert!(rescues > 0, "this model has no rescue");
    let config = Config { loops: 2, ..CONFIG };
    all_are_answered("two loops", 200, config, STEPS);
}

/// Handlers wait for what another client of the same loop does after it has its answer: so without
/// a rescue nothing goes on.
#[test]
fn a_loop_goes_on_while_its_handlers_are_held_up() {
    const STEPS: &[&[Step]] = &[&[awaits(0), ANSWER], &[awaits(1), opens(0)], &[ANSWER, opens(1)]];
    for slow in [0.0, 0.5] {
        let rescues = all_are_answered("held up", 250, Config { slow, ..CONFIG }, STEPS);
        assert!(rescues > 0, "this model has no rescue");
    }
}

/// The same with two loops that are held up together, by each other's clients among others.
#[test]
fn two_loops_go_on_while_their_handlers_are_held_up() {
    // Clients with even numbers are the first loop's.
    const STEPS: &[&[Step]] = &[
        &[awaits(1), opens(0)],
        &[awaits(0), opens(2)],
        &[ANSWER, opens(1)],
        &[BLOCK, opens(3)],
        &[awaits(2)],
    ];
    let config = Config { loops: 2, workers: 4, workers_per_kind: 4, slow: 0.2, ..CONFIG };
    let rescues = all_are_answered("two held up", 200, config, STEPS);
    assert!(rescues > 0, "this model has no rescue");
}

/// Streams wait for clients, each for another one's end.
#[test]
fn streams_have_threads_of_their_own() {
    const STEPS: &[&[Step]] = &[
        &[(What::Stream(0), Some(2))],
        &[(What::Answer, Some(1)), (What::Stream(1), Some(0))],
        &[BLOCK, (What::Stream(1), None)],
        &[awaits(2)],
    ];
    all_are_answered("streams", 250, CONFIG, STEPS);
}

/// Where there are too few threads, some are refused and nobody is forgotten.
#[test]
fn too_many_are_refused() {
    let config = Config { workers: 2, workers_per_kind: 1, queue: 1, slow: 0.8, ..CONFIG };
    const STEPS: &[&[Step]] =
        &[&[BLOCK, COMPUTE], &[BLOCK, COMPUTE], &[COMPUTE, BLOCK], &[COMPUTE, BLOCK]];
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    check("too many", 300, move || {
        let (fates, _) = serve(config, STEPS, None);
        for fate in fates {
            assert_eq!((fate.answered + fate.refused, fate.cut), (2, false));
            count.fetch_add(fate.refused, Ordering::Relaxed);
        }
    });
    assert!(refused.load(Ordering::Relaxed) > 0, "this model refuses nobody");
}

/// Where threads often cannot be started, what is taken is done by those that there are.
#[test]
fn nobody_waits_for_threads_that_cannot_be_started() {
    let config = Config { slow: 0.8, short: 0.7, ..CONFIG };
    const STREAM: Step = (What::Stream(3), None);
    const STEPS: &[&[Step]] = &[
        &[(What::Answer, Some(3)), BLOCK, BLOCK],
        &[BLOCK, BLOCK],
        &[COMPUTE, STREAM],
        &[STREAM, STREAM],
    ];
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    check("too few threads", 200, move || {
        let (fates, _) = serve(config, STEPS, None);
        for (fate, steps) in fates.iter().zip(STEPS) {
            assert_eq!((fate.answered + fate.refused, fate.cut), (steps.len(), false));
            count.fetch_add(fate.refused, Ordering::Relaxed);
        }
    });
    assert!(refused.load(Ordering::Relaxed) > 0, "this model refuses nobody");
}

/// A server that is stopped while it works answers or cuts each connection, and all threads end.
#[test]
fn stopping_leaves_nobody_waiting() {
    const STEPS: &[&[Step]] =
        &[&[awaits(0), BLOCK], &[ANSWER, opens(0), BLOCK], &[BLOCK, (What::Stream(0), None)]];
    for (level, loops) in [(STOP, 1), (STOP_NOW, 1), (STOP, 2), (STOP_NOW, 2)] {
        let cut = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&cut);
        check("stopping", 100, move || {
            let (fates, _) = serve(Config { loops, ..CONFIG }, STEPS, Some(level));
            for (fate, steps) in fates.iter().zip(STEPS) {
                assert_eq!(fate.refused, 0);
                assert_eq!(fate.answered < steps.len(), fate.cut);
                count.fetch_add(usize::from(fate.cut), Ordering::Relaxed);
            }
        });
        assert!(cut.load(Ordering::Relaxed) > 0, "this model cuts nobody");
    }
}
