//! Pages from templates, by ours and by rivals, and escaping by itself.
//!
//! All read one data, and all templates stand beside this crate: `.tpl` is ours, `.html` everybody
//! else's. Ours, minijinja's and tera's are read when the program begins, askama's by the compiler.

use std::fmt::Write as _;
use std::sync::LazyLock;

use askama::Template as _;
use pauper_template::{Settings, Template, Templates, record, values};
use serde::Serialize;

/// A row of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    kind: &'static str,
    id: u32,
    name: String,
    mail: String,
    note: String,
}
record!(Row { kind, id, name, mail, note });

/// A hundred rows. In a quarter of them something has to be escaped: `&`, for which everybody writes
/// the same.
pub static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let row = |id: u32| Row {
        kind: if id.is_multiple_of(2) { "even" } else { "odd" },
        id: 1000 + id * 37,
        name: if id.is_multiple_of(4) {
            format!("Miller & Daughters {id}")
        } else {
            format!("Margaret Hamilton {id}")
        },
        mail: format!("someone.{id}@mail.example.org"),
        note: format!("called on day {id}, wants an answer by the end of the week"),
    };
    (0..100).map(row).collect()
});

static OURS: LazyLock<(Template, Template)> = LazyLock::new(|| {
    let templates = Templates::embedded(
        Settings::new(),
        &[
            ("table", include_str!("../templates/table.tpl")),
            ("article", include_str!("../templates/article.tpl")),
            ("chapter", include_str!("../templates/chapter.html")),
        ],
    );
    let get = |name| templates.get(name).expect("the template is right");
    (get("table"), get("article"))
});

static MINIJINJA: LazyLock<minijinja::Environment<'static>> = LazyLock::new(|| {
    let mut environment = minijinja::Environment::new();
    for (name, text) in FILES {
        environment.add_template(name, text).expect("the template is right");
    }
    environment
});

static TERA: LazyLock<tera::Tera> = LazyLock::new(|| {
    let mut tera = tera::Tera::default();
    tera.add_raw_templates(FILES).expect("the templates are right");
    tera
});

const FILES: [(&str, &str); 3] = [
    ("table.html", include_str!("../templates/table.html")),
    ("article.html", include_str!("../templates/article.html")),
    ("chapter.html", include_str!("../templates/chapter.html")),
];

#[derive(askama::Template)]
#[template(path = "table.html")]
struct AskamaTable<'a> {
    rows: &'a [Row],
}

#[derive(askama::Template)]
#[template(path = "article.html")]
struct AskamaArticle<'a> {
    title: &'a str,
    year: u32,
}

const TITLE: &str = "Winter & water";
const YEAR: u32 = 1994;

/// Bytes of the page. (They stay what they are: pieces in ours, a text elsewhere.)
pub(crate) fn our_table(_: &[u8], _: &mut Vec<u8>) -> usize {
    let rows = &ROWS[..];
    OURS.0.render(&values! { rows }).expect("the data is right").0.len()
}

pub(crate) fn askama_table(_: &[u8], _: &mut Vec<u8>) -> usize {
    AskamaTable { rows: &ROWS }.render().expect("the data is right").len()
}

pub(crate) fn minijinja_table(_: &[u8], _: &mut Vec<u8>) -> usize {
    let template = MINIJINJA.get_template("table.html").expect("it was added");
    let rows = minijinja::Value::from(minijinja::value::Serde(&*ROWS));
    template.render(minijinja::context! { rows }).expect("the data is right").len()
}

pub(crate) fn tera_table(_: &[u8], _: &mut Vec<u8>) -> usize {
    let mut context = tera::Context::new();
    context.insert("rows", &*ROWS);
    TERA.render("table.html", &context).expect("the data is right").len()
}

/// What one writes without any template engine.
pub(crate) fn written_table(_: &[u8], _: &mut Vec<u8>) -> usize {
    let mut page = String::from("<table>\n");
    for row in ROWS.iter() {
        let Row { kind, id, name, mail, note } = row;
        let (name, mail) = (html_escape::encode_safe(name), html_escape::encode_safe(mail));
        let note = html_escape::encode_safe(note);
        writeln!(
            page,
            "<tr class=\"{kind}\"><td>{id}</td><td>{name}</td><td>{mail}</td><td>{note}</td></tr>"
        )
        .expect("a string grows");
    }
    page.push_str("</table>");
    page.len()
}

pub(crate) fn our_article(_: &[u8], _: &mut Vec<u8>) -> usize {
    OURS.1.render(&values! { title: TITLE, year: YEAR }).expect("the data is right").0.len()
}

pub(crate) fn askama_article(_: &[u8], _: &mut Vec<u8>) -> usize {
    AskamaArticle { title: TITLE, year: YEAR }.render().expect("the data is right").len()
}

pub(crate) fn minijinja_article(_: &[u8], _: &mut Vec<u8>) -> usize {
    let template = MINIJINJA.get_template("article.html").expect("it was added");
    let context = minijinja::context! { title => TITLE, year => YEAR };
    template.render(context).expect("the data is right").len()
}

pub(crate) fn tera_article(_: &[u8], _: &mut Vec<u8>) -> usize {
    let mut context = tera::Context::new();
    context.insert("title", TITLE);
    context.insert("year", &YEAR);
    TERA.render("article.html", &context).expect("the data is right").len()
}

/// 10 KB without anything to escape.
pub(crate) fn clean() -> Vec<u8> {
    b"called on the day before, wants an answer by the end of the week; ".repeat(155)
}

/// 10 KB in which every 16th character is an `&`.
pub(crate) fn dirty() -> Vec<u8> {
    b"read & understood, then written & signed & sealed ".repeat(205)
}

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).expect("it is text")
}

pub(crate) fn our_escape(input: &[u8], _: &mut Vec<u8>) -> usize {
    pauper_template::escape(text(input)).len()
}

pub(crate) fn html_escape(input: &[u8], _: &mut Vec<u8>) -> usize {
    html_escape::encode_quoted_attribute(text(input)).len()
}

/// What minijinja uses.
pub(crate) fn v_htmlescape(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut out = String::with_capacity(input.len());
    write!(out, "{}", v_htmlescape::escape_fmt(text(input))).expect("a string grows");
    out.len()
}

pub(crate) fn askama_escape(input: &[u8], _: &mut Vec<u8>) -> usize {
    let escaped = askama::filters::escape(text(input), askama::filters::Html);
    let mut out = String::with_capacity(input.len());
    write!(out, "{}", escaped.expect("it never fails")).expect("a string grows");
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Askama writes `&` in another way, of the same length.
    #[test]
    fn pages_are_the_same() {
        let same = |page: Vec<u8>, theirs: String, least| {
            assert!(page.len() > least);
            assert!(page == theirs.replace("&#38;", "&amp;").as_bytes(), "they differ");
        };
        let rows = &ROWS[..];
        let ours = OURS.0.render(&values! { rows }).unwrap();
        same(ours.0.to_vec(), AskamaTable { rows }.render().unwrap(), 10_000);
        let ours = OURS.1.render(&values! { title: TITLE, year: YEAR }).unwrap();
        same(ours.0.to_vec(), AskamaArticle { title: TITLE, year: YEAR }.render().unwrap(), 50_000);
    }
}
