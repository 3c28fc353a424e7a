use std::borrow::Cow;

use pauper_fields::percent::*;
use pauper_fields::{Error, ErrorKind};
use proptest::prelude::*;

type Decoder = fn(&str) -> Result<Cow<'_, str>, Error>;
const STRICT: [Decoder; 3] = [decode_utf8, decode_path, decode_path_keep_slash];

/// What the strict decoders make of `raw`: text, path, routing form.
#[track_caller]
fn check(raw: &str, expected: [&str; 3]) {
    for (decode, expected) in STRICT.into_iter().zip(expected) {
        let decoded = decode(raw).unwrap();
        assert_eq!(decoded, expected, "of {raw:?}");
        let borrowed = matches!(decoded, Cow::Borrowed(_));
        assert_eq!(borrowed, raw == expected, "of {raw:?}");
    }
}

#[track_caller]
fn check_error(raw: &str, kind: ErrorKind, offset: usize) {
    for decode in STRICT {
        let error = decode(raw).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "of {raw:?}");
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn strict_decoding() {
    check("", [""; 3]);
    check("/plain/path", ["/plain/path"; 3]);
    check("/a+b", ["/a+b"; 3]);
    check("ř", ["ř"; 3]);
    check("/a%20b", ["/a b"; 3]);
    check("%C5%99%c5%99", ["řř"; 3]);
    check("ř%C5%99ř", ["řřř"; 3]);
    check("%E2%82%AC", ["€"; 3]);
    check("%2e%2E/", ["../"; 3]);
    check("%0D%0A", ["\r\n"; 3]);
    check("a%2Fb", ["a/b", "a/b", "a%2Fb"]);
    check("a%2fb", ["a/b", "a/b", "a%2Fb"]);
    check("100%25", ["100%", "100%", "100%25"]);
    check("a%252Fb", ["a%2Fb", "a%2Fb", "a%252Fb"]);
    check("%25%2f%20", ["%/ ", "%/ ", "%25%2F "]);
    check("%20%2F", [" /", " /", " %2F"]);
}

#[test]
fn malformed_escapes() {
    check_error("%", ErrorKind::BadEscape, 0);
    check_error("%4", ErrorKind::BadEscape, 0);
    check_error("ab%zz", ErrorKind::BadEscape, 2);
    check_error("%4g", ErrorKind::BadEscape, 0);
    check_error("%+1", ErrorKind::BadEscape, 0);
    check_error("% 1", ErrorKind::BadEscape, 0);
    check_error("%%20", ErrorKind::BadEscape, 0);
    check_error("%20%2", ErrorKind::BadEscape, 3);
    check_error("%4ř", ErrorKind::BadEscape, 0);
    check_error("%u0041", ErrorKind::BadEscape, 0);
}

#[test]
fn not_utf8() {
    check_error("%FF", ErrorKind::NotUtf8, 0);
    check_error("caf%E9", ErrorKind::NotUtf8, 3);
    check_error("%20a%C5", ErrorKind::NotUtf8, 4);
    check_error("ř%20%C5%99x%99", ErrorKind::NotUtf8, 12);
    check_error("%2F%25%2f/%80", ErrorKind::NotUtf8, 10);
    // Overlong slash, surrogate, beyond U+10FFFF.
    check_error("/%C0%AF", ErrorKind::NotUtf8, 1);
    check_error("%ED%A0%80", ErrorKind::NotUtf8, 0);
    check_error("%F4%90%80%80", ErrorKind::NotUtf8, 0);
    // An escaped slash within a character does not complete it.
    check_error("%C5%2F%99", ErrorKind::NotUtf8, 0);
}

#[test]
fn nul_is_refused_in_paths_only() {
    for (raw, offset) in [("/a%00.png", 2), ("/a\0.png", 2), ("%20%00", 3)] {
        for decode in [decode_path, decode_path_keep_slash] {
            let error = decode(raw).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Nul, offset));
            assert_eq!(error.to_string(), format!("path contains a NUL byte (at byte {offset})"));
        }
        assert!(decode_utf8(raw).unwrap().contains('\0'));
    }
}

#[test]
fn segments() {
    for (routing, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("a%2Fb", "a/b"),
        ("%2f", "/"),
        ("%25", "%"),
        ("%252F", "%2F"),
        ("%25252F", "%252F"),
        ("ř%2Fř%25ř", "ř/ř%ř"),
        // No routing form has these; they are left alone.
        ("%", "%"),
        ("%2", "%2"),
        ("%20", "%20"),
        ("%%2F", "%/"),
    ] {
        let decoded = decode_segment(routing);
        assert_eq!(decoded, expected, "of {routing:?}");
        assert_eq!(matches!(decoded, Cow::Borrowed(_)), routing == expected);
    }
}

#[test]
fn lenient_decoding() {
    for (raw, bytes, form) in [
        ("", &b""[..], ""),
        ("plain", b"plain", "plain"),
        ("a+b", b"a+b", "a b"),
        ("a%2Bb", b"a+b", "a+b"),
        ("+%2B+", b"+++", " + "),
        ("%zz%4%", b"%zz%4%", "%zz%4%"),
        ("+%zz", b"+%zz", " %zz"),
        ("%C5%99", "ř".as_bytes(), "ř"),
        ("x%E9y", b"x\xE9y", "x\u{FFFD}y"),
        ("%00", b"\0", "\0"),
        ("%2525", b"%25", "%25"),
    ] {
        assert_eq!(&*decode(raw), bytes, "of {raw:?}");
        assert_eq!(decode_form(raw), form, "of {raw:?}");
    }
    assert!(matches!(decode("clean"), Cow::Borrowed(_)));
    assert!(matches!(decode_form("clean"), Cow::Borrowed(_)));
    assert_eq!(decode_form(b"raw\xFF"), "raw\u{FFFD}");
}

#[test]
fn encoding() {
    let all: String = (0..128u8).map(char::from).collect();
    let kept = |encoded: Encoded<'_>| {
        let mut text = encoded.to_string();
        while let Some(at) = text.find('%') {
            text.replace_range(at..at + 3, "");
        }
        text
    };
    let unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    assert_eq!(kept(encode_query_component(&all)), unreserved);
    assert_eq!(
        kept(encode_path_segment(&all)),
        "!$&'()*+,-.0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
    );
    assert_eq!(
        kept(encode_path(&all)),
        "!$&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
    );
    assert_eq!(encode_query_component("ř €").to_string(), "%C5%99%20%E2%82%AC");
}

#[test]
fn encoded_text_converts() {
    assert!(matches!(Cow::from(encode_path("/clean")), Cow::Borrowed("/clean")));
    assert_eq!(Cow::from(encode_path("/a b")), "/a%20b");
    assert_eq!(String::from(encode_path_segment("a/b")), "a%2Fb");
}

/// Text in which escapes, good and bad, are likely.
fn raw() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            4 => "[a-zA-Z0-9/+%&= ]",
            4 => "%[2-7][0-9A-Fa-f]",
            2 => Just("%2F".to_owned()),
            1 => Just("%2f".to_owned()),
            2 => Just("%25".to_owned()),
            2 => Just("%C5%99".to_owned()),
            1 => "%[0-9A-F]{2}",
            1 => "\\PC",
        ],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

/// The plainest decoder there is.
fn naive(raw: &str) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        if raw.as_bytes()[at] == b'%' {
            let digits = raw.get(at + 1..at + 3).filter(|digits| !digits.starts_with('+'));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            decoded.push(byte.ok_or(at)?);
            at += 3;
        } else {
            decoded.push(raw.as_bytes()[at]);
            at += 1;
        }
    }
    Ok(decoded)
}

proptest! {
    #[test]
    fn strict_agrees_with_naive(raw in raw()) {
        match (decode_utf8(&raw), naive(&raw)) {
            (Ok(text), Ok(bytes)) => prop_assert_eq!(text.as_bytes(), bytes),
            (Err(error), Err(at)) => {
                prop_assert_eq!((error.kind(), error.offset()), (ErrorKind::BadEscape, at));
            }
            (Err(error), Ok(bytes)) => {
                prop_assert_eq!(error.kind(), ErrorKind::NotUtf8);
                // The offset is where the good part of the result ends.
                let good = std::str::from_utf8(&bytes).unwrap_err().valid_up_to();
                prop_assert_eq!(naive(&raw[..error.offset()]).unwrap().len(), good);
            }
            (text, bytes) => prop_assert!(false, "{:?} and {:?}", text, bytes),
        }
    }

    #[test]
    fn a_path_is_its_routing_form_decoded(raw in raw()) {
        let routing = decode_path_keep_slash(&raw);
        let path = routing.clone().map(|routing| decode_segment(&routing).into_owned());
        prop_assert_eq!(path, decode_path(&raw).map(Cow::into_owned));
        if let Ok(routing) = routing {
            prop_assert_eq!(routing.matches('/').count(), raw.matches('/').count());
            prop_assert_eq!(decode_path_keep_slash(&routing).unwrap(), &*routing);
        }
    }

    #[test]
    fn encoding_is_undone(text in "[^\0]*") {
        for encoded in
            [encode_path_segment(&text), encode_path(&text), encode_query_component(&text)]
        {
            let encoded = encoded.to_string();
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode_utf8(&encoded).unwrap(), text.as_str());
            prop_assert_eq!(decode_path(&encoded).unwrap(), text.as_str());
            prop_assert_eq!(&*decode(&encoded), text.as_bytes());
        }
        let query = encode_query_component(&text).to_string();
        prop_assert_eq!(decode_form(&query), text.as_str());
    }

    #[test]
    fn segments_survive_a_path(segments in prop::collection::vec("[^\0]*", 1..5)) {
        let encoded: Vec<String> =
            segments.iter().map(|segment| encode_path_segment(segment).into()).collect();
        let routing = encoded.join("/");
        let routing = decode_path_keep_slash(&routing).unwrap();
        let decoded: Vec<_> = routing.split('/').map(decode_segment).collect();
        prop_assert_eq!(decoded, segments);
    }
}
