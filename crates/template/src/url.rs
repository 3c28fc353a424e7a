//! Which URLs run code.

/// What the start of a URL tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Whatever follows, it is harmless.
    Harmless,
    /// It depends on what follows.
    Open,
    /// It runs code, or shows a page that somebody else wrote.
    Refused,
}

/// Longer than any scheme that is looked for, with what browsers ignore taken out.
const LONGEST: usize = 64;

/// Judges the beginning of an attribute's value, as it stands in HTML.
///
/// Browsers drop spaces and control characters in front and tabs and line ends everywhere, and
/// decode entities before; so does this. `images` says that the attribute takes a picture, in which
/// a `data:` URL cannot do anything.
pub(crate) fn judge(value: &[u8], images: bool) -> Verdict {
    let mut scheme = [0u8; LONGEST];
    let mut len = 0;
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        let (byte, behind) = if byte == b'&' {
            match decode(rest) {
                Some(decoded) => decoded,
                // What is an entity only with more behind it, and those not known here.
                None if entity_may_go_on(rest) => return Verdict::Open,
                None => return Verdict::Refused,
            }
        } else {
            (byte, behind)
        };
        rest = behind;
        match byte {
            b'\t' | b'\n' | b'\r' => {}
            0..=b' ' if len == 0 => {}
            b':' => return judge_scheme(&scheme[..len], rest, images),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' if len < LONGEST => {
                scheme[len] = byte.to_ascii_lowercase();
                len += 1;
            }
            // No scheme has this character, or is as long: it is a path.
            _ => return Verdict::Harmless,
        }
    }
    Verdict::Open
}

fn judge_scheme(scheme: &[u8], rest: &[u8], images: bool) -> Verdict {
    match scheme {
        b"javascript" | b"vbscript" | b"livescript" | b"mocha" => Verdict::Refused,
        // Pictures only, and only where pictures are shown.
        b"data" if images => {
            let start: Vec<u8> = rest.iter().take(6).map(u8::to_ascii_lowercase).collect();
            if start == b"image/" {
                Verdict::Harmless
            } else if b"image/".starts_with(&start) {
                Verdict::Open
            } else {
                Verdict::Refused
            }
        }
        b"data" => Verdict::Refused,
        _ => Verdict::Harmless,
    }
}

/// The ASCII character that an entity at the start stands for, and what is behind it. Characters
/// beyond ASCII are told as DEL, since they are no part of a scheme either.
fn decode(bytes: &[u8]) -> Option<(u8, &[u8])> {
    const NAMED: [(&[u8], u8); 8] = [
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
        (b"&colon;", b':'),
        (b"&Tab;", b'\t'),
        (b"&NewLine;", b'\n'),
    ];
    for (name, byte) in NAMED {
        if let Some(rest) = bytes.strip_prefix(name) {
            return Some((byte, rest));
        }
    }
    let digits = bytes.strip_prefix(b"&#")?;
    let (base, digits) = match digits {
        [b'x' | b'X', rest @ ..] => (16, rest),
        _ => (10, digits),
    };
    let count = digits.iter().take_while(|byte| char::from(**byte).is_digit(base)).count();
    if count == 0 || count == digits.len() {
        // No number, or one that may go on.
        return None;
    }
    let value = digits[..count].iter().fold(0u32, |value, byte| {
        let digit = char::from(*byte).to_digit(base).unwrap_or(0);
        value.saturating_mul(base).saturating_add(digit)
    });
    let rest = &digits[count..];
    // Browsers do without the semicolon.
    let rest = rest.strip_prefix(b";").unwrap_or(rest);
    Some((u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(0x7f), rest))
}

/// Whether `bytes`, which begin with `&`, may become one of the known entities.
fn entity_may_go_on(bytes: &[u8]) -> bool {
    bytes.len() < 12 && bytes[1..].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
}

/// Judges a whole value: where no scheme is, there is a path.
pub(crate) fn is_refused(value: &[u8], images: bool) -> bool {
    match judge(value, images) {
        Verdict::Harmless => false,
        Verdict::Refused => true,
        // Nothing follows. An entity without its end is one all the same; `data:im` is no picture.
        Verdict::Open => value.contains(&b'&') || value.contains(&b':'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Verdict) {
        assert_eq!(judge(value.as_bytes(), false), expected, "{value}");
    }

    #[test]
    fn schemes_that_run_code_are_refused() {
        for value in [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            " \x01 javascript:x",
            "java\tscr\nipt:x",
            "javascript&colon;x",
            "java&Tab;script:x",
            "&#106;avascript:x",
            "&#x6a;avascript:x",
            "&#0000106;avascript&#58;x",
            "vbscript:x",
            "data:text/html,x",
            "data:image/svg+xml,x",
            "&nosuch;x",
        ] {
            check(value, Verdict::Refused);
            assert!(is_refused(value.as_bytes(), false), "{value}");
        }
    }

    #[test]
    fn others_are_not() {
        for value in [
            "https://example.org/",
            "mailto:a@b",
            "/javascript:x",
            "a/b:c",
            "?q=javascript:x",
            "#x",
            "javascript/x",
            "&amp;javascript:x",
            "é:x",
            "java script:x",
            "tel:1",
            // The number is 6AA: the `a` is one of its digits.
            "&#x6Aavascript:x",
        ] {
            check(value, Verdict::Harmless);
        }
        for value in ["", "java", "page.html", "  ", "&#106", "&am"] {
            check(value, Verdict::Open);
        }
        assert!(!is_refused(b"page.html", false));
        assert!(!is_refused(b"", false));
        assert!(is_refused(b"&#106", false));
    }

    #[test]
    fn pictures_may_be_data() {
        assert_eq!(judge(b"data:image/png;base64,x", true), Verdict::Harmless);
        assert_eq!(judge(b"data:IMAGE/png", true), Verdict::Harmless);
        assert_eq!(judge(b"data:text/html,x", true), Verdict::Refused);
        assert_eq!(judge(b"data:ima", true), Verdict::Open);
        assert!(is_refused(b"data:ima", true));
        assert_eq!(judge(b"javascript:x", true), Verdict::Refused);
    }
}
