//! Routers: a round of 130 lookups, building, and allocations, ours beside rivals.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use pauper_benches::routes;

#[global_allocator]
static ALLOCATOR: AllocProfiler<std::alloc::System> = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Looks all paths up.
mod find {
    use super::*;

    fn measure(bencher: Bencher<'_, '_>, round: impl Fn() -> usize) {
        bencher.counter(ItemsCount::new(routes::paths().len())).bench_local(round);
    }

    #[divan::bench]
    fn pauper(bencher: Bencher<'_, '_>) {
        let router = routes::ours(false);
        measure(bencher, || routes::round_of_ours(&router));
    }

    #[divan::bench]
    fn pauper_with_int_and_word(bencher: Bencher<'_, '_>) {
        let router = routes::ours(true);
        measure(bencher, || routes::round_of_ours(&router));
    }

    #[divan::bench]
    fn matchit(bencher: Bencher<'_, '_>) {
        let router = routes::matchit();
        measure(bencher, || routes::round_of_matchit(&router));
    }

    #[divan::bench]
    fn path_tree(bencher: Bencher<'_, '_>) {
        let router = routes::path_tree();
        measure(bencher, || routes::round_of_path_tree(&router));
    }

    #[divan::bench]
    fn actix_router(bencher: Bencher<'_, '_>) {
        let router = routes::actix();
        measure(bencher, || routes::round_of_actix(&router));
    }

    fn expressions() -> Vec<regex::Regex> {
        routes::expressions().iter().map(|one| regex::Regex::new(one).expect("valid")).collect()
    }

    #[divan::bench(sample_count = 20)]
    fn regex_set(bencher: Bencher<'_, '_>) {
        let (set, each) =
            (regex::RegexSet::new(routes::expressions()).expect("valid"), expressions());
        measure(bencher, || routes::round_of_set(&set, &each));
    }

    #[divan::bench(sample_count = 20)]
    fn regexes_in_order(bencher: Bencher<'_, '_>) {
        let each = expressions();
        measure(bencher, || routes::round_of_list(&each));
    }
}

/// Makes a router of 130 routes, and of 1,000.
mod build {
    use super::*;

    #[divan::bench]
    fn pauper() -> usize {
        black_box(routes::ours(true)).len()
    }

    #[divan::bench]
    fn matchit() {
        black_box(routes::matchit());
    }

    #[divan::bench]
    fn pauper_1000(bencher: Bencher<'_, '_>) {
        let patterns: Vec<String> = (0..1000)
            .map(|number| {
                format!("/part{}/of{}/<id:int>/<name:word>/end{number}", number % 10, number % 97)
            })
            .collect();
        bencher.bench_local(|| {
            let mut router = pauper_router::Router::new();
            for (index, pattern) in patterns.iter().enumerate() {
                router.insert(pauper_router::Methods::GET, pattern, index).expect("a pattern");
            }
            router
        });
    }
}
