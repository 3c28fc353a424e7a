//! One element of HTML.

use pauper_message::page::escape;
use pauper_template::Html;

use crate::attributes::Attributes;

/// An element of HTML. Values of attributes are escaped; the content is HTML already and stands as it
/// is; without content the element closes itself.
///
/// ```
/// use pauper_forms::{Attributes, tag};
/// use pauper_template::{Html, escape};
///
/// let typed = Attributes::new().with("type", "date").with("value", "\"").with_flag("required");
/// assert_eq!(tag("input", &typed, None).0, "<input type=\"date\" value=\"&quot;\" required/>");
/// let text = escape("1 < 2");
/// assert_eq!(tag("p", &Attributes::new(), Some(Html(&text))).0, "<p>1 &lt; 2</p>");
/// ```
///
/// # Panics
/// When `kind` is no name of an element.
#[track_caller]
pub fn tag(
    kind: &'static str,
    attributes: &Attributes,
    content: Option<Html<&str>>,
) -> Html<String> {
    let is_name = kind.starts_with(|first: char| first.is_ascii_alphabetic())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    assert!(is_name, "{kind:?} is no element");
    let mut out = String::new();
    push_tag(&mut out, kind, attributes, content);
    Html(out)
}

/// The same, appended; `kind` is one of ours.
pub(crate) fn push_tag(
    out: &mut String,
    kind: &str,
    attributes: &Attributes,
    content: Option<Html<&str>>,
) {
    out.push('<');
    out.push_str(kind);
    for (name, value) in attributes.iter() {
        out.push(' ');
        out.push_str(name);
        if let Some(value) = value {
            out.push_str("=\"");
            out.push_str(&escape(value));
            out.push('"');
        }
    }
    match content {
        None => out.push_str("/>"),
        Some(Html(content)) => {
            out.push('>');
            out.push_str(content);
            out.push_str("</");
            out.push_str(kind);
            out.push('>');
        }
    }
}
