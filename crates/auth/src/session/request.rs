//! `req.session()`.

use pauper_message::{Error, Request};

use crate::session::data::Session;
use crate::session::slot::Slot;

/// The session of a request, where [`Sessions`](super::Sessions) is a hook of the application.
///
/// The cookie is opened when one of these is first called. An answer to a request that never asks
/// says nothing of cookies, and can be cached.
pub trait RequestSession {
    /// The session, to be looked at. It is empty for a new client, and for one whose cookie could
    /// not be read; [`Session::fault`] tells why.
    ///
    /// # Panics
    /// Without the hook, which is a mistake of the program; [`try_session`](Self::try_session)
    /// does not.
    fn session(&self) -> &Session;

    /// The session, to be changed. Changes are kept with the answer.
    ///
    /// # Panics
    /// Without the hook.
    fn session_mut(&mut self) -> &mut Session;

    /// The session, if there is a hook for it.
    fn try_session(&self) -> Option<&Session>;

    /// Gives the session a new number; see [`Session::renew`]. To be called at each login.
    ///
    /// # Errors
    /// When there are no random bytes.
    ///
    /// # Panics
    /// Without the hook.
    fn renew_session(&mut self) -> Result<(), Error>;
}

impl RequestSession for Request {
    #[track_caller]
    fn session(&self) -> &Session {
        match self.try_session() {
            Some(session) => session,
            None => no_hook(),
        }
    }

    #[track_caller]
    fn session_mut(&mut self) -> &mut Session {
        match self.extensions_mut().get_mut::<Slot>() {
            Some(slot) => slot.session_mut(),
            None => no_hook(),
        }
    }

    fn try_session(&self) -> Option<&Session> {
        self.extensions().get::<Slot>().map(Slot::session)
    }

    #[track_caller]
    fn renew_session(&mut self) -> Result<(), Error> {
        match self.extensions_mut().get_mut::<Slot>() {
            Some(slot) => {
                let inner = std::sync::Arc::clone(&slot.cell.inner);
                Ok(slot.session_mut().renew(&*inner.random)?)
            }
            None => no_hook(),
        }
    }
}

#[cold]
#[track_caller]
fn no_hook() -> ! {
    panic!("the application has no sessions; give it some with `app.hook(Sessions::new(…))`")
}
