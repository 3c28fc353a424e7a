//! Heads, chunks and response heads: time, bytes per second and allocations, ours beside rivals.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use pauper_benches::{CASES, Case, picohttpparser_cases};

#[global_allocator]
static ALLOCATOR: AllocProfiler<std::alloc::System> = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = CASES.iter().chain(picohttpparser_cases()).map(Named))]
fn wire(bencher: Bencher<'_, '_>, Named(case): Named) {
    let (input, mut out) = ((case.input)(), Vec::with_capacity(1024));
    // What was written counts where nothing is read.
    let written = (case.work)(&input, &mut out);
    let bytes = if input.is_empty() { written } else { input.len() };
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        out.clear();
        (case.work)(black_box(&input), &mut out)
    });
}

/// A case under its name.
#[derive(Clone, Copy)]
struct Named(&'static Case);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.name())
    }
}
