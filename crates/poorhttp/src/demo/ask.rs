//! Requests to the application itself, without a socket.

use pauper::message::{BodyPlan, RequestBuilder, Service, StatusCode};
use pauper::{App, Request, Response};

/// More than this of an answer is not shown.
const MOST: u64 = 16 * 1024;

/// What the application answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// Asks the application with GET.
pub(super) fn get(app: &App, target: &str) -> Answer {
    ask(app, Request::builder().target(target).header("Accept", "text/plain"))
}

/// Asks the application with POST and JSON.
pub(super) fn post_json(app: &App, target: &str, body: &str) -> Answer {
    let json = "application/json";
    let request = Request::builder().method("POST").target(target);
    ask(app, request.header("Accept", json).header("Content-Type", json).body(body))
}

/// Calls the application as a server does.
fn ask(app: &App, request: RequestBuilder) -> Answer {
    let response = match request.build() {
        Err(error) => pauper::message::plain_answer(error),
        Ok(mut req) => match app.begin(&mut req).body {
            BodyPlan::Reject(response) => *response,
            _ => app.call(&mut req),
        },
    };
    Answer::of(response)
}

impl Answer {
    fn of(response: Response) -> Self {
        let failed = |text: String| Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            content_type: String::new(),
            body: text,
        };
        let parts = match response.into_parts() {
            Ok(parts) => parts,
            Err(error) => return failed(format!("{error:?}")),
        };
        let content_type = parts.headers.get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = content_type.to_owned();
        match parts.body.into_bytes(MOST) {
            Ok(bytes) => Self {
                status: parts.status,
                content_type,
                body: String::from_utf8_lossy(&bytes).into_owned(),
            },
            Err(error) => failed(error.to_string()),
        }
    }
}
