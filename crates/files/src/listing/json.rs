//! A listing as JSON.

use std::fmt::Write as _;

use pauper_message::Response;

use super::Row;
use super::format::Utc;
use crate::escape::Segment;

/// `{"path": …, "entries": [{"name": …, "href": …, "kind": …, "size": …, "modified": …}]}`.
pub(crate) fn response(names: &[Vec<u8>], rows: &[Row]) -> Response {
    let mut out = String::from("{\"path\":\"/");
    for name in names {
        push_text(&mut out, name);
        out.push('/');
    }
    out.push_str("\",\"entries\":[");
    for (at, row) in rows.iter().enumerate() {
        out.push_str(if at == 0 { "\n{\"name\":\"" } else { ",\n{\"name\":\"" });
        push_text(&mut out, &row.name);
        let (slash, kind) = if row.is_folder() { ("/", "folder") } else { ("", "file") };
        let _ = write!(out, "\",\"href\":\"{}{slash}\",\"kind\":\"{kind}\"", Segment(&row.name));
        if let Some(size) = row.size {
            let _ = write!(out, ",\"size\":{size}");
        }
        let utc = Utc::of(row.modified);
        let _ = write!(out, ",\"modified\":\"{}T{}Z\"}}", utc.date, utc.time);
    }
    out.push_str("\n]}\n");
    Response::bytes(out)
        .with_header("content-type", "application/json")
        .with_header("x-content-type-options", "nosniff")
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
        let row =
            |name: &[u8], size| Row { name: name.to_vec(), size, modified: SystemTime::UNIX_EPOCH };
        let rows = [row(b"d", None), row(b"\"\\\x01\xff", Some(7))];
        let body = response(&[b"a\"".to_vec()], &rows).take_body().into_bytes(9999).unwrap();
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
