//! One loop on the calling thread.

use std::io;

use pauper_message::Service;

use crate::event_loop::{Errand, EventLoop, Todo, Work};

/// Runs a loop until it is told to stop, with handlers one after another right here; gives how
/// many connections had to be cut.
pub(crate) fn run_single(event_loop: &mut EventLoop, service: &dyn Service) -> io::Result<usize> {
    loop {
        match event_loop.step() {
            Todo::Errand(mut errand) => {
                run(&mut errand, service);
                event_loop.finish(errand);
            }
            Todo::Wait => event_loop.wait()?,
            Todo::Stopped(left) => return Ok(left),
        }
    }
}

/// Does an errand, whole.
fn run(errand: &mut Errand, service: &dyn Service) {
    match &mut errand.work {
        Work::Job(job) => {
            job.prepare(service);
            if job.wants_call() {
                job.call(service);
            }
        }
        Work::File(file) => file.run(),
        Work::Chores(chores) => chores.run(),
    }
}
