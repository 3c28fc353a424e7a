//! The source of handlers, cut out of the files that are compiled.

const FEATURES: &str = include_str!("features.rs");
const UPLOADS: &str = include_str!("uploads.rs");
const DAEMON: &str = include_str!("../registry.rs");

/// The source of a card, or nothing if no marker has its name: first the lines with `// show:`,
/// then what stands between `// begin:` and `// end:`, block by block.
pub(super) fn section(name: &str) -> Option<String> {
    let texts: Vec<String> = [FEATURES, UPLOADS, DAEMON]
        .into_iter()
        .map(|text| cut(text, name))
        .filter(|text| !text.is_empty())
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn cut(text: &str, name: &str) -> String {
    let (show, begin, end) =
        (format!("// show: {name}"), format!("// begin: {name}"), format!("// end: {name}"));
    let mut lines = Vec::new();
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in text.lines() {
        if let Some(line) = line.strip_suffix(&show) {
            lines.push(line.trim());
        } else if line.trim() == begin {
            block = Some(Vec::new());
        } else if line.trim() == end {
            blocks.extend(block.take().map(|lines| level(&lines)));
        } else if let Some(block) = &mut block {
            block.push(line);
        }
    }
    if !lines.is_empty() {
        blocks.insert(0, lines.join("\n"));
    }
    blocks.join("\n\n")
}

/// The lines without the indentation that all of them have.
fn level(lines: &[&str]) -> String {
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or("")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_blocks_of_a_name_are_cut_out() {
        let text = "x\n  a(); // show: it\n  // begin: it\n  b\n\n    c\n  // end: it\n\
                    y\nz // show: item\n// begin: it\nd\n// end: it\n";
        assert_eq!(cut(text, "it"), "a();\n\nb\n\n  c\n\nd");
        assert_eq!(cut(text, "item"), "z");
        assert_eq!(cut(text, "other"), "");
    }
}
