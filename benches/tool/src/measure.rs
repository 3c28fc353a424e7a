//! The measuring itself: answers first, then rounds that go around all servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::answers::{self, ROUTES};
use crate::load::wrk::TOLD_NOTHING;
use crate::options::Options;
use crate::plan::Plan;
use crate::running::{Running, Start};
use crate::runs::{self, Context, Run};
use crate::scenarios::{Kind, SCENARIOS, Scenario};
use crate::servers::{SERVERS, Server, Source};
use crate::{Result, figures, files, network, shell};

/// What servers said when they were asked for everything.
#[derive(Debug, Default)]
struct Said {
    /// What is wrong, by server, then by route.
    wrong: ByRoute,
    /// What they do not have, by server, then by route, with what they answer instead.
    missing: ByRoute,
    /// Servers that are not there, such as a mode that is not, and what they said.
    absent: BTreeMap<String, String>,
    /// Which usual headers they send.
    headers: Map<String, Value>,
}

type ByRoute = BTreeMap<String, BTreeMap<String, String>>;

impl Said {
    /// Why a server is not measured in a scenario.
    fn against(&self, server: &str, scenario: &Scenario) -> Option<String> {
        if let Some(why) = self.absent.get(server) {
            return Some(format!("not measured, {why}"));
        }
        // Who answers one route wrongly is timed on none: it may have been luck elsewhere.
        if let Some((route, why)) = self.wrong.get(server).and_then(|it| it.iter().next()) {
            return Some(format!("not timed, wrong answer: {route}: {why}"));
        }
        let missing = self.missing.get(server)?;
        let (route, why) = missing.iter().find(|it| scenario.routes().contains(&it.0.as_str()))?;
        Some(format!("not measured, does not have `{route}`: {why}"))
    }

    fn to_json(&self) -> Value {
        json!({
            "wrong": self.wrong, "missing": self.missing, "absent": self.absent,
            "headers": self.headers,
        })
    }
}

/// `bench list`, with the rounds and servers that these options give, and about how long they take.
pub(crate) fn list(options: &Options) {
    println!("scenario          rounds  servers  about  title");
    let mut sum = 0.0;
    for scenario in SCENARIOS {
        let rounds = options.rounds_of(scenario);
        let servers = SERVERS.iter().filter(|it| options.includes(scenario, it)).count();
        let seconds = (rounds * servers) as f64 * scenario.kind.seconds(options.quick);
        let extra = if options.wants(scenario) { "" } else { " (not in this run)" };
        let (name, title) = (scenario.name, scenario.title);
        println!("{name:<16}{rounds:>8}{servers:>9}{seconds:>5.0} s  {title}{extra}");
        sum += if options.wants(scenario) { seconds } else { 0.0 };
    }
    println!("{:>38} min in all, once everything is built\n\nservers:", (sum / 60.0).ceil());
    for server in SERVERS {
        println!("  {:<18} {}", server.name, server.setup);
    }
}

/// Measures all that the plan asks for; prints it, and writes it if it is to be kept.
///
/// # Errors
/// When the place cannot be prepared or the file not be written. A server that fails is a result.
pub(crate) fn run(plan: &Plan) -> Result {
    let begun = Instant::now();
    if plan.namespace {
        network::enter()?;
    }
    let open_files = network::allow_files(30_000);
    files::write(&plan.folder, files::USUAL)?;
    let said = check(plan);
    let mut scenarios = Map::new();
    for scenario in plan.options.scenarios() {
        println!("\n== {}: {}", scenario.name, scenario.title);
        let began = Instant::now();
        let result = measure(plan, scenario, &said)?;
        let data = json!({ "scenarios": { scenario.name: result } });
        println!("{}", figures::table(&data, scenario));
        println!("in {:.1} s", began.elapsed().as_secs_f64());
        scenarios.insert(scenario.name.into(), data["scenarios"][scenario.name].clone());
    }

    let mut data = plan.facts.clone();
    data["machine"]["open_files"] = json!(open_files);
    data["machine"]["load_average_at_end"] =
        json!(fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next());
    data["seconds"] = json!(begun.elapsed().as_secs());
    data["answers"] = said.to_json();
    data["scenarios"] = Value::Object(scenarios);
    println!("\nmeasured for {} s", begun.elapsed().as_secs());
    keep(plan, &data)
}

/// Asks every server for every route.
fn check(plan: &Plan) -> Said {
    println!("== answers");
    let content = files::content(files::USUAL);
    let file = files::path(&plan.folder, files::USUAL);
    let mut said = Said::default();
    for (server, program) in plan.programs.iter().filter(|(server, _)| !server.encrypts) {
        let (folder, handlers) = (&*plan.folder, server.handlers);
        let start = Start { server, program, folder, file: &file, handlers, under: &[] };
        let running = match Running::start(start) {
            Ok(running) => running,
            Err(why) if server.may_be_absent() => {
                println!("{:<18} not there, {why}", server.name);
                said.absent.insert(server.name.into(), why);
                continue;
            }
            Err(why) => {
                println!("{:<18} {why}", server.name);
                let wrong = ROUTES.iter().map(|it| (it.name.to_owned(), why.clone())).collect();
                said.wrong.insert(server.name.into(), wrong);
                continue;
            }
        };
        let (mut wrong, mut missing) = (BTreeMap::new(), BTreeMap::new());
        let partial = server.source == Source::Nginx;
        for route in ROUTES {
            match answers::check(running.address, route, &content, partial) {
                answers::Said::Right(headers) if route.name == "/plaintext" => {
                    said.headers.insert(server.name.into(), headers);
                }
                answers::Said::Right(_) => {}
                answers::Said::Missing(why) => drop(missing.insert(route.name.to_owned(), why)),
                answers::Said::Wrong(why) => drop(wrong.insert(route.name.to_owned(), why)),
            }
        }
        let list = |says: &BTreeMap<String, String>| {
            let each: Vec<_> = says.iter().map(|(route, why)| format!("{route}: {why}")).collect();
            each.join("; ")
        };
        let verdict = if wrong.is_empty() { "right" } else { "WRONG" };
        println!("{:<18} {verdict} {}", server.name, list(&wrong));
        if !missing.is_empty() {
            println!("{:<18} has not {}", "", list(&missing));
            said.missing.insert(server.name.into(), missing);
        }
        if !wrong.is_empty() {
            said.wrong.insert(server.name.into(), wrong);
        }
    }
    said
}

/// One scenario: A B C, B C A, C A B, …, so that a machine that changes its mind changes it for all.
///
/// # Errors
/// When its file cannot be written.
fn measure(plan: &Plan, scenario: &Scenario, said: &Said) -> Result<Value> {
    if matches!(scenario.kind, Kind::Size | Kind::Build) {
        let counted = plan.counted[scenario.name].as_object().into_iter().flatten();
        let runs: Map<_, _> = counted.map(|(name, it)| (name.clone(), json!([it]))).collect();
        return Ok(json!({ "runs": runs }));
    }
    if let Kind::File { bytes, .. } | Kind::Download { bytes } = scenario.kind {
        files::write(&plan.folder, bytes)?;
    }
    let (mut done, mut failed) = (Map::new(), Map::new());
    let includes = |server: &Server| plan.options.includes(scenario, server);
    let programs: Vec<_> = plan.programs.iter().filter(|(server, _)| includes(server)).collect();
    for (server, _) in &programs {
        if let Some(why) = said.against(server.name, scenario) {
            println!("{}: {why}", server.name);
            failed.insert(server.name.into(), json!(why));
        }
    }
    let rounds = plan.options.rounds_of(scenario);
    for round in 0..rounds {
        // Each round begins with another one, so that nobody always follows the same neighbour.
        let (before, after) = programs.split_at(round % programs.len().max(1));
        for (server, program) in after.iter().chain(before) {
            if failed.contains_key(server.name) {
                continue;
            }
            let (folder, quick) = (&*plan.folder, plan.options.quick);
            let context = Context { server, program, folder, quick };
            let mut result = runs::run(scenario.kind, context);
            // That is no fault of the server's; and nothing of a spoiled run may be counted.
            if result.as_ref().is_err_and(|why| why == TOLD_NOTHING) {
                result = runs::run(scenario.kind, context);
            }
            match result {
                Ok(run) => {
                    let list = done.entry(server.name).or_insert_with(|| json!([]));
                    if let Some(list) = list.as_array_mut() {
                        list.push(Value::Object(rounded(run)));
                    }
                }
                Err(why) => {
                    println!("round {}: {}: {why}", round + 1, server.name);
                    failed.insert(server.name.into(), json!(why));
                }
            }
            // What the last one left behind is not the next one's.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(json!({ "rounds": rounds, "runs": done, "failed": failed }))
}

/// Digits beyond the sixth tell nothing.
fn rounded(run: Run) -> Run {
    let round = |value: Value| match value.as_f64() {
        Some(number) if value.is_f64() => {
            let digits = 6 - (number.abs().max(1e-9).log10().floor() as i32) - 1;
            let scale = 10_f64.powi(digits.clamp(0, 9));
            json!((number * scale).round() / scale)
        }
        _ => value,
    };
    run.into_iter().map(|(key, value)| (key, round(value))).collect()
}

fn keep(plan: &Plan, data: &Value) -> Result {
    let Some(file) = kept_in(&plan.options, data) else {
        println!("not kept: a run of some scenarios is with --keep, any with --out FILE");
        return Ok(());
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let text = serde_json::to_string_pretty(data).map_err(|error| error.to_string())?;
    fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    println!("kept in {}; `cargo xtask bench render` makes pages of it", file.display());
    Ok(())
}

/// Where figures go: the day, what was left out, and which scenarios they are of, if not all.
fn kept_in(options: &Options, data: &Value) -> Option<PathBuf> {
    if let Some(out) = &options.out {
        return Some(out.into());
    }
    if !options.against.is_empty() || !(options.whole() || options.keep) {
        return None;
    }
    let mut name = data["date"].as_str().unwrap_or("undated").to_owned();
    if options.quick {
        name.push_str("-quick");
    }
    match &*options.scenarios {
        [] => {}
        few if few.len() <= 3 => few.iter().for_each(|it| name.extend(["-", it])),
        many => name.push_str(&format!("-{}-and-{}-more", many[0], many.len() - 1)),
    }
    Some(shell::root().join("docs/benchmarks/data").join(name + ".json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_figures_say_what_they_are_of() {
        let data = json!({ "date": "2026-01-02" });
        let file = |words: &[&str]| {
            let file = kept_in(&Options::parse(words).unwrap(), &data)?;
            Some(file.file_name().unwrap().to_string_lossy().into_owned())
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(file(&[]), some("2026-01-02.json"));
        assert_eq!(file(&["--quick"]), some("2026-01-02-quick.json"));
        assert_eq!(file(&["--scenario", "json"]), None);
        let words = ["--keep", "--scenario", "json", "--scenario", "idle"];
        assert_eq!(file(&words), some("2026-01-02-json-idle.json"));
        assert_eq!(file(&["--against", "hyper"]), None);
        assert_eq!(file(&["--against", "hyper", "--out", "x.json"]), some("x.json"));
    }

    #[test]
    fn who_cannot_be_measured_is_told_why() {
        let one = |route: &str, why: &str| {
            BTreeMap::from([("ours".to_owned(), BTreeMap::from([(route.into(), why.into())]))])
        };
        let scenario = |name: &str| SCENARIOS.iter().find(|it| it.name == name).unwrap();
        let (json, upload) = (scenario("json"), scenario("upload"));
        let said = Said { missing: one("/upload", "status 404"), ..Said::default() };
        assert_eq!(said.against("ours", json), None);
        assert!(said.against("ours", upload).unwrap().contains("does not have `/upload`"));
        assert_eq!(said.against("theirs", upload), None);
        let said = Said { wrong: one("/json", "status 500"), ..Said::default() };
        assert!(said.against("ours", upload).unwrap().contains("/json: status 500"));
        let absent = BTreeMap::from([("ours".to_owned(), "no such mode".to_owned())]);
        let said = Said { absent, ..Said::default() };
        assert!(said.against("ours", json).unwrap().contains("no such mode"));
    }

    #[test]
    fn six_digits_are_kept() {
        let run = json!({ "a": 4.123_456_789, "b": 123_456.789, "c": 7, "d": "x", "e": 0.0 });
        let Value::Object(run) = run else { unreachable!("an object") };
        let kept = json!({ "a": 4.12346, "b": 123_457.0, "c": 7, "d": "x", "e": 0.0 });
        assert_eq!(Value::Object(rounded(run)), kept);
    }
}
