//! What an exchange asks of its driver.

use super::Job;

/// What an exchange asks of its driver next.
#[derive(Debug)]
pub enum Step {
    /// Something that may block: do it, here or elsewhere, then call
    /// [`done`](super::Exchange::done).
    Work(Box<Job>),
    /// Nothing to do before this happened.
    Wait(Want),
}

/// What an exchange waits for. Output that stands in it is to be written in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Input, or the news that there will be none.
    Read,
    /// The output to be written, before anything else is read or answered.
    Write,
    /// A part of a file to be sent, after the output; only for drivers that
    /// [said so](super::Exchange::sends_files).
    File,
    /// The job that is with the driver, or something else that happens elsewhere.
    Answer,
    /// A waker, before anything else; see [`set_waker`](super::Exchange::set_waker).
    Waker,
    /// The whole connection for a while, for a handler that reads its body itself.
    Stream,
    /// The whole connection for good, for a function that speaks another protocol on it.
    TakeOver,
    /// Nothing; there is more to do, but others should have a turn.
    Turn,
    /// The end of the writing side after the output is written; what is read until the client
    /// ends its side is dropped. So the client can read an answer that came while it was sending.
    Linger,
    /// The end of the connection.
    Close,
}
