//! Logging behind macros of this crate: without the feature `log` warnings and notes check their
//! arguments and do nothing. Errors are always told.

use std::fmt;

/// An error, through the `log` facade where the feature is on and the program installed a logger;
/// on standard error otherwise, since an error that nobody is told of is found last.
macro_rules! log_error {
    ($($text:tt)*) => {{
        #[cfg(feature = "log")]
        let silent = log::max_level() == log::LevelFilter::Off;
        #[cfg(not(feature = "log"))]
        let silent = true;
        if silent {
            // A standard error that is closed is no reason to fail.
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr().lock(),
                format_args!("pauper: {}\n", format_args!($($text)*)),
            );
        }
        #[cfg(feature = "log")]
        log::error!($($text)*);
    }};
}

macro_rules! log_warn {
    ($($text:tt)*) => {{
        #[cfg(feature = "log")]
        log::warn!($($text)*);
        #[cfg(not(feature = "log"))]
        let _ = format_args!($($text)*);
    }};
}

macro_rules! log_info {
    ($($text:tt)*) => {{
        #[cfg(feature = "log")]
        log::info!($($text)*);
        #[cfg(not(feature = "log"))]
        let _ = format_args!($($text)*);
    }};
}

pub(crate) use {log_error, log_info, log_warn};

/// Text for the log that may hold what a client sent: control characters and those that turn the
/// direction of writing are escaped, so that nobody forges a line or talks to a terminal.
pub(crate) struct Clean<T>(pub(crate) T);

impl<T: AsRef<str>> fmt::Display for Clean<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for character in self.0.as_ref().chars() {
            let turns = matches!(character,
                '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if character.is_control() || turns {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Clean;

    #[test]
    fn a_line_cannot_be_forged() {
        let text = Clean("a\r\nb\u{1b}[31m\u{202e}\u{9b}ä").to_string();
        assert_eq!(text, "a\\u{d}\\u{a}b\\u{1b}[31m\\u{202e}\\u{9b}ä");
    }
}
