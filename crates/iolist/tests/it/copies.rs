use bytes::Bytes;
use pauper_iolist::{IoList, iolist};

use crate::PATTERN;

/// Where the pieces are, as pointers to their first bytes.
fn places(list: &IoList) -> Vec<*const u8> {
    list.pieces().map(<[u8]>::as_ptr).collect()
}

fn lengths(list: &IoList) -> Vec<usize> {
    list.pieces().map(<[u8]>::len).collect()
}

/// The list has one piece, and that is where the caller's bytes were.
#[track_caller]
fn check_moved(place: *const u8, list: IoList) {
    assert_eq!(places(&list), [place]);
    let mut behind = IoList::new();
    behind.append(list);
    assert_eq!(places(&behind), [place]);
    assert_eq!(behind.into_bytes().as_ptr(), place);
}

#[test]
fn a_single_piece_is_not_copied_however_small() {
    let text = "static";
    check_moved(text.as_ptr(), text.into());
    let text = String::from("owned");
    check_moved(text.as_ptr(), text.into());
    let text = Box::<str>::from("boxed");
    check_moved(text.as_ptr(), text.into());
    let bytes = Bytes::from(vec![1, 2, 3]);
    check_moved(bytes.as_ptr(), bytes.into());
    let bytes = vec![1, 2, 3];
    check_moved(bytes.as_ptr(), Some(bytes).into());
}

#[test]
fn a_vector_comes_back() {
    let mut bytes = Vec::with_capacity(100);
    bytes.extend_from_slice(b"abc");
    let place = bytes.as_ptr();
    let back = IoList::from(bytes).into_vec();
    assert_eq!((back.as_ptr(), back.capacity()), (place, 100));
}

#[test]
fn numbers_and_characters_are_stored_in_the_list_itself() {
    for list in [IoList::from(u64::MAX), IoList::from(i64::MIN), IoList::from('ř')] {
        let start = std::ptr::from_ref(&list) as usize;
        let place = places(&list)[0] as usize;
        assert!((start..start + size_of::<IoList>()).contains(&place));
    }
}

#[test]
fn large_pieces_stay_in_place() {
    let owned = vec![b'o'; IoList::SMALL];
    let shared = Bytes::from(vec![b's'; IoList::SMALL]);
    let fixed: &'static [u8] = &PATTERN[..IoList::SMALL];
    let expected = [owned.as_ptr(), shared.as_ptr(), fixed.as_ptr()];
    let list = iolist![owned, shared, fixed];
    assert_eq!(places(&list), expected);

    // Joined from both sides, by few and by many.
    let mut list = iolist!["small", iolist![list], "small"];
    list.push_str("collected");
    assert_eq!(places(&list)[1..4], expected);
    assert_eq!(list.pieces().count(), 5);
    let mut many = IoList::from_iter(std::iter::repeat_n(fixed, 10));
    many.append(list);
    assert_eq!(places(&many)[11..14], expected);
    list = many.range(10 * IoList::SMALL..);
    assert_eq!(places(&list)[1..4], expected);

    // Cloned, after freezing.
    let all = places(&list);
    list.freeze();
    assert_eq!(places(&list), all);
    assert_eq!(places(&list.clone()), all);

    // Cut.
    let cut = list.range(5 + 10..5 + 3 * IoList::SMALL - 10);
    assert_eq!(places(&cut), [expected[0].wrapping_add(10), expected[1], expected[2]]);
    assert_eq!(lengths(&cut), [IoList::SMALL - 10, IoList::SMALL, IoList::SMALL - 10]);
}

#[test]
fn splitting_shares_the_piece_that_is_cut() {
    let owned = vec![b'o'; 2000];
    let place = owned.as_ptr();
    let mut back = iolist![PATTERN[..600].to_vec(), owned];
    let front = back.split_to(1000);
    assert_eq!((front.len(), back.len()), (1000, 1600));
    assert_eq!(places(&front)[1], place);
    assert_eq!(places(&back), [place.wrapping_add(400)]);
    assert_eq!(back.split_to(0), "");
    assert_eq!(back.split_to(1600).len(), 1600);
    assert!(back.is_empty());
}

#[test]
fn a_partly_written_vector_stays_in_place() {
    let owned = vec![b'o'; 2000];
    let place = owned.as_ptr();
    let mut list = IoList::from(owned);
    list.advance(500);
    assert_eq!(places(&list), [place.wrapping_add(500)]);
    assert_eq!(list.clone(), [b'o'; 1500]);
    let list = iolist!["x", list];
    assert_eq!(places(&list)[1], place.wrapping_add(500));
    let bytes = list.range(1..).into_bytes();
    assert_eq!(bytes.as_ptr(), place.wrapping_add(500));
    assert_eq!(bytes, [b'o'; 1500][..]);
}

#[test]
fn a_partly_written_vector_comes_back_without_what_is_written() {
    for mut list in [IoList::from(b"0123".to_vec()), IoList::from(Bytes::from(b"0123".to_vec()))] {
        list.advance(1);
        assert_eq!(list.into_vec(), b"123");
    }
    let mut collected = IoList::new();
    collected.push_str("0123");
    collected.advance(1);
    assert_eq!(collected.into_vec(), b"123");
}

#[test]
fn small_pieces_are_collected() {
    let list = iolist!["<b>", String::from("Ada"), '-', 36, Bytes::from_static(b"</b>")];
    assert_eq!(lengths(&list), [3 + 3 + 1 + 2 + 4]);
}

#[test]
fn small_neighbours_of_large_pieces_are_not_copied() {
    let large: &'static [u8] = &PATTERN[..IoList::SMALL];
    let list = iolist![large, "small", large];
    assert_eq!(lengths(&list), [512, 5, 512]);
    assert_eq!(places(&list)[1], "small".as_ptr());
}

#[test]
fn spare_room_of_a_large_vector_is_used_and_then_left_alone() {
    let mut owned = Vec::with_capacity(1010);
    owned.resize(1000, b'o');
    let place = owned.as_ptr();
    let mut list = IoList::from(owned);
    list.push_str("123456");
    list.push_static(b"789");
    assert_eq!((places(&list), lengths(&list)), (vec![place], vec![1009]));
    list.push_str("does not fit");
    assert_eq!(places(&list)[0], place);
    assert_eq!(lengths(&list), [1009, 12]);
}

#[test]
fn room_that_was_asked_for_is_used() {
    let mut list = IoList::with_capacity(3000);
    list.push("first");
    let place = places(&list)[0];
    for _ in 0..290 {
        list.push_str("0123456789");
    }
    assert_eq!((places(&list), lengths(&list)), (vec![place], vec![2905]));

    // A large piece is moved all the same.
    let large = vec![0; 600];
    let place = large.as_ptr();
    let mut list = IoList::with_capacity(3000);
    list.push_owned(large);
    assert_eq!(places(&list), [place]);
}

#[test]
fn a_million_small_pushes_make_few_pieces() {
    let mut copied = IoList::new();
    let mut moved = IoList::new();
    for i in 0..1_000_000u32 {
        copied.push_str("0123456789");
        moved.push(i % 10);
    }
    assert_eq!((copied.len(), moved.len()), (10_000_000, 1_000_000));
    // Buffers of 16 KiB, after a few that grow to that size.
    assert!(copied.pieces().count() < 10_000_000 / 16_000 + 10, "{}", copied.pieces().count());
    assert!(moved.pieces().count() < 1_000_000 / 16_000 + 10, "{}", moved.pieces().count());
    assert!(moved.into_vec().chunks(10).all(|ten| ten == b"0123456789"));
}

#[test]
fn an_outbox_that_is_never_quite_empty_does_not_grow() {
    let mut list = IoList::from("x");
    for _ in 0..100_000 {
        list.push_str("0123456789");
        list.advance(10);
    }
    assert_eq!(list, "9");
    assert_eq!(list.pieces().count(), 1);
    assert!(list.into_vec().capacity() < 2 * IoList::SMALL);
}
