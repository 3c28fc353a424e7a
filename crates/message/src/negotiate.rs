//! Which of several representations the client likes best.

use pauper_wire::grammar::weighted;

/// Chooses among `offers` (media types such as `text/html`, best first) by the values of the
/// Accept headers (RFC 9110, section 12.5.1).
pub(crate) fn prefer<'a, 'o>(
    accept: impl Iterator<Item = &'a [u8]>,
    offers: &[&'o str],
) -> Option<&'o str> {
    let ranges: Vec<(&[u8], u16)> =
        accept.flat_map(weighted).map(|range| (range.value, range.quality)).collect();
    if ranges.is_empty() {
        return offers.first().copied();
    }
    let mut best = None;
    for offer in offers {
        let quality = quality_of(offer.as_bytes(), &ranges);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((*offer, quality));
        }
    }
    best.map(|(offer, _)| offer)
}

/// The quality of the most specific range that covers `offer`.
fn quality_of(offer: &[u8], ranges: &[(&[u8], u16)]) -> u16 {
    let kind = offer.split(|byte| *byte == b'/').next().unwrap_or_default();
    let mut found = (0, 0);
    for (range, quality) in ranges {
        let specific = if range.eq_ignore_ascii_case(offer) {
            3
        } else if range.strip_suffix(b"/*").is_some_and(|wide| wide.eq_ignore_ascii_case(kind)) {
            2
        } else if *range == b"*/*" {
            1
        } else {
            continue;
        };
        if specific > found.0 {
            found = (specific, *quality);
        }
    }
    found.1
}

/// The elements of several header lines, as value and quality; none without such a header.
fn elements<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Vec<(&'a [u8], u16)>> {
    let mut lines = lines.peekable();
    lines.peek()?;
    Some(lines.flat_map(weighted).map(|element| (element.value, element.quality)).collect())
}

/// The offer of the highest quality, the first of equals.
fn best<'o>(offers: &[&'o str], quality: impl Fn(&str) -> u16) -> Option<(&'o str, u16)> {
    let mut best: Option<(&str, u16)> = None;
    for offer in offers {
        let quality = quality(offer);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((*offer, quality));
        }
    }
    best
}

/// Chooses among language tags: the longest range that is the tag or a prefix of it at a hyphen
/// decides (RFC 4647, section 3.3.1).
pub(crate) fn prefer_language<'a, 'o>(
    accept: impl Iterator<Item = &'a [u8]>,
    offers: &[&'o str],
) -> Option<&'o str> {
    let Some(ranges) = elements(accept) else { return offers.first().copied() };
    let covers = |range: &[u8], offer: &[u8]| {
        offer.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range))
            && matches!(offer.get(range.len()), None | Some(b'-'))
    };
    let quality = |offer: &str| {
        let found = ranges
            .iter()
            .filter(|(range, _)| covers(range, offer.as_bytes()))
            .max_by_key(|(range, _)| range.len());
        let any = || ranges.iter().find(|(range, _)| *range == b"*");
        found.or_else(any).map_or(0, |(_, quality)| *quality)
    };
    best(offers, quality).map(|(offer, _)| offer)
}

/// Chooses among content codings; nothing where the body as it is, `identity`, is liked better
/// (RFC 9110, section 12.5.3).
pub(crate) fn prefer_encoding<'a, 'o>(
    accept: impl Iterator<Item = &'a [u8]>,
    offers: &[&'o str],
) -> Option<&'o str> {
    let codings = elements(accept)?;
    let named = |name: &[u8]| {
        codings.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, q)| *q)
    };
    let any = named(b"*");
    let found = best(offers, |offer| {
        // `x-gzip` is an old name of `gzip` (section 8.4.1.3).
        let old = || if offer == "gzip" { named(b"x-gzip") } else { None };
        named(offer.as_bytes()).or_else(old).or(any).unwrap_or(0)
    });
    // Not named, `identity` is acceptable but nobody asked for it.
    let identity = named(b"identity").unwrap_or(0);
    found.filter(|(_, quality)| *quality >= identity).map(|(offer, _)| offer)
}

/// Reads a list of preferences such as `gzip;q=0.5, *;q=0` in the order written; elements that
/// break the grammar are left out (RFC 9110, section 12.4.2).
///
/// ```
/// use pauper_message::{parse_preferences, render_preferences};
///
/// let list = parse_preferences("gzip;q=0.5, br, *;q=0");
/// assert_eq!(list, [("gzip", 0.5), ("br", 1.0), ("*", 0.0)]);
/// assert_eq!(render_preferences(&list), "gzip;q=0.5, br, *;q=0");
/// ```
pub fn parse_preferences(text: &str) -> Vec<(&str, f32)> {
    weighted(text.as_bytes())
        .filter_map(|element| {
            let value = std::str::from_utf8(element.value).ok()?;
            Some((value, f32::from(element.quality) / 1000.0))
        })
        .collect()
}

/// Writes a list of preferences, with up to three decimals and nothing where the quality is 1.
pub fn render_preferences<T: AsRef<str>>(list: &[(T, f32)]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (value, quality) in list {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(value.as_ref());
        // What is not a number is liked not at all.
        let quality = if quality.is_nan() { 0.0 } else { quality.clamp(0.0, 1.0) };
        let thousandths = (quality * 1000.0).round();
        if thousandths < 1000.0 {
            let _ = write!(text, ";q={}", thousandths / 1000.0);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    fn check(accept: &[&str], expected: Option<&str>) {
        let offers = ["text/html", "application/json", "text/plain"];
        assert_eq!(
            super::prefer(accept.iter().map(|value| value.as_bytes()), &offers),
            expected,
            "{accept:?}"
        );
    }

    #[test]
    fn the_most_specific_range_decides() {
        check(&[], Some("text/html"));
        check(&["*/*"], Some("text/html"));
        check(&["application/json"], Some("application/json"));
        check(&["text/html;q=0.5, application/json"], Some("application/json"));
        check(&["text/*;q=0.5", "text/plain"], Some("text/plain"));
        check(&["text/html;q=0, */*;q=0.1"], Some("application/json"));
        check(&["image/png"], None);
        check(&["*/*;q=0"], None);
        check(&["TEXT/HTML; Q=1"], Some("text/html"));
    }

    #[track_caller]
    fn language(accept: &[&str], expected: Option<&str>) {
        let lines = accept.iter().map(|value| value.as_bytes());
        assert_eq!(super::prefer_language(lines, &["cs", "de-CH", "en"]), expected, "{accept:?}");
    }

    #[test]
    fn a_language_covers_its_regions() {
        language(&[], Some("cs"));
        language(&["de"], Some("de-CH"));
        language(&["DE-ch, de;q=0"], Some("de-CH"));
        language(&["de, de-CH;q=0.1, en;q=0.5"], Some("en"));
        language(&["de-CH-1996, d"], None);
        language(&["fr, *;q=0.1"], Some("cs"));
        language(&["*, cs;q=0"], Some("de-CH"));
        language(&[""], None);
    }

    #[track_caller]
    fn encoding(accept: &[&str], expected: Option<&str>) {
        let lines = accept.iter().map(|value| value.as_bytes());
        assert_eq!(super::prefer_encoding(lines, &["br", "gzip"]), expected, "{accept:?}");
    }

    #[test]
    fn a_coding_has_to_be_wanted() {
        encoding(&[], None);
        encoding(&[""], None);
        encoding(&["gzip"], Some("gzip"));
        encoding(&["x-GZIP"], Some("gzip"));
        encoding(&["gzip, br"], Some("br"));
        encoding(&["gzip", "br;q=0.5"], Some("gzip"));
        encoding(&["*"], Some("br"));
        encoding(&["*, br;q=0"], Some("gzip"));
        encoding(&["gzip;q=0"], None);
        encoding(&["identity, gzip;q=0.5"], None);
        encoding(&["identity;q=0.5, gzip"], Some("gzip"));
        encoding(&["gzip;q=2"], None);
    }

    #[test]
    fn preferences_round_trip() {
        for text in ["", "a", "a;q=0.5", "a, b;q=0.001, *;q=0"] {
            assert_eq!(super::render_preferences(&super::parse_preferences(text)), text);
        }
        let odd = [("a", f32::NAN), ("b", -1.0), ("c", 7.0)];
        assert_eq!(super::render_preferences(&odd), "a;q=0, b;q=0, c");
    }
}
