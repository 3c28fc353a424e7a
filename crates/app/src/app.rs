//! The application: what is registered, and how it is checked at start-up.

use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use pauper_message::{
    CheckError, Error, FormPlan, Hook, IntoStatus, Plan, Request, Response, Rule, Service, States,
    StatusCode,
};
use pauper_router::{MethodSet, Methods, RouteId, Router};

use crate::handler::{Argument, Handler};
use crate::hooks::{
    After, Before, BeforeWithBody, ByType, Endpoint, Next, Recover, RecoverAny, Wrap,
};

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
/// 1. The route is found: one that matches path and method; else a service
///    ([`fallback`](Self::fallback)) that does not pass; else the
///    [default handler](Self::default_handler); else 404. A path that has routes, but none for
///    the method, is 405 with Allow; OPTIONS is then answered with 204 and Allow.
/// 2. The hooks' `before`, in order of registration, for every request, those of step 1 that end
///    in an error too. The first error ends the request.
/// 3. The body is read, and the hooks' `before` that need it run.
/// 4. The wraps, the first registered outermost, and inside them the handler.
/// 5. An error becomes an answer: by the [handler for its type](Self::on_error), else by the
///    [handler for its status](Self::on_status), else as a page.
/// 6. The hooks' `after`, in order of registration.
pub struct App {
    pub(crate) name: String,
    /// Leads to indices of `targets`.
    pub(crate) router: Router<usize>,
    pub(crate) targets: Vec<Target>,
    pub(crate) hooks: Vec<Registered>,
    pub(crate) wraps: Vec<Box<Wrap>>,
    pub(crate) by_type: Vec<Box<dyn RecoverAny>>,
    pub(crate) by_status: Vec<ByStatus>,
    pub(crate) services: Vec<Box<dyn Service + Send + Sync>>,
    pub(crate) default: Option<Box<Endpoint>>,
    pub(crate) states: Arc<States>,
    pub(crate) mistakes: Vec<String>,
}

/// The methods whose answers are ordinary ones.
pub(crate) const ORDINARY: Methods = Methods::from_bits_truncate(
    Methods::ALL.bits() & !(Methods::CONNECT.bits() | Methods::TRACE.bits()),
);

/// What a route leads to.
pub(crate) struct Target {
    pub(crate) endpoint: Box<Endpoint>,
    /// Present when the pattern has groups; otherwise the path itself is the rule, and nothing
    /// needs to be shared with the request.
    pub(crate) rule: Option<Arc<Rule>>,
    pub(crate) max_body: Option<u64>,
    pub(crate) plan: Option<Box<MakePlan>>,
}

/// Says what is to happen to the body of a request.
pub(crate) type MakePlan = dyn Fn(&Request) -> Result<Plan, Error> + Send + Sync;

pub(crate) struct Registered {
    pub(crate) hook: Box<dyn Hook>,
    pub(crate) needs_body: bool,
}

pub(crate) struct ByStatus {
    pub(crate) status: StatusCode,
    pub(crate) handler: Box<dyn Recover<Error>>,
}

impl App {
    /// An application without routes.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            router: Router::new(),
            targets: Vec::new(),
            hooks: Vec::new(),
            wraps: Vec::new(),
            by_type: Vec::new(),
            by_status: Vec::new(),
            services: Vec::new(),
            default: None,
            states: Arc::default(),
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
    pub fn route<Args, H: Handler<Args>>(
        &mut self,
        methods: impl Into<MethodSet>,
        pattern: &str,
        handler: H,
    ) -> Route<'_> {
        let arguments = handler.arguments();
        let endpoint = Box::new(move |req: &mut Request| handler.call(req));
        let index = match self.router.insert(methods, pattern, self.targets.len()) {
            Ok(id) => self.finish_route(id, &arguments, endpoint),
            Err(error) => {
                self.mistakes.push(error.to_string());
                None
            }
        };
        Route { app: self, index }
    }

    /// Compares the arguments with the pattern and keeps the target. Not generic, so that it is
    /// compiled once.
    fn finish_route(
        &mut self,
        id: RouteId,
        arguments: &[Argument],
        endpoint: Box<Endpoint>,
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
                if !(argument.accepts)(param.kind()) {
                    mistake(format!(
                        "takes a {} for {param}, which needs {}",
                        argument.type_name, argument.expects,
                    ));
                }
            }
        }
        let rule = (!params.is_empty()).then(|| {
            let names = params.iter().map(|param| param.name().into()).collect();
            Arc::new(Rule { pattern: route.pattern().into(), names })
        });
        self.targets.push(Target { endpoint, rule, max_body: None, plan: None });
        Some(self.targets.len() - 1)
    }

    // Written out rather than made by a macro, which the compiler would blame in its messages.

    /// Answers GET, and HEAD with the same function; the server leaves the body out.
    #[track_caller]
    pub fn get<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::GET, pattern, handler)
    }

    /// Answers POST.
    #[track_caller]
    pub fn post<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::POST, pattern, handler)
    }

    /// Answers PUT.
    #[track_caller]
    pub fn put<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::PUT, pattern, handler)
    }

    /// Answers PATCH.
    #[track_caller]
    pub fn patch<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::PATCH, pattern, handler)
    }

    /// Answers DELETE.
    #[track_caller]
    pub fn delete<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::DELETE, pattern, handler)
    }

    /// Answers HEAD with a function of its own.
    #[track_caller]
    pub fn head<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::HEAD, pattern, handler)
    }

    /// Answers OPTIONS, in place of the automatic 204 with Allow.
    #[track_caller]
    pub fn options<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(Methods::OPTIONS, pattern, handler)
    }

    /// Answers every method of RFC 9110 and PATCH, but CONNECT and TRACE: an ordinary answer to
    /// these would open a tunnel, or send secrets back.
    #[track_caller]
    pub fn any<Args, H: Handler<Args>>(&mut self, pattern: &str, handler: H) -> Route<'_> {
        self.route(ORDINARY, pattern, handler)
    }

    /// Adds a filter for groups, `<name:filter>`, before the routes that use it. What it takes is
    /// given to the handler as text.
    #[track_caller]
    pub fn filter(
        &mut self,
        name: &str,
        test: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        if let Err(error) = self.router.add_filter(name, test) {
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

    /// Answers when no route matches and all services pass, in place of 404.
    pub fn default_handler<H: Handler<()>>(&mut self, handler: H) -> &mut Self {
        self.default = Some(Box::new(move |req| handler.call(req)));
        self
    }

    /// All routes, in order of registration.
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

    /// Adds a hook with both halves.
    pub fn hook(&mut self, hook: impl Hook + 'static) -> &mut Self {
        self.hooks.push(Registered { needs_body: hook.needs_body(), hook: Box::new(hook) });
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
        self.wraps.push(Box::new(wrap));
        self
    }

    /// Answers errors of a status, such as 404, with a function. What it returns is sent as it
    /// is: give it the status, too. The last one registered for a status counts.
    #[track_caller]
    pub fn on_status<F: Recover<Error>>(
        &mut self,
        status: impl IntoStatus,
        handler: F,
    ) -> &mut Self {
        match status.into_status() {
            Some(status) => {
                self.by_status.retain(|known| known.status != status);
                self.by_status.push(ByStatus { status, handler: Box::new(handler) });
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
        self.by_type.push(Box::new(ByType::<E, F> { handler, error: PhantomData }));
        self
    }

    pub(crate) fn check_all(&self) -> Result<(), CheckError> {
        let mut mistakes = self.mistakes.clone();
        for service in &self.services {
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

/// A route that was just registered, for what else is to be said of it.
#[derive(Debug)]
pub struct Route<'a> {
    app: &'a mut App,
    /// None when the registration failed; the mistake is kept in the app.
    index: Option<usize>,
}

impl Route<'_> {
    /// Accepts bodies of up to this many bytes, in place of the server's limit.
    pub fn max_body(self, bytes: u64) -> Self {
        if let Some(index) = self.index {
            self.app.targets[index].max_body = Some(bytes);
        }
        self
    }

    /// Takes forms, with files: they are parsed while they arrive, and the handler finds the whole
    /// form by `req.fields()`. `FormLimits` are those that most need to be said; a whole
    /// [`FormPlan`] says also where files go.
    ///
    /// The plan is made after the hooks' `before`, so it can use what they left in the request.
    pub fn form(self, plan: impl Into<FormPlan>) -> Self {
        let plan = plan.into();
        self.plan(move |req| plan.plan(req))
    }

    /// Says for each request what is to happen to its body, in place of keeping it: a sink of your
    /// own ([`Plan::sink`]), or a handler that reads it while it arrives ([`Plan::stream`]). Called
    /// after the hooks' `before`. An error is the answer; so is [`Plan::reject`].
    pub fn plan<F>(self, plan: F) -> Self
    where
        F: Fn(&Request) -> Result<Plan, Error> + Send + Sync + 'static,
    {
        if let Some(index) = self.index {
            self.app.targets[index].plan = Some(Box::new(plan));
        }
        self
    }
}
