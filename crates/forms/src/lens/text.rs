//! Plain text.

use super::{BLANK, Lens};
use crate::attributes::Attributes;
use crate::error::Invalid;

/// Text, without the blanks around it.
///
/// Control characters are refused: browsers do not send them, and what prints or stores the text may
/// stumble over them. Several lines are accepted after [`multi_line`](Self::multi_line) only; their
/// ends become `\n`, whatever the browser sent.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    is_required: bool,
    is_multi_line: bool,
    max_length: Option<usize>,
}

/// One line, which may not be blank.
pub const TYPICAL: Text = Text { is_required: true, is_multi_line: false, max_length: None };

/// One line, which may be blank.
pub const BLANKABLE: Text = TYPICAL.blankable();

impl Text {
    /// The same, which may be blank.
    #[must_use]
    pub const fn blankable(self) -> Self {
        Self { is_required: false, ..self }
    }

    /// The same in any number of lines.
    #[must_use]
    pub const fn multi_line(self) -> Self {
        Self { is_multi_line: true, ..self }
    }

    /// The same of at most this many characters. They are counted as browsers count them, in units
    /// of UTF-16, so that nobody is refused what the control let in. No limit by default but that of
    /// the whole form.
    #[must_use]
    pub const fn max_length(self, most: usize) -> Self {
        Self { max_length: Some(most), ..self }
    }

    /// Lines end with `\n`, which is also how browsers count them.
    fn lines(text: &str) -> String {
        text.replace("\r\n", "\n").replace('\r', "\n")
    }
}

impl Lens for Text {
    type Native = String;

    fn show(&self, native: &String) -> String {
        native.clone()
    }

    fn parse(&self, text: &str) -> Result<String, Invalid> {
        let mut text = text.trim().to_owned();
        if self.is_multi_line {
            text = Self::lines(&text);
        }
        let is_allowed =
            |c: char| !c.is_control() || self.is_multi_line && matches!(c, '\n' | '\t');
        if text.is_empty() && self.is_required {
            return Err(BLANK);
        }
        if let Some(bad) = text.chars().find(|&c| !is_allowed(c)) {
            return Err(Invalid::new(match bad {
                '\n' | '\r' => "may be one line only.".to_owned(),
                _ => format!("has a character that cannot be used: {}.", bad.escape_unicode()),
            }));
        }
        match self.max_length {
            Some(most) if text.encode_utf16().count() > most => {
                Err(Invalid::new(format!("may have at most {most} characters.")))
            }
            _ => Ok(text),
        }
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        if self.is_required {
            attributes.set_flag("required");
        }
        if let Some(most) = self.max_length {
            attributes.set("maxlength", most.to_string());
        }
        attributes
    }
}
