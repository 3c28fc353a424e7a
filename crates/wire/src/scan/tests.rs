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
    const BY_MASK: bool = true;

    fn line(self, block: &Block) -> [u64; 2] {
        [naive::mask(block, TOKEN), naive::mask(block, VALUE)]
    }

    fn target(self, block: &Block) -> [u64; 2] {
        let marks = (0..BLOCK).fold(0, |mask, n| mask | u64::from(block[n] == b'?') << n);
        [naive::mask(block, TARGET), marks]
    }
}

/// What a task gives with each instruction set of this machine; the table comes first.
pub(crate) fn with_each<T: Task>(task: impl Fn() -> T) -> Vec<(&'static str, T::Output)> {
    let mut outputs = Vec::new();
    outputs.push(("table", task().with(Naive)));
    outputs.push(("words", task().with(swar::Swar)));
    #[cfg(target_arch = "x86_64")]
    {
        outputs.push(("SSE2", task().with(sse2::Sse2::BASELINE)));
        outputs.extend(ssse3::Ssse3::detect().map(|isa| ("SSSE3", isa.run(task()))));
        outputs.extend(avx2::Avx2::detect().map(|isa| ("AVX2", isa.run(task()))));
    }
    #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
    outputs.push(("NEON", task().with(neon::Neon::BASELINE)));
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
    type Output = [[u64; 2]; 2];

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        [isa.line(self.0), isa.target(self.0)]
    }
}

/// Where it is quick to tell, which bytes of a block's halves are plain.
struct Plain<'a>(&'a Block);

impl Task for Plain<'_> {
    type Output = Option<u64>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let (halves, _) = self.0.as_chunks::<32>();
        let [first, second] = [0, 1].map(|n| isa.plain(&halves[n]));
        let ([first, these], [second, those]) = (first?, second?);
        let join = |low, high| u64::from(low) | u64::from(high) << 32;
        let (plain, digits) = (join(first, second), join(these, those));
        assert_eq!(plain & digits, digits);
        let numbers =
            self.0.iter().rev().fold(0, |all, byte| all << 1 | u64::from(byte.is_ascii_digit()));
        assert_eq!(digits, numbers);
        Some(plain)
    }
}

#[test]
fn letters_digits_hyphens_and_dots_are_plain() {
    for byte in (0..=255u8).step_by(STEP) {
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        for place in (0..BLOCK).step_by(STEP) {
            let mut block = [b'a'; BLOCK];
            block[place] = byte;
            let expected = u64::MAX ^ if is_plain { 0 } else { 1 << place };
            for (name, plain) in with_each(|| Plain(&block)) {
                assert_eq!(plain.unwrap_or(expected), expected, "{name} {byte:#x}");
            }
        }
    }
}

/// Miri takes its time, and need not see every place.
const STEP: usize = if cfg!(miri) { 13 } else { 1 };

#[test]
fn every_byte_has_the_same_classes_at_every_place() {
    for byte in (0..=255).step_by(STEP) {
        for place in (0..BLOCK).step_by(STEP) {
            for around in [b'a', b' ', 0, 0xff] {
                let mut block = [around; BLOCK];
                block[place] = byte;
                agree(|| Masks(&block));
            }
        }
        let block = [byte; BLOCK];
        let all = agree(|| Masks(&block));
        let mask = |class| if has(byte, class) { 0 } else { u64::MAX };
        let expected = [mask(TOKEN), mask(VALUE), mask(TARGET)];
        assert_eq!(all.as_flattened()[..3], expected, "{byte:#x}");
    }
}

/// Where runs end in a buffer, from each of these places on.
struct Runs<'a>(&'a [u8], &'a [usize]);

impl Task for Runs<'_> {
    type Output = Vec<(usize, usize, (usize, usize), (usize, usize))>;

    #[inline(always)]
    fn with<I: Isa>(self, isa: I) -> Self::Output {
        let mut one = Cursor::new(isa, self.0, self.1[0]);
        let runs = self.1.iter().map(|&from| {
            // Both runs of one cursor would move it on for the other.
            let token = Cursor::new(isa, self.0, from).token_end(from);
            let value = Cursor::new(isa, self.0, from).value_end(from);
            let target = one.target_end(from);
            let (mut start, masks) = Cursor::at_start(isa, self.0);
            let early = from < BLOCK;
            let again = if early { start.target_end_from_start(from, masks) } else { target };
            (token, value, target, again)
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
    let places: Vec<usize> = (0..=buf.len()).step_by(STEP).collect();
    let runs = agree(|| Runs(&buf, &places));
    for (&from, (token, value, (target, question), again)) in places.iter().zip(&runs) {
        assert_eq!(*again, (*target, *question));
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
    for len in (0..200).step_by(STEP) {
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
    #[cfg_attr(miri, ignore = "takes too long")]
    fn random_buffers(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_runs(&bytes);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes too long")]
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
