//! - `golden`: what the original gives for its own examples
//! - `language`: every tag, and every mistake in one
//! - `data`: what can be rendered, and how it is printed
//! - `context`: where values may stand, and what is refused
//! - `sections`: templates made of others
//! - `files`: folders, reading again, names
//! - `pieces`: what is copied and what is shared
//! - `hostile`: random and endless input
//! - `corpus`: the seeds of the fuzz targets

mod context;
mod corpus;
mod data;
mod files;
mod golden;
mod hostile;
mod language;
mod pieces;
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod sections;

use pauper_template::{ErrorKind, Record, Settings, Template};

/// Renders a template that must be right.
#[track_caller]
fn render(template: &str, data: &dyn Record) -> String {
    let template = Template::parse(template).unwrap_or_else(|error| panic!("{error}"));
    let page = template.render(data).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(page.0.to_vec()).unwrap()
}

/// Checks the output of a template.
#[track_caller]
fn check(template: &str, data: &dyn Record, expected: &str) {
    assert_eq!(render(template, data), expected, "{template}");
}

/// Checks that a template is refused, where, and with which words.
#[track_caller]
fn refused(template: &str, kind: ErrorKind, line: usize, column: usize, words: &str) {
    let error = Settings::new().parse("t", template).expect_err(template);
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!((error.line(), error.column()), (line, column), "{error}");
    assert!(error.message().contains(words), "{error}");
    assert!(error.to_string().starts_with(&format!("t:{line}:{column}: ")), "{error}");
}

/// Checks that data is refused, where, and with which words.
#[track_caller]
fn fails(template: &str, data: &dyn Record, kind: ErrorKind, column: usize, words: &str) {
    let template = Template::parse(template).unwrap_or_else(|error| panic!("{error}"));
    let error = template.render(data).expect_err("an error");
    assert_eq!((error.kind(), error.column()), (kind, column), "{error}");
    assert!(error.message().contains(words), "{error}");
}
