//! Servers of several processes, over sockets.
//!
//! A process with threads cannot fork, and the usual harness of tests has some. So this has its
//! own: without a role it runs the tests, each of which starts this very program as a server
//! (`server`) and talks to it.

#[cfg(target_os = "linux")]
mod ends;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod numbers;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../it/support.rs"]
mod support;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::panic::catch_unwind;
    use std::process::ExitCode;

    if std::env::var_os(process::ROLE).is_some() {
        return server::main();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let exact = arguments.iter().any(|it| it == "--exact");
    let lists = arguments.iter().any(|it| it == "--list");
    let is_wanted = |name: &str| {
        let matches = |it: &&String| if exact { name == **it } else { name.contains(it.as_str()) };
        filters.is_empty() || filters.iter().any(matches)
    };
    // Nothing here is left for `--ignored`.
    let none = arguments.iter().any(|it| it == "--ignored");
    let all = [ends::TESTS, load::TESTS, numbers::TESTS].concat();
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, test) in all.into_iter().filter(|(name, _)| is_wanted(name) && !none) {
        if lists {
            println!("{name}: test");
        } else if catch_unwind(test).is_ok() {
            passed += 1;
            println!("test {name} ... ok");
        } else {
            failed.push(name);
            println!("test {name} ... FAILED");
        }
    }
    if !lists {
        println!("\ntest result: {passed} passed, {} failed {failed:?}\n", failed.len());
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: these tests look at processes as Linux shows them");
}
