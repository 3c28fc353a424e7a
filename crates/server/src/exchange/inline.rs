//! For drivers that call handlers where they are.

use pauper_message::{Plan, Response, Service, guard};

use super::{Exchange, Now, Step, Want};

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
    let mut step = exchange.poll(clock.now());
    loop {
        step = match step {
            Step::Begin(mut req) => {
                let plan = guard(|| Ok(service.begin(&mut req)));
                let plan = plan.unwrap_or_else(|panic| Plan::reject(Response::failed(panic)));
                exchange.began(req, plan, clock.now())
            }
            Step::Call(mut req) => {
                let response =
                    guard(|| Ok(service.call(&mut req))).unwrap_or_else(Response::failed);
                let now = clock.now();
                exchange.answered(req, response, now);
                *budget = budget.saturating_sub(1);
                if *budget == 0 {
                    return Want::Turn;
                }
                exchange.poll(now)
            }
            Step::Wait(want) => return want,
        }
    }
}
