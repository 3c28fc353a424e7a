//! The way of a request through an application; the steps are listed at [`App`].

use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use pauper_message::{
    BodyPlan, CheckError, Error, ErrorView, Plan, Request, Response, Service, States, StatusCode,
    abort, guard, note_panic_places,
};
use pauper_router::{Allow, Found, Methods};

use crate::app::{App, ORDINARY, Run, covers};
use crate::hooks::{Endpoint, Next};
use crate::pages;
use crate::redirects::{self, TrailingSlash};

/// What answers a request. The numbers of endpoints are those of routes and mounts, then the debug
/// page, then the default handlers, then the services.
#[derive(Clone, Copy)]
enum Answer {
    Target(usize),
    Debug,
    Default(usize),
    Service(usize),
}

/// What step 1 found.
enum Routed {
    Answer(Answer, Plan),
    /// A mount's service, which is asked when the hooks have run.
    Mount(usize),
    NotAllowed(Allow),
    Error(Error),
}

/// The path has routes, but none for the method: what a 405 is caused by.
#[derive(Clone, Debug)]
pub struct MethodNotAllowed(Allow);

impl MethodNotAllowed {
    /// The methods that the path has; they are sent as Allow, whoever makes the page.
    pub fn allow(&self) -> &Allow {
        &self.0
    }
}

impl fmt::Display for MethodNotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the path has {} only", self.0)
    }
}

impl StdError for MethodNotAllowed {}

/// Who made an answer of an error, for after hooks: `req.extensions().get::<ErrorHandler>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorHandler {
    /// The type of the function, or `page` for the built-in pages.
    pub name: &'static str,
}

/// The endpoints that services inside this app gave for a request, by the address of the app.
struct Inner(Vec<(usize, u32)>);

impl Service for App {
    fn begin(&self, req: &mut Request) -> Plan {
        self.give_states(req);
        let outer = req.mount_path().len();
        let routed = self.find(req);
        let scopes = match &routed {
            Routed::Answer(Answer::Target(index), _) | Routed::Mount(index) => {
                &*self.targets[*index].scopes
            }
            _ => APP_ALONE,
        };
        if let Err(error) = self.run_before(req, scopes, false) {
            return Plan::reject(self.finish(req, Err(error), scopes));
        }
        let routed = match routed {
            Routed::Mount(index) => self.ask_mount(req, index, outer),
            Routed::Answer(Answer::Target(index), plan) => self.plan_body(req, index, plan),
            routed => routed,
        };
        let result = match routed {
            Routed::Answer(_, Plan { body: BodyPlan::Reject(response), .. }) => Ok(*response),
            Routed::Answer(_, Plan { body: BodyPlan::Sink(_) | BodyPlan::Stream, .. })
                if req.requires_kept_body() =>
            {
                // A hook knows only with the whole body whether the request may pass.
                Err(Error::new(
                    StatusCode::BAD_REQUEST,
                    "The body of this page is taken while it arrives, so that a login cannot cover \
                     it (auth-int).",
                ))
            }
            Routed::Answer(answer, plan) => {
                let endpoint = self.number(answer);
                req.set_endpoint(endpoint);
                return plan.for_endpoint(endpoint);
            }
            Routed::NotAllowed(allow) if req.method() == "OPTIONS" => {
                let allow = allow.with(Methods::OPTIONS);
                Ok(Response::no_content().with_header("allow", allow.to_string()))
            }
            Routed::NotAllowed(allow) => {
                let cause = MethodNotAllowed(allow.with(Methods::OPTIONS));
                Err(Error::with_source(StatusCode::METHOD_NOT_ALLOWED, None, cause))
            }
            Routed::Error(error) => Err(error),
            Routed::Mount(_) => Err(abort(StatusCode::NOT_FOUND)),
        };
        Plan::reject(self.finish(req, result, scopes))
    }

    fn call(&self, req: &mut Request) -> Response {
        self.give_states(req);
        let answer = self.answer(req.endpoint());
        let scopes = match answer {
            Some(Answer::Target(index)) => &*self.targets[index].scopes,
            _ => APP_ALONE,
        };
        if let Err(error) = self.run_before(req, scopes, true) {
            return self.finish(req, Err(error), scopes);
        }
        let result = match answer {
            Some(Answer::Target(index)) => match &self.targets[index].run {
                Run::Handler(endpoint) => self.run(req, scopes, &**endpoint),
                Run::Service(service) => {
                    self.run(req, scopes, &|req: &mut Request| self.ask(&**service, req))
                }
            },
            Some(Answer::Default(index)) => match self.defaults.get(index) {
                Some(default) => self.run(req, scopes, &*default.endpoint),
                None => Err(abort(StatusCode::NOT_FOUND)),
            },
            Some(Answer::Service(index)) => {
                self.run(req, scopes, &|req: &mut Request| self.ask(&*self.services[index], req))
            }
            Some(Answer::Debug) => guard(|| Ok(crate::debug::page(self, req))),
            None => Err(abort(StatusCode::NOT_FOUND)),
        };
        self.finish(req, result, scopes)
    }

    fn check(&self) -> Result<(), CheckError> {
        if self.is_debug() {
            note_panic_places();
        }
        self.check_all()
    }
}

/// The scopes of what has no route.
const APP_ALONE: &[usize] = &[0];

impl App {
    /// The number that stands for what answers, in plans and requests.
    fn number(&self, answer: Answer) -> u32 {
        let routes = self.targets.len();
        let number = match answer {
            Answer::Target(index) => index,
            Answer::Debug => routes,
            Answer::Default(index) => routes + 1 + index,
            Answer::Service(index) => routes + 1 + self.defaults.len() + index,
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn answer(&self, number: u32) -> Option<Answer> {
        let number = number as usize;
        let Some(number) = number.checked_sub(self.targets.len()) else {
            return Some(Answer::Target(number));
        };
        let Some(number) = number.checked_sub(1) else { return Some(Answer::Debug) };
        let Some(number) = number.checked_sub(self.defaults.len()) else {
            return Some(Answer::Default(number));
        };
        (number < self.services.len()).then_some(Answer::Service(number))
    }

    /// Gives the request our values, unless it has them. Without any of our own it keeps those of the
    /// application around us.
    fn give_states(&self, req: &mut Request) {
        if !self.states.is_empty()
            && !req.states().is_some_and(|given| Arc::ptr_eq(given, &self.states))
        {
            req.set_states(self.states.clone());
        }
    }

    /// Steps 2 and 3: the hooks of one of the two times.
    fn run_before(
        &self,
        req: &mut Request,
        scopes: &[usize],
        needs_body: bool,
    ) -> Result<(), Error> {
        for scope in scopes {
            for registered in &self.scopes[*scope].hooks {
                if registered.needs_body == needs_body {
                    guard(|| registered.hook.before(req))?;
                } else if needs_body {
                    guard(|| registered.hook.with_body(req))?;
                }
            }
        }
        Ok(())
    }

    /// Step 1: what answers this request.
    fn find(&self, req: &mut Request) -> Routed {
        if req.target() == "*" {
            // OPTIONS for the server as a whole (RFC 9110, section 9.3.7).
            return Routed::NotAllowed(Allow::default().with(ORDINARY));
        }
        if let Some(error) = req.path_error() {
            // No pattern can match it. A folder has files of any name and looks at the bytes.
            return self.ask_services(req).unwrap_or(Routed::Error(error));
        }
        if self.normalize
            && let Some(elsewhere) = redirects::to_clean_path(req)
        {
            return Routed::Error(elsewhere);
        }
        // In a mount the patterns begin below it, at the slash that ends or follows its path.
        let mount = req.mount_path();
        let start = mount.strip_suffix('/').unwrap_or(mount).len();
        let path = match &req.routing_path()[start..] {
            "" => "/",
            path => path,
        };
        match self.router.find(req.method().as_str(), path) {
            Found::Match(found) => {
                let target = &self.targets[*found.value];
                let answer = Answer::Target(*found.value);
                let index = *found.value;
                let below = found.route.is_mount().then(|| start + found.suffix_start());
                let groups =
                    found.params.iter().map(|group| group.start + start..group.end + start);
                req.set_match(target.rule.clone(), groups);
                if !target.values.is_empty() {
                    req.set_route_values(target.values.clone());
                }
                if let Some(end) = below {
                    req.set_mount(end);
                    return Routed::Mount(index);
                }
                let plan = match target.max_body {
                    Some(limit) => Plan::buffer_up_to(limit),
                    None => Plan::buffer(),
                };
                return Routed::Answer(answer, plan);
            }
            Found::MethodNotAllowed(allow) if !self.compat_404 || self.is_fixed(path) => {
                return Routed::NotAllowed(allow);
            }
            Found::MethodNotAllowed(_) | Found::NotFound => {}
        }
        let has_other_slash =
            self.slashes == TrailingSlash::Redirect && self.router.other_slash(path).is_some();
        self.find_elsewhere(req, has_other_slash)
    }

    /// Whether a route has exactly this path as its pattern.
    #[cold]
    fn is_fixed(&self, path: &str) -> bool {
        self.router.routes().any(|route| route.params().is_empty() && route.pattern() == path)
    }

    /// What answers a path that no route and no mount has.
    fn find_elsewhere(&self, req: &mut Request, has_other_slash: bool) -> Routed {
        if req.method() == "CONNECT" {
            // Whoever answers this with 200 has opened a tunnel, so only a route of its own may.
            return Routed::Error(abort(StatusCode::NOT_IMPLEMENTED));
        }
        if let Some(routed) = self.ask_services(req) {
            return routed;
        }
        if has_other_slash {
            return Routed::Error(redirects::to_other_slash(req));
        }
        let method = req.method().as_str();
        let asks_for_debug =
            req.routing_path() == "/debug-info" && ["GET", "HEAD"].contains(&method);
        if asks_for_debug && self.is_shown_to(req) {
            return Routed::Answer(Answer::Debug, Plan::buffer());
        }
        match self.defaults.iter().rposition(|default| covers(&default.methods, method)) {
            Some(index) => Routed::Answer(Answer::Default(index), Plan::buffer()),
            None => {
                let target = req.target().escape_debug();
                crate::log_macros::warning!("404 Not Found: {} {target}", req.method());
                Routed::Error(abort(StatusCode::NOT_FOUND))
            }
        }
    }

    /// The first service that does not pass.
    fn ask_services(&self, req: &mut Request) -> Option<Routed> {
        self.services.iter().enumerate().find_map(|(index, service)| {
            match self.plan_of(&**service, req) {
                Ok(Plan { body: BodyPlan::Pass, .. }) => None,
                Ok(plan) => Some(Routed::Answer(Answer::Service(index), plan)),
                Err(error) => Some(Routed::Error(error)),
            }
        })
    }

    /// What a mounted service says; when it passes, what else there is.
    /// `outer` is where the mount of this app itself ends.
    fn ask_mount(&self, req: &mut Request, index: usize, outer: usize) -> Routed {
        let target = &self.targets[index];
        let Run::Service(service) = &target.run else { return Routed::Mount(index) };
        match self.plan_of(&**service, req) {
            Ok(Plan { body: BodyPlan::Pass, .. }) => {
                // Whoever is asked next is not below the mount.
                req.set_mount(outer);
                req.set_match(None, []);
                self.find_elsewhere(req, false)
            }
            Ok(plan) => {
                let body = match (plan.body, target.max_body) {
                    (BodyPlan::Buffer { limit: None }, Some(_)) => {
                        BodyPlan::Buffer { limit: target.max_body }
                    }
                    (body, _) => body,
                };
                Routed::Answer(Answer::Target(index), Plan { body, ..plan })
            }
            Err(error) => Routed::Error(error),
        }
    }

    /// The plan of a route that has something to say of the body.
    fn plan_body(&self, req: &mut Request, index: usize, plan: Plan) -> Routed {
        let answer = Answer::Target(index);
        let Some(own) = &self.targets[index].plan else { return Routed::Answer(answer, plan) };
        match guard(|| own(req)) {
            Ok(Plan { body: BodyPlan::Pass, .. }) => Routed::Error(abort(StatusCode::NOT_FOUND)),
            Ok(plan) => Routed::Answer(answer, plan),
            Err(error) => Routed::Error(error),
        }
    }

    /// The plan of a service inside this app. Its endpoint is kept for the call, since the number of
    /// the request will be ours.
    fn plan_of(&self, service: &dyn Service, req: &mut Request) -> Result<Plan, Error> {
        let states = req.states().cloned();
        let plan = guard(|| Ok(service.begin(req)));
        give_back(req, states);
        let plan = plan?;
        if plan.endpoint != 0 && !matches!(plan.body, BodyPlan::Pass) {
            let entry = (self.address(), plan.endpoint);
            match req.extensions_mut().get_mut::<Inner>() {
                Some(Inner(list)) => list.push(entry),
                None => drop(req.extensions_mut().insert(Inner(vec![entry]))),
            }
        }
        Ok(plan)
    }

    /// The answer of a service inside this app.
    fn ask(&self, service: &dyn Service, req: &mut Request) -> Result<Response, Error> {
        let inner = req.extensions().get::<Inner>().and_then(|Inner(list)| {
            list.iter().rev().find(|(address, _)| *address == self.address())
        });
        let endpoint = inner.map_or(0, |(_, endpoint)| *endpoint);
        req.set_endpoint(endpoint);
        let states = req.states().cloned();
        let answer = guard(|| Ok(service.call(req)));
        give_back(req, states);
        answer?.into_result()
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Step 4: the wraps and inside them the endpoint, whose panic they see as an error.
    fn run(
        &self,
        req: &mut Request,
        scopes: &[usize],
        endpoint: &dyn Endpoint,
    ) -> Result<Response, Error> {
        let guarded = |req: &mut Request| guard(|| endpoint.answer(req));
        if scopes.iter().all(|scope| self.scopes[*scope].wraps.is_empty()) {
            return guarded(req);
        }
        let next = Next { scopes: &self.scopes, inner: scopes, wraps: &[], endpoint: &guarded };
        guard(|| next.run(req))
    }

    /// Steps 5 and 6: an error becomes an answer, and the hooks see every answer.
    fn finish(
        &self,
        req: &mut Request,
        result: Result<Response, Error>,
        scopes: &[usize],
    ) -> Response {
        // A response that was spoiled on the way is an error, too.
        let mut response = match result {
            Ok(response) if !response.is_fault() => response,
            result => match result.and_then(Response::into_result) {
                Ok(response) => response,
                Err(error) => self.recover_allowed(req, error),
            },
        };
        let hooks = scopes.iter().rev().flat_map(|scope| &self.scopes[*scope].hooks);
        for registered in hooks {
            let seen = guard(|| registered.hook.after(req, &mut response));
            // What a hook spoiled is its error, and the next ones see an answer.
            let seen = seen.and_then(|()| {
                std::mem::replace(&mut response, Response::new(StatusCode::OK)).into_result()
            });
            match seen {
                Ok(seen) => response = seen,
                Err(error) => {
                    response = self.recover(req, error);
                    break;
                }
            }
        }
        if !response.is_fault() {
            return response;
        }
        match response.into_result() {
            Ok(response) => response,
            Err(error) => {
                let id = self.report(req, &error);
                pages::internal_error(req, id.as_deref())
            }
        }
    }

    /// As [`recover`](Self::recover), with the Allow that a 405 has to have whoever answers it (RFC
    /// 9110, section 15.5.6).
    fn recover_allowed(&self, req: &mut Request, error: Error) -> Response {
        let allow = error.find::<MethodNotAllowed>().map(|error| error.allow().to_string());
        let response = self.recover(req, error);
        match allow {
            Some(allow) if !response.headers().contains("allow") => {
                response.with_header("allow", allow)
            }
            _ => response,
        }
    }

    /// Step 5. Every stage falls back to the next, and the last one cannot fail.
    fn recover(&self, req: &mut Request, error: Error) -> Response {
        let mut id = self.report(req, &error);
        let mut error = error;
        let method = req.method().clone();
        let by_type = self.by_type.iter().filter(|own| covers(&own.methods, method.as_str()));
        let answered = { by_type }.find_map(|own| {
            let before = req.extensions_mut().insert(ErrorHandler { name: own.name });
            let answered = guard(|| Ok(own.handler.recover_any(req, &error))).transpose();
            if answered.is_none() {
                restore(req, before);
            }
            answered
        });
        match answered {
            // The handler answered, or gave another error in place of this one.
            Some(Ok(Ok(response))) => return response,
            Some(Ok(Err(other)) | Err(other)) => {
                id = self.report(req, &other).or(id);
                error = other;
            }
            None => {}
        }
        let panicked = matches!(error.view(), ErrorView::Panic(_));
        let response = self.by_its_status(req, error, id);
        // After a panic nobody knows what else is broken, so the connection ends.
        if panicked { response.and_close() } else { response }
    }

    fn by_its_status(&self, req: &mut Request, error: Error, id: Option<String>) -> Response {
        let error = match error.into_response() {
            Ok(response) => return response,
            Err(error) => error,
        };
        let Some(status) = error.status() else { return Response::declined() };
        let method = req.method().as_str();
        let own = self
            .by_status
            .iter()
            .rev()
            .find(|own| own.status == status && covers(&own.methods, method));
        let Some(own) = own else {
            req.extensions_mut().insert(ErrorHandler { name: "page" });
            let shown = self.is_shown_to(req).then_some(&error);
            return pages::error(req, status, error.message(), id.as_deref(), shown);
        };
        req.extensions_mut().insert(ErrorHandler { name: own.name });
        let failed = match guard(|| own.handler.recover(req, &error)) {
            Ok(response) => return response,
            Err(failed) => failed,
        };
        let id = self.report(req, &failed).or(id);
        failed.into_response().unwrap_or_else(|_| pages::internal_error(req, id.as_deref()))
    }

    /// Whether the client may see what goes on inside: debugging is on, and it is on this machine or
    /// listed.
    pub(crate) fn is_shown_to(&self, req: &Request) -> bool {
        let Some(remote) = req.peer().remote.filter(|_| self.is_debug()) else { return false };
        let ip = remote.ip().to_canonical();
        // What comes through a proxy on this machine is from anywhere.
        let marks = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
        let is_direct = || marks.iter().all(|mark| req.header_bytes(mark).is_none());
        self.debug_peers.iter().any(|peer| peer.to_canonical() == ip)
            || ip.is_loopback() && is_direct() && req.authority().is_none_or(is_this_machine)
    }

    /// Errors that are the program's own fault go to the log, each with an id that the client is told
    /// too; the client's do not.
    fn report(&self, req: &Request, error: &Error) -> Option<String> {
        if !error.status().is_some_and(|status| status.is_server_error()) {
            return None;
        }
        let id = self.error_id(req);
        crate::log_macros::error!(
            "[{id}] {} {} from {}: {}",
            req.method(),
            req.target().escape_debug(),
            req.peer(),
            error.log_text()
        );
        Some(id)
    }

    /// The number of the request; where no server gave it one, its time and a count.
    #[cold]
    fn error_id(&self, req: &Request) -> String {
        if req.id() != 0 {
            return format!("{:x}", req.id());
        }
        let time = req.received().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let count = self.error_count.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{count:x}", time.as_secs())
    }
}

/// Whether an authority names this machine as such. A page of somebody else can make a browser on
/// this machine ask here, under a name of theirs that leads here (DNS rebinding); it cannot make it
/// use one of these.
fn is_this_machine(authority: &str) -> bool {
    let host = match authority.rfind(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or_default(),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
}

/// Our hooks see our values again, whatever a service inside gave the request.
fn give_back(req: &mut Request, states: Option<Arc<States>>) {
    if let Some(states) = states {
        req.set_states(states);
    }
}

/// Puts back what stood there before.
fn restore(req: &mut Request, before: Option<ErrorHandler>) {
    match before {
        Some(before) => drop(req.extensions_mut().insert(before)),
        None => drop(req.extensions_mut().remove::<ErrorHandler>()),
    }
}
