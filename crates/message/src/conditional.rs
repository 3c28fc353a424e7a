//! Conditional requests: what the preconditions of a request say to a representation that is
//! there, or to the lack of one (RFC 9110, section 13).

use std::time::{Duration, SystemTime};

use http::Method;
use pauper_wire::grammar::{EntityTag, EntityTags, entity_tags};

use crate::request::Request;
use crate::response::Response;

/// What the preconditions of a request ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do what the method says.
    Proceed,
    /// Answer 304 with the validators and without a body.
    NotModified,
    /// Do nothing and answer 412.
    PreconditionFailed,
}

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of
/// RFC 9110, section 13.2.2, for a resource that has a representation.
///
/// `etag` is the representation's entity tag as it is sent: in quotes, with `W/` before them if
/// it is weak. `last_modified` counts in whole seconds, as its header does. Leave out what the
/// representation does not have.
///
/// A date that cannot be read is ignored, and so is one that comes twice; a list of tags that
/// cannot be read matches nothing. CONNECT, OPTIONS and
/// TRACE have no preconditions (section 13.2.1).
///
/// ```
/// use pauper_message::Request;
/// use pauper_message::conditional::{Verdict, evaluate};
///
/// let req = Request::builder().header("If-None-Match", "\"a\", W/\"b\"").build().unwrap();
/// assert_eq!(evaluate(&req, Some("\"b\""), None), Verdict::NotModified);
/// assert_eq!(evaluate(&req, Some("\"c\""), None), Verdict::Proceed);
/// ```
pub fn evaluate(req: &Request, etag: Option<&str>, last_modified: Option<SystemTime>) -> Verdict {
    if has_no_preconditions(req.method()) {
        return Verdict::Proceed;
    }
    let modified = last_modified.map(seconds);
    let safe = matches!(*req.method(), Method::GET | Method::HEAD);
    if has(req, "if-match") {
        if !matches_any(req, "if-match", etag, Comparison::Strong) {
            return Verdict::PreconditionFailed;
        }
    } else if let (Some(date), Some(modified)) = (date(req, "if-unmodified-since"), modified)
        && modified > date
    {
        return Verdict::PreconditionFailed;
    }
    if has(req, "if-none-match") {
        if matches_any(req, "if-none-match", etag, Comparison::Weak) {
            return if safe { Verdict::NotModified } else { Verdict::PreconditionFailed };
        }
    } else if safe
        && let (Some(date), Some(modified)) = (date(req, "if-modified-since"), modified)
        && modified <= date
    {
        return Verdict::NotModified;
    }
    Verdict::Proceed
}

/// Evaluates the preconditions for a resource that has no representation so far: If-Match fails
/// whatever it names, `If-None-Match: *` holds. For methods that make one (PUT).
pub fn evaluate_absent(req: &Request) -> Verdict {
    if has(req, "if-match") && !has_no_preconditions(req.method()) {
        Verdict::PreconditionFailed
    } else {
        Verdict::Proceed
    }
}

/// Whether the Range header of a request, if it has one, is to be obeyed as far as If-Range is
/// concerned (RFC 9110, section 13.1.5). Ask when [`evaluate`] said to proceed. Without If-Range
/// it always is.
///
/// Tags are compared strongly. A date has to be exactly that of the representation, and counts
/// only when that was at least a second old at [`Request::received`]: before, the representation
/// may have changed again within its second (section 8.8.2.2).
pub fn range_applies(req: &Request, etag: Option<&str>, last_modified: Option<SystemTime>) -> bool {
    let mut values = req.head().header_all("if-range");
    let Some(value) = values.next() else { return true };
    if values.next().is_some() {
        return false;
    }
    if let Ok(tag) = EntityTag::parse(value) {
        return own_tag(etag).is_some_and(|own| Comparison::Strong.equal(own, tag));
    }
    let (Some(date), Some(modified)) = (date(req, "if-range"), last_modified) else {
        return false;
    };
    let settled =
        modified.checked_add(Duration::from_secs(1)).is_some_and(|later| later <= req.received());
    settled && seconds(modified) == date
}

/// A time as it stands in Last-Modified and the other dates of HTTP (RFC 9110, section 5.6.7), in
/// whole seconds. Nothing for times before 1970 and after 9999, which no header can hold.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use pauper_message::conditional::http_date;
///
/// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
/// assert_eq!(http_date(time).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
/// ```
pub fn http_date(time: SystemTime) -> Option<String> {
    const YEAR_10000: i64 = 253_402_300_800;
    (0..YEAR_10000).contains(&seconds(time)).then(|| httpdate::fmt_http_date(time))
}

/// The time of a header such as Last-Modified, in any of the three forms of RFC 9110, section
/// 5.6.7; nothing for text that is none.
///
/// ```
/// use pauper_message::conditional::{http_date, parse_http_date};
///
/// let date = "Sun, 06 Nov 1994 08:49:37 GMT";
/// assert_eq!(http_date(parse_http_date(date).unwrap()).unwrap(), date);
/// assert_eq!(parse_http_date("Sun Nov  6 08:49:37 1994"), parse_http_date(date));
/// assert_eq!(parse_http_date("yesterday"), None);
/// ```
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// The validators that a response carries.
pub(crate) fn validators(response: &Response) -> (Option<&str>, Option<SystemTime>) {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let modified = text("last-modified").and_then(|date| httpdate::parse_http_date(date).ok());
    (text("etag"), modified)
}

fn has_no_preconditions(method: &Method) -> bool {
    matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE)
}

fn has(req: &Request, name: &str) -> bool {
    req.header_bytes(name).is_some()
}

/// The date of a header in seconds since 1970, if it comes once and is one.
fn date(req: &Request, name: &str) -> Option<i64> {
    let mut values = req.header_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(value).ok().map(seconds)
}

/// Whole seconds since 1970, rounded down; before it they are negative.
fn seconds(time: SystemTime) -> i64 {
    let whole = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => whole(after),
        Err(error) => {
            let before = error.duration();
            -whole(before) - i64::from(before.subsec_nanos() > 0)
        }
    }
}

/// How two entity tags are compared (RFC 9110, section 8.8.3.2).
#[derive(Clone, Copy)]
enum Comparison {
    /// Both are strong and equal.
    Strong,
    /// Equal, be they weak or strong.
    Weak,
}

impl Comparison {
    fn equal(self, one: EntityTag<'_>, other: EntityTag<'_>) -> bool {
        match self {
            Self::Strong => one.strong_eq(&other),
            Self::Weak => one.weak_eq(&other),
        }
    }
}

/// A representation's own tag; one that is malformed counts as none.
fn own_tag(etag: Option<&str>) -> Option<EntityTag<'_>> {
    etag.and_then(|etag| EntityTag::parse(etag.as_bytes()).ok())
}

/// Whether the lists of a header hold `*` or the tag. A list that is malformed holds nothing.
fn matches_any(req: &Request, name: &str, etag: Option<&str>, how: Comparison) -> bool {
    let own = own_tag(etag);
    req.head().header_all(name).any(|value| match (entity_tags(value), own) {
        (Ok(EntityTags::Any), _) => true,
        (Ok(EntityTags::List(mut tags)), Some(own)) => tags.any(|tag| how.equal(own, tag)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: Option<&str> = Some("\"v1\"");
    const WEAK: Option<&str> = Some("W/\"v1\"");
    /// The example date of RFC 9110, in its three forms, and the seconds beside it.
    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const NOW_850: &str = "Sunday, 06-Nov-94 08:49:37 GMT";
    const NOW_ASCTIME: &str = "Sun Nov  6 08:49:37 1994";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    /// Half a second after `NOW`, as file systems give it.
    fn time() -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_500))
    }

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = Request::builder()
            .method(method)
            .received(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        builder.build().unwrap()
    }

    const GO: Verdict = Verdict::Proceed;
    const SAME: Verdict = Verdict::NotModified;
    const FAIL: Verdict = Verdict::PreconditionFailed;

    #[track_caller]
    fn check(
        method: &str,
        headers: &[(&str, &str)],
        etag: Option<&str>,
        time: Option<SystemTime>,
        expected: Verdict,
    ) {
        let req = request(method, headers);
        assert_eq!(evaluate(&req, etag, time), expected, "{method} {headers:?}");
    }

    #[test]
    fn each_precondition_alone() {
        for (name, value, etag, get, put) in [
            ("If-Match", "\"v1\"", TAG, GO, GO),
            ("If-Match", "\"v0\", \"v1\"", TAG, GO, GO),
            ("If-Match", "*", TAG, GO, GO),
            ("If-Match", "*", None, GO, GO),
            ("If-Match", "\"v2\"", TAG, FAIL, FAIL),
            ("If-Match", "\"v1\"", None, FAIL, FAIL),
            ("If-Match", "v1", TAG, FAIL, FAIL),
            ("If-Match", "", TAG, FAIL, FAIL),
            ("If-Match", "W/\"v1\"", TAG, FAIL, FAIL),
            ("If-Match", "\"v1\"", WEAK, FAIL, FAIL),
            ("If-Match", "W/\"v1\"", WEAK, FAIL, FAIL),
            ("If-None-Match", "\"v1\"", TAG, SAME, FAIL),
            ("If-None-Match", "W/\"v1\"", TAG, SAME, FAIL),
            ("If-None-Match", "\"v1\"", WEAK, SAME, FAIL),
            ("If-None-Match", "W/\"v1\"", WEAK, SAME, FAIL),
            ("If-None-Match", "*", None, SAME, FAIL),
            ("If-None-Match", "\"v2\", \"v3\"", TAG, GO, GO),
            ("If-None-Match", "\"v2\",, \t\"v1\" ,", TAG, SAME, FAIL),
            ("If-None-Match", "\"V1\"", TAG, GO, GO),
            ("If-None-Match", "w/\"v1\"", TAG, GO, GO),
            ("If-None-Match", "v1", TAG, GO, GO),
            ("If-None-Match", "\"v1", TAG, GO, GO),
            ("If-None-Match", "\"v1\"x", TAG, GO, GO),
            ("If-None-Match", "junk, \"v1\"", TAG, GO, GO),
            ("If-None-Match", "\"v1\"", None, GO, GO),
            ("If-Modified-Since", NOW, None, SAME, GO),
            ("If-Modified-Since", NOW_850, None, SAME, GO),
            ("If-Modified-Since", NOW_ASCTIME, None, SAME, GO),
            ("If-Modified-Since", AFTER, None, SAME, GO),
            ("If-Modified-Since", BEFORE, None, GO, GO),
            ("If-Modified-Since", "yesterday", None, GO, GO),
            ("If-Modified-Since", "", None, GO, GO),
            ("If-Unmodified-Since", NOW, None, GO, GO),
            ("If-Unmodified-Since", AFTER, None, GO, GO),
            ("If-Unmodified-Since", BEFORE, None, FAIL, FAIL),
            ("If-Unmodified-Since", "0", None, GO, GO),
        ] {
            check("GET", &[(name, value)], etag, time(), get);
            check("HEAD", &[(name, value)], etag, time(), get);
            check("PUT", &[(name, value)], etag, time(), put);
            check("DELETE", &[(name, value)], etag, time(), put);
            check("OPTIONS", &[(name, value)], etag, time(), GO);
        }
        check("GET", &[], TAG, time(), GO);
    }

    #[test]
    fn their_order() {
        let none = "\"v2\"";
        for (headers, expected) in [
            // If-Match before If-Unmodified-Since, which is then ignored.
            (&[("If-Match", "\"v1\""), ("If-Unmodified-Since", BEFORE)][..], GO),
            (&[("If-Match", none), ("If-Unmodified-Since", AFTER)], FAIL),
            // A failure comes before 304.
            (&[("If-None-Match", "\"v1\""), ("If-Match", none)], FAIL),
            (&[("If-None-Match", "\"v1\""), ("If-Unmodified-Since", BEFORE)], FAIL),
            (&[("If-Match", "\"v1\""), ("If-None-Match", "\"v1\"")], SAME),
            (&[("If-Unmodified-Since", NOW), ("If-Modified-Since", NOW)], SAME),
            (&[("If-Match", "*"), ("If-Modified-Since", NOW)], SAME),
            // If-None-Match before If-Modified-Since, which is then ignored.
            (&[("If-None-Match", none), ("If-Modified-Since", AFTER)], GO),
            (&[("If-None-Match", "\"v1\""), ("If-Modified-Since", BEFORE)], SAME),
            // Several lines are one list.
            (&[("If-None-Match", none), ("If-None-Match", "\"v1\"")], SAME),
            (&[("If-Match", none), ("If-Match", "\"v1\"")], GO),
            // Two dates are none.
            (&[("If-Modified-Since", NOW), ("If-Modified-Since", NOW)], GO),
            (&[("If-Unmodified-Since", BEFORE), ("If-Unmodified-Since", BEFORE)], GO),
        ] {
            check("GET", headers, TAG, time(), expected);
        }
    }

    #[test]
    fn a_tag_may_hold_commas_and_foreign_bytes() {
        let list = [("If-None-Match", "\"a,b\", \"c\"")];
        check("GET", &list, Some("\"a,b\""), None, SAME);
        check("GET", &list, Some("\"b\""), None, GO);
        check("GET", &list, Some("\"c\""), None, SAME);
        check("GET", &[("If-None-Match", "\"ä\"")], Some("\"ä\""), None, SAME);
        check("GET", &[("If-None-Match", "\"a b\"")], Some("\"a b\""), None, GO);
    }

    #[test]
    fn without_a_time_dates_are_ignored_and_times_before_1970_are_times() {
        check("GET", &[("If-Modified-Since", NOW)], None, None, GO);
        check("GET", &[("If-Unmodified-Since", BEFORE)], None, None, GO);
        let old = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_millis(1500));
        check("GET", &[("If-Modified-Since", NOW)], None, old, SAME);
        assert_eq!(old.map(seconds), Some(-2));
    }

    #[test]
    fn dates_that_no_header_can_hold_are_none() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(http_date(at(0)).as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        let last = at(253_402_300_799) + Duration::from_millis(999);
        assert_eq!(http_date(last).as_deref(), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
        assert_eq!(http_date(at(253_402_300_800)), None);
        assert_eq!(http_date(at(0) - Duration::from_millis(1)), None);
    }

    #[test]
    fn dates_are_read_in_three_forms() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_http_date(text), Some(time), "{text}");
        }
        for text in
            ["", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT"]
        {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    #[test]
    fn where_nothing_is() {
        for (headers, expected) in [
            (&[][..], GO),
            (&[("If-None-Match", "*")], GO),
            (&[("If-Match", "*")], FAIL),
            (&[("If-Match", "\"v1\"")], FAIL),
            (&[("If-Unmodified-Since", BEFORE)], GO),
        ] {
            assert_eq!(evaluate_absent(&request("PUT", headers)), expected, "{headers:?}");
        }
    }

    #[test]
    fn if_range() {
        for (value, etag, expected) in [
            (NOW, TAG, true),
            (NOW_850, TAG, true),
            (BEFORE, TAG, false),
            (AFTER, TAG, false),
            ("yesterday", TAG, false),
            ("\"v1\"", TAG, true),
            ("\"v2\"", TAG, false),
            ("\"v1\", \"v2\"", TAG, false),
            ("W/\"v1\"", TAG, false),
            ("\"v1\"", WEAK, false),
            ("W/\"v1\"", WEAK, false),
            ("\"v1\"", None, false),
            ("*", TAG, false),
        ] {
            let req = request("GET", &[("Range", "bytes=0-1"), ("If-Range", value)]);
            assert_eq!(range_applies(&req, etag, time()), expected, "{value}");
        }
        assert!(range_applies(&request("GET", &[]), TAG, time()));
        let twice = request("GET", &[("If-Range", "\"v1\""), ("If-Range", "\"v1\"")]);
        assert!(!range_applies(&twice, TAG, time()));
        let by_date = request("GET", &[("If-Range", NOW)]);
        assert!(!range_applies(&by_date, TAG, None));
    }

    #[test]
    fn a_date_within_its_own_second_is_a_weak_validator() {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (age, expected) in [(0, false), (999, false), (1000, true)] {
            let req = Request::builder()
                .header("If-Range", NOW)
                .received(modified + Duration::from_millis(age))
                .build()
                .unwrap();
            assert_eq!(range_applies(&req, None, Some(modified)), expected, "{age} ms");
        }
    }
}
