//! All integration tests of `pauper-app`, in one binary.

/// What runs around handlers: hooks and wraps of the app, of groups and of routes.
mod around;
/// What the compiler accepts as a handler, and what it says of the rest.
mod compile;
/// Routes, arguments, methods, default handlers, services.
mod dispatch;
/// Errors, states, panics, hooks and wraps.
mod errors;
/// Forms that are parsed while they arrive.
mod forms;
/// Mistakes that are told at start-up.
mod mistakes;

/// Handlers of errors and states, the pages of failures, the debug page.
mod recovery;
/// Groups, mounts, servlets, filters, names, hosts, slashes.
mod routing;
/// Settings by variables.
mod settings;
/// The transaction guard.
mod transactions;

use pauper_app::App;
use pauper_message::{BodyPlan, Request, RequestBuilder, Response, Service};

/// Takes a request through an app as a server would, without one.
fn run(app: &App, request: RequestBuilder) -> Answer {
    let mut req = request.build().expect("a request that parses");
    let plan = app.begin(&mut req);
    let response = match plan.body {
        BodyPlan::Reject(response) => *response,
        BodyPlan::Buffer { .. } => app.call(&mut req),
        other => panic!("unexpected plan {other:?}"),
    };
    Answer::of(response)
}

fn get(app: &App, target: &str) -> Answer {
    run(app, Request::builder().target(target))
}

/// A response, read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    close: bool,
    declined: bool,
}

impl Answer {
    fn of(response: Response) -> Self {
        let parts = response.into_parts().expect("an app never gives a spoiled response");
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = parts.body.into_bytes(1 << 20).unwrap();
        Self {
            status: parts.status.as_u16(),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            close: parts.close,
            declined: parts.declined,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}
