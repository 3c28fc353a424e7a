//! Who asks, and compares what comes back with what was asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event_loop::{Mail, Post};
use super::sync::{Condvar, Mutex, Signal, lock, wait};

/// What a handler does before it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// It answers at once.
    Answer,
    /// It is held up by something that goes on by itself.
    Block,
    /// It computes for a while.
    Compute,
    /// It waits until somebody opens a gate.
    Await(usize),
    /// It waits for a gate on one of the threads for that.
    Stream(usize),
}

/// What a client asks for, and the gate it opens when it has the answer.
pub(super) type Step = (What, Option<usize>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) client: usize,
    pub(super) number: usize,
    pub(super) what: What,
}

impl Request {
    /// What belongs to this request, and to no other.
    pub(super) fn secret(&self) -> usize {
        self.client * 1_000 + self.number
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reply {
    Answer(usize),
    /// The server has too much to do.
    Refused,
    /// The connection was closed.
    Cut,
}

/// The far end of a connection.
#[derive(Default)]
pub(super) struct Client {
    replies: Mutex<VecDeque<Reply>>,
    arrived: Condvar,
}

/// How a client fared.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Fate {
    pub(super) answered: usize,
    pub(super) refused: usize,
    pub(super) cut: bool,
}

impl Client {
    pub(super) fn reply(&self, reply: Reply) {
        lock(&self.replies).push_back(reply);
        self.arrived.notify_all();
    }

    fn next(&self) -> Reply {
        let mut replies = lock(&self.replies);
        loop {
            match replies.pop_front() {
                Some(reply) => return reply,
                None => replies = wait(&self.arrived, replies),
            }
        }
    }

    /// Nothing came that was not asked for.
    pub(super) fn expect_nothing(&self) {
        assert_eq!(*lock(&self.replies), [], "more answers than requests");
    }

    /// Asks for one thing after another.
    pub(super) fn ask(&self, me: usize, steps: &[Step], home: &Post, gates: &[Signal]) -> Fate {
        let mut fate = Fate::default();
        for (number, (what, opens)) in steps.iter().enumerate() {
            let request = Request { client: me, number, what: *what };
            if !fate.cut {
                let reply = match home.send(Mail::Asked(request)) {
                    Ok(()) => self.next(),
                    Err(_) => Reply::Cut,
                };
                match reply {
                    Reply::Answer(secret) => {
                        assert_eq!(secret, request.secret(), "somebody else's answer");
                        fate.answered += 1;
                    }
                    Reply::Refused => fate.refused += 1,
                    Reply::Cut => fate.cut = true,
                }
            }
            // Nobody waits for a client that has gone.
            opens.iter().for_each(|gate| gates[*gate].set());
        }
        fate
    }
}

pub(super) type Clients = Arc<[Client]>;
