//! The pages of errors that nobody else answers.

use pauper_message::page::{Page, escape};
use pauper_message::{Request, Response, StatusCode};

/// The answer to an error: a page, JSON or text, as the client prefers.
pub(crate) fn error(req: &Request, status: StatusCode, message: Option<&str>) -> Response {
    if !(status.is_client_error() || status.is_server_error()) {
        return Response::new(status);
    }
    let name = status.canonical_reason().unwrap_or("Error");
    let sentence = message.map_or_else(|| sentence(req, status), str::to_owned);
    let title = format!("{} {name}", status.as_u16());
    // Who takes anything is a program rather than a browser.
    let kinds = ["text/plain", "text/html", "application/json"];
    let response = match req.prefer(&kinds) {
        Some("application/json") => {
            let body = format!(
                "{{\"status\":{},\"error\":\"{}\",\"message\":\"{}\"}}\n",
                status.as_u16(),
                json_text(name),
                json_text(&sentence)
            );
            Response::bytes(body).with_header("content-type", "application/json")
        }
        Some("text/html") => Page::new(title)
            .html(format!("<p>{}</p>\n<p><a href=\"/\">To the start</a></p>", escape(&sentence)))
            .into_response(),
        _ => Response::text(format!("{title}\n{sentence}\n")),
    };
    response.with_status(status).with_added_header("vary", "accept")
}

/// The answer where even an error handler failed.
pub(crate) fn internal_error(req: &Request) -> Response {
    error(req, StatusCode::INTERNAL_SERVER_ERROR, None)
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
