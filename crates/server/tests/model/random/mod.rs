//! Larger models, in orders drawn at random.

#[path = "../../../src/engine/mailbox.rs"]
#[allow(dead_code, reason = "the small models have what is left")]
mod mailbox;
#[path = "../../../src/engine/slot.rs"]
mod slot;
#[path = "../../../src/engine/team.rs"]
#[allow(dead_code, reason = "the small models have what is left")]
mod team;
#[path = "../../../src/engine/watch.rs"]
mod watch;

mod clients;
mod engine;
mod event_loop;
mod scenarios;
mod sync;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

const SEED: u64 = 20_260_101;
/// How many threads are interrupted by those of less importance, at most, in the orders that are
/// drawn so that such faults are likely to show.
const DEPTHS: [usize; 2] = [3, 6];

/// Runs a model in so many orders of each sort.
fn check(name: &str, orders: usize, model: impl Fn() + Send + Sync + 'static) {
    let rounds = std::env::var("PAUPER_MODEL_ROUNDS").ok();
    let rounds: usize = rounds.map_or(1, |rounds| rounds.parse().expect("a number"));
    let orders = orders * rounds;
    let (model, run) = (Arc::new(model), Arc::new(AtomicUsize::new(0)));
    let schedulers = DEPTHS.map(|depth| {
        Box::new(PctScheduler::new_from_seed(SEED, depth, orders)) as Box<dyn Scheduler + Send>
    });
    let random = Box::new(RandomScheduler::new_from_seed(SEED, orders));
    for scheduler in schedulers.into_iter().chain([random as Box<dyn Scheduler + Send>]) {
        let mut config = Config::new();
        // An order in which nothing comes to an end is a fault.
        config.max_steps = MaxSteps::FailAfter(100_000);
        config.stack_size = 0x20000;
        let (model, run) = (Arc::clone(&model), Arc::clone(&run));
        Runner::new(scheduler, config).run(move || {
            run.fetch_add(1, Ordering::Relaxed);
            model();
        });
    }
    println!("{name}: {} orders", run.load(Ordering::Relaxed));
}
