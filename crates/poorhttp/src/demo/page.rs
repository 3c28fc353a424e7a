//! The first page: what Pauper is, and a card for each feature.

use pauper::message::page::{Page, escape};
use pauper::{App, Request, Response};
use poorhttp::Options;

use super::ask::Answer;
use super::cards::CARDS;
use super::{Mount, features, program, source};

/// What the page is made of, anew for each visit.
pub(super) struct FirstPage {
    prefix: &'static str,
    files: Files,
    /// The same routes once more, to be asked while the page is made: the application cannot be
    /// reached from its own handlers.
    app: App,
}

/// What `--root` and `--index` said.
#[derive(Clone, Copy)]
pub(super) enum Files {
    None,
    Unlisted,
    Listed,
}

/// What a card needs to show its feature running.
pub(super) struct Context<'a> {
    /// The request for the page.
    pub(super) req: &'a Request,
    pub(super) prefix: &'static str,
    pub(super) files: Files,
    pub(super) app: &'a App,
}

impl FirstPage {
    pub(super) fn new(prefix: &'static str, options: &Options) -> Self {
        let mut app = App::new("the demo, asked by itself");
        features::routes(&mut Mount { app: &mut app, prefix });
        let files = match (options.root(), options.index()) {
            (None, _) => Files::None,
            (Some(_), false) => Files::Unlisted,
            (Some(_), true) => Files::Listed,
        };
        Self { prefix, files, app }
    }

    pub(super) fn answer(&self, req: &Request) -> Response {
        let context = Context { req, prefix: self.prefix, files: self.files, app: &self.app };
        let mut page = Page::new("Pauper").header(
            "<h1>Pauper</h1>\n\
             <p>Plain functions at event-loop speed: web applications without an async \
             runtime.</p>",
        );
        for card in &CARDS {
            let source = match card.section {
                "hello" => program::TEXT.to_owned(),
                name => source::section(name).unwrap_or_default(),
            };
            page = page.html(format!(
                "<section class=\"card\" id=\"{id}\">\n<h2>{title}</h2>\n<div>\n{live}</div>\n\
                 <pre><code>{source}</code></pre>\n</section>\n",
                id = card.section,
                title = card.title,
                live = (card.live)(&context),
                source = escape(source.trim_end()),
            ));
        }
        let version = env!("CARGO_PKG_VERSION");
        page.footer(format!(
            "<p>poorhttp {version}. Every answer above was given while this page was made, by the \
             source beside it.</p>"
        ))
        .into_response()
    }
}

/// A request and its answer: a link to it, and below it status, type and body.
pub(super) fn exchange(method: &str, link: Option<&str>, target: &str, answer: &Answer) -> String {
    let shown = escape(target);
    let target = match link {
        Some(link) => format!("<a href=\"{}\">{shown}</a>", escape(link)),
        None => shown.into_owned(),
    };
    let status = answer.status;
    let class = if status.is_success() { "ok" } else { "bad" };
    format!(
        "<pre><code>{method} {target}\n<b class=\"{class}\">{status}</b> {}\n\n{}</code></pre>\n",
        escape(&answer.content_type),
        escape(answer.body.trim_end()),
    )
}
