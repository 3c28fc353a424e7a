//! Small models, in every order.

#[path = "../../../src/engine/mailbox.rs"]
mod mailbox;
#[path = "../../../src/engine/slot.rs"]
mod slot;
#[path = "../../../src/engine/team.rs"]
#[allow(dead_code, reason = "the engine asks it more than these models do")]
mod team;
#[path = "../../../src/engine/watch.rs"]
mod watch;

mod leases;
mod mail;
mod sync;
mod threads;
mod wakefulness;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs a model in every order that interrupts its threads at most so many times where they would
/// not have waited; in every order at all without a bound.
fn check(name: &str, interruptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = interruptions;
    builder.max_branches = 20_000;
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let count = count.load(Ordering::Relaxed);
    println!("{name}: {count} orders");
    assert!(count > 1, "a model with one order shows nothing");
}
