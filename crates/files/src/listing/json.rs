//! A listing as JSON.

use std::fmt::Write as _;

use pauper_message::{Body, Response};

use super::format::Utc;
use super::{AT_A_TIME, Listing, ListingEntry, STREAMED};
use crate::escape::Segment;

/// `{"path": …, "entries": [{"name": …, "href": …, "kind": …, "size": …, "modified": …}]}`.
pub(crate) fn response(listing: Listing) -> Response {
    let mut out = String::from("{\"path\":\"/");
    for name in &listing.names {
        push_text(&mut out, name);
        out.push('/');
    }
    out.push_str("\",\"entries\":[");
    let entries = listing.entries;
    let body = if entries.len() < STREAMED {
        push_entries(&mut out, &entries, true);
        out.push_str(END);
        Body::from(out)
    } else {
        let mut first = true;
        let mut entries = entries.into_iter();
        let rows = std::iter::from_fn(move || {
            let some: Vec<ListingEntry> = entries.by_ref().take(AT_A_TIME).collect();
            let mut out = String::new();
            push_entries(&mut out, &some, first);
            first = false;
            (!some.is_empty()).then_some(out)
        });
        let end = std::iter::once(END.to_owned());
        Body::pieces(std::iter::once(out).chain(rows).chain(end).map(Ok), None)
    };
    Response::body_of(body)
        .with_header("content-type", "application/json")
        .with_header("x-content-type-options", "nosniff")
}

const END: &str = "\n]}\n";

fn push_entries(out: &mut String, entries: &[ListingEntry], first: bool) {
    for (at, row) in entries.iter().enumerate() {
        out.push_str(if first && at == 0 { "\n{\"name\":\"" } else { ",\n{\"name\":\"" });
        push_text(out, &row.name);
        let (slash, kind) = if row.is_folder() { ("/", "folder") } else { ("", "file") };
        let _ = write!(out, "\",\"href\":\"{}{slash}\",\"kind\":\"{kind}\"", Segment(&row.name));
        if let Some(size) = row.size {
            let _ = write!(out, ",\"size\":{size}");
        }
        let utc = Utc::of(row.modified);
        let _ = write!(out, ",\"modified\":\"{}T{}Z\"}}", utc.date, utc.time);
    }
}

/// A name as it stands between the quotes of JSON (RFC 8259, section 7); bytes that are not UTF-8
/// are shown as U+FFFD, and `href` has them as they are.
fn push_text(out: &mut String, name: &[u8]) {
    for c in String::from_utf8_lossy(name).chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn names_are_escaped() {
        let row = |name: &[u8], size| ListingEntry {
            name: name.to_vec(),
            size,
            modified: SystemTime::UNIX_EPOCH,
        };
        let listing = Listing {
            names: vec![b"a\"".to_vec()],
            mounted: 0,
            entries: vec![row(b"d", None), row(b"\"\\\x01\xff", Some(7))],
            sorting: super::super::sort::Sorting::of_query(""),
        };
        let body = response(listing).take_body().into_bytes(9999).unwrap();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            "{\"path\":\"/a\\\"/\",\"entries\":[\n\
             {\"name\":\"d\",\"href\":\"d/\",\"kind\":\"folder\",\
             \"modified\":\"1970-01-01T00:00:00Z\"},\n\
             {\"name\":\"\\\"\\\\\\u0001\u{fffd}\",\"href\":\"%22%5C%01%FF\",\"kind\":\"file\",\
             \"size\":7,\"modified\":\"1970-01-01T00:00:00Z\"}\n]}\n"
        );
    }
}
