//! Bodies that other threads fill while they are sent.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use pauper_iolist::IoList;

use crate::error::Error;
use crate::queue::{Next, Receiver, Refused, Sender, Wait, Wake, bounded};

#[derive(Clone)]
struct Call(Arc<dyn Fn() + Send + Sync>);

impl Wake for Call {
    fn wake(&self) {
        (self.0)();
    }
}

/// The channel of a body; see [`Body::channel`](crate::Body::channel).
pub(crate) fn channel(capacity: usize) -> (BodySender, BodyReceiver) {
    let (sender, receiver) = bounded(capacity);
    (BodySender { sender, home: thread::current().id() }, BodyReceiver(receiver))
}

/// Fills the body of a response from any thread; made by [`Body::channel`](crate::Body::channel).
///
/// The body ends when the last clone is dropped. One that is dropped because its thread panics
/// breaks the body: the connection is closed without the mark of an end, so that the client does
/// not take the part for the whole.
#[derive(Clone)]
pub struct BodySender {
    sender: Sender<IoList, Error, Call>,
    /// The thread of the handler, which cannot wait for its own answer to be sent.
    home: ThreadId,
}

impl BodySender {
    /// Sends the next bytes. While the channel is full it waits for the client to take some; this
    /// is how a slow client slows its producer down. Bytes that are more than the capacity pass
    /// when the channel is empty; no bytes at all change nothing.
    ///
    /// # Errors
    /// [`SendError::Closed`] when nobody takes the bytes any more: the client left, the response
    /// was an answer to HEAD, the body failed. [`SendError::Full`] when the thread that made the
    /// channel, which is the handler's, finds it full and the response has not started: a handler
    /// that waited for its own answer to be sent would wait for ever. (For the same reason a
    /// handler must not wait for a thread that sends more than fits.)
    pub fn send(&self, piece: impl Into<IoList>) -> Result<(), SendError> {
        let at_home = thread::current().id() == self.home;
        self.put(piece.into(), if at_home { Wait::Started } else { Wait::Always })
    }

    /// As [`send`](Self::send), but never waits.
    ///
    /// # Errors
    /// [`SendError::Closed`] as for `send`, and [`SendError::Full`] whenever the channel is full.
    pub fn try_send(&self, piece: impl Into<IoList>) -> Result<(), SendError> {
        self.put(piece.into(), Wait::Never)
    }

    fn put(&self, piece: IoList, wait: Wait) -> Result<(), SendError> {
        let length = piece.len();
        if length == 0 {
            return if self.is_closed() { Err(SendError::Closed) } else { Ok(()) };
        }
        self.sender.send(piece, length, wait).map_err(|refused| match refused {
            Refused::Full => SendError::Full,
            Refused::Closed => SendError::Closed,
        })
    }

    /// Whether nobody takes the bytes any more. A producer that has nothing to send for a while
    /// asks here whether its client is still there.
    pub fn is_closed(&self) -> bool {
        !self.sender.is_open()
    }

    /// The body is whole, if this is the last clone. The same as dropping it, but for a thread that
    /// panics.
    pub fn finish(self) {
        self.sender.finish();
    }

    /// Breaks the body after what was sent: the connection is closed without the mark of an end,
    /// and the error goes to the log. Other clones find it closed.
    pub fn fail(self, error: impl Into<Error>) {
        self.sender.fail(error.into());
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender").field("is_closed", &self.is_closed()).finish()
    }
}

/// Why a piece of a body was not taken. The piece is dropped; clone an `IoList` of much data, which
/// costs little, to try it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The channel is full.
    Full,
    /// Nobody takes the body any more.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the channel of the body is full",
            Self::Closed => "nobody takes the body any more",
        })
    }
}

impl std::error::Error for SendError {}

/// The other end of a [`BodySender`], for servers: part of a
/// [`BodyKind::Channel`](crate::BodyKind::Channel). Dropping it tells the senders that the client
/// is gone.
pub struct BodyReceiver(Receiver<IoList, Error, Call>);

/// What [`BodyReceiver::try_next`] found.
#[derive(Debug)]
#[non_exhaustive]
pub enum Received {
    /// The next bytes, at least one.
    Piece(IoList),
    /// Nothing at the moment. The waker is called when that changes.
    Empty,
    /// The body is whole.
    End,
    /// The body broke off; the connection has to end without the mark of a whole body.
    Broken(Error),
}

impl BodyReceiver {
    /// The head is sent: from now on senders wait for room, and `wake` is called when the channel
    /// was empty and is not any more, or ends or breaks while it is empty. What is in the channel
    /// already wakes nobody, so ask [`try_next`](Self::try_next) after this.
    ///
    /// `wake` is called on the threads of the senders, with no lock held, and now and then when
    /// there is nothing new any more.
    pub fn start(&mut self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.0.start(Call(wake));
    }

    /// The next piece; never waits.
    pub fn try_next(&mut self) -> Received {
        match self.0.try_next() {
            Next::Item(piece) => Received::Piece(piece),
            Next::Empty => Received::Empty,
            Next::End => Received::End,
            Next::Failed(error) => Received::Broken(error.unwrap_or_else(|| {
                io::Error::other("the sender of a body panicked, or it broke before").into()
            })),
        }
    }

    /// Waits for the whole body, of at most `limit` bytes.
    pub(crate) fn collect(mut self, limit: u64) -> io::Result<IoList> {
        let reader = thread::current();
        self.start(Arc::new(move || reader.unpark()));
        let mut all = IoList::new();
        loop {
            match self.try_next() {
                Received::Piece(piece) => all.append(piece),
                Received::Empty => thread::park(),
                Received::End => return Ok(all),
                Received::Broken(error) => return Err(io::Error::other(error.log_text())),
            }
            if all.len() as u64 > limit {
                return Err(io::Error::other("the body is longer than the limit"));
            }
        }
    }
}

impl fmt::Debug for BodyReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyReceiver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    #[test]
    fn a_body_from_another_thread() {
        let (sender, body) = Body::channel(8);
        assert_eq!(body.len(), None);
        let producer = thread::spawn(move || {
            for number in 0..1000 {
                sender.send(format!("{number} ")).unwrap();
            }
        });
        let expected: String = (0..1000).map(|number| format!("{number} ")).collect();
        assert_eq!(body.into_bytes(u64::MAX).unwrap(), expected);
        producer.join().unwrap();
    }

    #[test]
    fn handlers_are_told_instead_of_waiting_for_themselves() {
        let (sender, body) = Body::channel(4);
        sender.send("").unwrap();
        sender.send("1234567").unwrap();
        assert_eq!(sender.send("8"), Err(SendError::Full));
        drop(body);
        assert!(sender.is_closed());
        assert_eq!(sender.send("8"), Err(SendError::Closed));
        assert_eq!(sender.send(""), Err(SendError::Closed));
    }

    #[test]
    fn failures_come_after_what_was_sent() {
        let (sender, body) = Body::channel(4);
        sender.try_send("ab").unwrap();
        sender.fail(io::Error::other("no disk"));
        let error = body.into_bytes(u64::MAX).unwrap_err();
        assert!(error.to_string().contains("no disk"), "{error}");

        let (sender, body) = Body::channel(4);
        sender.try_send("abc").unwrap();
        sender.finish();
        assert!(body.into_bytes(2).is_err(), "longer than the limit");
    }

    #[test]
    fn senders_go_anywhere() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<BodySender>();
    }
}
