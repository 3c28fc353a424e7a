//! One loop on the calling thread.

use std::io;

use pauper_message::{Dispatch, Service};

use crate::event_loop::{Errand, EventLoop, Todo, Work};

/// Runs a loop until it is told to stop, with handlers one after another right here; gives how
/// many connections had to be cut.
pub(crate) fn run_single(event_loop: &mut EventLoop, service: &dyn Service) -> io::Result<usize> {
    event_loop.keep_streams();
    loop {
        match event_loop.step() {
            Todo::Errand(mut errand) => {
                let watch = event_loop.stopwatch();
                let calls = run(&mut errand, service);
                event_loop.finish(errand);
                if calls {
                    let time = event_loop.stopwatch().since(watch);
                    event_loop.counts().handled(Dispatch::Inline, time);
                }
            }
            Todo::Wait => event_loop.wait()?,
            Todo::Stopped(left) => return Ok(left),
        }
    }
}

/// Does an errand, whole. Tells whether that called the service for an answer.
fn run(errand: &mut Errand, service: &dyn Service) -> bool {
    match &mut errand.work {
        Work::Job(job) => {
            job.prepare(service);
            let calls = job.wants_call();
            if calls {
                job.call(service);
            }
            return calls;
        }
        Work::File(file) => file.run(),
        Work::Stream(stream) => {
            stream.run(service);
            return true;
        }
        Work::Handshake(session) => session.step(),
        Work::Chores(chores) => chores.run(),
    }
    false
}
