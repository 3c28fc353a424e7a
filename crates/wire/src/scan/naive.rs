//! Byte by byte, by table: what vectors have to agree with, and the better way for a few bytes.

use super::classes::has;

/// The index of the first byte at or after `from` that is not in `class`, or `buf.len()`.
pub(super) fn end_of(buf: &[u8], from: usize, class: u8) -> usize {
    let foreign = buf[from..].iter().position(|&byte| !has(byte, class));
    foreign.map_or(buf.len(), |n| from + n)
}

/// What vectors have to agree with. Bit `n` is set if byte `n` is not in `class`.
pub(super) fn mask(block: &super::Block, class: u8) -> u64 {
    block.iter().enumerate().fold(0, |mask, (n, &byte)| mask | u64::from(!has(byte, class)) << n)
}
