//! What an exchange asks of its driver.

use pauper_message::Request;

/// What an exchange asks of its driver next.
#[derive(Debug)]
pub enum Step {
    /// The head is complete: let the service look at it, then call
    /// [`began`](super::Exchange::began).
    Begin(Request),
    /// The body is complete: let the service answer, then call
    /// [`answered`](super::Exchange::answered).
    Call(Request),
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
    /// The request that is with the driver.
    Answer,
    /// Nothing; there is more to do, but others should have a turn.
    Turn,
    /// The end of the writing side after the output is written; what is read until the client
    /// ends its side is dropped. So the client can read an answer that came while it was sending.
    Linger,
    /// The end of the connection.
    Close,
}
