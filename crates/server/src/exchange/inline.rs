//! For drivers that call handlers where they are.

use pauper_message::Service;

use super::{Chores, Exchange, Now, Step, Want};

/// Tells the time, each time it is asked. A [`Now`] is a clock that stands still.
pub trait Clock {
    /// The present.
    fn now(&mut self) -> &Now;
}

impl Clock for Now {
    fn now(&mut self) -> &Now {
        self
    }
}

/// Runs an exchange as far as it goes without input or output, calling the service right here.
///
/// Every answer takes one from `budget`; when there is none left it stops with [`Want::Turn`]. The
/// clock is asked at the beginning and after each call of the service. A panic of the service is
/// logged and answered with 500, and the connection is closed after it.
pub fn run_inline(
    exchange: &mut Exchange,
    service: &dyn Service,
    clock: &mut dyn Clock,
    budget: &mut usize,
) -> Want {
    exchange.keeps_streams();
    let want = loop {
        match exchange.poll(clock.now()) {
            Step::Wait(want) => break want,
            Step::Work(mut job) => {
                job.prepare(service);
                let calls = job.wants_call();
                if calls {
                    job.call(service);
                }
                exchange.done(job, clock.now());
                if calls {
                    *budget = budget.saturating_sub(1);
                    if *budget == 0 {
                        break Want::Turn;
                    }
                }
            }
        }
    };
    let mut chores = Chores::new();
    exchange.take_chores(&mut chores);
    chores.run();
    want
}
