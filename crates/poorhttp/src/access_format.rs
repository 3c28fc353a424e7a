//! How a line of the access log looks.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use crate::civil::Moment;
use crate::escape::{Field, OneLine};

/// One answer, as the log tells of it.
pub(crate) struct Entry<'a> {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) received: SystemTime,
    pub(crate) total: Duration,
    pub(crate) id: u64,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) version: &'a str,
    pub(crate) referer: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) status: Option<u16>,
    /// Of the body.
    pub(crate) bytes: u64,
    /// With heads.
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) complete: bool,
}

/// A format that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Parts(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// `%h`, `%a`
    Remote,
    /// `%A`
    Local,
    /// `%p`
    Port,
    /// What the original begins with: both together.
    LocalAndPort,
    /// `%l`, `%u`: what others know
    Nothing,
    /// `%t`
    Time,
    /// `%r`
    Line,
    /// `%m`
    Method,
    /// `%U`
    Path,
    /// `%q`
    Query,
    /// `%H`
    Version,
    /// `%s`, `%>s`
    Status,
    /// `%b`
    BytesOrDash,
    /// `%B`
    Bytes,
    /// `%I`
    BytesIn,
    /// `%O`
    BytesOut,
    /// `%D`
    Microseconds,
    /// `%T`
    Seconds,
    /// `%L`
    Id,
    /// `%X`
    Complete,
    /// `%P`
    Process,
    /// `%{Referer}i`
    Referer,
    /// `%{User-Agent}i`
    UserAgent,
}

const COMMON: &str = r#"%h %l %u %t "%r" %>s %b"#;
const COMBINED: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;

impl Format {
    /// One of the names, or a format with Apache's directives.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "common" => directives(COMMON),
            "combined" => directives(COMBINED),
            "original" => {
                let Self::Parts(mut parts) = directives(r#" %h - %t "%r" %>s %b"#)? else {
                    return Err(String::new());
                };
                parts.insert(0, Part::LocalAndPort);
                Ok(Self::Parts(parts))
            }
            text if text.contains('%') => directives(text),
            text => Err(format!(
                "a format is original, common, combined, json, or has directives, and is not {text:?}"
            )),
        }
    }

    /// Appends a line without its end.
    pub(crate) fn append(&self, entry: &Entry<'_>, line: &mut String) {
        match self {
            Self::Json => json(entry, line),
            Self::Parts(parts) => {
                for part in parts {
                    append(part, entry, line);
                }
            }
        }
    }
}

fn directives(format: &str) -> Result<Format, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut directive = String::new();
        let part = loop {
            let Some(c) = rest.next() else {
                return Err("the format ends within a directive".to_owned());
            };
            directive.push(c);
            match directive.as_str() {
                "%" => break None,
                ">" => continue,
                text if text.starts_with('{') && (!text.contains('}') || text.ends_with('}')) => {
                    continue;
                }
                _ => {}
            }
            break Some(part(&directive).ok_or_else(|| {
                format!("%{} is no directive of the access log", OneLine(&directive))
            })?);
        };
        match part {
            None => text.push('%'),
            Some(part) => {
                if !text.is_empty() {
                    parts.push(Part::Text(OneLine(&text).to_string()));
                    text.clear();
                }
                parts.push(part);
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(OneLine(&text).to_string()));
    }
    Ok(Format::Parts(parts))
}

fn part(directive: &str) -> Option<Part> {
    Some(match directive {
        "h" | "a" => Part::Remote,
        "A" | "v" | "V" => Part::Local,
        "p" => Part::Port,
        "l" | "u" => Part::Nothing,
        "t" => Part::Time,
        "r" => Part::Line,
        "m" => Part::Method,
        "U" => Part::Path,
        "q" => Part::Query,
        "H" => Part::Version,
        "s" | ">s" => Part::Status,
        "b" => Part::BytesOrDash,
        "B" => Part::Bytes,
        "I" => Part::BytesIn,
        "O" => Part::BytesOut,
        "D" => Part::Microseconds,
        "T" => Part::Seconds,
        "L" => Part::Id,
        "X" => Part::Complete,
        "P" => Part::Process,
        directive => match directive.strip_prefix('{')?.split_once('}')? {
            (name, "i") if name.eq_ignore_ascii_case("referer") => Part::Referer,
            (name, "i") if name.eq_ignore_ascii_case("user-agent") => Part::UserAgent,
            _ => return None,
        },
    })
}

fn append(part: &Part, entry: &Entry<'_>, line: &mut String) {
    let (path, query) = match entry.target.split_once('?') {
        Some((path, _)) => (path, &entry.target[path.len()..]),
        None => (entry.target, ""),
    };
    let or_dash =
        |text: &str| if text.is_empty() { "-".to_owned() } else { Field(text).to_string() };
    // Writing to a String cannot fail.
    let _ = match part {
        Part::Text(text) => write!(line, "{text}"),
        Part::Remote => match entry.remote {
            Some(remote) => write!(line, "{}", remote.ip()),
            None => write!(line, "-"),
        },
        Part::Local => match entry.local {
            Some(local) => write!(line, "{}", local.ip()),
            None => write!(line, "-"),
        },
        Part::Port => match entry.local {
            Some(local) => write!(line, "{}", local.port()),
            None => write!(line, "-"),
        },
        Part::LocalAndPort => match entry.local {
            Some(local) => write!(line, "{local}"),
            None => write!(line, "-"),
        },
        Part::Nothing => write!(line, "-"),
        Part::Time => write!(line, "[{}]", Moment::from(entry.received).common()),
        Part::Line => {
            write!(line, "{} {} {}", Field(entry.method), Field(entry.target), entry.version)
        }
        Part::Method => write!(line, "{}", Field(entry.method)),
        Part::Path => write!(line, "{}", Field(path)),
        Part::Query => write!(line, "{}", Field(query)),
        Part::Version => write!(line, "{}", entry.version),
        Part::Status => match entry.status {
            Some(status) => write!(line, "{status}"),
            None => write!(line, "-"),
        },
        Part::BytesOrDash if entry.bytes == 0 => write!(line, "-"),
        Part::BytesOrDash | Part::Bytes => write!(line, "{}", entry.bytes),
        Part::BytesIn => write!(line, "{}", entry.bytes_in),
        Part::BytesOut => write!(line, "{}", entry.bytes_out),
        Part::Microseconds => write!(line, "{}", entry.total.as_micros()),
        Part::Seconds => write!(line, "{}", entry.total.as_secs()),
        Part::Id => write!(line, "{:x}", entry.id),
        Part::Complete => write!(line, "{}", if entry.complete { '+' } else { 'X' }),
        Part::Process => write!(line, "{}", std::process::id()),
        Part::Referer => write!(line, "{}", or_dash(entry.referer)),
        Part::UserAgent => write!(line, "{}", or_dash(entry.user_agent)),
    };
}

fn json(entry: &Entry<'_>, line: &mut String) {
    let object = serde_json::json!({
        "time": Moment::from(entry.received).to_string(),
        "id": format!("{:x}", entry.id),
        "remote": entry.remote.map(|remote| remote.ip().to_string()),
        "local": entry.local.map(|local| local.to_string()),
        "method": entry.method,
        "target": entry.target,
        "version": entry.version,
        "status": entry.status,
        "bytes": entry.bytes,
        "bytes_in": entry.bytes_in,
        "bytes_out": entry.bytes_out,
        "microseconds": entry.total.as_micros() as u64,
        "complete": entry.complete,
        "referer": entry.referer,
        "user_agent": entry.user_agent,
    });
    // serde_json escapes ASCII's control characters; the others are not to reach a terminal either.
    for c in object.to_string().chars() {
        match u32::from(c) {
            code @ (0x7F..=0x9F | 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069) => {
                let _ = write!(line, "\\u{code:04x}");
            }
            _ => line.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn entry(target: &str) -> Entry<'_> {
        Entry {
            local: Some(([127, 0, 0, 1], 8080).into()),
            remote: Some(([127, 0, 0, 1], 40_000).into()),
            received: UNIX_EPOCH + Duration::from_secs(1_795_201_200),
            total: Duration::from_micros(2_000_100),
            id: 0x1f,
            method: "GET",
            target,
            version: "HTTP/1.1",
            referer: "",
            user_agent: "a \"b\"",
            status: Some(200),
            bytes: 514,
            bytes_in: 70,
            bytes_out: 700,
            complete: true,
        }
    }

    fn check(format: &str, entry: &Entry<'_>, expected: &str) {
        let mut line = String::new();
        Format::parse(format).unwrap().append(entry, &mut line);
        assert_eq!(line, expected, "{format}");
    }

    #[test]
    fn lines() {
        check(
            "original",
            &entry("/"),
            "127.0.0.1:8080 127.0.0.1 - [20/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.1\" 200 514",
        );
        check(
            "original",
            &Entry {
                local: Some("[::1]:80".parse().unwrap()),
                remote: Some("[::2]:9".parse().unwrap()),
                version: "HTTP/1.0",
                bytes: 0,
                ..entry("/")
            },
            "[::1]:80 ::2 - [20/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.0\" 200 -",
        );
        check(
            "original",
            &Entry { local: None, remote: None, status: None, bytes: 0, ..entry("-") },
            "- - - [20/Nov/2026:19:00:00 +0000] \"GET - HTTP/1.1\" - -",
        );
        let escaped = "\"GET /\\x22\\x5C\\x0D\\x0A\\x1B\\xC3\\xA4 HTTP/1.1\" 200 514";
        check(
            "common",
            &entry("/\"\\\r\n\u{1b}ä"),
            &format!("127.0.0.1 - - [20/Nov/2026:19:00:00 +0000] {escaped}"),
        );
        check(
            "combined",
            &entry("/"),
            "127.0.0.1 - - [20/Nov/2026:19:00:00 +0000] \"GET / HTTP/1.1\" 200 514 \"-\" \
             \"a \\x22b\\x22\"",
        );
        check(
            "%m|%U|%q|%H|%s|%B|%I|%O|%D|%T|%L|%X|%%|%A:%p",
            &entry("/a?b=c"),
            "GET|/a|?b=c|HTTP/1.1|200|514|70|700|2000100|2|1f|+|%|127.0.0.1:8080",
        );
    }

    #[test]
    fn json_is_json_in_one_line() {
        let mut line = String::new();
        Format::Json.append(&entry("/\n\u{202e}\""), &mut line);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["target"], "/\n\u{202e}\"");
        assert_eq!(value["status"], 200);
        assert!(!line.contains(['\n', '\u{202e}']), "{line}");
    }

    #[test]
    fn wrong_formats_are_told() {
        for (format, expected) in [
            ("nginx", "a format is original, common, combined, json, or has directives"),
            ("%Q", "%Q is no directive of the access log"),
            ("%h %", "the format ends within a directive"),
            ("%{Cookie}i", "%{Cookie}i is no directive of the access log"),
        ] {
            let why = Format::parse(format).unwrap_err();
            assert!(why.starts_with(expected), "{format}: {why}");
        }
    }
}
