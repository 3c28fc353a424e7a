//! The way of a request through an application; the steps are listed at [`App`].

use pauper_message::{
    BodyPlan, CheckError, Error, Plan, Request, Response, Service, StatusCode, abort, guard,
};
use pauper_router::{Allow, Found, Methods};

use crate::app::{App, ORDINARY, Registered};
use crate::hooks::Next;
use crate::pages;

/// What answers a request. The numbers of endpoints are those of routes, then the default handler,
/// then the services.
#[derive(Clone, Copy)]
enum Answer {
    Route(usize),
    Default,
    Service(usize),
}

/// What step 1 found.
enum Routed {
    Answer(Answer, Plan),
    NotAllowed(Allow),
    Error(Error),
}

impl Service for App {
    fn begin(&self, req: &mut Request) -> Plan {
        if !self.states.is_empty() {
            req.set_states(self.states.clone());
        }
        let routed = self.find(req);
        let (error, allow) = match (self.run_before(req, false), routed) {
            (Err(error), _) => (error, None),
            (Ok(()), Routed::Answer(_, Plan { body: BodyPlan::Reject(response), .. })) => {
                return Plan::reject(self.finish(req, Ok(response), None));
            }
            (Ok(()), Routed::Answer(answer, plan)) => {
                let endpoint = self.number(answer);
                req.set_endpoint(endpoint);
                match self.plan_of_route(req, answer).unwrap_or(Ok(plan)) {
                    Ok(Plan { body: BodyPlan::Reject(response), .. }) => {
                        return Plan::reject(self.finish(req, Ok(response), None));
                    }
                    Ok(plan) => return plan.for_endpoint(endpoint),
                    Err(error) => (error, None),
                }
            }
            (Ok(()), Routed::NotAllowed(allow)) if req.method() == "OPTIONS" => {
                let allow = allow.with(Methods::OPTIONS);
                let response = Response::no_content().with_header("allow", allow.to_string());
                return Plan::reject(self.finish(req, Ok(response), None));
            }
            (Ok(()), Routed::NotAllowed(allow)) => {
                (abort(StatusCode::METHOD_NOT_ALLOWED), Some(allow.with(Methods::OPTIONS)))
            }
            (Ok(()), Routed::Error(error)) => (error, None),
        };
        Plan::reject(self.finish(req, Err(error), allow))
    }

    fn call(&self, req: &mut Request) -> Response {
        if let Err(error) = self.run_before(req, true) {
            return self.finish(req, Err(error), None);
        }
        let result = match self.answer(req.endpoint()) {
            Some(Answer::Route(index)) => self.run(req, &*self.targets[index].endpoint),
            Some(Answer::Default) => match &self.default {
                Some(endpoint) => self.run(req, &**endpoint),
                None => Err(abort(StatusCode::NOT_FOUND)),
            },
            Some(Answer::Service(index)) => {
                self.run(req, &|req| self.services[index].call(req).into_result())
            }
            None => Err(abort(StatusCode::NOT_FOUND)),
        };
        self.finish(req, result, None)
    }

    fn check(&self) -> Result<(), CheckError> {
        self.check_all()
    }
}

impl App {
    /// The number that stands for what answers, in plans and requests.
    fn number(&self, answer: Answer) -> u32 {
        let number = match answer {
            Answer::Route(index) => index,
            Answer::Default => self.targets.len(),
            Answer::Service(index) => self.targets.len() + 1 + index,
        };
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    fn answer(&self, number: u32) -> Option<Answer> {
        let number = number as usize;
        let routes = self.targets.len();
        if number < routes {
            Some(Answer::Route(number))
        } else if number == routes {
            Some(Answer::Default)
        } else {
            let index = number - routes - 1;
            (index < self.services.len()).then_some(Answer::Service(index))
        }
    }

    /// The plan of a route that makes its own.
    fn plan_of_route(&self, req: &Request, answer: Answer) -> Option<Result<Plan, Error>> {
        let Answer::Route(index) = answer else { return None };
        let plan = self.targets[index].plan.as_ref()?;
        Some(guard(|| plan(req)))
    }

    /// Steps 2 and 3: the hooks of one of the two times.
    fn run_before(&self, req: &mut Request, needs_body: bool) -> Result<(), Error> {
        self.hooks
            .iter()
            .filter(|registered| registered.needs_body == needs_body)
            .try_for_each(|registered| guard(|| registered.hook.before(req)))
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
        match self.router.find(req.method().as_str(), req.routing_path()) {
            Found::Match(found) => {
                let index = *found.value;
                let target = &self.targets[index];
                let params = found.params;
                req.set_match(target.rule.clone(), params.iter());
                let plan = match target.max_body {
                    Some(limit) => Plan::buffer_up_to(limit),
                    None => Plan::buffer(),
                };
                return Routed::Answer(Answer::Route(index), plan);
            }
            Found::MethodNotAllowed(allow) => return Routed::NotAllowed(allow),
            Found::NotFound => {}
        }
        if req.method() == "CONNECT" {
            // Whoever answers this with 200 has opened a tunnel, so only a route of its own may.
            return Routed::Error(abort(StatusCode::NOT_IMPLEMENTED));
        }
        self.ask_services(req).unwrap_or_else(|| match self.default {
            Some(_) => Routed::Answer(Answer::Default, Plan::buffer()),
            None => Routed::Error(abort(StatusCode::NOT_FOUND)),
        })
    }

    /// The first service that does not pass.
    fn ask_services(&self, req: &mut Request) -> Option<Routed> {
        self.services.iter().enumerate().find_map(|(index, service)| {
            match guard(|| Ok(service.begin(req))) {
                Ok(Plan { body: BodyPlan::Pass, .. }) => None,
                Ok(plan) => Some(Routed::Answer(Answer::Service(index), plan)),
                Err(error) => Some(Routed::Error(error)),
            }
        })
    }

    /// Step 4: the wraps and inside them the endpoint, whose panic they see as an error.
    fn run(
        &self,
        req: &mut Request,
        endpoint: &dyn Fn(&mut Request) -> Result<Response, Error>,
    ) -> Result<Response, Error> {
        let guarded = |req: &mut Request| guard(|| endpoint(req));
        if self.wraps.is_empty() {
            return guarded(req);
        }
        guard(|| Next { wraps: &self.wraps, endpoint: &guarded }.run(req))
    }

    /// Steps 5 and 6: an error becomes an answer, and the hooks see every answer.
    fn finish(
        &self,
        req: &mut Request,
        result: Result<Response, Error>,
        allow: Option<Allow>,
    ) -> Response {
        // A response that was spoiled on the way is an error, too.
        let mut response = match result.and_then(Response::into_result) {
            Ok(response) => response,
            Err(error) => self.recover(req, error),
        };
        if let Some(allow) = allow
            && !response.headers().contains("allow")
        {
            response = response.with_header("allow", allow.to_string());
        }
        for Registered { hook, .. } in &self.hooks {
            if let Err(error) = guard(|| hook.after(req, &mut response)) {
                response = self.recover(req, error);
                break;
            }
        }
        match response.into_result() {
            Ok(response) => response,
            Err(error) => {
                report(req, &error);
                pages::internal_error(req)
            }
        }
    }

    /// Step 5. Every stage falls back to the next, and the last one cannot fail.
    fn recover(&self, req: &mut Request, error: Error) -> Response {
        report(req, &error);
        let mut error = error;
        let by_type = self
            .by_type
            .iter()
            .find_map(|handler| guard(|| Ok(handler.recover_any(req, &error))).transpose());
        match by_type {
            // The handler answered, or gave another error in place of this one.
            Some(Ok(Ok(response))) => return response,
            Some(Ok(Err(other)) | Err(other)) => {
                report(req, &other);
                error = other;
            }
            None => {}
        }
        let panicked = matches!(error.view(), pauper_message::ErrorView::Panic(_));
        let response = self.by_its_status(req, error);
        // After a panic nobody knows what else is broken, so the connection ends.
        if panicked { response.and_close() } else { response }
    }

    fn by_its_status(&self, req: &mut Request, error: Error) -> Response {
        let error = match error.into_response() {
            Ok(response) => return response,
            Err(error) => error,
        };
        let Some(status) = error.status() else { return Response::declined() };
        let Some(own) = self.by_status.iter().find(|known| known.status == status) else {
            return pages::error(req, status, error.message());
        };
        let failed = match guard(|| own.handler.recover(req, &error)) {
            Ok(response) => return response,
            Err(failed) => failed,
        };
        report(req, &failed);
        failed.into_response().unwrap_or_else(|_| pages::internal_error(req))
    }
}

/// Errors that are the program's own fault go to the log; the client's do not.
fn report(req: &Request, error: &Error) {
    if error.status().is_some_and(|status| status.is_server_error()) {
        crate::log_macros::error!(
            "{} {} from {}: {}",
            req.method(),
            req.target().escape_debug(),
            req.peer(),
            error.log_text()
        );
    }
}
