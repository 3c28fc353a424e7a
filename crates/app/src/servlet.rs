//! Handlers that are methods of a value made for each request.

use std::any::type_name;
use std::sync::Arc;

use pauper_message::{Error, IntoResponse, Request, Response};
use pauper_router::{MethodSet, Methods};

use crate::app::App;
use crate::handler::{Argument, Arguments, PathArg};

/// A function that makes a value for a request: `fn(&mut Request, P1, …, P8) -> Result<S, Error>`,
/// with the path arguments that a [`Handler`](crate::Handler) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make a `{S}` for a request",
    note = "write `fn(&mut Request, P1, …) -> Result<{S}, Error>` with owned path arguments; in a \
            closure every argument needs its type: `|_: &mut Request, id: u32| Ok(…)`"
)]
pub trait Make<S, Args>: Send + Sync + 'static {
    /// The path arguments, to be compared with the pattern at start-up.
    fn arguments() -> Vec<Argument>;

    /// Makes the value with the arguments that stand in the request.
    ///
    /// # Errors
    /// What the function gave, or 404 when a group does not fit its type.
    fn make(&self, req: &mut Request) -> Result<S, Error>;
}

macro_rules! makers {
    ($($($arg:ident),*;)+) => {$(
        #[allow(non_snake_case, reason = "the arguments are named after their types")]
        impl<Func, S, $($arg),*> Make<S, ($($arg,)*)> for Func
        where
            Func: Fn(&mut Request, $($arg),*) -> Result<S, Error> + Send + Sync + 'static,
            $($arg: PathArg,)*
        {
            fn arguments() -> Vec<Argument> {
                <($($arg,)*) as Arguments>::list()
            }

            fn make(&self, req: &mut Request) -> Result<S, Error> {
                let ($($arg,)*) = <($($arg,)*) as Arguments>::extract(req)?;
                self(req, $($arg),*)
            }
        }
    )+};
}

makers! {
    ;
    P1;
    P1, P2;
    P1, P2, P3;
    P1, P2, P3, P4;
    P1, P2, P3, P4, P5;
    P1, P2, P3, P4, P5, P6;
    P1, P2, P3, P4, P5, P6, P7;
    P1, P2, P3, P4, P5, P6, P7, P8;
}

/// A method of a value that was made for the request: `fn(&mut S, &mut Request) -> impl
/// IntoResponse`. Implemented for every such function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method of `{S}` that answers requests",
    note = "write `fn(&mut self, req: &mut Request) -> T` where `T` can be sent as a response"
)]
pub trait Act<S>: Send + Sync + 'static {
    /// Calls the method.
    ///
    /// # Errors
    /// What the method gave.
    fn act(&self, made: &mut S, req: &mut Request) -> Result<Response, Error>;
}

#[doc(hidden)]
pub trait CallAct<'r, S> {
    type Out: IntoResponse;
    fn call(&self, made: &'r mut S, req: &'r mut Request) -> Self::Out;
}

impl<'r, F, S, R> CallAct<'r, S> for F
where
    F: Fn(&'r mut S, &'r mut Request) -> R,
    S: 'r,
    R: IntoResponse,
{
    type Out = R;

    fn call(&self, made: &'r mut S, req: &'r mut Request) -> R {
        self(made, req)
    }
}

impl<F, S> Act<S> for F
where
    F: for<'r> CallAct<'r, S> + Send + Sync + 'static,
    S: 'static,
{
    fn act(&self, made: &mut S, req: &mut Request) -> Result<Response, Error> {
        CallAct::call(self, made, req).into_response()
    }
}

type Maker<S> = Arc<dyn Fn(&mut Request) -> Result<S, Error> + Send + Sync>;

/// A path that is answered by a value made for each request, which was just registered and waits for
/// its methods; see [`App::servlet`] and [`App::actions`].
pub struct Servlet<'a, S> {
    app: &'a mut App,
    pattern: String,
    arguments: fn() -> Vec<Argument>,
    make: Maker<S>,
    /// Whether names of actions follow the pattern.
    actions: bool,
    with_suffix: bool,
}

impl App {
    /// Answers a path with methods of a value that is made anew for each request, out of the groups
    /// of the pattern: so what all methods need is looked up, or refused, in one place.
    ///
    /// ```
    /// use pauper_app::App;
    /// use pauper_message::{Error, Request, abort};
    ///
    /// struct Item(u32);
    ///
    /// impl Item {
    ///     fn new(_: &mut Request, number: u32) -> Result<Self, Error> {
    ///         if number < 10 { Ok(Self(number)) } else { Err(abort(404)) }
    ///     }
    ///
    ///     fn show(&mut self, _: &mut Request) -> String {
    ///         format!("item {}", self.0)
    ///     }
    ///
    ///     fn save(&mut self, req: &mut Request) -> Result<String, Error> {
    ///         Ok(format!("item {} is now {}", self.0, req.text()?))
    ///     }
    /// }
    ///
    /// let mut app = App::new("items");
    /// app.servlet("/item/<number:int>", Item::new).get(Item::show).post(Item::save);
    /// # pauper_message::Service::check(&app).unwrap();
    /// ```
    ///
    /// Other methods are 405 with Allow, as everywhere, and what is below the path is 404 unless
    /// [`Servlet::with_suffix`] takes it.
    pub fn servlet<S, Args, M>(&mut self, pattern: &str, make: M) -> Servlet<'_, S>
    where
        M: Make<S, Args>,
    {
        let arguments = M::arguments;
        let make = Arc::new(move |req: &mut Request| make.make(req));
        let pattern = pattern.to_owned();
        Servlet { app: self, pattern, arguments, make, actions: false, with_suffix: false }
    }

    /// Answers the names in a folder with methods of a value that is made anew for each request, out
    /// of the groups of the pattern. The pattern ends with a slash; without it, clients are
    /// redirected there.
    ///
    /// ```
    /// # use pauper_app::App;
    /// # use pauper_message::{Error, Request};
    /// struct Task(usize);
    ///
    /// impl Task {
    ///     fn toggle(&mut self, _: &mut Request) -> String {
    ///         format!("task {} is done", self.0)
    ///     }
    /// }
    ///
    /// let mut app = App::new("tasks");
    /// // POST /task/7/toggle
    /// app.actions("/task/<index:int>/", |_: &mut Request, index: usize| Ok(Task(index)))
    ///     .on(["POST"], "toggle", Task::toggle);
    /// # pauper_message::Service::check(&app).unwrap();
    /// ```
    #[track_caller]
    pub fn actions<S, Args, M>(&mut self, folder: &str, make: M) -> Actions<'_, S>
    where
        M: Make<S, Args>,
    {
        if let Some(bare) = folder.strip_suffix('/').filter(|bare| !bare.is_empty()) {
            self.redirect_to_folder(bare);
        }
        let servlet = self.servlet(folder, make);
        Actions(Servlet { actions: true, ..servlet })
    }
}

impl<S: 'static> Servlet<'_, S> {
    /// Takes what is below the path as well: `req.suffix()` of a servlet is not set, but
    /// `req.arg("suffix")` is the rest, when there is one. To be called before the methods are added.
    pub fn with_suffix(mut self) -> Self {
        self.with_suffix = true;
        self
    }

    /// Answers requests of these methods.
    #[track_caller]
    pub fn on<F: Act<S>>(self, methods: impl Into<MethodSet>, method: F) -> Self {
        let methods = methods.into();
        if self.with_suffix {
            let method = Arc::new(method);
            let shared =
                |method: Arc<F>| move |made: &mut S, req: &mut Request| method.act(made, req);
            let below = format!("{}/<suffix:path>", self.pattern);
            let slash = format!("{}/", self.pattern);
            let pattern = self.pattern.clone();
            self.add(methods.clone(), &below, false, shared(method.clone()))
                .add(methods.clone(), &slash, true, shared(method.clone()))
                .add(methods, &pattern, true, shared(method))
        } else {
            let pattern = self.pattern.clone();
            self.add(methods, &pattern, true, method)
        }
    }

    /// Answers GET, and HEAD with the same method.
    #[track_caller]
    pub fn get<F: Act<S>>(self, method: F) -> Self {
        self.on(Methods::GET, method)
    }

    /// Answers POST.
    #[track_caller]
    pub fn post<F: Act<S>>(self, method: F) -> Self {
        self.on(Methods::POST, method)
    }

    /// Answers PUT.
    #[track_caller]
    pub fn put<F: Act<S>>(self, method: F) -> Self {
        self.on(Methods::PUT, method)
    }

    /// Answers DELETE.
    #[track_caller]
    pub fn delete<F: Act<S>>(self, method: F) -> Self {
        self.on(Methods::DELETE, method)
    }

    #[track_caller]
    fn add<F: Act<S>>(
        self,
        methods: MethodSet,
        pattern: &str,
        has_all_groups: bool,
        method: F,
    ) -> Self {
        let make = self.make.clone();
        let endpoint = Box::new(move |req: &mut Request| method.act(&mut make(req)?, req));
        // The first groups are those of the arguments.
        let arguments = if has_all_groups { self.arguments } else { Vec::new };
        self.app.add_route(methods, pattern, arguments, endpoint, type_name::<F>());
        self
    }
}

/// A folder whose names are methods of a value made for each request, which was just registered and
/// waits for them; see [`App::actions`].
pub struct Actions<'a, S>(Servlet<'a, S>);

impl<S: 'static> Actions<'_, S> {
    /// Answers requests of these methods for a name in the folder.
    #[track_caller]
    pub fn on<F: Act<S>>(self, methods: impl Into<MethodSet>, name: &str, method: F) -> Self {
        let pattern = format!("{}{name}", self.0.pattern);
        Self(self.0.add(methods.into(), &pattern, true, method))
    }

    /// Answers GET for a name in the folder, and HEAD with the same method.
    #[track_caller]
    pub fn get<F: Act<S>>(self, name: &str, method: F) -> Self {
        self.on(Methods::GET, name, method)
    }

    /// Answers POST for a name in the folder.
    #[track_caller]
    pub fn post<F: Act<S>>(self, name: &str, method: F) -> Self {
        self.on(Methods::POST, name, method)
    }
}

impl<S> std::fmt::Debug for Servlet<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.actions { "Actions" } else { "Servlet" };
        write!(f, "{what}({})", self.pattern)
    }
}

impl<S> std::fmt::Debug for Actions<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
