//! What is done to a server in each scenario, and what comes out of it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::account;
use crate::answers::{self, Client, request};
use crate::load::counted::{self, Asked};
use crate::load::transfer::{Body, Transfer};
use crate::load::wrk::Load;
use crate::load::{Failures, connections, idle, perf, rate, slow, traced};
use crate::plan::SERVER_CORE;
use crate::running::{Running, Start};
use crate::scenarios::{Ask, Kind, Times};
use crate::servers::Server;
use crate::{Result, files};

/// Where a run finds things.
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

const MIB: f64 = (1 << 20) as f64;

impl Context<'_> {
    fn start(self, handlers: usize, bytes: usize) -> Result<Running> {
        let file = files::path(self.folder, bytes);
        let Self { server, program, folder, .. } = self;
        Running::start(Start { server, program, folder, file: &file, handlers, under: &[] })
    }

    /// As where nothing blocks, with the usual file.
    fn usual(self) -> Result<Running> {
        self.start(self.server.handlers, files::USUAL)
    }

    fn warm(self) -> Duration {
        Duration::from_millis(Times::of(self.quick).warm)
    }

    fn load(self) -> Duration {
        Duration::from_millis(Times::of(self.quick).load)
    }
}

/// Does it once to one server.
///
/// # Errors
/// When the server cannot be started, or answers nothing.
pub(crate) fn run(kind: Kind, context: Context<'_>) -> Result<Run> {
    match kind {
        Kind::Saturated { path, depth, same_core } => {
            let core = same_core.then_some(SERVER_CORE);
            let load = Load { path, field: "", connections: 64, depth, core, encrypted: false };
            saturate(context, &context.usual()?, load)
        }
        Kind::Encrypted { path } => {
            let (connections, core) = (64, None);
            let load = Load { path, field: "", connections, depth: 1, core, encrypted: true };
            saturate(context, &context.usual()?, load)
        }
        Kind::File { bytes, ask } => {
            let running = context.start(context.server.handlers, bytes)?;
            let field = match ask {
                Ask::All => String::new(),
                Ask::Part => answers::range(),
                Ask::IfChanged => answers::unchanged(running.address)?,
            };
            let load = Load {
                path: "/file",
                field: &field,
                connections: 64,
                depth: 1,
                core: None,
                encrypted: false,
            };
            saturate(context, &running, load)
        }
        Kind::Connections => connect(context),
        Kind::Download { bytes } => {
            let request = request("/file", "");
            let answer = Body::Length(bytes);
            let transfer = Transfer { request: request.as_bytes(), answer, connections: 2 };
            transfers(context, transfer, bytes, bytes)
        }
        Kind::Upload { bytes, connections } => {
            let request = answers::upload(&files::content(bytes));
            let sizes = answers::sizes(bytes);
            let answer = Body::Text(&sizes);
            let transfer = Transfer { request: &request, answer, connections };
            transfers(context, transfer, bytes, files::USUAL)
        }
        Kind::Idle { connections } => {
            let mut running = context.usual()?;
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
        Kind::Slow { connections } => slow_clients(context, connections),
        Kind::Rate { path, length } => fixed_rate(context, path, length),
        Kind::Startup => startup(context),
        Kind::Calls => calls(context),
        Kind::Instructions => instructions(context),
        Kind::Size | Kind::Build => Err("nothing to run".into()),
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

fn saturate(context: Context<'_>, running: &Running, load: Load<'_>) -> Result<Run> {
    load.run(running.address, context.warm(), context.folder)?;
    let before = running.cpu();
    let seen = load.run(running.address, context.load(), context.folder)?;
    summary(running, before, seen.requests, seen.seconds, seen.failures)
}

fn connect(context: Context<'_>) -> Result<Run> {
    let running = context.usual()?;
    connections::run(running.address, context.warm());
    let before = running.cpu();
    let (done, seconds, failures) = connections::run(running.address, context.load());
    summary(&running, before, done, seconds, failures)
}

fn transfers(
    context: Context<'_>,
    transfer: Transfer<'_>,
    bytes: usize,
    file: usize,
) -> Result<Run> {
    let running = context.start(context.server.handlers, file)?;
    // What takes longer than getting warm needs no such thing.
    if bytes < 1 << 30 {
        transfer.run(running.address, context.warm());
    }
    let before = running.cpu();
    let (done, seconds, failures) = transfer.run(running.address, context.load());
    let mut run = summary(&running, before, done, seconds, failures)?;
    let mib = bytes as f64 / MIB;
    let number = |key: &str| run.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let more = json!({
        "mib_us": number("cpu_us") / mib, "mib_per_second": number("per_second") * mib,
        "peak_kib": account::peak(running.pid()),
    });
    run.extend(fields(more));
    Ok(run)
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
    let running = context.usual()?;
    let load = Load {
        path: "/plaintext",
        field: "",
        connections: 64,
        depth: 1,
        core: None,
        encrypted: false,
    };
    let work = || {
        let before = running.cpu();
        let seen = load.run(running.address, context.load(), context.folder)?;
        Ok::<_, String>((seen, per_request(&running, before, seen.requests).0))
    };
    load.run(running.address, context.warm(), context.folder)?;
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
    let running = context.start(MANY_HANDLERS, files::USUAL)?;
    let times = Times::of(context.quick);
    let [quiet, busy] = [(false, times.quiet), (true, times.busy)].map(|(blocking, millis)| {
        rate::run(running.address, path, length, blocking, Duration::from_millis(millis))
    });
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

fn calls(context: Context<'_>) -> Result<Run> {
    let running = context.usual()?;
    let (pid, folder) = (running.pid(), context.folder);
    let load = Load {
        path: "/plaintext",
        field: "",
        connections: 64,
        depth: 1,
        core: None,
        encrypted: false,
    };
    let counting = || load.run(running.address, Duration::from_millis(300), folder);
    let (loaded, count) = perf::during(pid, folder, counting)?;
    let counted = count.filter(|_| loaded.requests > 0);
    let counted = counted.map(|count| count as f64 / loaded.requests as f64);
    let seen = traced::run(running.address, pid, folder)?;
    let names: Vec<String> =
        seen.names.iter().map(|(name, count)| format!("{name} {count:.2}")).collect();
    Ok(fields(json!({
        "per_request": counted.unwrap_or(seen.per_request), "traced": seen.per_request,
        "by_perf": counted.is_some(), "names": names.join(", "), "failures": seen.failures.sum(),
    })))
}

fn instructions(context: Context<'_>) -> Result<Run> {
    let file = files::path(context.folder, files::USUAL);
    let Context { server, program, folder, .. } = context;
    let handlers = server.handlers;
    let start = Start { server, program, folder, file: &file, handlers, under: &[] };
    let count =
        |depth: usize| counted::per_request(start, Asked { path: "/plaintext", length: 13, depth });
    Ok(fields(json!({ "instructions": count(1)?, "pipelined": count(16)? })))
}

fn startup(context: Context<'_>) -> Result<Run> {
    let running = context.usual()?;
    std::thread::sleep(Duration::from_millis(100));
    let (kib, threads) = (account::resident(running.pid()), account::threads(running.pid()));
    let failed = |failure: answers::Failure| format!("no answer: {}", failure.words());
    let patience = Duration::from_secs(2);
    let mut client = Client::connect(running.address, patience).map_err(failed)?;
    for _ in 0..100 {
        client.send(request("/plaintext", "").as_bytes()).map_err(failed)?;
        client.answer().map_err(failed)?;
    }
    let answered_kib = account::resident(running.pid());
    Ok(fields(json!({
        "kib": kib, "answered_kib": answered_kib, "threads": threads,
        "listens_ms": running.started_in.as_secs_f64() * 1e3,
    })))
}
