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

    /// Takes the first `n` bytes; does not copy them if they are exactly the first piece.
    fn copy_to_bytes(&mut self, n: usize) -> Bytes {
        assert!(n <= self.len(), "cannot take {n} of {} bytes", self.len());
        if n == self.len() {
            return std::mem::take(self).into_bytes();
        }
        if n == self.first.len() {
            let mut front = Self::from(std::mem::take(&mut self.first));
            self.first = self.rest.pop_front().unwrap_or_default();
            self.len -= n;
            return std::mem::take(&mut front).into_bytes();
        }
        let mut taken = Vec::with_capacity(n);
        for piece in self.pieces() {
            let part = piece.len().min(n - taken.len());
            taken.extend_from_slice(&piece[..part]);
        }
        Self::advance(self, n);
        taken.into()
    }
}
