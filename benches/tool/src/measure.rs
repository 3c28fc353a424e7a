//! The measuring itself: answers first, then rounds that go around all servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::answers::{self, ROUTES};
use crate::load::wrk::TOLD_NOTHING;
use crate::plan::{FILE_BYTES, Plan};
use crate::running::Running;
use crate::scenarios::{Context, Kind, Run, SCENARIOS, Scenario};
use crate::servers::SERVERS;
use crate::{Result, figures, network, shell};

/// What is wrong with answers: by server, then by route.
type Wrong = BTreeMap<String, BTreeMap<String, String>>;

/// `bench list`.
pub(crate) fn list() {
    println!("scenarios:");
    for scenario in SCENARIOS {
        println!("  {:<16} {}", scenario.name, scenario.title);
    }
    println!("servers:");
    for server in SERVERS {
        println!("  {:<16} {}", server.name, server.setup);
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
    let files = network::allow_files(30_000);
    // Nothing that could be compressed or guessed.
    let mut state = 1_u32;
    let file: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(FILE_BYTES)
    .collect();
    fs::write(plan.folder.join("file"), &file).map_err(|error| error.to_string())?;

    let (wrong, seen) = check(plan, &file);
    let mut scenarios = Map::new();
    for scenario in SCENARIOS.iter().filter(|it| plan.options.wants(it.name)) {
        println!("\n== {}: {}", scenario.name, scenario.title);
        let began = Instant::now();
        let result = measure(plan, scenario, &wrong);
        let data = json!({ "scenarios": { scenario.name: result } });
        match result_words(&data, scenario) {
            Some(words) => println!("{words}"),
            None => println!("{}", figures::table(&data, scenario)),
        }
        println!("in {:.1} s", began.elapsed().as_secs_f64());
        scenarios.insert(scenario.name.into(), data["scenarios"][scenario.name].clone());
    }

    let mut data = plan.facts.clone();
    data["machine"]["open_files"] = json!(files);
    data["machine"]["load_average_at_end"] =
        json!(fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next());
    data["seconds"] = json!(begun.elapsed().as_secs());
    data["answers"] = json!({ "wrong": wrong, "headers": seen });
    data["scenarios"] = Value::Object(scenarios);
    println!("\nmeasured for {} s", begun.elapsed().as_secs());
    keep(plan, &data)
}

fn result_words(data: &Value, scenario: &Scenario) -> Option<String> {
    let result = &data["scenarios"][scenario.name];
    result["skipped"].as_str().map(|why| format!("skipped: {why}"))
}

/// Asks every server for every route.
fn check(plan: &Plan, file: &[u8]) -> (Wrong, Map<String, Value>) {
    println!("== answers");
    let (mut wrong, mut seen) = (Wrong::new(), Map::new());
    for (server, program) in &plan.programs {
        let path = plan.folder.join("file");
        let mut says = BTreeMap::new();
        match Running::start(server, program, &path, server.handlers) {
            Err(why) => says.extend(ROUTES.iter().map(|it| (it.path.to_owned(), why.clone()))),
            Ok(running) => {
                for route in ROUTES {
                    match answers::check(running.address, route, file) {
                        Ok(headers) if route.path == "/plaintext" => {
                            seen.insert(server.name.into(), headers);
                        }
                        Ok(_) => {}
                        Err(why) => drop(says.insert(route.path.to_owned(), why)),
                    }
                }
            }
        }
        let words: Vec<&str> = says.values().map(String::as_str).collect();
        println!(
            "{:<14} {}",
            server.name,
            if words.is_empty() { "right".into() } else { words.join("; ") }
        );
        if !says.is_empty() {
            wrong.insert(server.name.into(), says);
        }
    }
    (wrong, seen)
}

/// One scenario: A B C A B C …, so that a machine that changes its mind changes it for all.
fn measure(plan: &Plan, scenario: &Scenario, wrong: &Wrong) -> Value {
    if let Kind::Skipped(why) = scenario.kind {
        return json!({ "skipped": why });
    }
    if matches!(scenario.kind, Kind::Build) {
        let weights = plan.weights.as_object().into_iter().flatten();
        let runs: Map<_, _> = weights.map(|(name, it)| (name.clone(), json!([it]))).collect();
        return json!({ "runs": runs });
    }
    let (mut runs, mut failed) = (Map::new(), Map::new());
    for (server, _) in &plan.programs {
        // Who answers one route wrongly is timed on none: it may have been luck elsewhere.
        if let Some(why) = wrong.get(server.name).and_then(|says| says.values().next()) {
            failed.insert(server.name.into(), json!(format!("not timed, wrong answer: {why}")));
        }
    }
    let rounds = scenario.kind.rounds(plan.options.rounds, plan.options.quick);
    for round in 0..rounds {
        for (server, program) in &plan.programs {
            if failed.contains_key(server.name) {
                continue;
            }
            let (folder, quick) = (&*plan.folder, plan.options.quick);
            let context = Context { server, program, folder, quick };
            let mut result = scenario.kind.run(context);
            // That is no fault of the server's; and nothing of a spoiled run may be counted.
            if result.as_ref().is_err_and(|why| why == TOLD_NOTHING) {
                result = scenario.kind.run(context);
            }
            match result {
                Ok(run) => {
                    let list = runs.entry(server.name).or_insert_with(|| json!([]));
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
    json!({ "rounds": rounds, "runs": runs, "failed": failed })
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
    let file = match &plan.options.out {
        Some(out) => PathBuf::from(out),
        None if plan.options.whole() => {
            let quick = if plan.options.quick { "-quick" } else { "" };
            let name = format!("{}{quick}.json", data["date"].as_str().unwrap_or("undated"));
            shell::root().join("docs/benchmarks/data").join(name)
        }
        None => {
            println!("not kept: only a whole run is, or one with --out FILE");
            return Ok(());
        }
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let text = serde_json::to_string_pretty(data).map_err(|error| error.to_string())?;
    fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    println!("kept in {}; `cargo xtask bench render` makes pages of it", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_kept() {
        let run = json!({ "a": 4.123_456_789, "b": 123_456.789, "c": 7, "d": "x", "e": 0.0 });
        let Value::Object(run) = run else { unreachable!("an object") };
        let kept = json!({ "a": 4.12346, "b": 123_457.0, "c": 7, "d": "x", "e": 0.0 });
        assert_eq!(Value::Object(rounded(run)), kept);
    }
}
