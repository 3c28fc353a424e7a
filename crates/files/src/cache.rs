//! Cache-Control by the paths of files.

use pauper_message::http::HeaderValue;

/// Patterns and what files that match them are sent with; the first that matches counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct CacheRules {
    rules: Vec<(Vec<u8>, HeaderValue)>,
}

impl CacheRules {
    /// # Panics
    /// When the value cannot stand in a header.
    #[track_caller]
    pub(crate) fn add(&mut self, pattern: &str, value: &str) {
        let Ok(header) = HeaderValue::from_str(value) else {
            panic!("{value:?} cannot be the value of Cache-Control");
        };
        self.rules.push((pattern.as_bytes().to_vec(), header));
    }

    /// The value for the file of this path, which has no slash in front.
    pub(crate) fn of_path(&self, path: &[u8]) -> Option<HeaderValue> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let fits = |pattern: &[u8]| {
            let whole = pattern.contains(&b'/');
            let pattern = pattern.strip_prefix(b"/").unwrap_or(pattern);
            matches(pattern, if whole { path } else { name })
        };
        self.rules.iter().find(|(pattern, _)| fits(pattern)).map(|(_, value)| value.clone())
    }
}

/// Whether the whole of `text` is what `pattern` describes: `?` is one byte but a slash, `*` any
/// number of them, `**` any number of bytes.
///
/// It goes back only to the last star of each kind, so it costs at most the product of the two
/// lengths, whatever the text is.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a star: in the pattern, and in the text when the star takes one more.
    let mut star: Option<(usize, usize)> = None;
    let mut stars: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some(b'*') if pattern.get(p + 1) == Some(&b'*') => {
                p += 2;
                stars = Some((p, t));
                star = None;
                continue;
            }
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
                continue;
            }
            Some(wanted) => {
                if let Some(byte) = text.get(t)
                    && (wanted == byte || (*wanted == b'?' && *byte != b'/'))
                {
                    (p, t) = (p + 1, t + 1);
                    continue;
                }
            }
            None if t == text.len() => return true,
            None => {}
        }
        match (&mut star, &mut stars) {
            (Some((after, at)), _) if *at < text.len() && text[*at] != b'/' => {
                *at += 1;
                (p, t) = (*after, *at);
            }
            (_, Some((after, at))) if *at < text.len() => {
                *at += 1;
                (p, t) = (*after, *at);
                star = None;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        };
        check("*.css", "a.css", true);
        check("*.css", ".css", true);
        check("*.css", "a.css.gz", false);
        check("*.css", "a/b.css", false);
        check("**.css", "a/b.css", true);
        check("assets/**", "assets/a/b", true);
        check("assets/**", "assets", false);
        check("a/*/c", "a/b/c", true);
        check("a/*/c", "a/b/b/c", false);
        check("a/**/c", "a/b/b/c", true);
        check("*.????????.js", "app.0123abcd.js", true);
        check("*.????????.js", "app.0123.js", false);
        check("a?b", "a/b", false);
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("*a*b*c", "xxaxxbxxbxxc", true);
        check("*a**b*", "xa/y/b", true);
        check("**/*.js", "a/b/c.js", true);
        check("**x*y", "x/xzy", true);
        check("**x*y", "x/xz/y", false);
        check(&"*a".repeat(20), &"a".repeat(2000).replace("aa", "ab"), false);
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let mut rules = CacheRules::default();
        rules.add("/index.html", "no-cache");
        rules.add("*.html", "max-age=60");
        rules.add("assets/**", "immutable");
        let check = |path: &str, expected: Option<&str>| {
            let found = rules.of_path(path.as_bytes());
            assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), expected, "{path}");
        };
        check("index.html", Some("no-cache"));
        check("sub/index.html", Some("max-age=60"));
        check("assets/a/b.js", Some("immutable"));
        check("assets/a.html", Some("max-age=60"));
        check("b.js", None);
    }
}
