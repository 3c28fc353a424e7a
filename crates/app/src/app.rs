//! The application: what is registered, and how it is checked at start-up.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use pauper_message::{
    CheckError, Error, Hook, IntoStatus, Plan, Request, Response, Rule, Service, States, StatusCode,
};
use pauper_router::{MethodSet, Methods, RouteId, Router};

use crate::handler::{Argument, Handler, PathArg, decoded};
use crate::hooks::{
    After, Before, BeforeWithBody, ByType, Endpoint, Function, Next, Recover, RecoverAny, Wrap,
};
use crate::redirects::{self, TrailingSlash};
use crate::route::Route;
use crate::settings::Settings;

/// A web application: routes to functions, and what runs around them.
///
/// Everything is registered before it serves. Mistakes (a pattern that is none, two routes in the
/// same place, arguments that do not fit a pattern) are collected with file and line, and are all
/// told at once when a server starts or [`check`](Service::check) is called.
///
/// ```
/// use pauper_app::App;
/// use pauper_message::{Request, Service};
///
/// fn hello(_: &mut Request, name: String) -> String {
///     format!("Hello, {name}!")
/// }
///
/// let mut app = App::new("hello");
/// app.get("/hello/<name:word>", hello);
/// app.check().unwrap();
/// ```
///
/// # The way of a request
///
/// 1. The route is found: one that matches path and method; else the deepest
///    [mount](Self::mount); else a service ([`fallback`](Self::fallback)) that does not pass; else
///    the [default handler](Self::default_handler); else 404. A path that has routes, but none for
///    the method, is 405 with Allow; OPTIONS is then answered with 204 and Allow.
/// 2. The hooks' `before`: those of the app, of the [groups](Self::group) around the route, then of
///    the route itself, each in order of registration. Those of the app run for every request, those
///    of step 1 that end in an error too. The first error ends the request.
/// 3. The body is read, and the hooks' `before` that need it run.
/// 4. The wraps, in the same order, the first registered outermost, and inside them the handler.
/// 5. An error becomes an answer: by the [handler for its type](Self::on_error), else by the
///    [handler for its status](Self::on_status), else as a page. A handler that fails falls back to
///    the next of these, and the last cannot fail.
/// 6. The hooks' `after`: those of the route, of its groups, then of the app.
pub struct App {
    pub(crate) name: String,
    /// Leads to indices of `targets`.
    pub(crate) router: Router<usize>,
    pub(crate) targets: Vec<Target>,
    /// What runs around handlers; the first belongs to the app as a whole.
    pub(crate) scopes: Vec<Scope>,
    /// The scopes of what is registered now: that of the app, and those of open groups.
    pub(crate) open: Vec<usize>,
    /// What stands before the patterns that are registered now.
    pub(crate) prefix: String,
    pub(crate) by_type: Vec<ByError>,
    pub(crate) by_status: Vec<ByStatus>,
    pub(crate) services: Vec<Box<dyn Service + Send + Sync>>,
    pub(crate) defaults: Vec<DefaultHandler>,
    pub(crate) states: Arc<States>,
    pub(crate) settings: Settings,
    pub(crate) debug_peers: Vec<IpAddr>,
    pub(crate) slashes: TrailingSlash,
    pub(crate) normalize: bool,
    pub(crate) compat_404: bool,
    /// How many errors got an id.
    pub(crate) error_count: AtomicU32,
    pub(crate) mistakes: Vec<String>,
}

/// The methods whose answers are ordinary ones.
pub(crate) const ORDINARY: Methods = Methods::from_bits_truncate(
    Methods::ALL.bits() & !(Methods::CONNECT.bits() | Methods::TRACE.bits()),
);

/// What a route or mount leads to.
pub(crate) struct Target {
    pub(crate) run: Run,
    /// Present when the pattern has groups; otherwise the path itself is the rule, and nothing
    /// needs to be shared with the request.
    pub(crate) rule: Option<Arc<Rule>>,
    pub(crate) max_body: Option<u64>,
    /// What is to happen to the body, if not the usual.
    pub(crate) plan: Option<Box<Planner>>,
    /// From the outside in.
    pub(crate) scopes: Vec<usize>,
    /// What the route says of itself.
    pub(crate) values: Arc<States>,
    pub(crate) id: RouteId,
    /// The name of the handler's type, for people.
    pub(crate) handler: &'static str,
}

/// Says what is to happen to the body of a request.
pub(crate) type Planner = dyn Fn(&mut Request) -> Result<Plan, Error> + Send + Sync;

/// Who answers.
pub(crate) enum Run {
    Handler(Box<dyn Endpoint>),
    Service(Box<dyn Service + Send + Sync>),
}

/// What runs around the handlers of an app, a group or a route.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) hooks: Vec<Registered>,
    pub(crate) wraps: Vec<Box<Wrap>>,
}

pub(crate) struct Registered {
    pub(crate) hook: Box<dyn Hook>,
    pub(crate) needs_body: bool,
}

pub(crate) struct ByStatus {
    pub(crate) status: StatusCode,
    /// All, when there are none.
    pub(crate) methods: Option<MethodSet>,
    pub(crate) handler: Box<dyn Recover<Error>>,
    pub(crate) name: &'static str,
}

pub(crate) struct ByError {
    /// All, when there are none.
    pub(crate) methods: Option<MethodSet>,
    pub(crate) handler: Box<dyn RecoverAny>,
    pub(crate) name: &'static str,
}

pub(crate) struct DefaultHandler {
    /// All, when there are none.
    pub(crate) methods: Option<MethodSet>,
    pub(crate) endpoint: Box<dyn Endpoint>,
    pub(crate) handler: &'static str,
}

/// Whether a method is among those of a handler; who answers GET answers HEAD.
pub(crate) fn covers(methods: &Option<MethodSet>, method: &str) -> bool {
    methods.as_ref().is_none_or(|set| {
        set.contains(method) || method == "HEAD" && set.known().contains(Methods::GET)
    })
}

impl App {
    /// An application without routes.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            router: Router::new(),
            targets: Vec::new(),
            scopes: vec![Scope { hooks: Vec::new(), wraps: Vec::new() }],
            open: vec![0],
            prefix: String::new(),
            by_type: Vec::new(),
            by_status: Vec::new(),
            services: Vec::new(),
            defaults: Vec::new(),
            states: Arc::default(),
            settings: Settings::new(),
            debug_peers: Vec::new(),
            slashes: TrailingSlash::Exact,
            normalize: false,
            compat_404: false,
            error_count: AtomicU32::new(0),
            mistakes: Vec::new(),
        }
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    // --- routes -------------------------------------------------------------------------------

    /// Answers requests of these methods, whose path matches the pattern, with a function.
    ///
    /// Patterns: `/static`, `/hello/<name>`, `/user/<id:int>`, `/files/<rest:path>`; the rules are
    /// listed in `pauper_router`. The function takes the request and either no further argument
    /// or one for each group, in order: text for any, integers for `:int`, floats for `:float`.
    /// An integer that does not fit its type is 404.
    ///
    /// A mistake is told by [`check`](Service::check), with the place of this call.
    #[track_caller]
    pub fn route<Args: 'static, H: Handler<Args>>(
        &mut self,
        methods: impl Into<MethodSet>,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        let endpoint = boxed(handler);
        self.add_route(methods.into(), pattern, H::ARGUMENTS, endpoint, type_name::<H>())
    }

    /// As `add_route`; what is done for every handler should be little.
    #[track_caller]
    fn add_known(
        &mut self,
        methods: Methods,
        pattern: &str,
        arguments: fn() -> Vec<Argument>,
        endpoint: Box<dyn Endpoint>,
        handler: &'static str,
    ) -> Route<'_> {
        self.add_route(methods.into(), pattern, arguments, endpoint, handler)
    }

    /// Registers a handler of any kind. Not generic, so that it is compiled once.
    #[track_caller]
    pub(crate) fn add_route(
        &mut self,
        methods: MethodSet,
        pattern: &str,
        arguments: fn() -> Vec<Argument>,
        endpoint: Box<dyn Endpoint>,
        handler: &'static str,
    ) -> Route<'_> {
        let pattern = format!("{}{pattern}", self.prefix);
        let index = match self.router.insert(methods, &pattern, self.targets.len()) {
            Ok(id) => self.finish_route(id, &arguments(), Run::Handler(endpoint), handler),
            Err(error) => {
                self.mistakes.push(error.to_string());
                None
            }
        };
        Route { app: self, index }
    }

    /// Compares the arguments with the pattern and keeps the target.
    fn finish_route(
        &mut self,
        id: RouteId,
        arguments: &[Argument],
        run: Run,
        handler: &'static str,
    ) -> Option<usize> {
        let route = self.router.route(id)?;
        let params = route.params();
        let place = route.location();
        let mut mistake = |wrong: String| {
            self.mistakes.push(format!(
                "{}:{}: the handler of {:?} {wrong}",
                place.file(),
                place.line(),
                route.pattern(),
            ));
        };
        if !arguments.is_empty() && arguments.len() != params.len() {
            mistake(format!(
                "takes {} path argument(s), but the pattern has {} group(s); take one for each, \
                 or none and use `req.arg(\"name\")`",
                arguments.len(),
                params.len(),
            ));
        } else {
            for (argument, param) in arguments.iter().zip(params) {
                if !argument.accepts(param) {
                    mistake(format!(
                        "takes a {} for {param}, which needs {}",
                        argument.type_name, argument.expects,
                    ));
                }
            }
        }
        // The rule of a mount is its pattern, since the path is longer.
        let has_rule = !params.is_empty() || route.is_mount();
        let rule = has_rule.then(|| {
            let names = params.iter().map(|param| param.name().into()).collect();
            Arc::new(Rule { pattern: route.pattern().into(), names })
        });
        self.targets.push(Target {
            run,
            rule,
            max_body: None,
            plan: None,
            scopes: self.open.clone(),
            values: Arc::default(),
            id,
            handler,
        });
        Some(self.targets.len() - 1)
    }

    // Written out rather than made by a macro, which the compiler would blame in its messages.

    /// Answers GET, and HEAD with the same function; the server leaves the body out.
    #[track_caller]
    pub fn get<Args: 'static, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.add_known(Methods::GET, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers POST.
    #[track_caller]
    pub fn post<Args: 'static, H: Handler<Args>>(
        &mut self,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        self.add_known(Methods::POST, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers PUT.
    #[track_caller]
    pub fn put<Args: 'static, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.add_known(Methods::PUT, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers PATCH.
    #[track_caller]
    pub fn patch<Args: 'static, H: Handler<Args>>(
        &mut self,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        self.add_known(Methods::PATCH, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers DELETE.
    #[track_caller]
    pub fn delete<Args: 'static, H: Handler<Args>>(
        &mut self,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        self.add_known(Methods::DELETE, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers HEAD with a function of its own.
    #[track_caller]
    pub fn head<Args: 'static, H: Handler<Args>>(
        &mut self,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        self.add_known(Methods::HEAD, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers OPTIONS, in place of the automatic 204 with Allow.
    #[track_caller]
    pub fn options<Args: 'static, H: Handler<Args>>(
        &mut self,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        self.add_known(Methods::OPTIONS, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Answers every method of RFC 9110 and PATCH, but CONNECT and TRACE: an ordinary answer to
    /// these would open a tunnel, or send secrets back.
    #[track_caller]
    pub fn any<Args: 'static, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.add_known(ORDINARY, pattern, H::ARGUMENTS, boxed(handler), type_name::<H>())
    }

    /// Hands a path and everything below it to a service, whatever the method: to a folder of
    /// files, or to another application, whose patterns then begin below the mount.
    ///
    /// `/a` has `/a`, `/a/` and what is below; `/a/` is a folder, which has `/a/` and what is below,
    /// and `/a` is redirected there (302). Routes come before mounts, and the mount that matches the
    /// most of a path before the others. `req.suffix()` is what is left of the path. A service that
    /// passes leaves the request to the [fallbacks](Self::fallback).
    ///
    /// ```
    /// use pauper_app::App;
    /// use pauper_message::Request;
    ///
    /// let mut admin = App::new("admin");
    /// admin.get("/users/<id:int>", |_: &mut Request, id: u32| format!("user {id}"));
    ///
    /// let mut app = App::new("site");
    /// app.mount("/admin", admin).before(|req| {
    ///     if req.peer().remote.is_some() { Err(pauper_message::abort(403)) } else { Ok(()) }
    /// });
    /// ```
    #[track_caller]
    pub fn mount(
        &mut self,
        pattern: &str,
        service: impl Service + Send + Sync + 'static,
    ) -> Route<'_> {
        if let Some(bare) = pattern.strip_suffix('/').filter(|bare| !bare.is_empty()) {
            self.redirect_to_folder(bare);
        }
        let pattern = format!("{}{pattern}", self.prefix);
        let handler = type_name_of(&service);
        let index = match self.router.mount(&pattern, self.targets.len()) {
            Ok(id) => self.finish_route(id, &[], Run::Service(Box::new(service)), handler),
            Err(error) => {
                self.mistakes.push(error.to_string());
                None
            }
        };
        Route { app: self, index }
    }

    /// Redirects a path without a slash to the one with a slash, unless it has a route.
    #[track_caller]
    pub(crate) fn redirect_to_folder(&mut self, bare: &str) {
        let pattern = format!("{}{bare}", self.prefix);
        let endpoint: Box<dyn Endpoint> =
            Box::new(|req: &mut Request| Err(redirects::to_other_slash(req)));
        if let Ok(id) = self.router.insert(ORDINARY, &pattern, self.targets.len()) {
            self.finish_route(id, &[], Run::Handler(endpoint), "redirect");
        }
    }

    /// Registers routes that have something in common: the beginning of their patterns, and the
    /// hooks and wraps that are registered inside. Those of the app come first, and groups may stand
    /// in groups. Whatever else is registered inside (states, filters, handlers of errors) is for
    /// the whole app.
    ///
    /// ```
    /// use pauper_app::App;
    /// use pauper_message::{Request, abort};
    ///
    /// let mut app = App::new("site");
    /// app.group("/admin", |app| {
    ///     app.before(|req| if req.cookie("key") == Some("k") { Ok(()) } else { Err(abort(401)) });
    ///     app.get("/users", |_: &mut Request| "all users"); // at /admin/users
    /// });
    /// app.get("/", |_: &mut Request| "for everybody");
    /// ```
    pub fn group(&mut self, prefix: &str, register: impl FnOnce(&mut Self)) -> &mut Self {
        let outside = self.prefix.len();
        self.prefix.push_str(prefix);
        let scope = self.new_scope();
        self.open.push(scope);
        register(self);
        self.open.pop();
        self.prefix.truncate(outside);
        self
    }

    pub(crate) fn new_scope(&mut self) -> usize {
        self.scopes.push(Scope::default());
        self.scopes.len() - 1
    }

    /// Takes the method from the route with exactly this pattern, groups as they are written; a
    /// route without methods is gone. Gives whether there was such a route.
    pub fn remove_route(&mut self, method: &str, pattern: &str) -> bool {
        let Some(id) = self.router.route_of(Some(method), pattern).map(|route| route.id()) else {
            return false;
        };
        self.router.remove_methods(id, method);
        true
    }

    /// Whether there is a route with exactly this pattern, groups as they are written.
    pub fn has_route(&self, pattern: &str) -> bool {
        self.router.route_of(None, pattern).is_some()
    }

    /// The path of the route of this [name](Route::name), with these values for its groups,
    /// percent-encoded.
    ///
    /// # Errors
    /// 500 when no route has the name, or the values do not fit its groups: a mistake of the program.
    pub fn url<'v>(
        &self,
        name: &str,
        values: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) -> Result<String, Error> {
        Ok(self.router.url(name, values)?)
    }

    /// What becomes of a path that would be found with a slash at its end, or without one. Such a
    /// path is 404 if this is not called.
    pub fn trailing_slash(&mut self, policy: TrailingSlash) -> &mut Self {
        self.slashes = policy;
        self
    }

    /// Redirects paths with empty segments and dots (`/a//b/../c`) to what they mean, before a route
    /// is looked for; a path that leads above the root is 400. Off if not called.
    pub fn normalize_paths(&mut self, on: bool) -> &mut Self {
        self.normalize = on;
        self
    }

    /// Whether a path that only patterns with groups match, and none of them for its method, is
    /// treated as one that nothing matches: fallbacks, default handlers, and 404 in place of 405. For
    /// clients that were written for a server which answers so. Off if not called.
    pub fn compat_404(&mut self, on: bool) -> &mut Self {
        self.compat_404 = on;
        self
    }

    /// Adds a filter for groups, `<name:filter>`, before the routes that use it. What it takes is
    /// given to the handler as text.
    #[track_caller]
    pub fn filter(
        &mut self,
        name: &str,
        test: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let added = self.router.add_filter(name, test);
        self.note(added)
    }

    /// Adds a filter that is a regular expression for the whole text of a group:
    /// `app.filter_expression("email", r"[\w.-]+@[\w.-]+")`. Needs the feature `regex`.
    #[track_caller]
    pub fn filter_expression(&mut self, name: &str, expression: &str) -> &mut Self {
        let added = self.router.add_expression(name, expression);
        self.note(added)
    }

    /// Adds a filter that takes what can become a `T`, which handlers then take as argument. A text
    /// that cannot goes to the next route.
    ///
    /// ```
    /// use pauper_app::{App, Kind, PathArg};
    /// use pauper_message::Request;
    ///
    /// struct Month(u8);
    ///
    /// impl PathArg for Month {
    ///     const EXPECTS: &'static str = "`:month`";
    ///
    ///     fn accepts(_: Kind) -> bool {
    ///         false // only of its own filter
    ///     }
    ///
    ///     fn from_group(text: &str) -> Option<Self> {
    ///         text.parse().ok().filter(|month| (1..=12).contains(month)).map(Self)
    ///     }
    /// }
    ///
    /// let mut app = App::new("calendar");
    /// app.filter_type::<Month>("month");
    /// app.get("/<year:int>/<month:month>", |_: &mut Request, year: i32, Month(month): Month| {
    ///     format!("{year}, month {month}")
    /// });
    /// # pauper_message::Service::check(&app).unwrap();
    /// ```
    #[track_caller]
    pub fn filter_type<T: PathArg>(&mut self, name: &str) -> &mut Self {
        let added = self.router.add_converter(name, |text| T::from_group(&decoded(text)));
        self.note(added)
    }

    fn note<E: fmt::Display>(&mut self, added: Result<(), E>) -> &mut Self {
        if let Err(error) = added {
            self.mistakes.push(error.to_string());
        }
        self
    }

    /// Asks a service when no route matches, such as a folder of files; several are asked in
    /// order until one does not pass.
    pub fn fallback(&mut self, service: impl Service + Send + Sync + 'static) -> &mut Self {
        self.services.push(Box::new(service));
        self
    }

    /// Answers when no route matches and all services pass, in place of 404, whatever the method.
    pub fn default_handler<H: Handler<()>>(&mut self, handler: H) -> &mut Self {
        self.add_default(None, handler)
    }

    /// As [`default_handler`](Self::default_handler) for some methods; others stay 404, never 405.
    /// The last one registered for a method counts.
    pub fn default_handler_for<H: Handler<()>>(
        &mut self,
        methods: impl Into<MethodSet>,
        handler: H,
    ) -> &mut Self {
        self.add_default(Some(methods.into()), handler)
    }

    fn add_default<H: Handler<()>>(&mut self, methods: Option<MethodSet>, handler: H) -> &mut Self {
        let endpoint = boxed(handler);
        self.defaults.push(DefaultHandler { methods, endpoint, handler: type_name::<H>() });
        self
    }

    /// All routes and mounts, in order of registration.
    pub fn routes(&self) -> impl Iterator<Item = &pauper_router::Route> {
        self.router.routes()
    }

    // --- around the handlers ------------------------------------------------------------------

    /// Shares a value with all requests: `req.state::<T>()`. One for each type; a second one of
    /// the same type is a mistake.
    #[track_caller]
    pub fn state<T: Send + Sync + 'static>(&mut self, value: T) -> &mut Self {
        // The map is shared only with requests, and those do not come before the app serves.
        let free = Arc::get_mut(&mut self.states).is_some_and(|states| states.insert(value));
        if !free {
            let place = Location::caller();
            self.mistakes.push(format!(
                "{}:{}: the app has a state of type {} already",
                place.file(),
                place.line(),
                std::any::type_name::<T>(),
            ));
        }
        self
    }

    /// Adds a hook with both halves; inside a [`group`](Self::group) for its routes.
    pub fn hook(&mut self, hook: impl Hook + 'static) -> &mut Self {
        let scope = self.open.last().copied().unwrap_or_default();
        self.scopes[scope].add_hook(hook);
        self
    }

    /// Runs before the body is read and before the handler. An error is the answer instead:
    /// `Err(redirect("/login"))`.
    pub fn before<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn(&mut Request) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(Before(hook))
    }

    /// Runs when the body is there and before the handler, as a check of a signature must.
    pub fn before_with_body<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn(&mut Request) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(BeforeWithBody(hook))
    }

    /// Runs on every answer, those of errors too, and may change it.
    pub fn after<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn(&mut Request, &mut Response) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.hook(After(hook))
    }

    /// Runs around the handler and sees its error before that becomes a page, as a transaction
    /// has to: `app.wrap(|req, next| { …; next.run(req) })`.
    pub fn wrap<F>(&mut self, wrap: F) -> &mut Self
    where
        F: Fn(&mut Request, Next<'_>) -> Result<Response, Error> + Send + Sync + 'static,
    {
        let scope = self.open.last().copied().unwrap_or_default();
        self.scopes[scope].wraps.push(Box::new(wrap));
        self
    }

    /// Answers errors of a status, such as 404, with a function. What it returns is sent as it
    /// is: give it the status, too. The last one registered for a status counts.
    ///
    /// What is known of the error stands in the error: its message for the client, and as its source
    /// what the one who made it had to say, such as [`MethodNotAllowed`](crate::MethodNotAllowed)
    /// (`error.find::<MethodNotAllowed>()`).
    #[track_caller]
    pub fn on_status<F: Recover<Error>>(
        &mut self,
        status: impl IntoStatus,
        handler: F,
    ) -> &mut Self {
        self.add_on_status(None, status, handler)
    }

    /// As [`on_status`](Self::on_status) for requests of some methods; GET includes HEAD. For others
    /// the next one registered counts, and in the end the built-in page.
    #[track_caller]
    pub fn on_status_for<F: Recover<Error>>(
        &mut self,
        methods: impl Into<MethodSet>,
        status: impl IntoStatus,
        handler: F,
    ) -> &mut Self {
        self.add_on_status(Some(methods.into()), status, handler)
    }

    #[track_caller]
    fn add_on_status<F: Recover<Error>>(
        &mut self,
        methods: Option<MethodSet>,
        status: impl IntoStatus,
        handler: F,
    ) -> &mut Self {
        match status.into_status() {
            Some(status) => {
                let (handler, name) = (Box::new(handler), type_name::<F>());
                self.by_status.push(ByStatus { status, methods, handler, name });
            }
            None => {
                let place = Location::caller();
                self.mistakes.push(format!(
                    "{}:{}: a status is a number from 100 to 999",
                    place.file(),
                    place.line(),
                ));
            }
        }
        self
    }

    /// Answers errors that are, or are caused by, an error of type `E`. Handlers are tried in
    /// order of registration, and before those for a status.
    pub fn on_error<E, F>(&mut self, handler: F) -> &mut Self
    where
        E: StdError + 'static,
        F: Recover<E>,
    {
        self.add_on_error(None, handler)
    }

    /// As [`on_error`](Self::on_error) for requests of some methods; GET includes HEAD.
    pub fn on_error_for<E, F>(&mut self, methods: impl Into<MethodSet>, handler: F) -> &mut Self
    where
        E: StdError + 'static,
        F: Recover<E>,
    {
        self.add_on_error(Some(methods.into()), handler)
    }

    fn add_on_error<E, F>(&mut self, methods: Option<MethodSet>, handler: F) -> &mut Self
    where
        E: StdError + 'static,
        F: Recover<E>,
    {
        let handler = Box::new(ByType::<E, F> { handler, error: PhantomData });
        self.by_type.push(ByError { methods, handler, name: type_name::<F>() });
        self
    }

    pub(crate) fn check_all(&self) -> Result<(), CheckError> {
        let mut mistakes = self.mistakes.clone();
        let mounted = self.targets.iter().filter_map(|target| match &target.run {
            Run::Service(service) => Some(service),
            Run::Handler(_) => None,
        });
        for service in self.services.iter().chain(mounted) {
            if let Err(error) = service.check() {
                mistakes.extend(error.mistakes().iter().cloned());
            }
        }
        CheckError::from_mistakes(mistakes)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("routes", &self.router.len())
            .finish_non_exhaustive()
    }
}

impl Scope {
    pub(crate) fn add_hook(&mut self, hook: impl Hook + 'static) {
        self.hooks.push(Registered { needs_body: hook.needs_body(), hook: Box::new(hook) });
    }
}

fn boxed<Args: 'static, H: Handler<Args>>(handler: H) -> Box<dyn Endpoint> {
    Box::new(Function { handler, arguments: PhantomData })
}

fn type_name_of<T>(_: &T) -> &'static str {
    type_name::<T>()
}
