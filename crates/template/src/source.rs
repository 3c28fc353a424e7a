//! The text of a template and places in it.

use std::sync::Arc;

/// A text with a name.
#[derive(Debug)]
pub(crate) struct Source {
    /// As errors show it: a file's name.
    pub(crate) name: Box<str>,
    pub(crate) text: Box<str>,
}

/// A place in a source.
#[derive(Clone, Debug)]
pub(crate) struct At {
    pub(crate) source: Arc<Source>,
    pub(crate) offset: usize,
}

/// A place as people count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// The line, without its end.
    pub(crate) text: String,
}

/// Longer lines are shown in part: `data:` URLs and minified scripts are nobody's reading.
const SHOWN: usize = 160;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Where an offset is. One behind the end is the end.
    pub(crate) fn spot(&self, offset: usize) -> Spot {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, behind) = self.text.split_at(offset);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = behind.find('\n').map_or(self.text.len(), |end| offset + end);
        let line = self.text[start..end].trim_end_matches('\r');
        let column = self.text[start..offset].chars().count();
        // Of a long line the part around the place.
        let skipped = if column > SHOWN / 2 { column - SHOWN / 2 } else { 0 };
        let total = line.chars().count();
        let text = if total <= SHOWN {
            line.to_owned()
        } else {
            let part: String = line.chars().skip(skipped).take(SHOWN).collect();
            let front = if skipped > 0 { "…" } else { "" };
            let back = if skipped + SHOWN < total { "…" } else { "" };
            format!("{front}{part}{back}")
        };
        Spot { line: before.matches('\n').count() + 1, column: column + 1, text }
    }

    /// How far the caret under [`Spot::text`] is from its start, in characters.
    pub(crate) fn indent(spot: &Spot) -> usize {
        let column = spot.column - 1;
        if spot.text.starts_with('…') && column > SHOWN / 2 { SHOWN / 2 + 1 } else { column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let source = Source::new("x", "one\r\ntwö {x}\n");
        let spot = source.spot("one\r\ntwö ".len());
        assert_eq!(spot, Spot { line: 2, column: 5, text: "twö {x}".into() });
        assert_eq!(source.spot(0), Spot { line: 1, column: 1, text: "one".into() });
        assert_eq!(source.spot(999).line, 3);
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let spot = Source::new("x", &text).spot(500);
        assert_eq!(spot.column, 501);
        assert_eq!(spot.text.chars().nth(Source::indent(&spot)), Some('!'));
        assert!(spot.text.chars().count() <= SHOWN + 2);
    }
}
