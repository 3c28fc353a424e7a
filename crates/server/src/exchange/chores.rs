//! What an exchange leaves for later because it runs code of the user, or may wait for a file.

use std::any::Any;
use std::sync::Arc;

use pauper_message::{drop_quietly, guard};

use super::access::Entry;
use super::shared::Shared;
use crate::log_macros::{Clean, log_error, log_info};

/// Small work that need not be done at once and may block: telling an access log of an answer,
/// a line of the log, dropping what the user made. See [`Exchange::take_chores`].
///
/// [`Exchange::take_chores`]: super::Exchange::take_chores
#[derive(Default)]
pub struct Chores {
    /// In a box, since every connection has this and next to none has chores.
    #[expect(clippy::box_collection, reason = "a pointer is a third of a vector")]
    all: Option<Box<Vec<Chore>>>,
}

pub(super) enum Chore {
    Tell(Arc<Shared>, Box<Entry>),
    Drop(Box<dyn Any + Send>),
    /// Refusals are notes, and the user's faults are errors.
    Note(String),
    Error(String),
}

impl Chores {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: None }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.as_ref().is_none_or(|all| all.is_empty())
    }

    pub(super) fn push(&mut self, chore: Chore) {
        self.all.get_or_insert_default().push(chore);
    }

    /// For dropping later.
    pub(crate) fn drop_later(&mut self, value: impl Send + 'static) {
        self.push(Chore::Drop(Box::new(value)));
    }

    pub(super) fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(&mut self.all, &mut other.all);
        } else if let Some(others) = &mut other.all {
            self.all.get_or_insert_default().append(others);
        }
    }

    /// Does all of them, in their order. What panics ends there, with a line in the log.
    pub fn run(&mut self) {
        for chore in self.all.iter_mut().flat_map(|all| all.drain(..)) {
            match chore {
                Chore::Tell(shared, entry) => tell(&shared, &entry),
                Chore::Drop(value) => drop_quietly(value),
                Chore::Note(text) => {
                    log_info!("{text}");
                    let _ = text;
                }
                Chore::Error(text) => {
                    log_error!("{text}");
                    let _ = text;
                }
            }
        }
    }
}

fn tell(shared: &Shared, entry: &Entry) {
    let Some(on_access) = shared.config.on_access() else { return };
    let told = guard(|| {
        on_access(&entry.record());
        Ok(())
    });
    if let Err(error) = told {
        log_error!("{}: the access function failed: {}", entry.peer, Clean(error.log_text()));
    }
}

impl std::fmt::Debug for Chores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chores({})", self.all.as_ref().map_or(0, |all| all.len()))
    }
}
