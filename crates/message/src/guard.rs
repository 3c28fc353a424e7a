//! Where code of the user is called: a panic of it ends here.
//!
//! Nothing else in the workspace catches panics. A panic's payload can be any value, with a
//! `Drop` that panics again; so can the errors, bodies and extensions of a user. All of that is met
//! in this one place.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::mem;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

use crate::error::Error;

/// Calls code of the user; a panic becomes an error that answers 500.
///
/// What a panic left half done can be seen only by what the user shares between requests, and
/// there a poisoned lock says so.
///
/// # Errors
/// What the call gave, or the panic.
///
/// ```
/// use pauper_message::guard;
///
/// let error = guard(|| -> Result<u32, _> { panic!("no such pot") }).unwrap_err();
/// assert!(error.log_text().contains("no such pot"));
/// ```
pub fn guard<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|payload| Err(Error::panicked(text_of(payload), LAST.take())))
}

/// Where a panic was raised, and by which calls.
pub(crate) struct PanicPlace {
    /// `file:line`
    pub(crate) place: Box<str>,
    pub(crate) backtrace: Backtrace,
}

thread_local! {
    /// The last panic of this thread that nobody has caught here.
    static LAST: RefCell<Option<PanicPlace>> = const { RefCell::new(None) };
}

/// From now on the errors that [`guard`] makes of panics know where the code panicked
/// ([`Error::panic_place`]).
///
/// Only a panic hook of the process is told that. So this puts one before the hook that is there,
/// which is called as before; a hook that is set later takes its place. The second call and those
/// after it do nothing, nor does one from a thread that panics.
pub fn note_panic_places() {
    static ONCE: Once = Once::new();
    if thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let noted = info.location().map(|place| PanicPlace {
                place: format!("{}:{}", place.file(), place.line()).into(),
                backtrace: Backtrace::capture(),
            });
            // A thread that ends has no place for it any more.
            let _ = LAST.try_with(|last| last.replace(noted));
            before(info);
        }));
    });
}

/// Drops a value of the user; a panic of its `Drop` is theirs and ends here.
pub fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        text_of(payload);
        LAST.take();
    }
}

/// The text of a panic. A payload that is none is forgotten: dropping it could panic again.
fn text_of(payload: Box<dyn Any + Send>) -> Box<str> {
    let payload = match payload.downcast::<String>() {
        Ok(text) => return text.into_boxed_str(),
        Err(payload) => payload,
    };
    match payload.downcast::<&'static str>() {
        Ok(text) => (*text).into(),
        Err(payload) => {
            mem::forget(payload);
            "a panic without a text".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Box::new(Self));
        }
    }

    #[test]
    fn a_payload_that_panics_when_dropped_ends_here() {
        let error = guard(|| -> Result<(), Error> { panic_any(Bomb) }).unwrap_err();
        assert!(error.log_text().contains("a panic without a text"), "{error:?}");
        drop_quietly(Bomb);
    }

    #[test]
    fn places_of_panics_are_known_when_asked_for() {
        note_panic_places();
        note_panic_places();
        let line = line!() + 1;
        let error = guard(|| -> Result<(), Error> { panic!("here") }).unwrap_err();
        let place = format!("{}:{line}", file!());
        assert_eq!(error.panic_place(), Some(&*place));
        assert_eq!(error.log_text(), format!("panic: here ({place})"));
        // What is raised again has no place of its own, and takes nobody else's.
        let again = || -> Result<(), Error> { panic::resume_unwind(Box::new("again")) };
        assert_eq!(guard(again).unwrap_err().panic_place(), None);
        drop_quietly(Bomb);
        assert_eq!(guard(again).unwrap_err().panic_place(), None);
    }

    #[test]
    fn texts_of_both_kinds_are_kept() {
        let error = guard(|| -> Result<(), Error> { panic!("fixed") }).unwrap_err();
        assert!(error.log_text().contains("fixed"));
        let error = guard(|| -> Result<(), Error> { panic!("made {}", 7) }).unwrap_err();
        assert!(error.log_text().contains("made 7"));
        assert!(guard(|| Ok(1)).is_ok_and(|one| one == 1));
    }
}
