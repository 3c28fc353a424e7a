//! The data of a session.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::random::{RandomError, Randomness};
use crate::session::error::SessionError;
use crate::session::id::{IdCell, SessionId};

/// What an application remembers of one client: texts by name, messages to be shown once, and
/// when it began and ends.
///
/// ```
/// use pauper_auth::session::Session;
///
/// let mut session = Session::new();
/// session.set("user", "alice");
/// session.set("visits", 3);
/// assert_eq!(session.get("user"), Some("alice"));
/// assert_eq!(session.parse("visits"), Some(3));
/// session.flash("info", "Welcome back");
/// assert_eq!(session.take_flashes()[0].text(), "Welcome back");
/// ```
///
/// The values of a session that lives in a cookie count: a browser keeps about 4 KiB. `Debug` shows
/// names and no values.
#[derive(Default)]
pub struct Session {
    pub(super) id: Arc<IdCell>,
    /// The number under which it was read.
    pub(super) read_as: Option<SessionId>,
    pub(super) values: Vec<(Box<str>, Value)>,
    pub(super) flashes: Vec<Flash>,
    pub(super) times: Option<Times>,
    pub(super) changed: bool,
    /// Whether it was ended on purpose, so that the client is told even if it sent nothing.
    pub(super) destroyed: bool,
    pub(super) fault: Option<SessionError>,
    /// When it ends at the latest, for one that was made elsewhere.
    pub(super) expires_elsewhere: Option<SystemTime>,
}

/// A value: text, or JSON that is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Box<str>),
    Json(Box<str>),
}

/// When a session was written, began and ends, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) issued: u64,
    pub(crate) started: u64,
    pub(crate) expires: u64,
}

/// A message that is shown once, on the next page: "Saved.", after a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    pub(super) level: Box<str>,
    pub(super) text: Box<str>,
}

impl Flash {
    /// Its kind, as the program named it: `info`, `error`.
    pub fn level(&self) -> &str {
        &self.level
    }

    /// What it says. Escape it where it is shown, as any text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Session {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one in place of one that could not be read.
    pub(crate) fn faulty(error: SessionError) -> Self {
        Self { fault: Some(error), ..Self::default() }
    }

    /// One to be changed beside this one, with the same number now and later.
    pub(crate) fn fork(&self) -> Self {
        Self {
            id: Arc::clone(&self.id),
            read_as: self.read_as,
            values: self.values.clone(),
            flashes: self.flashes.clone(),
            times: self.times,
            changed: self.changed,
            destroyed: self.destroyed,
            fault: self.fault.clone(),
            expires_elsewhere: self.expires_elsewhere,
        }
    }

    /// This one as it was read under a number.
    pub(crate) fn under(mut self, id: SessionId) -> Self {
        self.id.set(Some(id));
        self.read_as = Some(id);
        self
    }

    /// This one as it was read under a number, with its times.
    #[cfg(feature = "compat")]
    pub(crate) fn read_with(mut self, id: SessionId, times: Times) -> Self {
        self.times = Some(times);
        self.changed = false;
        self.under(id)
    }

    /// This one, to be written when somebody has asked for it, and as a new one.
    #[cfg(feature = "compat")]
    pub(crate) fn rewritten(mut self) -> Self {
        self.changed = true;
        self.read_as = None;
        self
    }

    #[cfg(feature = "compat")]
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    #[cfg(feature = "compat")]
    pub(crate) fn times(&self) -> Option<Times> {
        self.times
    }

    /// The text of this name; `None` for one that is absent or was set as another type.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            Value::Json(_) => None,
        }
    }

    /// The text of this name, parsed; `None` if it is absent or cannot be.
    pub fn parse<T: FromStr>(&self, name: &str) -> Option<T> {
        match self.value(name)? {
            Value::Text(text) | Value::Json(text) => text.parse().ok(),
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Whether there is a value of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The names of its values, in the order in which they were first set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| &**name)
    }

    /// Sets a value, as its text.
    pub fn set(&mut self, name: &str, value: impl fmt::Display) {
        self.put(name, Value::Text(value.to_string().into()));
    }

    pub(crate) fn put(&mut self, name: &str, value: Value) {
        match self.values.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, old)) if *old == value => return,
            Some((_, old)) => *old = value,
            None => self.values.push((name.into(), value)),
        }
        self.changed = true;
    }

    /// Takes a value away, and tells whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.values.len();
        self.values.retain(|(known, _)| **known != *name);
        let removed = self.values.len() < before;
        self.changed |= removed;
        removed
    }

    /// A value as any type that serde knows; `None` if it is absent.
    ///
    /// # Errors
    /// When it is of another type.
    #[cfg(feature = "json")]
    pub fn get_as<T: serde_core::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, SessionError> {
        let parsed = match self.value(name) {
            None => return Ok(None),
            Some(Value::Json(json)) => serde_json::from_str(json),
            Some(Value::Text(text)) => serde_json::from_value(serde_json::Value::from(&**text)),
        };
        parsed.map(Some).map_err(|_| SessionError::new(super::SessionErrorKind::Value))
    }

    /// Sets a value of any type that serde knows, as JSON.
    ///
    /// # Errors
    /// When it cannot be written, as a map whose keys are no texts.
    #[cfg(feature = "json")]
    pub fn set_as<T: serde_core::Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), SessionError> {
        let json = serde_json::to_value(value)
            .map_err(|_| SessionError::new(super::SessionErrorKind::Value))?;
        self.put(name, Value::of_json(json));
        Ok(())
    }

    /// Leaves a message for the next page that asks.
    pub fn flash(&mut self, level: &str, text: impl fmt::Display) {
        self.flashes.push(Flash { level: level.into(), text: text.to_string().into() });
        self.changed = true;
    }

    /// The messages that wait.
    pub fn flashes(&self) -> &[Flash] {
        &self.flashes
    }

    /// Takes the messages that wait, in their order.
    pub fn take_flashes(&mut self) -> Vec<Flash> {
        self.changed |= !self.flashes.is_empty();
        std::mem::take(&mut self.flashes)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.flashes.is_empty()
    }

    /// Gives it a new number, to be done whenever somebody logs in or gains rights: whoever
    /// planted or saw the old number has nothing then. Values stay; form tokens of before do not
    /// count any more, and in a store the old number is gone.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn renew(&mut self, random: &dyn Randomness) -> Result<(), RandomError> {
        self.id.set(Some(SessionId::random(random)?));
        self.changed = true;
        Ok(())
    }

    /// Ends it: no values, no messages, no number. The browser is told to forget the cookie, and a
    /// store forgets the data. What is set afterwards begins a new session.
    pub fn destroy(&mut self) {
        self.id.set(None);
        self.values.clear();
        self.flashes.clear();
        self.times = None;
        self.expires_elsewhere = None;
        self.changed = true;
        self.destroyed = true;
    }

    /// Its number; none as long as nobody needed one.
    pub fn id(&self) -> Option<SessionId> {
        self.id.get()
    }

    /// When it began, to the second; none before it was first written.
    pub fn started(&self) -> Option<SystemTime> {
        self.times.map(|times| from_seconds(times.started))
    }

    /// When it ends if it is not used again, to the second; none before it was first written, and
    /// for formats without times.
    pub fn expires(&self) -> Option<SystemTime> {
        let own = self.times.map(|times| from_seconds(times.expires));
        own.into_iter().chain(self.expires_elsewhere).min()
    }

    /// Why what the client sent could not be read; then the session is empty.
    pub fn fault(&self) -> Option<&SessionError> {
        self.fault.as_ref()
    }

    /// The number under which the client sent it.
    pub(crate) fn sent_id(&self) -> Option<SessionId> {
        self.read_as
    }

    /// Whether it was read from what the client sent.
    pub fn is_known(&self) -> bool {
        self.read_as.is_some() || self.times.is_some()
    }
}

#[cfg(feature = "json")]
impl Value {
    /// Of JSON; texts are always `Text`, so that one value has one form.
    pub(crate) fn of_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::String(text) => Self::Text(text.into()),
            other => Self::Json(other.to_string().into()),
        }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => serde_json::Value::from(&**text),
            Self::Json(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("names", &self.names().collect::<Vec<_>>())
            .field("flashes", &self.flashes.len())
            .field("times", &self.times)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

/// Whole seconds since 1970; 0 for everything before.
pub(crate) fn to_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time of so many seconds since 1970, or the latest that there is.
pub(crate) fn from_seconds(seconds: u64) -> SystemTime {
    // Beyond the year 9999 nobody asks, and some systems cannot count.
    let seconds = seconds.min(253_402_300_799);
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::{Broken, Counting};

    #[test]
    fn only_a_change_counts_as_one() {
        let mut session = Session::new();
        session.set("a", 1);
        assert!(std::mem::take(&mut session.changed));
        session.set("a", "1");
        assert!(!session.remove("b"));
        assert!(session.take_flashes().is_empty());
        assert!(!session.changed);
        assert!(session.remove("a"));
        assert!(std::mem::take(&mut session.changed) && session.is_empty());
        session.flash("info", "x");
        assert!(std::mem::take(&mut session.changed) && !session.is_empty());
        assert_eq!(session.take_flashes().len(), 1);
        assert!(session.changed && session.is_empty());
    }

    #[test]
    fn a_new_number_at_login_and_none_after_logout() {
        let random = Counting::default();
        let mut session = Session::new();
        assert_eq!(session.id(), None);
        session.set("a", 1);
        session.renew(&random).unwrap();
        let first = session.id().unwrap();
        let mut other = session.fork();
        other.renew(&random).unwrap();
        assert_ne!(session.id().unwrap(), first);
        assert!(session.renew(&Broken).is_err());
        session.destroy();
        assert!(session.is_empty() && session.id().is_none() && session.changed);
    }

    #[test]
    fn values_do_not_print() {
        let mut session = Session::new();
        session.set("user", "alice");
        session.flash("info", "to nobody else");
        let text = format!("{session:?}");
        assert!(text.contains("user") && !text.contains("alice") && !text.contains("nobody"));
    }

    #[test]
    fn times_far_away_are_times() {
        for seconds in [0, 1, u64::MAX] {
            assert!(to_seconds(from_seconds(seconds)) <= seconds);
        }
    }
}
