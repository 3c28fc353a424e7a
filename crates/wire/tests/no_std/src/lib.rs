//! Heads, header blocks, chunks, connections and grammars with nothing but `core`.
//!
//! A library that is linked into something else has to be complete: without `std` the compiler wants
//! a panic handler, and refuses a second one; without a global allocator it refuses `alloc`.
#![no_std]

use pauper_wire::header::{BlockProgress, parse_header_block};
use pauper_wire::{
    Chunk, ChunkDecoder, Connection, HeaderSpan, Limits, Progress, ResponseProgress, Status, grammar,
    parse_head, parse_response_head,
};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses all of it; what it gives is of no meaning.
pub extern "C" fn parse(first: u8) -> usize {
    let mut slots = [HeaderSpan::default(); 8];
    let limits = Limits::new();
    let buf = [first, b'E', b'T', b' ', b'/', b' '];
    let mut sum = 0;
    if let Ok(Status::Complete(head)) =
        parse_head(&buf, &mut Progress::new(), &mut slots, &limits)
    {
        sum += head.len();
    }
    if let Ok(Status::Complete(head)) =
        parse_response_head(&buf, &mut ResponseProgress::new(), &mut slots, &limits)
    {
        sum += head.len();
    }
    if let Ok(Status::Complete(block)) =
        parse_header_block(&buf, &mut BlockProgress::new(), &mut slots, 100)
    {
        sum += block.len();
    }
    if let Ok((consumed, Chunk::NeedMore)) = ChunkDecoder::new(&limits).decode(&buf) {
        sum += consumed;
    }
    if let Ok((consumed, _)) = Connection::new(limits).receive(&buf, &mut slots) {
        sum += consumed;
    }
    sum + grammar::split_list(&buf).count() + grammar::cookie_pairs(&buf).count()
}
