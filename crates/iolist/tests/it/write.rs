use std::io::{self, ErrorKind, IoSlice, Write};

use pauper_iolist::{IoList, iolist};

use crate::PATTERN;

/// A socket that follows a script: each call takes at most so many bytes or fails.
#[derive(Default)]
struct Socket {
    script: Vec<Result<usize, ErrorKind>>,
    /// What happens when the script is over.
    then: Option<Result<usize, ErrorKind>>,
    taken: Vec<u8>,
    /// Number of slices in each call.
    calls: Vec<usize>,
}

impl Socket {
    fn new(script: &[Result<usize, ErrorKind>], then: Result<usize, ErrorKind>) -> Self {
        let script = script.iter().copied().rev().collect();
        Self { script, then: Some(then), ..Self::default() }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.calls.push(slices.len());
        let limit = self.script.pop().or(self.then).unwrap()?;
        let before = self.taken.len();
        for slice in slices {
            let left = limit - (self.taken.len() - before);
            self.taken.extend_from_slice(&slice[..slice.len().min(left)]);
        }
        Ok(self.taken.len() - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const ALL: Result<usize, ErrorKind> = Ok(usize::MAX);
const BLOCK: Result<usize, ErrorKind> = Err(ErrorKind::WouldBlock);

/// Every kind of piece, with a small one between large ones.
fn sample() -> IoList {
    iolist![
        "HTTP/1.1 200 OK\r\n\r\n",
        PATTERN[..600].to_vec(),
        7,
        &PATTERN[600..1200],
        bytes::Bytes::from_static(&PATTERN[1200..1800]),
        "the end"
    ]
}

#[test]
fn everything_in_one_call() {
    let mut list = sample();
    let expected = list.to_vec();
    let mut socket = Socket::new(&[], ALL);
    assert!(list.write_to(&mut socket).unwrap());
    assert!(list.is_empty());
    assert_eq!(socket.taken, expected);
    assert_eq!(socket.calls, [6]);
    assert!(list.write_to(&mut socket).unwrap());
    assert_eq!(socket.calls, [6], "an empty list makes no call");
}

#[test]
fn resumes_at_every_split() {
    let expected = sample().to_vec();
    for split in 0..expected.len() {
        let mut list = sample();
        let script = if split == 0 { vec![BLOCK] } else { vec![Ok(split), BLOCK] };
        let mut socket = Socket::new(&script, ALL);
        assert!(!list.write_to(&mut socket).unwrap());
        assert_eq!(socket.taken, expected[..split]);
        assert_eq!(list, expected[split..], "split at {split}");
        assert_eq!(list.len(), expected.len() - split);
        assert!(list.write_to(&mut socket).unwrap());
        assert_eq!(socket.taken, expected, "split at {split}");
    }
}

#[test]
fn short_writes_of_every_size() {
    let expected = sample().to_vec();
    for k in 1..=expected.len() {
        let mut list = sample();
        let mut socket = Socket::new(&[], Ok(k));
        assert!(list.write_to(&mut socket).unwrap());
        assert_eq!(socket.taken, expected, "{k} at a time");
        assert_eq!(socket.calls.len(), expected.len().div_ceil(k));
    }
}

#[test]
fn interrupted_writes_are_repeated() {
    let mut list = sample();
    let expected = list.to_vec();
    let interrupted = Err(ErrorKind::Interrupted);
    let mut socket = Socket::new(&[interrupted, Ok(5), interrupted, interrupted], ALL);
    assert!(list.write_to(&mut socket).unwrap());
    assert_eq!(socket.taken, expected);
    assert_eq!(socket.calls.len(), 5);
}

#[test]
fn errors_keep_what_is_unwritten() {
    let expected = sample().to_vec();
    for (failure, kind) in
        [(Ok(0), ErrorKind::WriteZero), (Err(ErrorKind::BrokenPipe), ErrorKind::BrokenPipe)]
    {
        let mut list = sample();
        let mut socket = Socket::new(&[Ok(100), failure], ALL);
        assert_eq!(list.write_to(&mut socket).unwrap_err().kind(), kind);
        assert_eq!(list, expected[100..]);
    }
}

#[test]
fn one_call_at_a_time() {
    let mut list = sample();
    let len = list.len();
    let mut socket = Socket::new(&[Ok(30), BLOCK, Err(ErrorKind::Interrupted)], ALL);
    assert_eq!(list.write_once(&mut socket).unwrap(), 30);
    assert_eq!(list.write_once(&mut socket).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(list.write_once(&mut socket).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(list.write_once(&mut socket).unwrap(), len - 30);
    assert_eq!(list.write_once(&mut socket).unwrap(), 0);
}

#[test]
fn many_pieces_take_several_calls() {
    let mut list = IoList::from_iter(std::iter::repeat_n(&PATTERN, 150));
    let mut socket = Socket::new(&[], ALL);
    assert!(list.write_to(&mut socket).unwrap());
    assert_eq!(socket.calls, [64, 64, 22]);
    assert_eq!(socket.taken, PATTERN.repeat(150));
}

#[test]
fn a_single_piece_needs_no_vector() {
    let mut socket = Socket::new(&[], Ok(4));
    IoList::from("0123456789").write_to(&mut socket).unwrap();
    assert_eq!(socket.calls, [1, 1, 1]);
}

#[test]
fn slices_are_filled_from_the_unwritten_front() {
    let mut list = sample();
    list.advance(20);
    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(list.io_slices(&mut slices[..0]), 0);
    assert_eq!(list.io_slices(&mut slices[..2]), 2);
    assert_eq!(&*slices[0], &PATTERN[1..600]);
    assert_eq!(&*slices[1], b"7");
    assert_eq!(list.io_slices(&mut slices), 5);
    assert_eq!(&*slices[4], b"the end");
    assert_eq!(IoList::new().io_slices(&mut slices), 0);
}

/// The gibibyte is zeroed lazily by the system and never touched.
#[cfg(target_pointer_width = "64")]
#[test]
fn a_slice_is_no_longer_than_systems_accept() {
    const GIB: usize = 1 << 30;
    let mut list = iolist![vec![0u8; GIB + 600], "after"];
    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(list.io_slices(&mut slices), 1, "nothing may follow a piece that is cut");
    assert_eq!(slices[0].len(), GIB);
    list.advance(GIB);
    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(list.io_slices(&mut slices), 2);
    assert_eq!((slices[0].len(), slices[1].len()), (600, 5));
}

#[test]
fn writers_behind_a_reference_to_a_trait_object() {
    let mut out = Vec::new();
    let writer: &mut dyn Write = &mut out;
    assert!(iolist!["a", 1].write_to(writer).unwrap());
    assert_eq!(out, b"a1");
}
