//! Templates: any text is read or refused, and whatever the values are, they add no markup.

use pauper_template::{Html, Loop, Settings, Template, Value, escape, values};

/// Values that mean to do harm; `x`, which stands beside them, is as true as they are.
const HOSTILE: [&str; 5] =
    ["\"'><script>&", "javascript:alert(1)", "</script><!--", "</title></textarea>", "data:,<"];

/// Stands for a URL that was refused.
const REFUSED: &[u8] = b"about:invalid";

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let small = Settings::new().with_max_depth(6).with_max_size(5_000).with_max_output(20_000);
    for settings in [Settings::new().with_max_output(100_000), small] {
        for debug in [false, true] {
            let settings = settings.clone().with_debug(debug);
            match settings.parse("t", text) {
                Ok(template) => judge(&template, text),
                Err(error) => {
                    // The place is one of the text.
                    assert!(error.line() <= text.matches('\n').count() + 1, "{error}");
                    assert_eq!(error.line() == 0, error.column() == 0, "{error}");
                }
            }
        }
    }
    as_a_file(text);
    let escaped = escape(text);
    assert!(!escaped.contains(['<', '>', '"', '\'']));
    let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    assert_eq!(back.replace("&#x27;", "'").replace("&amp;", "&"), text);
}

fn render(template: &Template, value: &str) -> Option<Vec<u8>> {
    let list = [value, value];
    let rows = [1, 2].map(|b| values! { a: value, b });
    let data = values! { a: value, b: &list[..], c: rows, d: Html("<i>"), e: Value::None };
    template.render(&data).ok().map(|page| page.0.to_vec())
}

fn has(page: &[u8], part: &[u8]) -> bool {
    page.windows(part.len()).any(|window| window == part)
}

/// How often each character that makes markup is there.
fn markup(page: &[u8]) -> [usize; 4] {
    [b'<', b'>', b'"', b'\''].map(|wanted| page.iter().filter(|byte| **byte == wanted).count())
}

fn judge(template: &Template, text: &str) {
    let harmless = render(template, "x");
    assert_eq!(harmless, render(template, "x"), "the same data gives the same page");
    for value in HOSTILE {
        let hostile = render(template, value);
        // Converters may mind what a value is; nothing else does, but for its length.
        assert!(hostile.is_none() || harmless.is_some() || text.contains(':'), "{value}");
        // Raw values are what they are, JSON has quotes, and with a refused URL goes what the
        // template put around the value.
        if let (Some(harmless), Some(hostile)) = (&harmless, hostile)
            && !text.contains("{.")
            && !text.contains(":json}")
            && ![harmless, &hostile].into_iter().any(|page| has(page, REFUSED))
        {
            assert_eq!(markup(harmless), markup(&hostile), "{value}");
        }
    }
}

/// As one of several: with sections, a base, and parts.
fn as_a_file(text: &str) {
    let settings = Settings::new().with_max_size(20_000);
    let Ok(base) = settings.parse("t", text) else { return };
    for section in ["[{b}]", "<b title=\"{a}\">{.a}</b>", text] {
        if let Ok(extended) = base.extend([("a", section)]) {
            let _ = render(&extended, "<");
        }
    }
    if let Ok(rows) = Loop::with(&settings, "<ul>", text, "</ul>", Some(text)) {
        let _ = rows.render(&["x", "y"], &values! { a: 1 });
        let _ = rows.render(&[values! { a: "<" }], &());
    }
}
