//! What runs around handlers: hooks, wraps, and handlers of states and errors.

use std::error::Error as StdError;
use std::marker::PhantomData;

use pauper_message::{Error, Hook, IntoResponse, Request, Response};

use crate::app::Scope;
use crate::handler::Handler;

/// A function as the first half of a hook.
pub(crate) struct Before<F>(pub(crate) F);

impl<F> Hook for Before<F>
where
    F: Fn(&mut Request) -> Result<(), Error> + Send + Sync,
{
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        self.0(req)
    }
}

/// A function as the first half of a hook that needs the body.
pub(crate) struct BeforeWithBody<F>(pub(crate) F);

impl<F> Hook for BeforeWithBody<F>
where
    F: Fn(&mut Request) -> Result<(), Error> + Send + Sync,
{
    fn before(&self, req: &mut Request) -> Result<(), Error> {
        self.0(req)
    }

    fn needs_body(&self) -> bool {
        true
    }
}

/// A function as the second half of a hook.
pub(crate) struct After<F>(pub(crate) F);

impl<F> Hook for After<F>
where
    F: Fn(&mut Request, &mut Response) -> Result<(), Error> + Send + Sync,
{
    fn after(&self, req: &mut Request, response: &mut Response) -> Result<(), Error> {
        self.0(req, response)
    }
}

/// What runs at the end of all wraps.
///
/// A trait of its own and no `dyn Fn`: of each handler's closure three functions would be compiled
/// that nobody calls.
pub(crate) trait Endpoint: Send + Sync {
    fn answer(&self, req: &mut Request) -> Result<Response, Error>;
}

impl<F: Fn(&mut Request) -> Result<Response, Error> + Send + Sync> Endpoint for F {
    fn answer(&self, req: &mut Request) -> Result<Response, Error> {
        self(req)
    }
}

/// A handler with its path arguments.
pub(crate) struct Function<Args, H> {
    pub(crate) handler: H,
    pub(crate) arguments: PhantomData<fn(Args)>,
}

impl<Args, H: Handler<Args>> Endpoint for Function<Args, H> {
    fn answer(&self, req: &mut Request) -> Result<Response, Error> {
        self.handler.call(req)
    }
}

/// A function around all handlers; see [`App::wrap`](crate::App::wrap).
pub(crate) type Wrap = dyn Fn(&mut Request, Next<'_>) -> Result<Response, Error> + Send + Sync;

/// What a wrap runs inside: the wraps registered after it, then the handler.
pub struct Next<'n> {
    pub(crate) scopes: &'n [Scope],
    /// Numbers of scopes that come after this one.
    pub(crate) inner: &'n [usize],
    /// The wraps of this scope that come next.
    pub(crate) wraps: &'n [Box<Wrap>],
    pub(crate) endpoint: &'n (dyn Fn(&mut Request) -> Result<Response, Error> + 'n),
}

impl Next<'_> {
    /// Runs the rest. A panic of the handler comes back as an error, too.
    ///
    /// # Errors
    /// The error of the handler, before it becomes a page.
    pub fn run(mut self, req: &mut Request) -> Result<Response, Error> {
        loop {
            if let [first, rest @ ..] = self.wraps {
                return first(req, Next { wraps: rest, ..self });
            }
            let [scope, inner @ ..] = self.inner else { return (self.endpoint)(req) };
            self.inner = inner;
            self.wraps = &self.scopes[*scope].wraps;
        }
    }
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Next({} wraps)", self.wraps.len())
    }
}

/// A function that answers in place of an error: `fn(&mut Request, &E) -> impl IntoResponse`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer errors of type `{E}`",
    note = "write `fn(&mut Request, &{E}) -> T` where `T` can be sent as a response; in a closure \
            both arguments need their types"
)]
pub trait Recover<E: ?Sized>: Send + Sync + 'static {
    /// Calls the function.
    ///
    /// # Errors
    /// What the function gave.
    fn recover(&self, req: &mut Request, error: &E) -> Result<Response, Error>;
}

#[doc(hidden)]
pub trait CallRecover<'r, E: ?Sized> {
    type Out: IntoResponse;
    fn call(&self, req: &'r mut Request, error: &'r E) -> Self::Out;
}

impl<'r, F, E, R> CallRecover<'r, E> for F
where
    F: Fn(&'r mut Request, &'r E) -> R,
    E: ?Sized + 'r,
    R: IntoResponse,
{
    type Out = R;

    fn call(&self, req: &'r mut Request, error: &'r E) -> R {
        self(req, error)
    }
}

impl<F, E> Recover<E> for F
where
    F: for<'r> CallRecover<'r, E> + Send + Sync + 'static,
    E: ?Sized + 'static,
{
    fn recover(&self, req: &mut Request, error: &E) -> Result<Response, Error> {
        CallRecover::call(self, req, error).into_response()
    }
}

/// A handler of errors of one type, with the type hidden.
pub(crate) trait RecoverAny: Send + Sync {
    /// The answer, if the error is of the handler's type.
    fn recover_any(&self, req: &mut Request, error: &Error) -> Option<Result<Response, Error>>;
}

pub(crate) struct ByType<E, F> {
    pub(crate) handler: F,
    pub(crate) error: PhantomData<fn(&E)>,
}

impl<E, F> RecoverAny for ByType<E, F>
where
    E: StdError + 'static,
    F: Recover<E>,
{
    fn recover_any(&self, req: &mut Request, error: &Error) -> Option<Result<Response, Error>> {
        Some(self.handler.recover(req, error.find::<E>()?))
    }
}
