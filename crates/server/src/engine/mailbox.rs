//! What other threads have to tell a loop.

use super::sync::{Mutex, lock};

/// Mail for one loop.
pub(crate) struct Mailbox<M> {
    state: Mutex<State<M>>,
}

struct State<M> {
    mail: Vec<M>,
    /// Whether anybody will ever read it.
    open: bool,
}

impl<M> Mailbox<M> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { mail: Vec::new(), open: true }) }
    }

    /// Puts mail in, and tells whether there was none before: then the loop has to be woken.
    ///
    /// # Errors
    /// The mail back, if the loop is gone.
    pub(crate) fn send(&self, mail: M) -> Result<bool, M> {
        let mut state = lock(&self.state);
        if !state.open {
            return Err(mail);
        }
        state.mail.push(mail);
        Ok(state.mail.len() == 1)
    }

    /// Moves all mail to `into`, which is empty.
    pub(crate) fn take(&self, into: &mut Vec<M>) {
        debug_assert!(into.is_empty());
        std::mem::swap(&mut lock(&self.state).mail, into);
    }

    /// As [`close`](Self::close), but only if there is no mail; tells whether that was so.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut state = lock(&self.state);
        if state.mail.is_empty() {
            state.open = false;
        }
        !state.open
    }

    /// Nobody will read it any more. Gives what nobody has read.
    pub(crate) fn close(&self) -> Vec<M> {
        let mut state = lock(&self.state);
        state.open = false;
        std::mem::take(&mut state.mail)
    }
}
