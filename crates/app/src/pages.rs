//! The pages of errors that nobody else answers.

use pauper_message::page::{Page, escape};
use pauper_message::{Error, ErrorView, Request, Response, StatusCode, guard};

/// The answer to an error: a page, JSON or text, as the client prefers. `id` is under what the log
/// knows it; `shown` is the error itself, where the client may see all of it.
pub(crate) fn error(
    req: &Request,
    status: StatusCode,
    message: Option<&str>,
    id: Option<&str>,
    shown: Option<&Error>,
) -> Response {
    if !(status.is_client_error() || status.is_server_error()) {
        return Response::new(status);
    }
    let name = status.canonical_reason().unwrap_or("Error");
    let mut sentence = message.map_or_else(|| sentence(req, status), str::to_owned);
    if let Some(id) = id {
        sentence.push_str(" Its number there is ");
        sentence.push_str(id);
        sentence.push('.');
    }
    let shown = shown.filter(|_| status.is_server_error());
    let title = format!("{} {name}", status.as_u16());
    // Who takes anything is a program rather than a browser.
    let kinds = ["text/plain", "text/html", "application/json"];
    let response = match req.prefer(&kinds) {
        Some("application/json") => {
            let id = id.map(|id| format!(",\"id\":\"{id}\"")).unwrap_or_default();
            let body = format!(
                "{{\"status\":{},\"error\":\"{}\",\"message\":\"{}\"{id}}}\n",
                status.as_u16(),
                json_text(name),
                json_text(&sentence)
            );
            Response::bytes(body).with_header("content-type", "application/json")
        }
        Some("text/html") => Page::new(title)
            .html(format!("<p>{}</p>\n", escape(&sentence)))
            .html(shown.map(|error| inside_html(req, error)).unwrap_or_default())
            .html("<p><a href=\"/\">To the start</a></p>")
            .into_response(),
        _ => {
            let inside = shown.map(|error| inside_text(req, error)).unwrap_or_default();
            Response::text(format!("{title}\n{sentence}\n{inside}"))
        }
    };
    response.with_status(status).with_added_header("vary", "accept")
}

/// The answer where even an error handler failed.
pub(crate) fn internal_error(req: &Request, id: Option<&str>) -> Response {
    error(req, StatusCode::INTERNAL_SERVER_ERROR, None, id, None)
}

/// What is known of an error, each with a word for it: the chain of causes, and where it was made.
fn inside(req: &Request, error: &Error) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("Request", format!("{} {} from {}", req.method(), req.target(), req.peer())),
        ("Route", req.rule().to_owned()),
    ];
    if let ErrorView::Panic(text) = error.view() {
        rows.push(("Panic", text.to_owned()));
    }
    // A source whose `Display` panics is a mistake of the program, and no reason to have no page.
    let told = guard(|| {
        let mut next = error.source();
        let mut causes = Vec::new();
        while let Some(cause) = next {
            causes.push((if causes.is_empty() { "Error" } else { "Caused by" }, cause.to_string()));
            next = cause.source();
        }
        Ok(causes)
    });
    rows.extend(told.unwrap_or_else(|_| vec![("Error", "one that cannot be shown".to_owned())]));
    if !matches!(error.view(), ErrorView::Panic(_)) {
        let place = error.location();
        rows.push(("Place", format!("{}:{}", place.file(), place.line())));
    }
    if let Some(place) = error.panic_place() {
        rows.push(("Place", place.to_owned()));
    }
    if let Some(backtrace) = error.backtrace() {
        rows.push(("Backtrace", backtrace.to_string()));
    }
    rows
}

fn inside_html(req: &Request, error: &Error) -> String {
    let mut html = String::from("<table>\n");
    for (name, text) in inside(req, error) {
        html.push_str(&format!("<tr><th>{name}</th><td><pre>{}</pre></td></tr>\n", escape(&text)));
    }
    html + "</table>\n"
}

fn inside_text(req: &Request, error: &Error) -> String {
    inside(req, error).iter().map(|(name, text)| format!("{name}: {text}\n")).collect()
}

fn sentence(req: &Request, status: StatusCode) -> String {
    match status.as_u16() {
        400 => "The request cannot be understood.".to_owned(),
        401 => "You have to log in first.".to_owned(),
        403 => "You may not see this.".to_owned(),
        404 => format!("There is nothing at {}.", req.path()),
        405 => format!("{} is not possible at {}.", req.method(), req.path()),
        413 => "The request is larger than what is accepted here.".to_owned(),
        415 => "The body of the request is of a kind that is not accepted here.".to_owned(),
        500 => "The server made a mistake; its log says which.".to_owned(),
        503 => "The server is busy; please try again in a moment.".to_owned(),
        code if code < 500 => "The request cannot be answered as it is.".to_owned(),
        _ => "The server cannot answer this request.".to_owned(),
    }
}

/// Text as it stands between the quotes of JSON (RFC 8259, section 7).
fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::json_text;

    #[test]
    fn json_text_is_escaped() {
        assert_eq!(json_text("a\"b\\c\n\u{1}ä"), "a\\\"b\\\\c\\u000a\\u0001ä");
    }
}
