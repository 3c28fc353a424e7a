//! Buffers that connections share, so that those at rest hold none.

use super::Job;
use super::input::INPUT;

/// How many large buffers, for bodies, are kept.
const KEPT_LARGE: usize = 16;
/// How many of each kind are kept. More connections than this are rarely busy in one turn.
const KEPT: usize = 128;
/// Output buffers that grew beyond this are dropped.
const LARGEST: usize = 16 * 1024;

/// A pool of buffers for the connections of one driver.
///
/// A driver that has one lends buffers to an exchange before it reads for it, and takes them
/// back when the exchange rests; see [`Exchange::lend`](super::Exchange::lend). Without one every
/// exchange makes and keeps its own.
#[derive(Default)]
pub struct Buffers {
    pub(super) inputs: Vec<Vec<u8>>,
    pub(super) large_inputs: Vec<Vec<u8>>,
    pub(super) outputs: Vec<Vec<u8>>,
    // A job is large, and moves as a pointer.
    #[expect(clippy::vec_box, reason = "jobs travel in their boxes")]
    pub(super) jobs: Vec<Box<Job>>,
}

impl Buffers {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn keep_input(&mut self, bytes: Vec<u8>) {
        let (inputs, kept) = match bytes.len() {
            INPUT => (&mut self.inputs, KEPT),
            _ => (&mut self.large_inputs, KEPT_LARGE),
        };
        if inputs.len() < kept {
            inputs.push(bytes);
        }
    }

    pub(super) fn keep_output(&mut self, mut bytes: Vec<u8>) {
        // One connection's bytes must never come out of another's buffer.
        bytes.clear();
        if self.outputs.len() < KEPT && bytes.capacity() <= LARGEST {
            self.outputs.push(bytes);
        }
    }

    pub(super) fn keep_job(&mut self, job: Box<Job>) {
        if self.jobs.len() < KEPT {
            self.jobs.push(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_buffers_come_back_empty_and_large_ones_not_at_all() {
        let mut buffers = Buffers::new();
        buffers.keep_output(b"secret".to_vec());
        buffers.keep_output(Vec::with_capacity(LARGEST + 1));
        assert_eq!(buffers.outputs, [Vec::<u8>::new()]);
    }
}
