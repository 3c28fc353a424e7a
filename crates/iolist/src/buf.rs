//! A list as input for crates that read from a [`bytes::Buf`].

use std::io::IoSlice;

use bytes::{Buf, Bytes};

use crate::IoList;

impl Buf for IoList {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        self.first.as_slice()
    }

    fn chunks_vectored<'a>(&'a self, out: &mut [IoSlice<'a>]) -> usize {
        self.io_slices(out)
    }

    fn advance(&mut self, n: usize) {
        Self::advance(self, n);
    }

    /// Takes the first `n` bytes; copies them only if they are in more than one piece.
    fn copy_to_bytes(&mut self, n: usize) -> Bytes {
        self.split_to(n).into_bytes()
    }
}
