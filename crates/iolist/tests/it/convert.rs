use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::{Buf, Bytes};
use pauper_iolist::{IoList, iolist};

#[track_caller]
fn check(part: impl Into<IoList>, expected: &str) {
    let list = part.into();
    assert_eq!(list, expected);
    assert_eq!(list.len(), expected.len());
    assert_eq!(list.is_empty(), expected.is_empty());
    // Behind something else, too.
    let mut longer = IoList::from("<");
    longer.push(list);
    assert_eq!(longer.into_vec(), format!("<{expected}").into_bytes());
}

#[test]
fn text_and_bytes() {
    check("static", "static");
    check("", "");
    check(b"array", "array");
    check(&b"slice"[..], "slice");
    check(String::from("string"), "string");
    check(Box::<str>::from("boxed"), "boxed");
    check(b"vector".to_vec(), "vector");
    check(Box::<[u8]>::from(*b"boxed"), "boxed");
    check(Bytes::from_static(b"bytes"), "bytes");
    check(Cow::Borrowed("borrowed"), "borrowed");
    check(Cow::<str>::Owned("owned".to_owned()), "owned");
    check(Cow::Borrowed(&b"borrowed"[..]), "borrowed");
    check(format_args!("{}-{}", 1, 2), "1-2");
}

#[test]
fn values() {
    check('a', "a");
    check('\u{10FFFF}', "\u{10FFFF}");
    check(true, "true");
    check(false, "false");
    check((), "");
    check(-1i8, "-1");
    check(i64::MIN, "-9223372036854775808");
    check(u64::MAX, "18446744073709551615");
    check(i128::MIN, "-170141183460469231731687303715884105728");
    check(u128::MAX, "340282366920938463463374607431768211455");
    check(0usize, "0");
    check(2.5, "2.5");
    check(f32::NAN, "NaN");
}

#[test]
fn collections() {
    check(Some("x"), "x");
    check(None::<String>, "");
    check(vec!["a", "b"], "ab");
    check([1, 2, 3], "123");
    check(vec![vec![Some('a'), None], vec![Some('b')]], "ab");
    check(["x", "y"].into_iter().collect::<IoList>(), "xy");
    check(iolist![], "");
    check(iolist!["a", 1, iolist!['b', [Some("c"), None]], String::from("d"),], "a1bcd");
}

#[test]
fn vectors_of_bytes_are_bytes_and_of_other_integers_text() {
    check(vec![52u8, 50], "42");
    check(vec![52, 50], "5250");
}

#[test]
fn written_to_by_both_write_traits() {
    let mut list = iolist!["n="];
    write!(list, "{:03}", 7).unwrap();
    std::io::Write::write_all(&mut list, b";").unwrap();
    assert_eq!(std::io::Write::write(&mut list, b"end").unwrap(), 3);
    std::io::Write::flush(&mut list).unwrap();
    list.push_display(1.5);
    assert_eq!(list, "n=007;end1.5");
}

#[test]
fn equality_looks_through_pieces() {
    let large = vec![b'a'; 1000];
    let one = IoList::from([large.clone(), large.clone()].concat());
    let two = IoList::from_iter([large.clone(), large.clone()]);
    assert_eq!((one.pieces().count(), two.pieces().count()), (1, 2));
    assert_eq!(one, two);
    assert_eq!(two, one);
    assert_eq!(two, vec![b'a'; 2000]);
    assert_eq!(two, Bytes::from(vec![b'a'; 2000]));

    let mut other = [large.clone(), large].concat();
    other[1500] = b'b';
    assert_ne!(two, other);
    assert_ne!(two, IoList::from(other));
    assert_ne!(two, vec![b'a'; 1999]);
    assert_ne!(two, IoList::from(vec![b'a'; 2001]));
    assert_eq!(IoList::new(), IoList::from(""));
}

#[test]
fn debug_shows_pieces_and_stops() {
    let mut list = iolist!["a\"\n"];
    assert_eq!(format!("{list:?}"), r#"IoList[b"a\"\n"]"#);
    list.push(vec![b'x'; 1024]);
    list.push("tail");
    let x = "x".repeat(1021);
    assert_eq!(format!("{list:?}"), format!(r#"IoList[b"a\"\n", b"{x}"... 1031 bytes in all]"#));
    assert_eq!(format!("{:?}", IoList::new()), "IoList[]");
}

#[test]
fn a_source_for_buf_readers() {
    let mut list = iolist![vec![1u8; 600], vec![2u8; 600], vec![3u8; 600]];
    assert_eq!(list.remaining(), 1800);
    assert_eq!(list.chunk(), [1; 600]);
    list.get_u16();
    assert_eq!(list.chunk(), [1; 598]);
    assert_eq!(list.copy_to_bytes(600), [[1; 598].as_slice(), &[2; 2]].concat());
    assert_eq!(list.copy_to_bytes(598), vec![2; 598]);
    assert_eq!(list.copy_to_bytes(600), vec![3; 600]);
    assert!(!list.has_remaining());
}
