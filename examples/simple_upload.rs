//! The uploads of `simple`: what a file is, and what is in it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pauper::fields::Field;
use pauper::message::page::escape;
use pauper::{Error, Request, Response};

use crate::{page, powered};

const TITLE: &str = "Simple.py - Upload test";

const FORM: &str = r#"<form method="post" enctype="multipart/form-data">
<p><input type="file" name="file_0"><p><input type="file" name="file_1">
<p><input type="file" name="file_2" multiple>
<p><button name="btn" value="Upload">Upload</button></form>
"#;

/// Characters of a line of Base64 (RFC 2045, section 6.8).
const LINE: usize = 76;

pub(crate) fn form(req: &mut Request) -> Response {
    powered(page(req, TITLE, FORM))
}

/// Where files are kept has no name, and is gone with the request.
pub(crate) fn upload(req: &mut Request) -> Result<Response, Error> {
    let mut html = String::new();
    for field in req.fields()?.iter().filter(Field::is_file) {
        let kind = field.content_type().unwrap_or("text/plain");
        let name = field.filename().unwrap_or_default();
        let data = field.bytes()?;
        let content = if kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/")) {
            escape(&String::from_utf8_lossy(&data)).into_owned()
        } else {
            lines(&STANDARD.encode(&data))
        };
        let _ = write!(
            html,
            "<h2>{}</h2>\n<i>{}</i>\n<pre>{content}</pre>\n",
            escape(name),
            escape(kind)
        );
    }
    html.push_str(FORM);
    Ok(powered(page(req, TITLE, &html)))
}

fn lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines
}
