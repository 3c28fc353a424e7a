//! Each input is some megabytes long, so that anything quadratic would not come back.

use pauper_fields::percent::{decode, decode_path, decode_path_keep_slash, decode_segment};
use pauper_fields::{Args, ErrorKind, Options};

const MANY: usize = 1_000_000;

fn unlimited() -> Options {
    Options::new().max_fields(usize::MAX)
}

#[test]
fn separators_only() {
    let args = Args::parse_query(&"&".repeat(MANY), &Options::new()).unwrap();
    assert!(args.is_empty());
}

#[test]
fn a_flood_of_fields_stops_at_the_limit() {
    for field in ["a&", "=&", "a=b&"] {
        let error = Args::parse_query(&field.repeat(MANY), &Options::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyFields { limit: 1000 });
        assert_eq!(error.offset(), 1000 * field.len());
    }
}

#[test]
fn one_field_of_special_characters() {
    for (part, decoded) in
        [("%", "%"), ("+", " "), ("=", "="), ("%25", "%"), ("%2", "%2"), ("+%", " %")]
    {
        let query = format!("a={}", part.repeat(MANY));
        let args = Args::parse_query(&query, &Options::new()).unwrap();
        assert!(args.get("a").unwrap() == decoded.repeat(MANY), "{part}");
    }
}

#[test]
fn broken_utf8_grows_by_three_at_most() {
    let args = Args::parse_form(&[0xFF; MANY], &Options::new()).unwrap();
    assert_eq!(args.iter().next().unwrap().0.len(), 3 * MANY);
}

#[test]
fn distinct_names_of_many_fields() {
    let query: String = (0..200_000).map(|n| format!("{n}&{n}&")).collect();
    let args = Args::parse_query(&query, &unlimited()).unwrap();
    assert_eq!((args.len(), args.keys().count()), (400_000, 200_000));
}

#[test]
fn escapes_in_paths() {
    let percents = "%".repeat(MANY);
    assert_eq!(decode_path(&percents).unwrap_err().offset(), 0);
    assert_eq!(decode(&percents).len(), MANY);

    for (part, path, routing) in [("%25", "%", "%25"), ("%2f", "/", "%2F"), ("%20", " ", " ")] {
        let raw = part.repeat(MANY);
        assert!(decode_path(&raw).unwrap() == path.repeat(MANY));
        let kept = decode_path_keep_slash(&raw).unwrap();
        assert!(kept == routing.repeat(MANY));
        assert!(decode_segment(&kept) == path.repeat(MANY));
    }

    let late = "%C5%99".repeat(MANY) + "%FF";
    assert_eq!(decode_path(&late).unwrap_err().offset(), 6 * MANY);
}
