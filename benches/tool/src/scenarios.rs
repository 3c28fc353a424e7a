//! What is done to servers, and what comes out of it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::account;
use crate::load::wrk::Load;
use crate::load::{Failures, connections, idle, rate, slow, traced};
use crate::plan::SERVER_CORE;
use crate::running::Running;
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
}

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Saturated by wrk on 64 connections.
    Saturated { path: &'static str, depth: usize, same_core: bool },
    /// A connection for each request.
    Connections,
    /// Connections that are only open.
    Idle { connections: usize },
    /// Clients that never finish their request, and others beside them.
    Slow { connections: usize },
    /// A fixed rate, and handlers that block.
    Rate { path: &'static str, length: usize },
    /// A server that nobody has asked anything.
    Startup,
    /// Counted before measuring.
    Build,
    /// System calls.
    Calls,
    /// Not yet, for this reason.
    Skipped(&'static str),
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

/// All scenarios, in the order of the page.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        how: "`GET /plaintext`, keep-alive, 64 connections of wrk; server and load on a core each",
        ..saturated("plaintext", "Plaintext", "/plaintext", 1)
    },
    Scenario {
        how: "the same, with server and load on one core together",
        kind: Kind::Saturated { path: "/plaintext", depth: 1, same_core: true },
        ..saturated("one-core", "Plaintext, load and server on one core", "/plaintext", 1)
    },
    Scenario {
        how: "`GET /plaintext`, 16 requests under way on each of 64 connections",
        ..saturated("pipelined", "Pipelined", "/plaintext", 16)
    },
    Scenario {
        how: "`GET /json`: an object of one member, serialized for each request (the floors send \
              bytes that were written down)",
        ..saturated("json", "JSON", "/json", 1)
    },
    Scenario {
        how: "`GET /user/ann/42`: two path parameters, one of them a number, put into a text",
        ..saturated("routed", "Routed", "/user/ann/42", 1)
    },
    Scenario {
        name: "connection",
        title: "A connection per request",
        how: "connect, `GET /plaintext` with `Connection: close`, read the answer, close; 16 clients",
        metrics: SATURATED,
        more_is_better: false,
        ratios: true,
        kind: Kind::Connections,
    },
    Scenario {
        how: "`GET /file`: 1 MiB from disk (its cache), keep-alive, 64 connections",
        ..saturated("file", "A file of 1 MiB", "/file", 1)
    },
    Scenario {
        name: "upload",
        title: "An upload of 10 MiB",
        how: "a body of 10 MiB, counted and thrown away",
        metrics: SATURATED,
        more_is_better: false,
        ratios: true,
        kind: Kind::Skipped("the servers measured have no route for uploads yet"),
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
        more_is_better: false,
        ratios: false,
        kind: Kind::Idle { connections: 10_000 },
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
    },
    Scenario {
        name: "blocking-apart",
        title: "Blocking handlers on a route of their own",
        how: "2,000 requests/s; 1 % of them are for `/sleep/100`, whose handler blocks for 100 ms; \
              latencies are those of the others, for `/plaintext`, from when each was due",
        metrics: RATE,
        more_is_better: false,
        ratios: false,
        kind: Kind::Rate { path: "/plaintext", length: 13 },
    },
    Scenario {
        name: "blocking-shared",
        title: "Blocking handlers on the same route",
        how: "the same, but the others are for `/sleep/0`: the same route, no pause",
        metrics: RATE,
        more_is_better: false,
        ratios: false,
        kind: Kind::Rate { path: "/sleep/0", length: 2 },
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
        more_is_better: false,
        ratios: false,
        kind: Kind::Startup,
    },
    Scenario {
        name: "build",
        title: "What it costs to build",
        how: "outside crates delivered in the program (`cargo tree -e normal`), size of the release \
              binary as cargo leaves it, and a clean release build with sources already fetched",
        metrics: &[
            Metric { key: "crates", title: "outside crates" },
            Metric { key: "binary_kib", title: "binary, KiB" },
            Metric { key: "build_cpu_seconds", title: "clean build, CPU s" },
            Metric { key: "build_seconds", title: "clean build, s" },
        ],
        more_is_better: false,
        ratios: false,
        kind: Kind::Build,
    },
    Scenario {
        name: "calls",
        title: "System calls per request",
        how: "`strace -c -f` while 64 open connections ask for `/plaintext` 20 times each; the \
              tracer slows the server, so that it is saturated",
        metrics: &[
            Metric { key: "per_request", title: "calls per request" },
            Metric { key: "names", title: "which" },
            Metric { key: "failures", title: "failures" },
        ],
        more_is_better: false,
        ratios: true,
        kind: Kind::Calls,
    },
];

const fn saturated(
    name: &'static str,
    title: &'static str,
    path: &'static str,
    depth: usize,
) -> Scenario {
    Scenario {
        name,
        title,
        how: "",
        metrics: SATURATED,
        more_is_better: false,
        ratios: true,
        kind: Kind::Saturated { path, depth, same_core: false },
    }
}

/// Where a scenario finds things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) server: &'a Server,
    pub(crate) program: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) quick: bool,
}

/// What one run gave: a number for each metric, or a text.
pub(crate) type Run = Map<String, Value>;

/// How many handler threads servers that have such a number get where handlers block, or where
/// there is a connection for each of them to hold.
const MANY_HANDLERS: usize = 64;

impl Context<'_> {
    fn start(self, handlers: usize) -> Result<Running> {
        Running::start(self.server, self.program, &self.folder.join("file"), handlers)
    }

    fn time(self, quick: u64, full: u64) -> Duration {
        Duration::from_millis(if self.quick { quick } else { full })
    }
}

impl Kind {
    /// How many rounds there are of it, when so many were asked for: what takes long or varies
    /// little is done less often.
    pub(crate) fn rounds(self, asked: usize, quick: bool) -> usize {
        match self {
            Self::Saturated { .. } | Self::Connections => asked,
            Self::Build | Self::Skipped(_) => 1,
            _ if quick => 1,
            _ => asked.min(3),
        }
    }

    /// Does it once to one server.
    ///
    /// # Errors
    /// When the server cannot be started, or answers nothing.
    pub(crate) fn run(self, context: Context<'_>) -> Result<Run> {
        match self {
            Self::Saturated { path, depth, same_core } => {
                let core = same_core.then_some(SERVER_CORE);
                let load = Load { path, connections: 64, depth, core };
                saturate(context, load)
            }
            Self::Connections => connect(context),
            Self::Idle { connections } => {
                let mut running = context.start(context.server.handlers)?;
                let seen = idle::run(running.address, running.pid(), connections);
                if running.has_ended() {
                    return Err(format!("the server ended, {} connections were open", seen.open));
                }
                Ok(fields(json!({
                    "kib_each": seen.kib_each, "open": seen.open, "threads": seen.threads,
                    "idle_served": seen.idle_served, "new_served": seen.new_served,
                    "failures": seen.failures.sum(),
                })))
            }
            Self::Slow { connections } => slow_clients(context, connections),
            Self::Rate { path, length } => fixed_rate(context, path, length),
            Self::Startup => startup(context),
            Self::Calls => {
                let running = context.start(context.server.handlers)?;
                let seen = traced::run(running.address, running.pid(), context.folder)?;
                let names: Vec<String> =
                    seen.names.iter().map(|(name, count)| format!("{name} {count:.2}")).collect();
                Ok(fields(json!({
                    "per_request": seen.per_request, "names": names.join(", "),
                    "failures": seen.failures.sum(),
                })))
            }
            Self::Build | Self::Skipped(_) => Err("nothing to run".into()),
        }
    }
}

fn fields(value: Value) -> Run {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn per_request(running: &Running, before: account::Cpu, done: u64) -> (f64, f64) {
    let after = running.cpu();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / done as f64;
    (
        each(after.total.saturating_sub(before.total)),
        each(after.system.saturating_sub(before.system)),
    )
}

fn saturate(context: Context<'_>, load: Load<'_>) -> Result<Run> {
    let running = context.start(context.server.handlers)?;
    load.run(running.address, context.time(100, 500), context.folder)?;
    let before = running.cpu();
    let seen = load.run(running.address, context.time(300, 3000), context.folder)?;
    summary(&running, before, seen.requests, seen.seconds, seen.failures)
}

fn connect(context: Context<'_>) -> Result<Run> {
    let running = context.start(context.server.handlers)?;
    connections::run(running.address, context.time(100, 500));
    let before = running.cpu();
    let (done, seconds, failures) = connections::run(running.address, context.time(300, 3000));
    summary(&running, before, done, seconds, failures)
}

fn summary(
    running: &Running,
    before: account::Cpu,
    done: u64,
    seconds: f64,
    failures: Failures,
) -> Result<Run> {
    if done == 0 {
        return Err(format!("no request was answered: {failures:?}"));
    }
    let (cpu_us, system_us) = per_request(running, before, done);
    Ok(fields(json!({
        "cpu_us": cpu_us, "system_us": system_us, "per_second": done as f64 / seconds,
        "requests": done, "failures": failures.sum(), "refused": failures.refused,
        "closed": failures.closed, "late": failures.late, "wrong": failures.wrong,
    })))
}

fn slow_clients(context: Context<'_>, connections: usize) -> Result<Run> {
    let running = context.start(context.server.handlers)?;
    let load = Load { path: "/plaintext", connections: 64, depth: 1, core: None };
    let work = || {
        let before = running.cpu();
        let seen = load.run(running.address, context.time(400, 4000), context.folder)?;
        Ok::<_, String>((seen, per_request(&running, before, seen.requests).0))
    };
    load.run(running.address, context.time(100, 500), context.folder)?;
    let (quiet, _) = work()?;
    let (beside, slow_open, slow_closed) = slow::during(running.address, connections, work);
    let (beside, cpu_us) = beside?;
    let rate = |requests: u64, seconds: f64| requests as f64 / seconds;
    let (quiet_rate, rate) =
        (rate(quiet.requests, quiet.seconds), rate(beside.requests, beside.seconds));
    Ok(fields(json!({
        "kept_percent": 100.0 * rate / quiet_rate, "per_second": rate,
        "quiet_per_second": quiet_rate,
        "cpu_us": cpu_us, "slow_open": slow_open, "slow_closed": slow_closed,
        "failures": beside.failures.sum(),
    })))
}

fn fixed_rate(context: Context<'_>, path: &str, length: usize) -> Result<Run> {
    let running = context.start(MANY_HANDLERS)?;
    let quiet = rate::run(running.address, path, length, false, context.time(500, 10_000));
    let busy = rate::run(running.address, path, length, true, context.time(1000, 10_000));
    if quiet.latencies.is_empty() || busy.latencies.is_empty() {
        return Err(format!("nothing was answered: {:?}", busy.failures));
    }
    let mut failures = quiet.failures;
    failures.add(busy.failures);
    Ok(fields(json!({
        "p50": busy.quantile(0.5), "p99": busy.quantile(0.99), "p999": busy.quantile(0.999),
        "max": busy.quantile(1.0), "quiet_p50": quiet.quantile(0.5),
        "quiet_p99": quiet.quantile(0.99), "quiet_p999": quiet.quantile(0.999),
        "requests": busy.latencies.len(), "failures": failures.sum(),
    })))
}

fn startup(context: Context<'_>) -> Result<Run> {
    let running = context.start(context.server.handlers)?;
    std::thread::sleep(Duration::from_millis(100));
    let (kib, threads) = (account::resident(running.pid()), account::threads(running.pid()));
    let failed = |failure| format!("no answer: {failure:?}");
    let patience = Duration::from_secs(2);
    let mut client = crate::answers::Client::connect(running.address, patience).map_err(failed)?;
    for _ in 0..100 {
        client.send(crate::answers::request("/plaintext", "").as_bytes()).map_err(failed)?;
        client.answer().map_err(failed)?;
    }
    let answered_kib = account::resident(running.pid());
    Ok(fields(json!({
        "kib": kib, "answered_kib": answered_kib, "threads": threads,
        "listens_ms": running.started_in.as_secs_f64() * 1e3,
    })))
}
