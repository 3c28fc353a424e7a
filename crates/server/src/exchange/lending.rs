//! Buffers come and go.

use super::{Buffers, Exchange};

impl Exchange {
    /// Takes buffers from the pool, where it has none.
    pub fn lend(&mut self, buffers: &mut Buffers) {
        if self.input.is_vacant() {
            let inputs =
                if self.reads_much() { &mut buffers.large_inputs } else { &mut buffers.inputs };
            if let Some(bytes) = inputs.pop()
                && let Err(bytes) = self.input.lend(bytes)
            {
                buffers.keep_input(bytes);
            }
        }
        if !self.output.has_buffer()
            && let Some(bytes) = buffers.outputs.pop()
            && let Err(bytes) = self.output.lend(bytes)
        {
            buffers.keep_output(bytes);
        }
        if self.job.is_none() && !self.job_is_away {
            self.job = buffers.jobs.pop();
        }
    }

    /// Gives the buffers in which nothing stands to the pool, because the connection is about to
    /// wait.
    pub fn rest(&mut self, buffers: &mut Buffers) {
        if let Some(bytes) = self.input.give_back() {
            buffers.keep_input(bytes);
        }
        if let Some(bytes) = self.output.give_back() {
            buffers.keep_output(bytes);
        }
        if self.job_is_free()
            && self.input.is_empty()
            && let Some(job) = self.job.take()
        {
            buffers.keep_job(job);
        }
    }
}
