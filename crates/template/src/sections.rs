//! Files of several sections: `<extend>` and `<loop>`.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::source::{At, Source};
use crate::syntax;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One template: this part of the text.
    Plain(Range<usize>),
    /// A template that gives sections to another.
    Extend { base: Range<usize>, sections: Vec<Part> },
    /// The parts of a loop.
    Loop { preamble: Range<usize>, sections: Vec<Part> },
}

/// A section of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: Box<str>,
    /// Where its marker is.
    pub(crate) at: usize,
    pub(crate) content: Range<usize>,
}

/// Finds the sections of a file.
pub(crate) fn shape(source: &Arc<Source>) -> Result<Shape, Error> {
    let text = &*source.text;
    let start = text.len() - text.trim_start().len();
    let begins = |tag: &str| text[start..].starts_with(tag).then(|| start + tag.len());
    if let Some(inner) = begins("<extend>") {
        let (base, sections) = parts(source, inner, "</extend>")?;
        Ok(Shape::Extend { base, sections })
    } else if let Some(inner) = begins("<loop>") {
        let (preamble, sections) = parts(source, inner, "</loop>")?;
        Ok(Shape::Loop { preamble, sections })
    } else {
        Ok(Shape::Plain(start..text.len()))
    }
}

/// The unnamed part and those with a marker; `inner` is behind the opening tag.
fn parts(
    source: &Arc<Source>,
    inner: usize,
    close: &str,
) -> Result<(Range<usize>, Vec<Part>), Error> {
    let text = &*source.text;
    let wrong = |offset: usize, message: String| {
        Error::new(ErrorKind::Syntax, message, &At { source: source.clone(), offset })
    };
    let mut end = text.len();
    // It may be missing, as the last one of a file.
    if let Some(last) = text[inner..].rfind(close) {
        let behind = inner + last + close.len();
        if let Some(stray) = text[behind..].find(|c: char| !c.is_whitespace()) {
            return Err(wrong(behind + stray, format!("text behind `{close}`")));
        }
        end = inner + last;
    }
    let mut named: Vec<Part> = Vec::new();
    let (mut unnamed, mut start, mut cursor) = (inner..end, inner, inner);
    while let Some(found) = text[cursor..end].find("<?") {
        let at = cursor + found;
        let Some(length) = text[at..end].find("?>") else {
            return Err(wrong(at, "the marker of a section is not closed: `?>` is missing".into()));
        };
        let name = text[at + 2..at + length].trim();
        if name.is_empty() || syntax::name(name) != name {
            return Err(wrong(at, "the marker of a section is `<?name?>`".into()));
        }
        if named.iter().any(|part| &*part.name == name) {
            return Err(wrong(at, format!("the section `{name}` is there twice")));
        }
        match named.last_mut() {
            Some(part) => part.content = start..at,
            None => unnamed = start..at,
        }
        start = at + length + 2;
        cursor = start;
        named.push(Part { name: name.into(), at, content: start..end });
    }
    for part in &mut named {
        part.content = trimmed(text, part.content.clone());
    }
    Ok((trimmed(text, unnamed), named))
}

/// Without blanks and line ends around.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let source = Arc::new(Source::new("x", text));
        let (first, sections) = match shape(&source).unwrap() {
            Shape::Plain(range) => (range, Vec::new()),
            Shape::Extend { base, sections } => (base, sections),
            Shape::Loop { preamble, sections } => (preamble, sections),
        };
        let mut found = vec![("", &text[first])];
        found.extend(sections.iter().map(|part| (&*part.name, &text[part.content.clone()])));
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = shape(&Arc::new(Source::new("x", text))).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn sections_are_found_and_trimmed() {
        check("  \n plain <?x?> ", &[("", "plain <?x?> ")]);
        check(
            "<extend> base <? title ?> T <b>\n<?body?>\n B </extend>\n",
            &[("", "base"), ("title", "T <b>"), ("body", "B")],
        );
        check("<extend>base", &[("", "base")]);
        check(
            "<loop><ul><?begin?><li><?end?></ul>",
            &[("", "<ul>"), ("begin", "<li>"), ("end", "</ul>")],
        );
        check("<loop><?begin?>x</loop>yy".trim_end_matches("yy"), &[("", ""), ("begin", "x")]);
        check("<extend>a<?b?></extend></extend>", &[("", "a"), ("b", "</extend>")]);
    }

    #[test]
    fn broken_files_are_refused() {
        refused("<extend>a<?b?>c</extend> d", "x:1:26: text behind `</extend>`");
        refused("<loop>a<?b", "not closed");
        refused("<loop>a<? ?>", "`<?name?>`");
        refused("<loop>a<?x y?>", "`<?name?>`");
        refused("<loop><?a?>1<?a?>2", "x:1:13: the section `a` is there twice");
    }
}
