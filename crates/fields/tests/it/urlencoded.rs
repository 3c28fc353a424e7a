use std::borrow::Cow;

use pauper_fields::urlencoded::{Pair, Parser};
use pauper_fields::{Args, ErrorKind, Options, percent};
use proptest::prelude::*;

fn parse(raw: &str, options: &Options) -> Vec<(String, String)> {
    let args = Args::parse_query(raw, options).unwrap();
    assert_eq!(args, Args::parse_form(raw.as_bytes(), options).unwrap());
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let pairs: Vec<_> = args.iter().map(own).collect();
    for size in [1, 2, 3, raw.len().max(1)] {
        let mut parser = Parser::new(*options);
        let mut pushed = Vec::new();
        let mut take =
            |(name, value): Pair<'_>| pushed.push((name.into_owned(), value.into_owned()));
        for mut piece in raw.as_bytes().chunks(size) {
            while let Some(pair) = parser.feed(&mut piece).unwrap() {
                take(pair);
            }
        }
        parser.finish().unwrap().map(&mut take);
        assert!(parser.finish().unwrap().is_none() || pushed.is_empty(), "it ends once");
        assert_eq!(pushed, pairs, "by {size}");
    }
    pairs
}

#[track_caller]
fn check_with(options: &Options, raw: &str, expected: &[(&str, &str)]) {
    let pairs = parse(raw, options);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(pairs, expected, "of {raw:?}");
}

#[track_caller]
fn check(raw: &str, expected: &[(&str, &str)]) {
    check_with(&Options::new(), raw, expected);
}

#[test]
fn splitting_and_decoding() {
    check("", &[]);
    check("a=1", &[("a", "1")]);
    check("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]);
    check("a=b=c", &[("a", "b=c")]);
    check("a=1;b=2", &[("a", "1;b=2")]);
    check("a+b=c+d", &[("a b", "c d")]);
    check("a%2Bb=c%2bd", &[("a+b", "c+d")]);
    check("a%3Db=c%26d", &[("a=b", "c&d")]);
    check("%C5%99=%E2%82%AC", &[("ř", "€")]);
    check("ř=€", &[("ř", "€")]);
    check("a=%zz&b=%&c=%4", &[("a", "%zz"), ("b", "%"), ("c", "%4")]);
    check("a=%FF", &[("a", "\u{FFFD}")]);
    check("?a=1#x", &[("?a", "1#x")]);
    check("a=1\r\n", &[("a", "1\r\n")]);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let args = Args::parse_form(b"\xFFa=\xC5&b=1", &Options::new()).unwrap();
    let pairs: Vec<_> = args.iter().collect();
    assert_eq!(pairs, [("\u{FFFD}a", "\u{FFFD}"), ("b", "1")]);
}

#[test]
fn empty_fields_are_skipped_and_blank_ones_kept() {
    check("&&a=1&&b=2&", &[("a", "1"), ("b", "2")]);
    check("a&b=&=c&=", &[("a", ""), ("b", ""), ("", "c"), ("", "")]);
}

#[test]
fn blank_fields_can_be_dropped() {
    let options = Options::new().keep_blank_values(false);
    check_with(&options, "a&b=&=c&=&d=+", &[("", "c"), ("d", " ")]);
}

#[test]
fn strict_parsing_wants_an_equals_sign() {
    let strict = Options::new().strict_parsing(true);
    check_with(&strict, "", &[]);
    check_with(&strict, "a=1&b=&=", &[("a", "1"), ("b", ""), ("", "")]);
    for (raw, offset) in [("a", 0), ("a=1&b", 4), ("a=1&&b=2", 4), ("a=1&", 4), ("&", 0)] {
        let error = Args::parse_query(raw, &strict).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::MissingEquals, offset), "{raw}");
        assert_eq!(error.status(), 400);
        assert_eq!(error.to_string(), format!("field has no '=' (at byte {offset})"));
    }
}

#[test]
fn the_number_of_fields_is_limited() {
    let two = Options::new().max_fields(2);
    check_with(&two, "&a=1&&b=2&", &[("a", "1"), ("b", "2")]);
    let error = Args::parse_query("a=1&b=2&&c=3&d=4", &two).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::TooManyFields { limit: 2 }, 9));
    assert_eq!(error.status(), 413);
    assert_eq!(error.to_string(), "more than 2 fields (at byte 9)");

    // Dropped fields count, or they would be a way around the limit.
    let error = Args::parse_query("a=&b=&c=", &two.keep_blank_values(false)).unwrap_err();
    assert_eq!(error.status(), 413);

    let none = Options::new().max_fields(0);
    check_with(&none, "&&", &[]);
    assert_eq!(Args::parse_query("a", &none).unwrap_err().offset(), 0);
}

#[test]
fn the_default_limit_is_a_thousand() {
    let fields = vec!["a=1"; 1001];
    assert_eq!(parse(&fields[..1000].join("&"), &Options::default()).len(), 1000);
    let error = Args::parse_query(&fields.join("&"), &Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyFields { limit: 1000 });
    assert_eq!(error.offset(), 4000);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        pairs in prop::collection::vec((".*", ".*"), 0..20)
    ) {
        let args: Args = pairs.iter().cloned().collect();
        let query = args.to_query();
        prop_assert!(query.is_ascii());
        for options in [Options::new(), Options::new().strict_parsing(true)] {
            prop_assert_eq!(&Args::parse_query(&query, &options).unwrap(), &args);
        }
    }

    #[test]
    fn agrees_with_the_standard_word_for_word(
        raw in prop::collection::vec("[ab]|[&=+;%]|%[0-9a-fA-F]{2}", 0..30),
        keep in any::<bool>(),
    ) {
        let raw = raw.concat();
        let mut expected = Vec::new();
        for field in raw.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let decode = |text: &str| {
                let bytes = percent::decode(&text.replace('+', " ")).into_owned();
                String::from_utf8_lossy(&bytes).into_owned()
            };
            if keep || !value.is_empty() {
                expected.push((decode(name), decode(value)));
            }
        }
        prop_assert_eq!(parse(&raw, &Options::new().keep_blank_values(keep)), expected);
    }

    #[test]
    fn any_bytes_are_read(body in any::<Vec<u8>>()) {
        let args = Args::parse_form(&body, &Options::new()).unwrap();
        prop_assert!(args.len() <= body.split(|&byte| byte == b'&').count());
        prop_assert_eq!(&Args::parse_query(&args.to_query(), &Options::new()).unwrap(), &args);
    }
}

#[test]
fn pushed_pieces_give_the_same_errors() {
    let cases = [
        ("a=1&b&c=3", Options::new().strict_parsing(true)),
        ("&", Options::new().strict_parsing(true)),
        ("a=1&b=2&&c=3&d=4", Options::new().max_fields(2)),
        ("a=1&b=2&c", Options::new().max_fields(2)),
    ];
    for (raw, options) in cases {
        let expected = Args::parse_query(raw, &options).unwrap_err();
        for size in 1..=raw.len() {
            assert_eq!(push(raw, size, options), Err(expected), "{raw} by {size}");
        }
    }
    for size in 1..12 {
        let error = push("a=1&b=12345&c", size, Options::new().max_field(6)).unwrap_err();
        let kind = ErrorKind::FieldTooLong { limit: 6 };
        assert_eq!((error.kind(), error.offset(), error.status()), (kind, 10, 413), "by {size}");
        assert_eq!(error.to_string(), "a field is longer than 6 bytes (max_field) (at byte 10)");
    }
}

/// How many fields come of a body in pieces of `size`.
fn push(raw: &str, size: usize, options: Options) -> Result<usize, pauper_fields::Error> {
    let mut parser = Parser::new(options);
    let mut count = 0;
    for mut piece in raw.as_bytes().chunks(size) {
        loop {
            match parser.feed(&mut piece) {
                Ok(Some(_)) => count += 1,
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(parser.feed(&mut &b"x"[..]), Err(error), "for ever");
                    assert_eq!(parser.finish(), Err(error));
                    return Err(error);
                }
            }
        }
    }
    Ok(count + usize::from(parser.finish()?.is_some()))
}

#[test]
fn plain_fields_are_borrowed() {
    let body = b"name=value&a+b=%41&";
    let mut parser = Parser::new(Options::new());
    let mut input = &body[..];
    assert!(matches!(parser.feed(&mut input), Ok(Some((Cow::Borrowed(_), Cow::Borrowed(_))))));
    assert!(matches!(parser.feed(&mut input), Ok(Some((Cow::Owned(_), Cow::Owned(_))))));
}

#[test]
fn a_character_is_not_made_of_two_fields() {
    check("%C3=%A9", &[("\u{FFFD}", "\u{FFFD}")]);
}
