//! A form as a page shows it.

use std::borrow::Cow;
use std::sync::Arc;

use pauper_message::FormToken;
use pauper_message::page::escape;
use pauper_template::{Html, Record, ToValue, Value, record};

use crate::attributes::Attributes;
use crate::element::{Entered, Frame, Input, Place};
use crate::error::Errors;
use crate::tag::push_tag;

/// A form ready to be shown: [`html`](Self::html) gives all of it, and a template takes what it
/// likes:
///
/// | in a template | is |
/// |---|---|
/// | `{form.all}` | all that stands in the form but its buttons: `token`, `summary` and all groups |
/// | `{form.enctype}` | for the attribute of `<form method="post" enctype="{form.enctype}">` |
/// | `{form.token}` | the hidden field against requests from other sites; nothing where there is none |
/// | `{form.summary}` | what is wrong, with links to the fields; nothing while nothing is |
/// | `{form.fields.title.group}` | the field `title` with its label, its help and its error |
/// | `{form.fields.title.control}` | the control of the same alone; also `label`, `help`, `error`, `id` and `value` as text |
/// | `{#for form.list}{group}{/for}` | the groups in order |
///
/// Whoever shows fields one by one shows `token` as well, or nothing will be saved.
#[derive(Clone, Debug)]
pub struct View {
    enctype: &'static str,
    token: Html<String>,
    summary: Html<String>,
    fields: Fields,
    all: Html<String>,
}

/// One field of a [`View`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FieldView {
    /// Its name in the struct and in what is sent.
    pub name: &'static str,
    /// The id of its control.
    pub id: String,
    /// Its label, as text.
    pub label: String,
    /// Its line of help, as text; blank for none.
    pub help: String,
    /// What is wrong with it, as text; blank when nothing is.
    pub error: String,
    /// What was entered, as text; blank for what is no text, and for passwords.
    pub value: String,
    /// Its control.
    pub control: Html<String>,
    /// All of it: label, help, error and control.
    pub group: Html<String>,
}
record!(FieldView { name, id, label, help, error, value, control, group });

#[derive(Clone, Debug)]
struct Fields(Vec<FieldView>);

impl Record for Fields {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        self.0.iter().find(|field| field.name == name).map(ToValue::to_value)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for field in &self.0 {
            visit(field.name, field.to_value());
        }
    }
}

impl Record for View {
    fn fields(&self) -> &'static [&'static str] {
        &["all", "enctype", "token", "summary", "fields", "list"]
    }

    fn field(&self, index: usize) -> Value<'_> {
        match index {
            0 => self.all.to_value(),
            1 => Value::Text(self.enctype),
            2 => self.token.to_value(),
            3 => self.summary.to_value(),
            4 => Value::Record(&self.fields),
            _ => Value::List(&self.fields.0),
        }
    }
}

impl ToValue for View {
    fn to_value(&self) -> Value<'_> {
        Value::Record(self)
    }
}

impl View {
    pub(crate) fn new(
        form_id: &str,
        inputs: &[(&'static str, Arc<dyn Input>)],
        filled: &[Entered],
        errors: &Errors,
        token: Option<&dyn FormToken>,
    ) -> Self {
        let first_wrong =
            inputs.iter().map(|(name, _)| *name).find(|name| errors.get(name).is_some());
        let fields: Vec<_> = inputs
            .iter()
            .zip(filled)
            .map(|((name, input), entered)| {
                let id = format!("{form_id}-{name}");
                let error = errors.get(name).unwrap_or_default();
                let is_kept = errors.is_empty() || entered.file().is_none();
                field(name, id, &**input, entered, error, first_wrong == Some(*name), is_kept)
            })
            .collect();
        let token = token.map(hidden).unwrap_or_default();
        let summary = summary(&fields, inputs, errors);
        let mut all = format!("{token}{summary}");
        for field in &fields {
            all.push_str(&field.group.0);
        }
        let takes_file = inputs.iter().any(|(_, input)| input.takes_file());
        Self {
            enctype: match takes_file {
                true => "multipart/form-data",
                false => "application/x-www-form-urlencoded",
            },
            token: Html(token),
            summary: Html(summary),
            fields: Fields(fields),
            all: Html(all),
        }
    }

    /// The whole form with a button of this label.
    pub fn html(&self, button: &str) -> Html<String> {
        Html(format!(
            "<form method=\"post\" enctype=\"{}\">\n{}<button type=\"submit\">{}</button>\n</form>\n",
            self.enctype,
            self.all.0,
            escape(button)
        ))
    }

    /// The fields in order.
    pub fn fields(&self) -> &[FieldView] {
        &self.fields.0
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldView> {
        self.fields.0.iter().find(|field| field.name == name)
    }

    /// What stands in the form but its buttons.
    pub fn all(&self) -> &Html<String> {
        &self.all
    }

    /// The hidden field against requests from other sites; empty where there is none.
    pub fn token(&self) -> &Html<String> {
        &self.token
    }

    /// What is wrong, with links to the fields; empty while nothing is.
    pub fn summary(&self) -> &Html<String> {
        &self.summary
    }
}

fn hidden(token: &dyn FormToken) -> String {
    let attributes = Attributes::new()
        .with("type", "hidden")
        .with("name", token.field().to_owned())
        .with("value", token.value());
    let mut out = String::new();
    push_tag(&mut out, "input", &attributes, None);
    out.push('\n');
    out
}

fn field(
    name: &'static str,
    id: String,
    input: &dyn Input,
    entered: &Entered,
    error: &str,
    is_first_wrong: bool,
    is_kept: bool,
) -> FieldView {
    let (label, frame) = (escape(input.label()), input.frame());
    let mut help = input.help().to_owned();
    if !is_kept {
        // Browsers do not let a page choose files, so it has to be done once more.
        help.push_str(if help.is_empty() {
            "Choose the file again."
        } else {
            " Choose the file again."
        });
    }
    let mut described_by = String::new();
    let mut notes = String::new();
    if !help.is_empty() {
        described_by.push_str(&format!("{id}-help"));
        notes.push_str(&format!("<p class=\"dim\" id=\"{id}-help\">{}</p>\n", escape(&help)));
    }
    if !error.is_empty() {
        let space = if described_by.is_empty() { "" } else { " " };
        described_by.push_str(&format!("{space}{id}-error"));
        notes.push_str(&format!(
            "<p class=\"bad\" id=\"{id}-error\"><span aria-hidden=\"true\">✗ </span>{} {}</p>\n",
            label,
            escape(error)
        ));
    }
    let place = Place {
        name,
        id: &id,
        described_by: Cow::Borrowed(&described_by),
        is_wrong: !error.is_empty(),
        is_first_wrong,
    };
    let control = input.control(&place, entered);
    let optional = match input.is_required() {
        true => "",
        false => " <span class=\"dim\">(optional)</span>",
    };
    let group = match frame {
        Frame::Bare => format!("{control}\n"),
        Frame::Above => format!(
            "<div class=\"field\">\n<label for=\"{id}\">{label}{optional}</label>\n{notes}{control}\n</div>\n"
        ),
        Frame::Beside => {
            format!("<div class=\"field\">\n{notes}<label>{control}{label}</label>\n</div>\n")
        }
        Frame::Group => {
            let mut attributes = place.described();
            // What is wrong can be said of a group of radio buttons; check boxes say it themselves.
            let is_radio = control.contains("type=\"radio\"");
            if is_radio {
                attributes.set("role", "radiogroup");
            } else {
                attributes.remove("aria-invalid");
            }
            let content = format!("\n<legend>{label}{optional}</legend>\n{notes}{control}");
            let mut out = String::new();
            push_tag(&mut out, "fieldset", &attributes, Some(Html(&content)));
            out.push('\n');
            out
        }
    };
    let value = match input.shows_again() {
        true => entered.text().to_owned(),
        false => String::new(),
    };
    FieldView {
        name,
        label: input.label().to_owned(),
        help,
        error: error.to_owned(),
        value,
        control: Html(control),
        group: Html(group),
        id,
    }
}

/// What is wrong, above the form, where a screen reader begins with it.
fn summary(
    fields: &[FieldView],
    inputs: &[(&'static str, Arc<dyn Input>)],
    errors: &Errors,
) -> String {
    if errors.is_empty() {
        return String::new();
    }
    let mut out = String::from("<div role=\"alert\" class=\"errors\">\n<p class=\"bad\">");
    out.push_str("<span aria-hidden=\"true\">✗ </span>Nothing was saved yet:</p>\n<ul>\n");
    for (name, message) in errors.iter() {
        let message = escape(message);
        let known = fields.iter().zip(inputs).find(|(field, _)| field.name == name);
        match known {
            Some((field, (_, input))) if input.frame() != Frame::Bare => out.push_str(&format!(
                "<li><a href=\"#{}\">{}</a> {message}</li>\n",
                field.id,
                escape(&field.label)
            )),
            Some((field, _)) => out.push_str(&format!("<li>{} {message}</li>\n", field.name)),
            None => out.push_str(&format!("<li>{message}</li>\n")),
        }
    }
    out.push_str("</ul>\n</div>\n");
    out
}
