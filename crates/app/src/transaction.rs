//! A guard that leaves no transaction open behind a request.

use std::error::Error as StdError;
use std::fmt;

use pauper_message::{Error, Request, Response};

use crate::hooks::Next;
use crate::log_macros::error;

/// Something with transactions, such as a connection to a database, as [`guard_transactions`] and
/// [`in_transaction`] see it. The request is given to each method because that is where a connection
/// usually is: in its state, or in its extensions.
pub trait Transactional: Send + Sync + 'static {
    /// Begins a transaction.
    ///
    /// # Errors
    /// When it cannot; the request is answered with the error, and no handler runs.
    fn begin(&self, req: &mut Request) -> Result<(), Error>;

    /// Whether a transaction is open.
    ///
    /// # Errors
    /// When that cannot be found out; the transaction counts as open.
    fn is_open(&self, req: &mut Request) -> Result<bool, Error>;

    /// Commits the open transaction.
    ///
    /// # Errors
    /// When it cannot; it is then rolled back.
    fn commit(&self, req: &mut Request) -> Result<(), Error>;

    /// Rolls the open transaction back.
    ///
    /// # Errors
    /// When it cannot; that is told in the log.
    fn roll_back(&self, req: &mut Request) -> Result<(), Error>;
}

/// The handler answered, but forgot to commit its transaction, which has been rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotCommitted;

impl fmt::Display for NotCommitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transaction was not committed and has been rolled back")
    }
}

impl StdError for NotCommitted {}

/// A wrap for handlers that begin and commit transactions themselves: one that is still open when
/// the handler is done is rolled back, whatever the handler gave. When it gave an answer, it forgot
/// to commit, and the answer is the error [`NotCommitted`] instead: 500, with a line in the log.
///
/// ```
/// use pauper_app::{App, Transactional, guard_transactions};
/// # use pauper_message::{Error, Request};
/// # struct Db;
/// # impl Transactional for Db {
/// #     fn begin(&self, _: &mut Request) -> Result<(), Error> { Ok(()) }
/// #     fn is_open(&self, _: &mut Request) -> Result<bool, Error> { Ok(false) }
/// #     fn commit(&self, _: &mut Request) -> Result<(), Error> { Ok(()) }
/// #     fn roll_back(&self, _: &mut Request) -> Result<(), Error> { Ok(()) }
/// # }
/// let mut app = App::new("site");
/// app.wrap(guard_transactions(Db));
/// ```
pub fn guard_transactions<T: Transactional>(
    database: T,
) -> impl Fn(&mut Request, Next<'_>) -> Result<Response, Error> + Send + Sync + 'static {
    move |req, next| {
        let result = run(req, next);
        // What cannot be asked may be open.
        let is_open = database.is_open(req).unwrap_or_else(|failed| {
            tell(req, "cannot tell whether a transaction is open", &failed);
            true
        });
        if !is_open {
            return result;
        }
        roll_back(&database, req);
        result.and_then(|_| Err(NotCommitted.into()))
    }
}

/// A wrap that runs each handler in a transaction: committed when the handler answers, rolled back
/// when it gives an error or panics. An answer counts whatever its status is; to have one without a
/// commit return it as an error (`Err(abort_with(response))`).
///
/// A handler may commit or roll back by itself; nothing is left to be done then.
pub fn in_transaction<T: Transactional>(
    database: T,
) -> impl Fn(&mut Request, Next<'_>) -> Result<Response, Error> + Send + Sync + 'static {
    move |req, next| {
        database.begin(req)?;
        let result = run(req, next);
        let is_open = match database.is_open(req) {
            Ok(is_open) => is_open,
            Err(failed) => {
                tell(req, "cannot tell whether a transaction is open", &failed);
                roll_back(&database, req);
                return result.and(Err(failed));
            }
        };
        match result {
            Ok(response) if is_open => match database.commit(req) {
                Ok(()) => Ok(response),
                Err(failed) => {
                    roll_back(&database, req);
                    Err(failed)
                }
            },
            Err(error) if is_open => {
                roll_back(&database, req);
                Err(error)
            }
            result => result,
        }
    }
}

/// The result of the handler; a response that was spoiled on the way is an error, and so is a panic,
/// also one of a wrap inside this one.
fn run(req: &mut Request, next: Next<'_>) -> Result<Response, Error> {
    pauper_message::guard(|| next.run(req)?.into_result())
}

fn roll_back<T: Transactional>(database: &T, req: &mut Request) {
    if let Err(failed) = database.roll_back(req) {
        tell(req, "cannot roll back", &failed);
    }
}

fn tell(req: &Request, what: &str, failed: &Error) {
    error!("{} {}: {what}: {}", req.method(), req.target().escape_debug(), failed.log_text());
}
