//! Names for files out of names that strangers chose.

/// Most bytes of a name; the common file systems allow 255.
const LONGEST: usize = 200;

/// A name that is safe for a file in a folder of your own, made of what a client said; `None` if
/// nothing is left of it.
///
/// Of a path only its last component counts, whichever of `/`, `\` and `:` separate. Control and
/// direction characters go away, `<>"|?*` become `_`, and dots and spaces at both ends are cut, so
/// that the name is not hidden, is no device of Windows and nothing like `..`. It has at most 200
/// bytes, and keeps a short extension. Letters of all scripts stay.
///
/// Two clients may send the same name: decide yourself what then happens, and open with
/// `create_new`.
///
/// ```
/// use pauper_fields::safe_file_name;
///
/// assert_eq!(safe_file_name("../../etc/passwd").as_deref(), Some("passwd"));
/// assert_eq!(safe_file_name(r"C:\Users\me\naïve?.txt").as_deref(), Some("naïve_.txt"));
/// assert_eq!(safe_file_name(".."), None);
/// assert_eq!(safe_file_name("con.txt").as_deref(), Some("_con.txt"));
/// ```
pub fn safe_file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|character| !character.is_control() && !is_direction(*character))
        .map(|character| if "<>\"|?*".contains(character) { '_' } else { character })
        .collect();
    let mut safe = trimmed(&kept).to_owned();
    if safe.len() > LONGEST {
        safe = shortened(&safe);
    }
    if safe.is_empty() {
        return None;
    }
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    Some(safe)
}

fn trimmed(name: &str) -> &str {
    name.trim_matches(|character: char| character == '.' || character.is_whitespace())
}

/// Characters that make a name look like another: `gpj.exe` shown as `exe.jpg`.
fn is_direction(character: char) -> bool {
    matches!(character,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{061C}')
}

/// Names that Windows has for devices, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    matches!(&*stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || ["com", "lpt"].iter().any(|device| {
            let number = stem.strip_prefix(device).unwrap_or_default();
            matches!(number, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9")
                || matches!(number, "\u{B9}" | "\u{B2}" | "\u{B3}")
        })
}

fn shortened(name: &str) -> String {
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() <= 16 { extension } else { "" };
    let stem = &name[..name.len() - extension.len()];
    let mut end = LONGEST - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    trimmed(&stem[..end]).to_owned() + extension
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advisory_python_multipart_cve_2026_24486_names_stay_in_their_folder() {
        let cases = [
            ("/etc/x", Some("x")),
            ("..\\x", Some("x")),
            ("C:x", Some("x")),
            ("a/", None),
            ("CON", Some("_CON")),
            ("nul .txt", Some("_nul .txt")),
            ("com1.tar.gz", Some("_com1.tar.gz")),
            ("COM\u{B9}", Some("_COM\u{B9}")),
            ("com10", Some("com10")),
            ("a\0b", Some("ab")),
            ("a\r\nb\u{7F}", Some("ab")),
            ("x. . ", Some("x")),
            (".htaccess", Some("htaccess")),
            ("...", None),
            ("", None),
            (" \t", None),
            ("\u{202E}gpj.exe", Some("gpj.exe")),
            ("a<b>c\"d|e?f*g", Some("a_b_c_d_e_f_g")),
            ("file.txt::$DATA", Some("$DATA")),
            ("řeka 😀.png", Some("řeka 😀.png")),
        ];
        for (name, expected) in cases {
            assert_eq!(safe_file_name(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let cases = [
            ("a".repeat(300), 200, ""),
            ("a".repeat(300) + ".jpeg", 200, ".jpeg"),
            ("ř".repeat(150) + ".c", 200, "ř.c"),
            ("😀".repeat(100), 200, ""),
            ("a.".to_owned() + &"b".repeat(300), 200, "b"),
        ];
        for (name, length, end) in cases {
            let safe = safe_file_name(&name).unwrap();
            assert!(safe.len() <= length && safe.len() > length - 4, "{} of {name}", safe.len());
            assert!(safe.ends_with(end), "{safe}");
        }
    }
}
