//! `/debug-info`: the application as it is registered, and the request that asks.

use std::fmt::Write as _;

use pauper_message::page::{Page, escape};
use pauper_message::{Request, Response};
use pauper_router::MethodSet;

use crate::app::{App, Run};
use crate::settings::shown;

/// The page. Secrets are masked, although only this machine and listed clients see it.
pub(crate) fn page(app: &App, req: &Request) -> Response {
    Page::new(format!("{}: debug info", app.name))
        .html(table("Routes", &["methods", "pattern", "handler", "place"], routes(app)))
        .html(table("Default handlers", &["methods", "handler"], defaults(app)))
        .html(table("Handlers of states", &["status", "methods", "handler"], states(app)))
        .html(table("Handlers of errors", &["methods", "handler"], errors(app)))
        .html(table("Around handlers", &["where", "hooks", "wraps"], scopes(app)))
        .html(table("Filters", &["name"], app.router.filters().map(|name| vec![name.to_owned()])))
        .html(table("Settings", &["name", "value"], settings(app)))
        .html(table("Options", &["name", "value"], masked(app.app_options().iter())))
        .html(table("Request", &["header", "value"], headers(req)))
        .into_response()
}

fn routes(app: &App) -> impl Iterator<Item = Vec<String>> {
    app.targets.iter().filter_map(|target| {
        let route = app.router.route(target.id)?;
        let methods = match &target.run {
            Run::Service(_) => "all below".to_owned(),
            Run::Handler(_) => route.methods().to_string(),
        };
        let place = format!("{}:{}", route.location().file(), route.location().line());
        Some(vec![methods, route.pattern().to_owned(), target.handler.to_owned(), place])
    })
}

fn defaults(app: &App) -> impl Iterator<Item = Vec<String>> {
    let row =
        |own: &crate::app::DefaultHandler| vec![methods(&own.methods), own.handler.to_owned()];
    app.defaults.iter().map(row)
}

fn states(app: &App) -> impl Iterator<Item = Vec<String>> {
    app.by_status.iter().map(|own| {
        vec![own.status.as_u16().to_string(), methods(&own.methods), own.name.to_owned()]
    })
}

fn errors(app: &App) -> impl Iterator<Item = Vec<String>> {
    app.by_type.iter().map(|own| vec![methods(&own.methods), own.name.to_owned()])
}

fn scopes(app: &App) -> impl Iterator<Item = Vec<String>> {
    app.scopes.iter().enumerate().map(|(number, scope)| {
        let place = if number == 0 { "app".to_owned() } else { format!("group or route {number}") };
        vec![place, scope.hooks.len().to_string(), scope.wraps.len().to_string()]
    })
}

fn settings(app: &App) -> impl Iterator<Item = Vec<String>> {
    let on = |on: bool| if on { "on" } else { "off" }.to_owned();
    let root = app.document_root().map(|root| root.display().to_string());
    [
        ("debug", on(app.is_debug())),
        ("document root", root.unwrap_or_default()),
        ("document index", on(app.document_index())),
        ("secret key", if app.secret_key().is_some() { "set" } else { "not set" }.to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
}

fn headers(req: &Request) -> impl Iterator<Item = Vec<String>> {
    req.head().headers().map(|(name, value)| {
        let value = String::from_utf8_lossy(value);
        vec![name.to_owned(), shown(name, &value).into_owned()]
    })
}

fn masked<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = Vec<String>> {
    pairs.map(|(name, value)| vec![name.clone(), shown(name, value).into_owned()])
}

fn methods(methods: &Option<MethodSet>) -> String {
    methods.as_ref().map_or("all".to_owned(), ToString::to_string)
}

fn table(title: &str, names: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut html = format!("<h2>{}</h2>\n<div class=\"wide\"><table>\n<tr>", escape(title));
    for name in names {
        let _ = write!(html, "<th>{}</th>", escape(name));
    }
    html.push_str("</tr>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td class=\"mono\">{}</td>", escape(&cell));
        }
        html.push_str("</tr>\n");
    }
    html + "</table></div>\n"
}
