//! Buffers come and go.

use std::mem;

use pauper_message::{Request, guard};

use super::input::INPUT;
use super::{Buffers, Exchange};

impl Exchange {
    /// Takes buffers from the pool, where it has none.
    pub fn lend(&mut self, buffers: &mut Buffers) {
        let inputs =
            if self.reads_much() { &mut buffers.large_inputs } else { &mut buffers.inputs };
        if self.input.is_vacant()
            && let Some(bytes) = inputs.pop()
            && let Err(bytes) = self.input.lend(bytes)
        {
            buffers.keep_input(bytes);
        }
        if !self.output.has_buffer()
            && let Some(bytes) = buffers.outputs.pop()
            && let Err(bytes) = self.output.lend(bytes)
        {
            buffers.keep_output(bytes);
        }
        if self.spare_head.capacity() == 0
            && let Some(bytes) = buffers.outputs.pop()
        {
            self.spare_head = bytes;
        }
        if self.slots.is_empty()
            && let Some(slots) = buffers.slots.pop()
        {
            self.slots = slots;
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
        if !self.slots.is_empty() && self.input.is_empty() {
            buffers.keep_slots(mem::take(&mut self.slots));
        }
        for spare in [&mut self.spare_head, &mut self.spare_body] {
            if spare.capacity() > 0 {
                buffers.keep_output(mem::take(spare));
            }
        }
    }

    /// Takes the buffers out of a request that is done with.
    pub(super) fn reclaim(&mut self, req: Request) {
        // What the application put into the request is dropped here, and that may panic.
        let parts = guard(|| Ok(req.into_buffers()));
        let Ok((head, body)) = parts else { return };
        if head.bytes.capacity() <= INPUT {
            self.spare_head = head.bytes;
        }
        if self.slots.is_empty() && head.slots.len() == self.config.limits().max_headers() {
            self.slots = head.slots;
        }
        let mut buffer = body.into_buffer();
        if buffer.capacity() <= INPUT {
            buffer.clear();
            self.spare_body = buffer;
        }
    }
}
