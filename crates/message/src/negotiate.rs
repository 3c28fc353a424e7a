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
}
