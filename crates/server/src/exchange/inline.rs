//! For drivers that call handlers where they are.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pauper_message::{Error, Peer, Plan, Response, Service, plain_answer};

use super::{Exchange, Now, Step, Want};
use crate::log_macros::{Clean, log_error};

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
/// clock is asked at the beginning and after each call of the service. A panic of the service is logged and answered
/// with 500, and the connection is closed after it.
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
                let plan = catch_unwind(AssertUnwindSafe(|| service.begin(&mut req)));
                let plan = plan.unwrap_or_else(|payload| {
                    Plan::reject(answer_to_panic(exchange.peer(), &*payload))
                });
                exchange.began(req, plan, clock.now())
            }
            Step::Call(mut req) => {
                let response = catch_unwind(AssertUnwindSafe(|| service.call(&mut req)));
                let response =
                    response.unwrap_or_else(|payload| answer_to_panic(exchange.peer(), &*payload));
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

/// The answer where a service panicked; the text goes to the log and not to the client.
#[cold]
fn answer_to_panic(peer: Peer, payload: &(dyn Any + Send)) -> Response {
    let error = Error::from_panic(payload);
    log_error!("{peer}: the service panicked: {}", Clean(panic_text(&error)));
    let _ = peer;
    plain_answer(error).and_close()
}

fn panic_text(error: &Error) -> &str {
    match error.view() {
        pauper_message::ErrorView::Panic(text) => text,
        _ => "",
    }
}
