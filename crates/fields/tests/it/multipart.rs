//! The push parser and its pull adapter. That events do not depend on how a body is cut, and are
//! those of a slow reading, is checked by `corpus::multipart::run`.

use std::io::{self, BufRead, Read};

use pauper_fields::multipart::{
    Boundary, ErrorKind, Event, Limits, Parser, Reader, TransferDecoder, TransferEncoding,
};
use proptest::prelude::*;

use crate::corpus::multipart::{Seen, limits, read, run};

const END: &str = "\r\n--x--";

/// A body of one part with these headers and no data.
fn one(headers: &str) -> String {
    format!("--x\r\n{headers}\r\n\r\n{END}")
}

fn boundary(text: &str) -> Boundary {
    Boundary::new(text.as_bytes(), &Limits::new()).unwrap()
}

/// Reads a body under the boundary `x`, and the same in every way it can be cut in two.
fn events(body: &[u8]) -> (Vec<Seen>, Option<(ErrorKind, u64)>) {
    let limits = Limits::new();
    let (seen, result) = read(&boundary("x"), &limits, [body]);
    for cut in 0..body.len() {
        let pieces = [&body[..cut], &body[cut..]];
        assert_eq!(read(&boundary("x"), &limits, pieces), (seen.clone(), result), "cut at {cut}");
    }
    (seen, result.err().map(|error| (error.kind(), error.offset())))
}

#[track_caller]
fn refused(body: &str, kind: ErrorKind, offset: usize) {
    assert_eq!(events(body.as_bytes()).1, Some((kind, offset as u64)), "{body:?}");
}

/// Name and file name that come of a Content-Disposition.
#[track_caller]
fn names(disposition: &str, name: &str, filename: Option<&str>) {
    let body = one(&format!("Content-Disposition: form-data; {disposition}"));
    let (seen, error) = events(body.as_bytes());
    assert_eq!(error, None, "{disposition}");
    let Seen::Part(got, file, ..) = &seen[0] else { panic!("{seen:?}") };
    assert_eq!((got.as_deref(), file.as_deref()), (Some(name), filename), "{disposition}");
}

#[test]
fn names_as_browsers_and_others_write_them() {
    names("name=a", "a", None);
    names("name=\"a b\"; filename=\"\"", "a b", Some(""));
    names("NAME=\"a\" ; FileName = x".replace(" = ", "=").as_str(), "a", Some("x"));
    // Browsers: the HTML standard escapes three characters, and nothing else.
    names("name=\"%22%0D%0A\"", "\"\r\n", None);
    names("name=\"100%; %20 %0d %2\"", "100%; %20 %0d %2", None);
    names("name=\"ř😀\"; filename=\"C:\\new\\t.txt\"", "ř😀", Some("C:\\new\\t.txt"));
    // curl before 7.81, mail software: backslashes.
    names(r#"name="a\"b"; filename="\\\"c""#, "a\"b", Some("\\\"c"));
    // A token is what it is.
    names("name=a%22b", "a%22b", None);
}

#[test]
fn advisory_python_multipart_cve_2026_53537_plain_file_names_win() {
    names("name=a; filename=x; filename*=UTF-8''y", "a", Some("x"));
    names("name=a; filename*=UTF-8''y; filename=\"x\"", "a", Some("x"));
    names("name=a; filename=\"\"; filename*=UTF-8''y", "a", Some(""));
    names("name=a; filename*=utf-8'en'na%c3%afve", "a", Some("naïve"));
    names("name=a; filename*=ISO-8859-1''%A3", "a", Some("£"));
    for bad in ["UTF-8'y", "UTF-8''%C3", "UTF-8''%", "UTF-8''a*", "koi8-r''a", "''a", "plain"] {
        let start = "Content-Disposition: form-data; name=a; filename*=";
        refused(&one(&format!("{start}{bad}")), ErrorKind::BadExtendedFilename, 5 + start.len());
    }
}

#[test]
fn what_a_part_of_a_form_must_have() {
    use ErrorKind as E;
    refused(&one("X: y"), E::MissingDisposition, 5);
    refused("--x\r\n\r\n\r\n--x--", E::MissingDisposition, 5);
    let start = "Content-Disposition: form-data; ".len() + 5;
    let part = |rest: &str| one(&format!("Content-Disposition: form-data; {rest}"));
    refused(&part("filename=a"), E::MissingName, start + 10);
    refused(&part("name*=UTF-8''a"), E::MissingName, start + 14);
    refused(&part("name=a; Name=a"), E::RepeatedParameter("name"), start + 13);
    refused(&part("name=a; filename=b; filename=b"), E::RepeatedParameter("filename"), start + 29);
    refused(&part("name"), E::BadDisposition, start + 4);
    refused(&part("name=\"open"), E::BadDisposition, start + 10);
    refused(&part("name=ř"), E::BadDisposition, start + 5);
    refused(&one("Content-Disposition: attachment; name=a"), E::BadDisposition, 26);
    let twice = "Content-Disposition: form-data; name=a\r\n";
    refused(
        &one(&format!("{twice}content-disposition: form-data; name=a")),
        E::RepeatedHeader("Content-Disposition"),
        5 + twice.len(),
    );
    refused(
        &one(&format!("{twice}Content-Type:\r\nContent-Type: a/b\r\nContent-Type: a/b")),
        E::RepeatedHeader("Content-Type"),
        5 + twice.len() + 15,
    );
    refused(
        &one(&format!("{twice}Content-Transfer-Encoding: x-gzip")),
        E::UnknownTransferEncoding,
        5 + twice.len() + 27,
    );
    let latin: Vec<u8> =
        [&b"--x\r\nContent-Disposition: form-data; name=\"\xE9\""[..], b"\r\n\r\n"].concat();
    assert_eq!(events(&latin).1, Some((E::NotUtf8, 43)));
}

#[test]
fn other_multiparts_need_no_headers() {
    let limits = Limits::new();
    let (mut parser, form) = (
        Parser::of_content_type(b"multipart/related; boundary=x; type=\"a/b\"", limits).unwrap(),
        Boundary::of_content_type(b"Multipart/Form-Data; Boundary=\"x\"", &limits).unwrap().1,
    );
    assert!(form);
    let mut input = &b"--x\r\n\r\ndata\r\n--x--"[..];
    let Ok(Some(Event::Part(head))) = parser.feed(&mut input) else { panic!("a part") };
    assert_eq!((head.name(), head.filename(), head.headers().len()), (None, None, 0));
    assert!(matches!(parser.feed(&mut input), Ok(Some(Event::Data(b"data")))));
}

#[test]
fn headers_can_be_looked_up() {
    let mut parser = Parser::new(boundary("x"), Limits::new());
    let mut input =
        &b"--x\r\nContent-Disposition: form-data; name=a\r\nX-One: 1\r\nx-two:2 \r\n\r\n"[..];
    let Ok(Some(Event::Part(head))) = parser.feed(&mut input) else { panic!("a part") };
    assert_eq!(head.header("x-one"), Some(&b"1"[..]));
    assert_eq!(head.header("X-TWO"), Some(&b"2"[..]));
    assert_eq!(head.header("x-three"), None);
    assert_eq!(head.headers().map(|(name, _)| name).last(), Some("x-two"));
    assert!(format!("{head:?}").contains("name: Some(\"a\")"));
}

#[test]
fn lines_of_boundaries() {
    use ErrorKind as E;
    let part = "Content-Disposition: form-data; name=a\r\n\r\n";
    for line in ["--x\r\n", "--x \t \r\n", "text before\r\n--x\r\n", "\r\n--x\r\n"] {
        assert_eq!(events(format!("{line}{part}1{END}").as_bytes()).1, None, "{line:?}");
    }
    for end in ["--x--", "--x--\r\n", "--x-- \t\r\nnot read\r\n--x\r\n\r\n", "--x-- "] {
        assert_eq!(events(format!("--x\r\n{part}1\r\n{end}").as_bytes()).1, None, "{end:?}");
    }
    refused("--xy\r\n", E::JunkAfterBoundary, 3);
    refused("--x\n", E::JunkAfterBoundary, 3);
    refused("--x\rX", E::JunkAfterBoundary, 4);
    refused("--x-\r\n", E::JunkAfterBoundary, 4);
    refused("--x --\r\n", E::JunkAfterBoundary, 4);
    refused("--x--x", E::JunkAfterClose, 5);
    refused("--x--\n", E::JunkAfterClose, 5);
    refused("--x--\rx", E::JunkAfterClose, 6);
}

#[test]
fn a_body_without_its_end_is_incomplete() {
    let body = format!("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1{END}");
    for end in 0..body.len() {
        let (seen, result) = read(&boundary("x"), &Limits::new(), [&body.as_bytes()[..end]]);
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Incomplete, end as u64));
        assert!(!seen.contains(&Seen::End));
    }
    refused("--x--\r", ErrorKind::Incomplete, 6);
}

#[test]
fn boundaries_among_headers() {
    let start = "--x\r\nContent-Disposition: form-data; name=a\r\n";
    for line in ["--x\r\n", "--x--\r\n", "--x: y\r\n\r\n", "--xy\r\n"] {
        refused(&format!("{start}{line}"), ErrorKind::BoundaryInHeaders, start.len());
    }
}

#[test]
fn advisory_actix_multipart_0_8_boundary_texts() {
    let limits = Limits::new();
    let check = |value: &str| Boundary::of_content_type(value.as_bytes(), &limits);
    let good = |value: &str, text: &str| {
        let (found, _) = check(value).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(found.as_bytes(), text.as_bytes(), "{value}");
    };
    let seventy = "y".repeat(70);
    good(&format!("multipart/form-data; boundary={seventy}"), &seventy);
    good("multipart/form-data; boundary=\"a'()+_,-./:=? b\"", "a'()+_,-./:=? b");
    good("multipart/form-data; charset=utf-8; boundary=\"\\x\"", "x");
    good("multipart/mixed;boundary=--", "--");
    let bad = |value: &str, kind: ErrorKind| {
        assert_eq!(check(value).unwrap_err().kind(), kind, "{value}");
    };
    bad(
        &format!("multipart/form-data; boundary={seventy}y"),
        ErrorKind::LimitExceeded { name: "max_boundary", limit: 70 },
    );
    for value in [
        "multipart/form-data",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\\\"b\"",
        "multipart/form-data; boundary=\"ř\"",
        "multipart/form-data; boundary=a; boundary=a",
        "multipart/form-data; boundary=a*b",
    ] {
        bad(value, ErrorKind::BadBoundary);
    }
    for value in [
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=a b",
        "multipart/form-data; boundary=a/b",
    ] {
        bad(value, ErrorKind::BadContentType);
    }
    for value in
        ["", "multipart", "multipart/", "text/plain; boundary=a", "multipart-x/y; boundary=a"]
    {
        bad(value, ErrorKind::NotMultipart);
    }
    assert_eq!(check("text/plain").unwrap_err().status(), 415);
}

#[test]
fn limits_are_named() {
    let check = |limits: Limits, body: &str, name: &'static str, limit: u64, offset: usize| {
        for size in [1, 2, body.len()] {
            let pieces = body.as_bytes().chunks(size);
            let error = read(&boundary("x"), &limits, pieces).1.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LimitExceeded { name, limit }, "{name}");
            assert_eq!((error.status(), error.offset()), (413, offset as u64), "{name}");
            assert!(error.to_string().contains(&format!("{limit}")), "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    };
    let head = "Content-Disposition: form-data; name=a\r\n\r\n";
    let part = format!("--x\r\n{head}12345\r\n");
    let body = format!("{part}{part}--x--");
    let limits = Limits::new();
    assert!(read(&boundary("x"), &limits.max_body(body.len() as u64), [body.as_bytes()]).1.is_ok());
    check(
        limits.max_body(body.len() as u64 - 1),
        &body,
        "max_body",
        body.len() as u64 - 1,
        body.len() - 1,
    );
    check(limits.max_part(4), &body, "max_part", 4, 5 + head.len() + 4);
    check(limits.max_parts(1), &body, "max_parts", 1, part.len() + 5);
    check(limits.max_header_bytes(41), &body, "max_header_bytes", 41, 5 + 41);
    assert!(read(&boundary("x"), &limits.max_header_bytes(42), [body.as_bytes()]).1.is_ok());
    check(limits.max_headers(0), &body, "max_headers", 0, 5);
    check(limits.max_preamble(3), &format!("1234\r\n{body}"), "max_preamble", 3, 3);
    check(limits.max_epilogue(3), &format!("{body}\r\n1234"), "max_epilogue", 3, body.len() + 5);
    let nested = body.replace("\r\n\r\n", "\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n");
    check(limits.max_nesting(0), &nested, "max_nesting", 0, 5 + head.len() - 2 + 14);
}

#[test]
fn nested_multiparts() {
    let inner =
        "--y\r\nContent-Disposition: file; filename=1\r\n\r\none\r\n--y\r\n\r\n--z\r\n--y--";
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=files\r\n\
         Content-Type: multipart/mixed; boundary=y\r\n\r\n{inner}{END}"
    );
    let (seen, error) = events(body.as_bytes());
    assert_eq!(error, None);
    let parts: Vec<_> = seen
        .iter()
        .filter_map(|event| match event {
            Seen::Part(name, file, ..) => Some((name.as_deref()?, file.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(parts, [("files", Some("1")), ("files", None)]);
    assert!(seen.contains(&Seen::Data(b"--z".to_vec())));

    // A file of such a type is a file.
    let file = body.replace("name=files", "name=files; filename=a.eml");
    let (seen, error) = events(file.as_bytes());
    assert_eq!((error, &seen[1]), (None, &Seen::Data(inner.into())));

    use ErrorKind as E;
    let cut = body.find("\r\n--y--").unwrap();
    let open = format!("{}{END}", &body[..cut]);
    refused(&open, E::WrongNesting, cut + 5);
    let place = body.find("multipart/mixed").unwrap();
    for bad in ["boundary=xy", "boundary=\"\"", "a=b", "boundary"] {
        let body = body.replace("boundary=y", bad);
        refused(&body, E::BadNestedBoundary, place);
    }
    let encoded = body.replace("; boundary=y", "; boundary=y\r\nContent-Transfer-Encoding: base64");
    refused(&encoded, E::UnknownTransferEncoding, place);
}

#[test]
fn data_is_the_input_itself() {
    let body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n--yes\r\n--no\r\n--x--";
    let mut parser = Parser::new(boundary("x"), Limits::new());
    let mut input = &body[..];
    let range = body.as_ptr_range();
    let mut pieces = 0;
    while let Some(event) = parser.feed(&mut input).unwrap() {
        if let Event::Data(data) = event {
            assert!(range.contains(&data.as_ptr()));
            pieces += 1;
        }
    }
    assert_eq!(pieces, 1);
}

fn pieces() -> impl Strategy<Value = Vec<&'static [u8]>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"--x", b"\r\n--x", b"\r\n", b"--", b"\r\n--x--", b"x", b"\r", b"\n", b"-", b" ", b":",
        b"\r\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n",
        b"\r\n--x\r\nContent-Disposition: form-data; name=\"b\"; filename=\"c\"\r\n\r\n",
        b"Content-Disposition: form-data; name=a",
        b"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n",
        b"\r\n--x\r\nContent-Disposition: form-data; name=n\r\nContent-Type: multipart/mixed; boundary=\"y\"\r\n\r\n",
        b"\r\n--y\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n",
        b"--y\r\n\r\n", b"\r\n--y\r\n\r\n", b"\r\n--y--", b"\r\n--zz", b"--zz--\r\n", b"A: b\r\n",
        b"Content-Transfer-Encoding: base64\r\n", b"0123456789012345678901234567890123456789",
        b"\xff", b"\r\n--x ", b"; name=\"%22\"", b"\0",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cuts_change_nothing_and_a_slow_reading_agrees(pieces in pieces(), opened in any::<bool>()) {
        let start = if opened {
            &b"x\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"[..]
        } else {
            b"x\n"
        };
        run(&[start, &pieces.concat()].concat());
    }

    #[test]
    fn what_is_written_reads_back(
        fields in prop::collection::vec(("[^\\\\]{0,12}", prop::collection::vec(any::<u8>(), 0..60)), 0..8),
        size in 1_usize..200,
    ) {
        // As browsers write it, but that they do not care for boundaries in the data.
        let mut body = Vec::new();
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(name, data)| {
                let name: String = name.chars().filter(|c| !c.is_control() || "\r\n".contains(*c)).collect();
                (name.replace('%', "_"), data)
            })
            .collect();
        for (name, data) in &fields {
            let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            body.extend_from_slice(b"--long-enough-for-this\r\nContent-Disposition: form-data; name=\"");
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(b"\"\r\n\r\n");
            body.extend_from_slice(data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--long-enough-for-this--\r\n");
        let (seen, result) =
            read(&boundary("long-enough-for-this"), &Limits::new(), body.chunks(size));
        prop_assert!(result.is_ok(), "{:?}", result);
        let mut expected = Vec::new();
        for (name, data) in fields {
            expected.push((name, data));
        }
        let mut got = Vec::new();
        for event in seen {
            match event {
                Seen::Part(name, ..) => got.push((name.unwrap(), Vec::new())),
                Seen::Data(data) => got.last_mut().unwrap().1 = data,
                _ => {}
            }
        }
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn transfer_encodings_do_not_depend_on_cuts(
        data in prop::collection::vec(prop::sample::select(&b"=AB/9+ \t\r\nxy"[..]), 0..40),
        quoted in any::<bool>(),
    ) {
        let encoding =
            if quoted { TransferEncoding::QuotedPrintable } else { TransferEncoding::Base64 };
        let decode = |size| {
            let mut decoder = TransferDecoder::new(encoding);
            let mut out = Vec::new();
            for piece in data.chunks(size) {
                decoder.decode(piece, &mut out)?;
            }
            decoder.finish(&mut out)?;
            Ok::<_, pauper_fields::multipart::Error>(out)
        };
        let whole = decode(100);
        prop_assert_eq!(&decode(1), &whole);
        prop_assert_eq!(&decode(3), &whole);
    }
}

#[test]
fn transfer_encodings() {
    use TransferEncoding::{Base64, Identity, QuotedPrintable};
    assert_eq!(TransferEncoding::parse(b"8BIT"), Some(Identity));
    assert_eq!(TransferEncoding::parse(b"Base64"), Some(Base64));
    assert_eq!(TransferEncoding::parse(b"gzip"), None);
    let check = |encoding, data: &str, expected: Result<&str, u64>| {
        let mut decoder = TransferDecoder::new(encoding);
        let mut out = Vec::new();
        let result = decoder.decode(data.as_bytes(), &mut out);
        let result = result.and_then(|()| decoder.finish(&mut out));
        let got = result.map(|()| String::from_utf8(out).unwrap()).map_err(|error| error.offset());
        assert_eq!(got, expected.map(str::to_owned), "{data:?}");
    };
    for (data, expected) in [
        ("", Ok("")),
        ("SGVsbG8=", Ok("Hello")),
        ("SGVs\r\nbG8h", Ok("Hello!")),
        ("SA==\r\n", Ok("H")),
        ("SGVsbG8", Err(7)),
        ("SGVsbG8==", Err(8)),
        ("SGVsbG8=x", Err(8)),
        ("SB==", Err(4)),
        ("S", Err(1)),
        ("=", Err(0)),
        ("SGVs\nbG8h", Err(4)),
        ("SG-s", Err(2)),
        ("SGVs\r", Err(5)),
    ] {
        check(Base64, data, expected);
    }
    for (data, expected) in [
        ("", Ok("")),
        ("a=3Db=c3=A9", Ok("a=bé")),
        ("soft=\r\nline= \t\r\n end", Ok("softline end")),
        ("blanks \t\r\nat the end ", Ok("blanks\r\nat the end")),
        ("=", Err(1)),
        ("=4", Err(2)),
        ("=4x", Err(2)),
        ("=\n", Err(1)),
        ("a\nb", Err(1)),
        ("a\rb", Err(2)),
        ("é", Err(0)),
    ] {
        check(QuotedPrintable, data, expected);
    }
    check(QuotedPrintable, &" ".repeat(77), Err(76));
    check(Identity, "=\n", Ok("=\n"));
}

#[test]
fn parts_can_be_left_unread() {
    let long = "y".repeat(200_000);
    let head = "Content-Disposition: form-data; name=";
    let body = format!("--x\r\n{head}a\r\n\r\n{long}\r\n--x\r\n{head}b\r\n\r\n{long}{END}\r\n");
    let mut reader = Reader::new(body.as_bytes(), boundary("x"), Limits::new());
    let mut part = reader.next_part().unwrap().unwrap();
    assert_eq!(part.head().name(), Some("a"));
    assert_eq!(part.fill_buf().unwrap()[0], b'y');
    part.consume(10);
    let mut part = reader.next_part().unwrap().unwrap();
    assert_eq!(part.head().name(), Some("b"));
    let mut data = String::new();
    part.read_to_string(&mut data).unwrap();
    assert!(data == long);
    assert_eq!(part.read(&mut [0; 10]).unwrap(), 0, "it stays at its end");
    assert!(reader.next_part().unwrap().is_none());
    assert!(reader.next_part().unwrap().is_none());
    assert_eq!(reader.offset(), body.len() as u64);
}

#[test]
fn errors_of_the_source_and_of_the_body_are_told_apart() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let mut reader = Reader::new(Failing, boundary("x"), Limits::new());
    assert_eq!(reader.next_part().unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let mut reader = Reader::new(&b"--xy"[..], boundary("x"), limits());
    assert_eq!(reader.next_part().unwrap_err().kind(), io::ErrorKind::InvalidData);
    let mut reader = Reader::new(&b"--x"[..], boundary("x"), limits());
    assert_eq!(reader.next_part().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}
