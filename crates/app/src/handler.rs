//! Functions as handlers: their path arguments, and what they may return.

use std::any::{TypeId, type_name};
use std::borrow::Cow;

use pauper_message::{Error, IntoResponse, Request, Response, abort};
use pauper_router::{Kind, Param, Uuid};

/// A value that a group of a route's pattern can become.
///
/// Implemented for text, all integers and floats, and open for your own types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a route",
    label = "no group of a pattern becomes this",
    note = "arguments are owned: `String`, integers, floats, or a type of yours that implements \
            `PathArg`; write `name: String`, not `name: &str`"
)]
pub trait PathArg: Sized + 'static {
    /// What is said of this type when it does not fit a pattern, such as "a number".
    const EXPECTS: &'static str;

    /// Whether a group of this kind can become this type; asked at start-up.
    fn accepts(kind: Kind) -> bool;

    /// The value of a group's text, percent-decoded; `None` is answered with 404, since no such
    /// thing exists.
    fn from_group(text: &str) -> Option<Self>;
}

impl PathArg for String {
    const EXPECTS: &'static str = "any group";

    fn accepts(_: Kind) -> bool {
        true
    }

    fn from_group(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl PathArg for Box<str> {
    const EXPECTS: &'static str = "any group";

    fn accepts(_: Kind) -> bool {
        true
    }

    fn from_group(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

macro_rules! int_args {
    ($($value:ty)*) => {$(
        impl PathArg for $value {
            const EXPECTS: &'static str = "`:int`";

            fn accepts(kind: Kind) -> bool {
                matches!(kind, Kind::Int)
            }

            fn from_group(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

int_args!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! float_args {
    ($($value:ty)*) => {$(
        impl PathArg for $value {
            const EXPECTS: &'static str = "`:float` or `:int`";

            fn accepts(kind: Kind) -> bool {
                matches!(kind, Kind::Float | Kind::Int)
            }

            /// A number too large for the type would be parsed to infinity, which nobody sent.
            fn from_group(text: &str) -> Option<Self> {
                text.parse().ok().filter(|number: &$value| number.is_finite())
            }
        }
    )*};
}

float_args!(f32 f64);

impl PathArg for Uuid {
    const EXPECTS: &'static str = "`:uuid`";

    fn accepts(kind: Kind) -> bool {
        matches!(kind, Kind::Uuid)
    }

    fn from_group(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The text of a group as it stands in the path that routers match, decoded to the end.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    match text.contains('%') {
        true => Cow::Owned(text.replace("%2F", "/").replace("%25", "%")),
        false => Cow::Borrowed(text),
    }
}

/// What a handler says of its arguments at start-up.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// The name of the type.
    pub type_name: &'static str,
    /// What the type expects, for the message.
    pub expects: &'static str,
    /// Whether it can be made of a kind of group.
    pub accepts: fn(Kind) -> bool,
    /// The type.
    pub type_id: TypeId,
}

impl Argument {
    pub(crate) fn of<P: PathArg>() -> Self {
        Self {
            type_name: type_name::<P>(),
            expects: P::EXPECTS,
            accepts: P::accepts,
            type_id: TypeId::of::<P>(),
        }
    }

    /// Whether it can be made of this group: by its kind, or because the group's filter makes it.
    pub(crate) fn accepts(&self, param: &Param) -> bool {
        (self.accepts)(param.kind()) || param.converts_to() == Some(self.type_id)
    }
}

/// A function that answers requests: `fn(&mut Request, P1, …, P8) -> impl IntoResponse`.
///
/// `Args` is the tuple of its path arguments; it is inferred. Closures need the types of their
/// arguments written: `|req: &mut Request, id: u32| …`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle a route",
    label = "not a handler",
    note = "a handler is `fn(&mut Request) -> T`, with up to eight owned path arguments behind the \
            request: `fn(&mut Request, name: String, id: u32) -> T`",
    note = "`T` has to be something that can be sent: text, bytes, `Html`, `Json`, `Response`, \
            `()`, a tuple `(status, headers, body)`, or `Option`/`Result` of these",
    note = "in a closure every argument needs its type: `|req: &mut Request, id: u32| …`"
)]
pub trait Handler<Args>: Send + Sync + 'static {
    /// The path arguments, to be compared with the pattern at start-up. (A constant, so that
    /// handlers of the same arguments share one function.)
    const ARGUMENTS: fn() -> Vec<Argument>;

    /// Calls the function with the arguments that stand in the request.
    ///
    /// # Errors
    /// What the function gave, or 404 when a group does not fit its type.
    fn call(&self, req: &mut Request) -> Result<Response, Error>;
}

/// The path arguments of handlers, as a tuple. What is done with them is compiled once for each tuple
/// of types, and not into each handler, since programs have hundreds of handlers.
pub(crate) trait Arguments: Sized {
    /// What is said of them at start-up.
    fn list() -> Vec<Argument>;

    /// The values that stand in the request; 404 when a group does not fit its type.
    fn extract(req: &Request) -> Result<Self, Error>;
}

macro_rules! tuples {
    ($($($arg:ident $index:literal),*;)+) => {$(
        impl<$($arg: PathArg),*> Arguments for ($($arg,)*) {
            fn list() -> Vec<Argument> {
                vec![$(Argument::of::<$arg>()),*]
            }

            #[inline(never)]
            fn extract(req: &Request) -> Result<Self, Error> {
                let _ = req;
                Ok(($(argument::<$arg>(req, $index)?,)*))
            }
        }
    )+};
}

tuples! {
    ;
    P1 0;
    P1 0, P2 1;
    P1 0, P2 1, P3 2;
    P1 0, P2 1, P3 2, P4 3;
    P1 0, P2 1, P3 2, P4 3, P5 4;
    P1 0, P2 1, P3 2, P4 3, P5 4, P6 5;
    P1 0, P2 1, P3 2, P4 3, P5 4, P6 5, P7 6;
    P1 0, P2 1, P3 2, P4 3, P5 4, P6 5, P7 6, P8 7;
}

fn argument<P: PathArg>(req: &Request, index: usize) -> Result<P, Error> {
    req.group(index)
        .and_then(|text| P::from_group(&text))
        .ok_or_else(|| abort(pauper_message::StatusCode::NOT_FOUND))
}

/// Takes the arguments out of the request. Where there are none nothing is left to compile.
macro_rules! extract {
    ($req:ident,) => {};
    ($req:ident, $($arg:ident),+) => {
        let ($($arg,)+) = <($($arg,)+) as Arguments>::extract($req)?;
    };
}

/// For each number of path arguments: a helper trait over the lifetime of the request, since the
/// type that `-> impl IntoResponse` stands for differs from lifetime to lifetime, and the handler
/// that it makes.
macro_rules! handlers {
    ($($call:ident($($arg:ident),*);)+) => {$(
        #[doc(hidden)]
        #[diagnostic::on_unimplemented(
            message = "`{Self}` cannot handle a route",
            label = "not a handler of these arguments",
            note = "a handler is `fn(&mut Request, P1, …) -> T` with owned path arguments; in a \
                    closure every argument needs its type: `|req: &mut Request, id: u32| …`"
        )]
        pub trait $call<'r, $($arg),*> {
            type Out: IntoResponse;
            #[allow(non_snake_case, reason = "the arguments are named after their types")]
            #[allow(clippy::too_many_arguments, reason = "as many as a handler takes")]
            fn call(&self, req: &'r mut Request, $($arg: $arg),*) -> Self::Out;
        }

        #[allow(non_snake_case, reason = "the arguments are named after their types")]
        impl<'r, Func, Out, $($arg),*> $call<'r, $($arg),*> for Func
        where
            Func: Fn(&'r mut Request, $($arg),*) -> Out,
            Out: IntoResponse,
        {
            type Out = Out;

            fn call(&self, req: &'r mut Request, $($arg: $arg),*) -> Out {
                self(req, $($arg),*)
            }
        }

        #[allow(non_snake_case, reason = "the arguments are named after their types")]
        impl<Func, $($arg),*> Handler<($($arg,)*)> for Func
        where
            Func: for<'r> $call<'r, $($arg),*> + Send + Sync + 'static,
            $($arg: PathArg,)*
        {
            const ARGUMENTS: fn() -> Vec<Argument> = <($($arg,)*) as Arguments>::list;

            fn call(&self, req: &mut Request) -> Result<Response, Error> {
                extract!(req, $($arg),*);
                $call::call(self, req, $($arg),*).into_response()
            }
        }
    )+};
}

handlers! {
    Call0();
    Call1(P1);
    Call2(P1, P2);
    Call3(P1, P2, P3);
    Call4(P1, P2, P3, P4);
    Call5(P1, P2, P3, P4, P5);
    Call6(P1, P2, P3, P4, P5, P6);
    Call7(P1, P2, P3, P4, P5, P6, P7);
    Call8(P1, P2, P3, P4, P5, P6, P7, P8);
}
