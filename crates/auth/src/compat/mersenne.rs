//! The shuffle of CPython's `random.Random`, seeded with bytes.
//!
//! MT19937 (Matsumoto and Nishimura, 1998), seeded by an array as its authors do, with the words of
//! the seed and its SHA-512 as one number.

use sha2::{Digest as _, Sha512};

const N: usize = 624;
const M: usize = 397;

pub(super) struct Mersenne {
    state: [u32; N],
    at: usize,
}

impl Mersenne {
    /// Seeded as `random.seed(bytes, version=2)` does.
    pub(super) fn of_bytes(seed: &[u8]) -> Self {
        // One large number, most significant byte first, taken 32 bits at a time from its end.
        let number: Vec<u8> = [seed, &Sha512::digest(seed)].concat();
        let mut words: Vec<u32> = number
            .rchunks(4)
            .map(|piece| piece.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
            .collect();
        while words.len() > 1 && words.last() == Some(&0) {
            words.pop();
        }
        Self::of_words(&words)
    }

    fn of_word(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            let last = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
        }
        Self { state, at: N }
    }

    fn of_words(words: &[u32]) -> Self {
        let Self { mut state, .. } = Self::of_word(19_650_218);
        let (mut i, mut j) = (1, 0);
        let step = |i: &mut usize, state: &mut [u32; N]| {
            *i += 1;
            if *i >= N {
                state[0] = state[N - 1];
                *i = 1;
            }
        };
        for _ in 0..N.max(words.len()) {
            let last = state[i - 1];
            state[i] = (state[i] ^ (last ^ last >> 30).wrapping_mul(1_664_525))
                .wrapping_add(words[j])
                .wrapping_add(j as u32);
            step(&mut i, &mut state);
            j = (j + 1) % words.len();
        }
        for _ in 1..N {
            let last = state[i - 1];
            state[i] =
                (state[i] ^ (last ^ last >> 30).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            step(&mut i, &mut state);
        }
        state[0] = 0x8000_0000;
        Self { state, at: N }
    }

    fn next(&mut self) -> u32 {
        if self.at >= N {
            for i in 0..N {
                let y = self.state[i] & 0x8000_0000 | self.state[(i + 1) % N] & 0x7fff_ffff;
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ y >> 1 ^ odd;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// Below a bound, of as many of the highest bits as it has, until one is.
    fn below(&mut self, bound: u32) -> u32 {
        let bits = u32::BITS - bound.leading_zeros();
        loop {
            let number = self.next() >> (u32::BITS - bits);
            if number < bound {
                return number;
            }
        }
    }

    /// As `random.shuffle` does.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers that the authors give for this seed.
    #[test]
    fn the_numbers_of_the_authors() {
        let mut random = Mersenne::of_words(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| random.next()).collect();
        assert_eq!(first, [1067595299, 955945823, 477289528, 4107218783, 4228976476]);
    }
}
