//! Every instruction set against the table, byte by byte.

use std::boxed::Box;
use std::vec::Vec;

use proptest::prelude::*;

use super::classes::has;
use super::*;

/// The table as an instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naive;

impl Isa for Naive {
    const NAMES_BY_MASK: bool = true;

    fn non_token(self, block: &Block) -> u64 {
        naive::mask(block, TOKEN)
    }

    fn non_value(self, block: &Block) -> u64 {
        naive::mask(block, VALUE)
    }

    fn non_target(self, block: &Block) -> u64 {
        naive::mask(block, TARGET)
    }

    fn equal(self, block: &Block, byte: u8) -> u64 {
        (0..BLOCK).fold(0, |mask, n| mask | u64::from(block[n] == byte) << n)
    }
}

/// What a task gives with each instruction set of this machine; the table comes first.
pub(crate) fn with_each<T: Task>(task: impl Fn() -> T) -> Vec<(&'static str, T::Output)> {
    let mut outputs = Vec::new();
    outputs.push(("table", task().with(Naive)));
    outputs.push(("words", task().with(swar::Swar)));
    #[cfg(target_arch = "x86_64")]
    {
        outputs.push(("SSE2", task().with(BASELINE)));
        outputs.extend(ssse3::Ssse3::detect().map(|isa| ("SSSE3", isa.run(task()))));
        outputs.extend(avx2::Avx2::detect().map(|isa| ("AVX2", isa.run(task()))));
    }
    #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
    outputs.push(("NEON", task().with(BASELINE)));
    outputs
}

/// All of them have to agree.
#[track_caller]
pub(crate) fn agree<T: Task>(task: impl Fn() -> T) -> T::Output
where
    T::Output: PartialEq + core::fmt::Debug,
{
    let mut outputs = with_each(task).into_iter();
    let (_, expected) = outputs.next().expect("the table");
    for (name, output) in outputs {
        assert_eq!(output, expected, "{name}");
    }
    expected
}

struct Masks<'a>(&'a Block);

impl Task for Masks<'_> {
    type Output = [u64; 5];

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        [
            isa.non_token(self.0),
            isa.non_value(self.0),
            isa.non_target(self.0),
            isa.equal(self.0, b'?'),
            isa.equal(self.0, 0),
        ]
    }
}

#[test]
fn every_byte_has_the_same_classes_at_every_place() {
    for byte in 0..=255 {
        for place in 0..BLOCK {
            for around in [b'a', b' ', 0, 0xff] {
                let mut block = [around; BLOCK];
                block[place] = byte;
                agree(|| Masks(&block));
            }
        }
        let block = [byte; BLOCK];
        let all = agree(|| Masks(&block));
        let mask = |class| if has(byte, class) { 0 } else { u64::MAX };
        assert_eq!(all[..3], [mask(TOKEN), mask(VALUE), mask(TARGET)], "{byte:#x}");
    }
}

/// Where runs end in a buffer, from each of these places on.
struct Runs<'a>(&'a [u8], &'a [usize]);

impl Task for Runs<'_> {
    type Output = Vec<(usize, usize, (usize, usize))>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let mut one = Cursor::new(isa, self.0, self.1[0]);
        let runs = self.1.iter().map(|&from| {
            // Both runs of one cursor would move it on for the other.
            let token = Cursor::new(isa, self.0, from).token_end(from);
            let value = Cursor::new(isa, self.0, from).value_end(from);
            let target = one.target_end(from);
            (token, value, target)
        });
        runs.collect()
    }
}

/// A buffer that ends where its allocation ends, so that tools see who reads on.
fn exact(bytes: &[u8]) -> Box<[u8]> {
    bytes.into()
}

/// Compares with a search byte by byte, from every place of the buffer.
#[track_caller]
fn check_runs(bytes: &[u8]) {
    let buf = exact(bytes);
    let places: Vec<usize> = (0..=buf.len()).collect();
    for (from, (token, value, (target, question))) in
        agree(|| Runs(&buf, &places)).iter().enumerate()
    {
        let end = |class| naive::end_of(&buf, from, class);
        assert_eq!((*token, *value, *target), (end(TOKEN), end(VALUE), end(TARGET)));
        let mark = buf[from..end(TARGET)].iter().position(|&byte| byte == b'?');
        assert_eq!(*question, mark.map_or(0, |mark| from + mark), "from {from}");
        assert_eq!(token_end(&buf, from), end(TOKEN));
        assert_eq!(value_end(&buf, from), end(VALUE));
    }
}

#[test]
fn runs_end_at_the_same_place_for_every_length_and_alignment() {
    for len in 0..200 {
        let run = std::vec![b'a'; len];
        check_runs(&run);
        for (foreign, place) in [(b'?', len / 2), (0x7f, len.saturating_sub(1))] {
            let mut run = run.clone();
            if let Some(byte) = run.get_mut(place) {
                *byte = foreign;
            }
            check_runs(&run);
        }
    }
}

/// One cursor used as a parser uses it: names and values in turns, never back.
struct Turns<'a>(&'a [u8]);

impl Task for Turns<'_> {
    type Output = Vec<usize>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let (mut cursor, mut pos, mut ends) = (Cursor::new(isa, self.0, 0), 0, Vec::new());
        while pos < self.0.len() {
            let name = cursor.token_end(pos);
            pos = (name + 1).min(self.0.len());
            let value = cursor.value_end(pos);
            ends.extend([name, value]);
            pos = (value + 1 + value % 3).min(self.0.len());
        }
        ends
    }
}

proptest! {
    // Each case looks from every place of its buffer.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_buffers(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_runs(&bytes);
    }

    #[test]
    fn names_and_values_in_turns(text in "([a-zA-Z-]{0,90}[:\r\n ?]{0,2}){0,12}") {
        let buf = exact(text.as_bytes());
        let ends = agree(|| Turns(&buf));
        let mut pos = 0;
        for pair in ends.chunks(2) {
            let name = naive::end_of(&buf, pos, TOKEN);
            pos = (name + 1).min(buf.len());
            let value = naive::end_of(&buf, pos, VALUE);
            prop_assert_eq!(pair, [name, value]);
            pos = (value + 1 + value % 3).min(buf.len());
        }
    }
}
