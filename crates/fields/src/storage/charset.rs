//! Charsets of texts: UTF-8, and Latin-1 as the encoding standard has it.

use pauper_wire::grammar::value_and_parameters;

/// A charset that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// `ISO-8859-1` and `windows-1252` are names of the latter in the
    /// [encoding standard](https://encoding.spec.whatwg.org/#names-and-labels).
    Windows1252,
}

impl Charset {
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        let is = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
        if ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(is) {
            Some(Self::Utf8)
        } else if ["iso-8859-1", "windows-1252", "latin1", "iso8859-1", "cp1252"].iter().any(is) {
            Some(Self::Windows1252)
        } else {
            None
        }
    }

    /// The charset of a Content-Type: `None` if it names none, an error with the name if it names
    /// one that is not known. Parameters that are malformed name nothing.
    pub(super) fn of_content_type(value: &[u8]) -> Result<Option<Self>, String> {
        if !value.contains(&b';') {
            return Ok(None);
        }
        let mut parameters = value_and_parameters(value).1.map_while(Result::ok);
        let Some(charset) = parameters.find(|parameter| parameter.is("charset")) else {
            return Ok(None);
        };
        let name: Vec<u8> = charset.bytes().collect();
        match Self::of_name(&name) {
            Some(charset) => Ok(Some(charset)),
            None => Err(String::from_utf8_lossy(&name).into_owned()),
        }
    }

    /// How long [`decode`](Self::decode) makes these bytes.
    pub(super) fn decoded_len(self, bytes: &[u8]) -> usize {
        match self {
            Self::Utf8 => bytes
                .utf8_chunks()
                .map(|chunk| chunk.valid().len() + if chunk.invalid().is_empty() { 0 } else { 3 })
                .sum(),
            Self::Windows1252 => bytes.iter().map(|byte| windows_1252(*byte).len_utf8()).sum(),
        }
    }

    /// Decodes; what is not UTF-8 becomes U+FFFD.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Windows1252 => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        }
    }
}

fn windows_1252(byte: u8) -> char {
    /// 0x80 to 0x9F.
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts() {
        let of = |value: &str| Charset::of_content_type(value.as_bytes());
        assert_eq!(of("text/plain"), Ok(None));
        assert_eq!(of("text/plain; charset=UTF-8"), Ok(Some(Charset::Utf8)));
        assert_eq!(of("text/plain; a=b; Charset=\"ISO-8859-1\""), Ok(Some(Charset::Windows1252)));
        assert_eq!(of("text/plain; charset=koi8-r"), Err("koi8-r".to_owned()));
        assert_eq!(of("text/plain; charset"), Ok(None));
        assert_eq!(Charset::Windows1252.decode(b"\x80 caf\xE9\x9F"), "€ café\u{178}");
        assert_eq!(Charset::Utf8.decode(b"caf\xE9"), "caf\u{FFFD}");
        for bytes in [&b"\x80 caf\xE9\x9F"[..], b"caf\xE9", b"", b"\xF0\x9F\xFF\xC3\xA9"] {
            for charset in [Charset::Utf8, Charset::Windows1252] {
                assert_eq!(charset.decoded_len(bytes), charset.decode(bytes).len(), "{bytes:?}");
            }
        }
    }
}
