//! Quality values (RFC 9110 section 12.4.2).

use super::{List, Parameters, split_list, value_and_parameters};

/// A quality value in thousandths: `0.5` is 500. At most three decimals, at most 1.
///
/// ```
/// use pauper_wire::grammar::quality;
///
/// assert_eq!(quality(b"0.25"), Some(250));
/// assert_eq!(quality(b"1.001"), None);
/// ```
#[must_use]
pub fn quality(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole] | [whole, b'.'] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    if !matches!(whole, b'0' | b'1') || decimals.len() > 3 {
        return None;
    }
    let mut thousandths = u16::from(whole - b'0') * 1000;
    for (decimal, weight) in decimals.iter().zip([100, 10, 1]) {
        if !decimal.is_ascii_digit() {
            return None;
        }
        thousandths += u16::from(decimal - b'0') * weight;
    }
    (thousandths <= 1000).then_some(thousandths)
}

/// One element of an Accept-like list.
#[derive(Clone, Debug)]
pub struct Weighted<'a> {
    /// What stands before the first semicolon.
    pub value: &'a [u8],
    /// All parameters, `q` among them.
    pub parameters: Parameters<'a>,
    /// `q` in thousandths; 1000 without it. 0 says "not acceptable".
    pub quality: u16,
}

/// The elements of an Accept-like list in the order sent, with their quality values. Elements with
/// malformed parameters or quality are skipped.
///
/// ```
/// use pauper_wire::grammar::weighted;
///
/// let best = weighted(b"gzip;q=0.5, br, *;q=0").max_by_key(|element| element.quality).unwrap();
/// assert_eq!((best.value, best.quality), (&b"br"[..], 1000));
/// ```
pub fn weighted(value: &[u8]) -> impl Iterator<Item = Weighted<'_>> {
    let elements: List<'_> = split_list(value);
    elements.filter_map(|element| {
        let (value, parameters) = value_and_parameters(element);
        let mut weight = 1000;
        for parameter in parameters.clone() {
            let parameter = parameter.ok()?;
            if parameter.is("q") {
                weight = quality(parameter.raw())?;
            }
        }
        Some(Weighted { value, parameters, quality: weight })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.0", Some(0)),
            ("0.001", Some(1)),
            ("0.1", Some(100)),
            ("0.999", Some(999)),
            ("1", Some(1000)),
            ("1.", Some(1000)),
            ("1.000", Some(1000)),
            ("1.0000", None),
            ("1.001", None),
            ("2", None),
            ("00.1", None),
            (".5", None),
            ("0.5x", None),
            ("-0.5", None),
            ("", None),
            ("0,5", None),
        ] {
            assert_eq!(quality(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn weighted_lists_skip_what_is_malformed() {
        let got = |value: &'static str| {
            weighted(value.as_bytes()).map(|w| (core::str::from_utf8(w.value).unwrap(), w.quality))
        };
        assert!(got("a, b;q=0.5;x=1, c;q=7, d;Q=0").eq([("a", 1000), ("b", 500), ("d", 0)]));
        assert!(got("text/html;level=\"1,2\";q=0.3").eq([("text/html", 300)]));
        assert!(got("a;q, b").eq([("b", 1000)]));
        assert!(got("").eq([]));
    }
}
