//! Configuration files.

use configparser::ini::Ini;

use crate::escape::OneLine;

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) section: String,
    pub(crate) name: String,
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
}

/// Reads a file as Python's `configparser` does, with the differences that its users expect anyway:
///
/// - a comment may stand at the end of a line, after a space;
/// - `%%` is a percent sign, and so is a single one;
/// - what stands twice counts as it stands last;
/// - `[DEFAULT]` gives values to all sections that are there.
///
/// An error is a line's number and a sentence.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let mut ini = Ini::new_cs();
    ini.set_comment_symbols(&['#', ';']);
    ini.set_inline_comment_symbols(Some(&[]));
    ini.set_multiline(true);
    // The parser does not tell lines, so they are looked up on the way to it.
    let mut clean = String::with_capacity(text.len());
    let mut places: Vec<(String, String, usize)> = Vec::new();
    let mut section = String::new();
    let mut indent_of_key = None;
    for (number, raw) in (1..).zip(text.lines()) {
        let line = without_comment(raw);
        clean.push_str(line);
        clean.push('\n');
        let plain = line.trim();
        if plain.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if plain.starts_with('[') {
            let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
                return Err((number, format!("a section is [NAME], and not {plain:?}")));
            };
            name.trim().clone_into(&mut section);
            indent_of_key = None;
        } else if indent_of_key.is_some_and(|before| indent > before) {
            // The value goes on.
        } else {
            let Some((name, _)) = plain.split_once(['=', ':']) else {
                let told = OneLine(plain).to_string();
                return Err((number, format!("a line is `name = value`, and not {told:?}")));
            };
            if section.is_empty() {
                return Err((number, format!("{:?} stands before any section", name.trim())));
            }
            indent_of_key = Some(indent);
            places.push((section.clone(), name.trim().to_owned(), number));
        }
    }
    let map = ini.read(clean).map_err(|why| (0, OneLine(&why).to_string()))?;
    let mut entries: Vec<Entry> = Vec::new();
    for (section, name, line) in places {
        let value = map.get(&section).and_then(|values| values.get(&name)).cloned().flatten();
        let value = value.unwrap_or_default().replace("%%", "%");
        entries.retain(|entry| (&entry.section, &entry.name) != (&section, &name));
        entries.push(Entry { section, name, value, line });
    }
    Ok(with_defaults(entries, map.keys()))
}

/// A comment begins the line, or follows a space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (index, c) in line.char_indices() {
        if matches!(c, '#' | ';') && before.is_whitespace() {
            return line[..index].trim_end();
        }
        before = c;
    }
    line
}

fn with_defaults<'s>(
    entries: Vec<Entry>,
    sections: impl Iterator<Item = &'s String>,
) -> Vec<Entry> {
    let (defaults, mut entries): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.section == "DEFAULT");
    for section in sections.filter(|name| *name != "DEFAULT") {
        for default in &defaults {
            let has = |entry: &Entry| entry.section == *section && entry.name == default.name;
            if !entries.iter().any(has) {
                entries.push(Entry { section: section.clone(), ..default.clone() });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, &str, usize)]) {
        let mut entries = read(text).unwrap();
        entries.sort_by(|a, b| (&a.section, a.line).cmp(&(&b.section, b.line)));
        let found: Vec<_> = entries
            .iter()
            .map(|e| (e.section.as_str(), e.name.as_str(), e.value.as_str(), e.line))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_form_of_a_file() {
        check(
            "[http]\nport = 80\naddress: ::1\n",
            &[("http", "port", "80", 2), ("http", "address", "::1", 3)],
        );
        check(
            "# c\n[http]\n; c\nport = 80 ; usual\nroot = /a#b  # c\n",
            &[("http", "port", "80", 4), ("http", "root", "/a#b", 5)],
        );
        check("[environ]\napp_Colour = #fff\n", &[("environ", "app_Colour", "", 2)]);
        check("[environ]\napp_Colour = a%%b 5%\n", &[("environ", "app_Colour", "a%b 5%", 2)]);
        check("[http]\nport = 1\nport = 2\n", &[("http", "port", "2", 3)]);
        check(
            "[http]\nlisten = a:1,\n  b:2\nport = 3\n",
            &[("http", "listen", "a:1,\nb:2", 2), ("http", "port", "3", 4)],
        );
        check(
            "[DEFAULT]\nx = 1\n[a]\ny = 2\n[b]\nx = 3\n",
            &[("a", "x", "1", 2), ("a", "y", "2", 4), ("b", "x", "3", 6)],
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, expected) in [
            ("[http\n", 1, "a section is [NAME]"),
            ("\n[http]\nport\n", 3, "a line is `name = value`"),
            ("port = 1\n", 1, "\"port\" stands before any section"),
        ] {
            let (number, why) = read(text).unwrap_err();
            assert!(number == line && why.starts_with(expected), "{text:?}: {number}: {why}");
        }
    }
}
