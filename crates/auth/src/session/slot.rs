//! What a request carries of its session.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use crate::random::RandomError;
use crate::session::data::Session;
use crate::session::hook::Inner;
use crate::session::id::SessionId;

/// In a request's extensions.
pub(crate) struct Slot {
    pub(crate) cell: Arc<Cell>,
    /// The session once somebody wants to change it.
    pub(crate) own: Option<Session>,
}

impl Slot {
    pub(crate) fn session(&self) -> &Session {
        match &self.own {
            Some(own) => own,
            None => self.cell.session(),
        }
    }

    pub(crate) fn session_mut(&mut self) -> &mut Session {
        self.own.get_or_insert_with(|| self.cell.session().fork())
    }
}

/// What the request and its form token share. The cookie is opened when somebody asks.
pub(crate) struct Cell {
    pub(crate) inner: Arc<Inner>,
    pub(crate) now: SystemTime,
    /// The values of the cookies of this name. An honest browser sends one; one that was made to
    /// keep others, by a sibling domain, sends those too.
    pub(crate) cookies: Vec<Box<str>>,
    opened: OnceLock<Session>,
    token_used: AtomicBool,
}

impl Cell {
    pub(crate) fn new(inner: Arc<Inner>, now: SystemTime, cookies: Vec<Box<str>>) -> Self {
        Self { inner, now, cookies, opened: OnceLock::new(), token_used: AtomicBool::new(false) }
    }

    /// The session as it was sent.
    pub(crate) fn session(&self) -> &Session {
        self.opened
            .get_or_init(|| self.inner.open(self.cookies.iter().map(|value| &**value), self.now))
    }

    /// Whether anybody asked.
    pub(crate) fn was_read(&self) -> bool {
        self.opened.get().is_some()
    }

    /// The number of the session for a token that is shown now; from here on the session is kept
    /// even if it is empty.
    pub(crate) fn id_for_token(&self) -> Result<SessionId, RandomError> {
        let id = self.session().id.get_or_draw(&*self.inner.random)?;
        self.token_used.store(true, Ordering::Relaxed);
        Ok(id)
    }

    pub(crate) fn token_used(&self) -> bool {
        self.token_used.load(Ordering::Relaxed)
    }
}
