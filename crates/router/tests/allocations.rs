//! That a match allocates nothing. A binary of its own, since it counts everything that its process
//! allocates.

use std::alloc::System;

use pauper_router::{Found, Router};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn a_match_allocates_nothing() {
    let mut router = Router::new();
    router.add_filter("even", |text| text.ends_with('2')).unwrap();
    router.add_converter("byte", |text| text.parse::<u8>().ok()).unwrap();
    for pattern in [
        "/",
        "/user/<id:int>",
        "/user/<name>/<x:float>",
        "/<a:word>-<b:hex>/<rest:path>",
        "/e/<x:even>",
        "/b/<x:byte>",
        "/u/<x:uuid>/<y>/<z>/<a>/<b>/<c>/<d>/<e>",
    ] {
        router.insert("GET", pattern, ()).unwrap();
    }
    router.mount("/m/<x>", ()).unwrap();
    let paths = [
        "/",
        "/user/7",
        "/user/ada/1.5",
        "/é-ff/x/y",
        "/e/2",
        "/b/200",
        "/m/1/2/3",
        "/u/01234567-89ab-cdef-0123-456789abcdef/1/2/3/4/5/6/7",
        "/not/there",
        "/b/256",
        "x",
        "",
    ];
    let region = Region::new(COUNTED);
    let mut found = 0;
    for path in paths {
        for method in ["GET", "HEAD", "PURGE"] {
            match router.find(method, path) {
                Found::Match(_) => found += 1,
                Found::MethodNotAllowed(allow) => assert!(allow.contains("GET")),
                Found::NotFound => {}
            }
        }
    }
    assert_eq!(region.change().allocations, 0);
    assert_eq!(found, 2 * 7 + 3);
}
