use pauper_iolist::{IoList, iolist};

use crate::PATTERN;

const DEPTH: usize = 1_000_000;
static LARGE: &[u8] = PATTERN.first_chunk::<{ IoList::SMALL }>().unwrap();

/// Builds a million levels, cheaply enough to finish, and drops them without recursion.
#[track_caller]
fn check(wrap: impl Fn(IoList) -> IoList, grows_by: usize, ends: (&[u8], &[u8])) {
    let mut list = IoList::from("core");
    for _ in 0..DEPTH {
        list = wrap(list);
    }
    assert_eq!(list.len(), 4 + DEPTH * grows_by);
    assert!(list.pieces().next().unwrap().starts_with(ends.0));
    assert!(list.pieces().next_back().unwrap().ends_with(ends.1));
}

#[test]
fn small_parts_in_front() {
    check(|inner| iolist!["<", inner], 1, (b"<<<", b"<core"));
}

#[test]
fn small_parts_behind() {
    check(|inner| iolist![inner, ">"], 1, (b"core>", b">>>"));
}

#[test]
fn small_parts_around() {
    check(|inner| iolist!["<i>", iolist![inner], "</i>"], 7, (b"<i><i>", b"</i></i>"));
}

#[test]
fn large_parts_around() {
    check(|inner| iolist![LARGE, inner, LARGE], 2 * IoList::SMALL, (LARGE, LARGE));
}

#[test]
fn a_tree() {
    fn tree(depth: u32) -> IoList {
        if depth == 0 {
            return IoList::from(LARGE);
        }
        iolist!["(", tree(depth - 1), tree(depth - 1), ")"]
    }
    let list = tree(14);
    let leaves = 1 << 14;
    assert_eq!(list.len(), leaves * IoList::SMALL + 2 * (leaves - 1));
    assert!(list.to_vec().starts_with(&[&[b'('; 14], LARGE].concat()));
}

#[test]
fn a_broad_list() {
    let list: IoList = (0..DEPTH).map(|i| iolist![i % 7, ","]).collect();
    assert_eq!(list.len(), 2 * DEPTH);
    assert!(list.into_vec().starts_with(b"0,1,2,3,4,5,6,0,1,"));
}

#[test]
fn empty_lists_leave_no_trace() {
    let mut list = IoList::new();
    for _ in 0..DEPTH {
        list = iolist!["", list, None::<IoList>, Vec::<IoList>::new(), IoList::new()];
    }
    assert_eq!(list.pieces().count(), 0);
}
