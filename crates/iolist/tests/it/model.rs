//! Random operations on a list and on a `Vec<u8>` must agree after every step.

use bytes::Bytes;
use pauper_iolist::IoList;
use proptest::prelude::*;

use crate::PATTERN;

/// Lengths and positions are indices into `PATTERN` or, modulo the length, into the list.
#[derive(Clone, Debug)]
enum Op {
    Copied(usize, usize),
    Static(usize, usize),
    Shared(usize, usize),
    Owned(usize, usize, usize),
    Number(i64),
    /// Join with a list built by these, in front or behind.
    Append(Vec<Self>),
    Prepend(Vec<Self>),
    Freeze,
    Clone,
    Reserve(usize),
    Advance(usize),
    Truncate(usize),
    Range(usize, usize),
    SplitTo(usize),
    KeepFront(usize),
}

impl Op {
    /// After these, a small piece may stand beside another one.
    fn cuts(&self) -> bool {
        match self {
            Self::Append(ops) | Self::Prepend(ops) => ops.iter().any(Self::cuts),
            Self::Advance(_) | Self::Truncate(_) | Self::Range(..) => true,
            Self::SplitTo(_) | Self::KeepFront(_) => true,
            _ => false,
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    let at = || 0..4096usize;
    // Mostly short, often around the threshold, sometimes long.
    let len = || prop_oneof![4 => 0..40usize, 2 => 505..520usize, 1 => 0..4096usize];
    let leaf = prop_oneof![
        4 => (at(), len()).prop_map(|(at, n)| Op::Copied(at, n)),
        4 => (at(), len()).prop_map(|(at, n)| Op::Static(at, n)),
        4 => (at(), len()).prop_map(|(at, n)| Op::Shared(at, n)),
        4 => (at(), len(), len()).prop_map(|(at, n, spare)| Op::Owned(at, n, spare)),
        2 => any::<i64>().prop_map(Op::Number),
        1 => Just(Op::Freeze),
        1 => Just(Op::Clone),
        1 => len().prop_map(Op::Reserve),
        1 => any::<usize>().prop_map(Op::Advance),
        1 => any::<usize>().prop_map(Op::Truncate),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Op::Range(a, b)),
        1 => any::<usize>().prop_map(Op::SplitTo),
        1 => any::<usize>().prop_map(Op::KeepFront),
    ];
    leaf.prop_recursive(3, 60, 12, |inner| {
        let ops = prop::collection::vec(inner, 0..12);
        prop_oneof![ops.clone().prop_map(Op::Append), ops.prop_map(Op::Prepend)]
    })
}

fn bytes(at: usize, n: usize) -> &'static [u8] {
    &PATTERN[at..at + n]
}

fn apply(op: &Op, list: &mut IoList, model: &mut Vec<u8>) {
    match *op {
        Op::Copied(at, n) => {
            list.push_bytes(bytes(at, n));
            model.extend_from_slice(bytes(at, n));
        }
        Op::Static(at, n) => {
            list.push_static(bytes(at, n));
            model.extend_from_slice(bytes(at, n));
        }
        Op::Shared(at, n) => {
            list.push_shared(Bytes::copy_from_slice(bytes(at, n)));
            model.extend_from_slice(bytes(at, n));
        }
        Op::Owned(at, n, spare) => {
            let mut owned = Vec::with_capacity(n + spare);
            owned.extend_from_slice(bytes(at, n));
            list.push(owned);
            model.extend_from_slice(bytes(at, n));
        }
        Op::Number(number) => {
            list.push(number);
            model.extend_from_slice(number.to_string().as_bytes());
        }
        Op::Append(ref ops) => {
            let (other, bytes) = run(ops);
            list.append(other);
            model.extend_from_slice(&bytes);
        }
        Op::Prepend(ref ops) => {
            let (mut other, mut bytes) = run(ops);
            other.append(std::mem::take(list));
            bytes.append(model);
            (*list, *model) = (other, bytes);
        }
        Op::Freeze => list.freeze(),
        Op::Clone => *list = list.clone(),
        Op::Reserve(capacity) => {
            let mut roomy = IoList::with_capacity(capacity);
            roomy.append(std::mem::take(list));
            *list = roomy;
        }
        Op::Advance(n) => {
            let n = n % (model.len() + 1);
            list.advance(n);
            model.drain(..n);
        }
        Op::Truncate(n) => {
            let n = n % (model.len() + 2);
            list.truncate(n);
            model.truncate(n);
        }
        Op::Range(a, b) => {
            let (a, b) = (a % (model.len() + 1), b % (model.len() + 1));
            let range = a.min(b)..a.max(b);
            *list = std::mem::take(list).range(range.clone());
            *model = model[range].to_vec();
        }
        Op::SplitTo(n) => {
            let n = n % (model.len() + 1);
            let front = list.split_to(n);
            assert_eq!(front, model[..n]);
            model.drain(..n);
        }
        Op::KeepFront(n) => {
            let n = n % (model.len() + 1);
            *list = list.split_to(n);
            model.truncate(n);
        }
    }
}

fn run(ops: &[Op]) -> (IoList, Vec<u8>) {
    let mut list = IoList::new();
    let mut model = Vec::new();
    let mut cut = false;
    for op in ops {
        apply(op, &mut list, &mut model);
        cut |= op.cuts();
        assert_eq!(list.len(), model.len());
        assert_eq!(list.is_empty(), model.is_empty());
        assert_eq!(list.to_vec(), model);
        assert!(list.pieces().all(|piece| !piece.is_empty()));
        if !cut {
            let lengths: Vec<_> = list.pieces().map(<[u8]>::len).collect();
            let small_pair = lengths.windows(2).find(|pair| pair.iter().all(|&n| n < 512));
            assert_eq!(small_pair, None, "{lengths:?}");
            assert!(lengths.len() <= model.len() / 256 + 1);
        }
    }
    (list, model)
}

proptest! {
    #[test]
    fn agrees_with_a_vector(ops in prop::collection::vec(op(), 0..40)) {
        let (list, model) = run(&ops);
        prop_assert_eq!(&list, &IoList::from(model.clone()));
        prop_assert_eq!(list.clone().into_bytes(), &model);
        prop_assert_eq!(list.into_vec(), model);
    }
}

#[test]
fn ranges_outside_are_refused() {
    let list = || IoList::from("abc");
    assert_eq!(list().range(..), "abc");
    assert_eq!(list().range(3..), "");
    assert_eq!(list().range(0..=2), "abc");
    assert_eq!(list().try_range(4..), None);
    assert_eq!(list().try_range(..4), None);
    assert_eq!(list().try_range(..=usize::MAX), None);
    #[expect(clippy::reversed_empty_ranges, reason = "the range that is to be refused")]
    let reversed = 2..1;
    assert_eq!(list().try_range(reversed), None);
}

#[test]
#[should_panic(expected = "range outside of an IoList of 3 bytes")]
fn range_panics_outside() {
    let _ = IoList::from("abc").range(..4);
}

#[test]
#[should_panic(expected = "cannot advance by 4 in an IoList of 3 bytes")]
fn advance_panics_outside() {
    IoList::from("abc").advance(4);
}

#[test]
#[should_panic(expected = "cannot take 4 bytes of an IoList of 3")]
fn split_to_panics_outside() {
    let _ = IoList::from("abc").split_to(4);
}
