//! What is compared: the tables of the page, whom each is about, and how often it is done.

use crate::answers::{RANGE, UNCHANGED, UPLOAD};
use crate::servers::Server;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
}

/// A scenario: the first metric is the one that is compared.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is done, for readers.
    pub(crate) how: &'static str,
    pub(crate) metrics: &'static [Metric],
    /// Whether more of the first metric is better.
    pub(crate) more_is_better: bool,
    /// Whether the first metric is compared with ours and with the floor by ratios.
    pub(crate) ratios: bool,
    pub(crate) kind: Kind,
    /// How often each server is measured in a full run: nine times where CPU per request is the
    /// question, less often what takes long or varies little. A quick run has a third of it.
    pub(crate) rounds: usize,
    /// The servers it is about; empty: all.
    pub(crate) about: &'static [&'static str],
}

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Saturated by wrk on 64 connections.
    Saturated { path: &'static str, depth: usize, same_core: bool },
    /// The same over encrypted connections.
    Encrypted { path: &'static str },
    /// The same, for a file of so many bytes.
    File { bytes: usize, ask: Ask },
    /// A connection for each request.
    Connections,
    /// Large files, one after another on a few connections.
    Download { bytes: usize },
    /// Uploads of so many bytes, on so many connections.
    Upload { bytes: usize, connections: usize },
    /// Connections that are only open.
    Idle { connections: usize },
    /// Clients that never finish their request, and others beside them.
    Slow { connections: usize },
    /// A fixed rate, and handlers that block.
    Rate { path: &'static str, length: usize },
    /// A server that nobody has asked anything.
    Startup,
    /// System calls.
    Calls,
    /// Instructions outside the kernel.
    Instructions,
    /// Crates and bytes, counted before measuring.
    Size,
    /// Clean builds, done before measuring.
    Build,
}

/// What a file is asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing special.
    All,
    /// The range of the part in its middle.
    Part,
    /// The condition that it changed, which it did not.
    IfChanged,
}

impl Scenario {
    /// Whether a server belongs to it.
    pub(crate) fn is_about(&self, server: &Server) -> bool {
        self.encrypts() == server.encrypts
            && (self.about.is_empty() || self.about.contains(&server.name))
    }

    /// Whether it is for servers that encrypt, and for no others.
    pub(crate) fn encrypts(&self) -> bool {
        matches!(self.kind, Kind::Encrypted { .. })
    }

    /// The names of the routes that it asks for.
    pub(crate) fn routes(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Saturated { path: "/json", .. } => &["/json"],
            Kind::Saturated { path: "/user/ann/42", .. } => &["/user/ann/42"],
            Kind::File { ask: Ask::Part, .. } => &[RANGE],
            Kind::File { ask: Ask::IfChanged, .. } => &[UNCHANGED],
            Kind::File { .. } | Kind::Download { .. } => &["/file"],
            Kind::Upload { .. } => &[UPLOAD],
            Kind::Rate { .. } => &["/plaintext", "/sleep/0"],
            // Nobody asks encrypted servers in advance; wrk tells what it does not like.
            Kind::Size | Kind::Build | Kind::Encrypted { .. } => &[],
            _ => &["/plaintext"],
        }
    }
}

/// What is done for so long, in milliseconds, in a quick run and in a full one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Load whose figures are not counted, so that everything is warm.
    pub(crate) warm: u64,
    /// Load that is measured.
    pub(crate) load: u64,
    /// The fixed rate without handlers that block.
    pub(crate) quiet: u64,
    /// The fixed rate with them.
    pub(crate) busy: u64,
}

impl Times {
    /// Those of a run.
    pub(crate) const fn of(quick: bool) -> Self {
        if quick {
            Self { warm: 80, load: 250, quiet: 400, busy: 800 }
        } else {
            Self { warm: 200, load: 1300, quiet: 2000, busy: 4000 }
        }
    }
}

impl Kind {
    /// About how many seconds it takes for one server, once.
    pub(crate) fn seconds(self, quick: bool) -> f64 {
        let times = Times::of(quick);
        let load = times.warm + times.load;
        // A server has to start, and what was begun has to end.
        let millis = 60
            + match self {
                Self::Saturated { .. }
                | Self::Encrypted { .. }
                | Self::File { .. }
                | Self::Connections => load + 20,
                Self::Download { .. } => load + 300,
                Self::Upload { bytes, .. } => load + 50 + (bytes >> 20) as u64 * 2,
                Self::Idle { .. } => 2500,
                Self::Slow { .. } => load + times.load + 900,
                Self::Rate { .. } => times.quiet + times.busy + 300,
                Self::Startup => 150,
                Self::Calls => 1200,
                Self::Instructions => 4000,
                Self::Size => 0,
                Self::Build => 60_000,
            };
        millis as f64 / 1e3
    }
}

const SATURATED: &[Metric] = &[
    Metric { key: "cpu_us", title: "CPU per request, µs" },
    Metric { key: "system_us", title: "of it in the kernel, µs (by ticks)" },
    Metric { key: "per_second", title: "requests/s" },
    Metric { key: "failures", title: "failures" },
];

const RATE: &[Metric] = &[
    Metric { key: "p99", title: "p99, ms" },
    Metric { key: "p50", title: "p50, ms" },
    Metric { key: "p999", title: "p99.9, ms" },
    Metric { key: "max", title: "slowest, ms" },
    Metric { key: "quiet_p50", title: "p50 without blocking, ms" },
    Metric { key: "quiet_p99", title: "p99 without blocking, ms" },
    Metric { key: "quiet_p999", title: "p99.9 without blocking, ms" },
    Metric { key: "failures", title: "failures" },
];

const TRANSFER: &[Metric] = &[
    Metric { key: "mib_us", title: "CPU per MiB, µs" },
    Metric { key: "cpu_us", title: "CPU for each, µs" },
    Metric { key: "mib_per_second", title: "MiB/s" },
    Metric { key: "peak_kib", title: "highest resident memory, KiB" },
    Metric { key: "failures", title: "failures" },
];

/// Event loops, and ours in every mode: whom one compares a loop with.
const LOOPS: &[&str] = &[
    "pauper",
    "pauper-threading",
    "pauper-forking",
    "raw-epoll",
    "hyper",
    "axum",
    "actix-web",
    "ntex",
    "may_minihttp",
    "nginx",
];

/// The same without what has no routes, and without a mode that differs in nothing here.
const ROUTERS: &[&str] = &[
    "pauper",
    "pauper-threading",
    "raw-epoll",
    "hyper",
    "axum",
    "actix-web",
    "ntex",
    "may_minihttp",
];

/// Who serves files as a purpose, and those who are fastest at it.
const FILES: &[&str] = &["pauper", "raw-epoll", "nginx", "hyper", "axum", "actix-web", "tiny_http"];

/// Who has ranges and conditions.
const CONDITIONS: &[&str] = &["pauper", "nginx", "hyper", "axum", "actix-web"];

/// Who reads multipart.
const UPLOADS: &[&str] =
    &["pauper", "pauper-threading", "raw-epoll", "hyper", "axum", "actix-web", "rouille"];

/// Who has a way for handlers that block, and `pauper`, whose mode here has none.
const BLOCKING: &[&str] = &[
    "pauper",
    "pauper-threading",
    "raw-threads",
    "hyper",
    "axum",
    "actix-web",
    "ntex",
    "may_minihttp",
    "tiny_http",
    "rouille",
];

/// What a scenario is unless it says otherwise.
const USUAL: Scenario = Scenario {
    name: "",
    title: "",
    how: "",
    metrics: SATURATED,
    more_is_better: false,
    ratios: true,
    kind: Kind::Connections,
    rounds: 9,
    about: &[],
};

const fn saturated(path: &'static str, depth: usize, same_core: bool) -> Scenario {
    Scenario { kind: Kind::Saturated { path, depth, same_core }, ..USUAL }
}

const fn file(bytes: usize, ask: Ask) -> Scenario {
    Scenario { kind: Kind::File { bytes, ask }, rounds: 5, about: FILES, ..USUAL }
}

/// All scenarios, in the order of the page.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "plaintext",
        title: "Plaintext",
        how: "`GET /plaintext`, keep-alive, 64 connections of wrk; server and load on a core each",
        ..saturated("/plaintext", 1, false)
    },
    Scenario {
        name: "one-core",
        title: "Plaintext, load and server on one core",
        how: "the same, with server and load on one core together",
        about: LOOPS,
        ..saturated("/plaintext", 1, true)
    },
    Scenario {
        name: "pipelined",
        title: "Pipelined",
        how: "`GET /plaintext`, 16 requests under way on each of 64 connections",
        about: LOOPS,
        ..saturated("/plaintext", 16, false)
    },
    Scenario {
        name: "tls",
        title: "Plaintext, encrypted",
        how: "`GET /plaintext` over TLS 1.3, keep-alive, 64 connections of wrk; server and load on a core each",
        ratios: false,
        kind: Kind::Encrypted { path: "/plaintext" },
        rounds: 5,
        ..USUAL
    },
    Scenario {
        name: "json",
        title: "JSON",
        how: "`GET /json`: an object of one member, serialized for each request (the floor sends \
              bytes that were written down)",
        about: ROUTERS,
        ..saturated("/json", 1, false)
    },
    Scenario {
        name: "routed",
        title: "Routed",
        how: "`GET /user/ann/42`: two path parameters, one of them a number, put into a text",
        about: ROUTERS,
        ..saturated("/user/ann/42", 1, false)
    },
    Scenario {
        name: "connection",
        title: "A connection per request",
        how: "connect, `GET /plaintext` with `Connection: close`, read the answer, close; 16 clients",
        kind: Kind::Connections,
        ..USUAL
    },
    Scenario {
        name: "file",
        title: "A file of 1 MiB",
        how: "`GET /file`: 1 MiB from disk (its cache), keep-alive, 64 connections",
        rounds: 9,
        ..file(1 << 20, Ask::All)
    },
    Scenario {
        name: "file-1k",
        title: "A file of 1 KiB",
        how: "the same, with 1 KiB",
        ..file(1 << 10, Ask::All)
    },
    Scenario {
        name: "file-100k",
        title: "A file of 100 KiB",
        how: "the same, with 100 KiB",
        ..file(100 << 10, Ask::All)
    },
    Scenario {
        name: "file-100m",
        title: "A file of 100 MiB",
        how: "the same, with 100 MiB: whole files, one after another on two connections of a driver \
              of ours",
        metrics: TRANSFER,
        kind: Kind::Download { bytes: 100 << 20 },
        rounds: 3,
        about: FILES,
        ..USUAL
    },
    Scenario {
        name: "range",
        title: "A range of a file",
        how: "`GET /file` with a `Range`: 100 KiB in the middle of 1 MiB, keep-alive, 64 connections",
        about: CONDITIONS,
        ..file(1 << 20, Ask::Part)
    },
    Scenario {
        name: "not-modified",
        title: "A file that did not change",
        how: "`GET /file` with `If-None-Match`, or `If-Modified-Since` where there is no ETag: 304; \
              keep-alive, 64 connections",
        about: CONDITIONS,
        ..file(1 << 20, Ask::IfChanged)
    },
    Scenario {
        name: "upload",
        title: "An upload of 10 MiB",
        how: "`POST /upload`: a form of a short text and a file of 10 MiB in multipart/form-data, one \
              after another on four connections; each part is read to its end, its bytes counted \
              and thrown away, and the answer tells the counts (the floor looks for nothing, it \
              reads as many bytes as there are)",
        metrics: TRANSFER,
        kind: Kind::Upload { bytes: 10 << 20, connections: 4 },
        about: UPLOADS,
        ..USUAL
    },
    Scenario {
        name: "upload-1g",
        title: "An upload of 1 GiB",
        how: "the same with 1 GiB, one at a time: what matters is the memory",
        metrics: &[
            Metric { key: "peak_kib", title: "highest resident memory, KiB" },
            Metric { key: "mib_us", title: "CPU per MiB, µs" },
            Metric { key: "mib_per_second", title: "MiB/s" },
            Metric { key: "failures", title: "failures" },
        ],
        kind: Kind::Upload { bytes: 1 << 30, connections: 1 },
        rounds: 1,
        about: UPLOADS,
        ..USUAL
    },
    Scenario {
        name: "idle",
        title: "10,000 idle connections",
        how: "10,000 connections are opened, one request on each, and kept open; then 50 new \
              connections and 50 of the idle ones ask again. Eight clients open them, and each \
              gives up when it fails twice in a row. Memory is the server's resident memory, \
              without the kernel's",
        metrics: &[
            Metric { key: "kib_each", title: "KiB per connection" },
            Metric { key: "open", title: "connections open" },
            Metric { key: "idle_served", title: "of 50 idle ones then served" },
            Metric { key: "new_served", title: "of 50 new ones then served" },
            Metric { key: "threads", title: "threads" },
            Metric { key: "failures", title: "failures" },
        ],
        ratios: false,
        kind: Kind::Idle { connections: 10_000 },
        rounds: 3,
        ..USUAL
    },
    Scenario {
        name: "slow",
        title: "1,000 slow clients",
        how: "1,000 connections send their head at one byte a second and never finish, while wrk \
              loads `/plaintext` with 64 others; compared with the same load without them",
        metrics: &[
            Metric { key: "kept_percent", title: "rate kept, %" },
            Metric { key: "per_second", title: "requests/s beside them" },
            Metric { key: "quiet_per_second", title: "requests/s without them" },
            Metric { key: "cpu_us", title: "CPU per request beside them, µs" },
            Metric { key: "slow_open", title: "slow ones open" },
            Metric { key: "slow_closed", title: "slow ones closed by the server" },
            Metric { key: "failures", title: "failures" },
        ],
        more_is_better: true,
        ratios: false,
        kind: Kind::Slow { connections: 1_000 },
        rounds: 3,
        ..USUAL
    },
    Scenario {
        name: "blocking-apart",
        title: "Blocking handlers on a route of their own",
        how: "2,000 requests/s; 1 % of them are for `/sleep/100`, whose handler blocks for 100 ms; \
              latencies are those of the others, for `/plaintext`, from when each was due",
        metrics: RATE,
        ratios: false,
        kind: Kind::Rate { path: "/plaintext", length: 13 },
        rounds: 3,
        about: BLOCKING,
        ..USUAL
    },
    Scenario {
        name: "blocking-shared",
        title: "Blocking handlers on the same route",
        how: "the same, but the others are for `/sleep/0`: the same route, no pause",
        metrics: RATE,
        ratios: false,
        kind: Kind::Rate { path: "/sleep/0", length: 2 },
        rounds: 3,
        about: BLOCKING,
        ..USUAL
    },
    Scenario {
        name: "startup",
        title: "Memory at start",
        how: "resident memory of a server that listens and has had one connection and no request, \
              and after its first answers",
        metrics: &[
            Metric { key: "kib", title: "resident, KiB" },
            Metric { key: "answered_kib", title: "after 100 answers, KiB" },
            Metric { key: "threads", title: "threads" },
            Metric { key: "listens_ms", title: "listens after, ms" },
        ],
        ratios: false,
        kind: Kind::Startup,
        rounds: 3,
        ..USUAL
    },
    Scenario {
        name: "calls",
        title: "System calls per request",
        how: "counted by the kernel (`perf stat -e raw_syscalls:sys_enter`) while wrk loads \
              `/plaintext` on 64 connections, where perf is there and allowed; and by `strace -c -f` \
              while 64 open connections ask 20 times each, which says which calls they are, and \
              slows the server much: threads wait for each other more often then",
        metrics: &[
            Metric { key: "per_request", title: "calls per request" },
            Metric { key: "traced", title: "by strace" },
            Metric { key: "names", title: "which" },
            Metric { key: "failures", title: "failures" },
        ],
        kind: Kind::Calls,
        rounds: 1,
        ..USUAL
    },
    Scenario {
        name: "instructions",
        title: "Instructions per request",
        how: "instructions outside the kernel for `/plaintext`, counted by callgrind: one connection \
              that asks and waits, and one that keeps 16 requests under way; what 1,920 requests \
              take more than 480 do",
        metrics: &[
            Metric { key: "instructions", title: "instructions" },
            Metric { key: "pipelined", title: "16 deep" },
        ],
        kind: Kind::Instructions,
        rounds: 1,
        about: LOOPS,
        ..USUAL
    },
    Scenario {
        name: "size",
        title: "Crates and size",
        how: "outside crates delivered in the program (`cargo tree -e normal`), with what its routes \
              need: JSON, and files and uploads where it has them; size of the release binary as \
              cargo leaves it",
        metrics: &[
            Metric { key: "crates", title: "outside crates" },
            Metric { key: "binary_kib", title: "binary, KiB" },
        ],
        ratios: false,
        kind: Kind::Size,
        rounds: 1,
        ..USUAL
    },
    Scenario {
        name: "build",
        title: "A clean build",
        how: "a release build of the same program from nothing, with the sources already fetched",
        metrics: &[
            Metric { key: "build_cpu_seconds", title: "CPU s" },
            Metric { key: "build_seconds", title: "s" },
        ],
        ratios: false,
        kind: Kind::Build,
        rounds: 1,
        ..USUAL
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::ROUTES;
    use crate::servers::SERVERS;

    #[test]
    fn every_name_is_of_something() {
        for scenario in SCENARIOS {
            for name in scenario.about {
                assert!(Server::find(name).is_some(), "{}: {name}", scenario.name);
            }
            for name in scenario.routes() {
                assert!(ROUTES.iter().any(|it| it.name == *name), "{}: {name}", scenario.name);
            }
            assert!(SCENARIOS.iter().filter(|it| it.name == scenario.name).count() == 1);
        }
    }

    /// What the documents promise; builds of programs are extra.
    #[test]
    fn a_run_takes_the_time_that_was_promised() {
        let minutes = |quick: bool| {
            let options = crate::options::Options::parse(if quick { &["--quick"] } else { &[] });
            let options = options.unwrap();
            let seconds = options.scenarios().map(|scenario| {
                let servers = SERVERS.iter().filter(|it| options.includes(scenario, it)).count();
                (servers * options.rounds_of(scenario)) as f64 * scenario.kind.seconds(quick)
            });
            seconds.sum::<f64>() / 60.0
        };
        let (full, quick) = (minutes(false), minutes(true));
        assert!((25.0..36.0).contains(&full), "{full} minutes");
        assert!(quick < 5.0, "{quick} minutes");
    }
}
