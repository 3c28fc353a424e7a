//! Pages from kept figures, and from nothing else.
//!
//! Each table is from one file of figures, the newest that has it, so that what stands in one table
//! was measured in one run; figures of a quick run count only where there are no others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::scenarios::{SCENARIOS, Scenario};
use crate::{Result, chart, figures, shell};

const FOLDER: &str = "docs/benchmarks";
const PAGE: &str = "results.md";

/// A file of figures.
#[derive(Debug)]
struct Source {
    name: String,
    data: Value,
}

/// `bench render [FILE] [--check]`.
///
/// # Errors
/// When there are no figures; with `--check`, when what is there is not what they say.
pub(crate) fn command(words: &[&str]) -> Result {
    let (flags, files): (Vec<&str>, Vec<&str>) = words.iter().partition(|it| it.starts_with("--"));
    let check = match *flags {
        [] => false,
        ["--check"] => true,
        _ => return Err("render takes a file, and --check".into()),
    };
    let folder = shell::root().join(FOLDER);
    let sources = match *files {
        [] => sources(&folder.join("data"))?,
        [file] => vec![Source::read(Path::new(file))?],
        _ => return Err("render takes one file".into()),
    };
    let pages = pages(&sources)?;
    let stale = stale_charts(&folder, &pages);
    if check {
        let differs = |path: &&String| {
            fs::read_to_string(folder.join(path)).ok() != pages.get(*path).cloned()
        };
        let mut wrong: Vec<&String> = pages.keys().filter(differs).collect();
        wrong.extend(&stale);
        return match &*wrong {
            [] => {
                println!("{} pages are what the figures say", pages.len());
                Ok(())
            }
            wrong => {
                Err(format!("not what the figures say: {wrong:?}; run `cargo xtask bench render`"))
            }
        };
    }
    for path in stale {
        fs::remove_file(folder.join(path)).map_err(|error| error.to_string())?;
    }
    for (path, text) in &pages {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        }
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} pages from {} files of figures", pages.len(), sources.len());
    Ok(())
}

impl Source {
    fn read(file: &Path) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| failed(&error))?;
        let data = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, data })
    }

    fn is_quick(&self) -> bool {
        self.data["quick"] == true
    }

    /// What is sorted by: full runs before quick ones, then the later before the earlier.
    fn rank(&self) -> (bool, u64) {
        (!self.is_quick(), self.data["unix_seconds"].as_u64().unwrap_or(0))
    }

    fn link(&self) -> String {
        format!("[data/{0}](data/{0})", self.name)
    }
}

/// All files of figures, the best first.
fn sources(data: &Path) -> Result<Vec<Source>> {
    let files = fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let mut sources = files.map(|file| Source::read(&file)).collect::<Result<Vec<_>>>()?;
    if sources.is_empty() {
        return Err(format!("no figures in {}: run `cargo xtask bench`", data.display()));
    }
    sources.sort_by_key(|source| std::cmp::Reverse((source.rank(), source.name.clone())));
    Ok(sources)
}

/// Charts that no figure stands behind.
fn stale_charts(folder: &Path, pages: &BTreeMap<String, String>) -> Vec<String> {
    let there = fs::read_dir(folder.join("charts")).into_iter().flatten().flatten();
    let there = there.map(|entry| format!("charts/{}", entry.file_name().to_string_lossy()));
    there.filter(|path| !pages.contains_key(path)).collect()
}

/// All pages that these figures give, by their paths.
fn pages(sources: &[Source]) -> Result<BTreeMap<String, String>> {
    let (mut pages, mut sections) = (BTreeMap::new(), String::new());
    let mut used: Vec<&Source> = Vec::new();
    for scenario in SCENARIOS {
        sections.push_str(&format!("\n## {}\n\n", scenario.title));
        sections.push_str(&format!("`{}`: {}.\n", scenario.name, one_line(scenario.how)));
        let has = |source: &&Source| !figures::rows(&source.data, scenario).is_empty();
        let Some(source) = sources.iter().find(has) else {
            sections.push_str("\nNot measured yet.\n");
            continue;
        };
        section(&mut sections, &mut pages, source, scenario)?;
        if !used.iter().any(|it| it.name == source.name) {
            used.push(source);
        }
    }
    if used.is_empty() {
        return Err("no figures of anything that is known here".into());
    }
    used.sort_by_key(|source| std::cmp::Reverse(source.rank()));
    pages.insert(PAGE.into(), head(&used)? + &sections);
    Ok(pages)
}

fn section(
    text: &mut String,
    pages: &mut BTreeMap<String, String>,
    source: &Source,
    scenario: &Scenario,
) -> Result {
    let rows = figures::rows(&source.data, scenario);
    let title = format!("{}: {}", scenario.title, scenario.metrics[0].title);
    let path = format!("charts/{}.svg", scenario.name);
    pages.insert(path.clone(), chart::svg(&title, &rows)?);
    let table = figures::table(&source.data, scenario);
    text.push_str(&format!("\n![{title}]({path})\n\n{table}\n"));
    let result = &source.data["scenarios"][scenario.name];
    let what = match (result["rounds"].as_u64(), source.is_quick()) {
        (None, _) => "From".to_owned(),
        (Some(rounds), quick) => {
            let s = if rounds == 1 { "" } else { "s" };
            let quick = if quick { "**quick** run, " } else { "" };
            format!("Medians of {rounds} round{s}, {quick}from")
        }
    };
    let date = word(&source.data["date"]);
    text.push_str(&format!("{what} {}, {date}.\n", source.link()));
    // The same reason is told once, for all whom it concerns.
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (server, why) in result["failed"].as_object().into_iter().flatten() {
        let why = one_line(why.as_str().unwrap_or_default());
        match reasons.iter_mut().find(|it| it.0 == why) {
            Some((_, servers)) => servers.push(server),
            None => reasons.push((why, vec![server])),
        }
    }
    for (why, servers) in reasons {
        text.push_str(&format!("\n{}: {}.\n", servers.join(", "), why.trim_end_matches('.')));
    }
    Ok(())
}

/// A value for a sentence.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "unknown".to_owned(),
        other => other.to_string(),
    }
}

/// Where the figures come from: the runs, then the servers.
fn head(used: &[&Source]) -> Result<String> {
    let mut text = String::from(
        "# Results\n\n\
         <!-- Written by `cargo xtask bench render` from the files in data. Do not edit. -->\n\n\
         Every figure is in a file under [data](data), each run of it; each table says which file \
         that is, and all of a table is from one run. [How to read them](README.md).\n\n\
         ## Runs\n",
    );
    for source in used {
        text.push_str(&run(source));
    }
    text.push_str(
        "\n## Servers\n\n| server | version | set up | Server, Date sent |\n|---|---|---|---|\n",
    );
    let mut rows: Vec<(String, String)> = Vec::new();
    for source in used {
        let servers = source.data["servers"].as_object().ok_or("figures without servers")?;
        for (name, facts) in servers {
            let answers = &source.data["answers"];
            if answers["absent"][name].is_string() {
                continue;
            }
            let sent = &answers["headers"][name];
            let yes = |key: &str| if sent[key] == true { "yes" } else { "no" };
            let row = format!(
                "{} | {} | {}, {} |",
                word(&facts["version"]),
                word(&facts["setup"]),
                yes("server"),
                yes("date"),
            );
            // An older run has a row of its own where it was not the same.
            match rows.iter().find(|(it, _)| it == name) {
                None => rows.push((name.clone(), row)),
                Some((_, first)) if *first == row => {}
                Some(_) => rows.push((format!("{name}, in {}", source.name), row)),
            }
        }
    }
    for (name, row) in rows {
        text.push_str(&format!("| {name} | {row}\n"));
    }
    for source in used {
        let from = if used.len() > 1 { format!(" ({})", source.name) } else { String::new() };
        for (name, why) in source.data["not_built"].as_object().into_iter().flatten() {
            text.push_str(&format!("\n{name} is not there: {}{from}\n", one_line(&word(why))));
        }
        let answers = &source.data["answers"];
        for (name, why) in answers["absent"].as_object().into_iter().flatten() {
            text.push_str(&format!("\n{name} is not there, it {}{from}\n", one_line(&word(why))));
        }
        for (name, routes) in answers["wrong"].as_object().into_iter().flatten() {
            let says = routes.as_object().into_iter().flatten();
            let says: Vec<_> = says.map(|(route, why)| says_wrongly(route, &word(why))).collect();
            let says = one_line(&says.join("; "));
            text.push_str(&format!("\n{name} answers wrongly: {says}{from}\n"));
        }
    }
    Ok(text)
}

/// The route and what is wrong; older figures name the route themselves.
fn says_wrongly(route: &str, why: &str) -> String {
    if why.starts_with(route) { why.into() } else { format!("{route}: {why}") }
}

/// Where and when a file of figures was made.
fn run(source: &Source) -> String {
    let (data, machine) = (&source.data, &source.data["machine"]);
    let quick = if source.is_quick() {
        "\n  **A quick run**: short, few rounds. Good for a first look only."
    } else {
        ""
    };
    format!(
        "\n- {}: {}, commit {}, {}\n  {}, {} cores, Linux {}; {}; {}; at most {} open files for \
         each process; load average {} before ({} after, our own load included): what else ran on \
         the machine is in these figures{quick}\n",
        source.link(),
        word(&data["date"]),
        word(&data["commit"]),
        word(&data["rustc"]),
        word(&machine["cpu"]),
        word(&machine["cores"]),
        word(&machine["kernel"]),
        word(&data["network"]),
        word(&data["pinned"]),
        word(&machine["open_files"]),
        word(&machine["load_average_at_start"]),
        word(&machine["load_average_at_end"]),
    )
}

/// Text whose line breaks were only for the source.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(name: &str, seconds: u64, quick: bool, scenarios: Value) -> Source {
        let data = json!({
            "date": format!("day {seconds}"), "unix_seconds": seconds, "quick": quick,
            "servers": { "pauper": {} }, "scenarios": scenarios,
        });
        Source { name: name.into(), data }
    }

    fn runs(scenario: &str, value: f64) -> Value {
        json!({ (scenario): { "rounds": 9, "runs": { "pauper": [{ "cpu_us": value }] } } })
    }

    #[test]
    fn without_figures_there_is_no_chart() {
        let some = pages(&[source("a.json", 1, false, runs("plaintext", 4.02))]).unwrap();
        assert_eq!(some.keys().collect::<Vec<_>>(), ["charts/plaintext.svg", "results.md"]);
        assert!(some["results.md"].contains("| **pauper** | 4.02 |"));
        let nothing = json!({ "plaintext": { "runs": {} } });
        assert!(pages(&[source("a.json", 1, false, nothing)]).unwrap_err().contains("no figures"));
        assert!(Source::read(Path::new("nowhere.json")).is_err());
    }

    /// Each table is from one file, and says from which.
    #[test]
    fn the_newest_full_run_of_each_scenario_counts() {
        let mut sources = vec![
            source("old.json", 1, false, runs("plaintext", 1.01)),
            source("new.json", 2, false, runs("plaintext", 2.02)),
            source("quick.json", 3, true, runs("plaintext", 3.03)),
            source("other.json", 4, true, runs("json", 4.04)),
        ];
        sources.sort_by_key(|source| std::cmp::Reverse(source.rank()));
        let page = pages(&sources).unwrap()["results.md"].clone();
        assert!(page.contains("| **pauper** | 2.02 |"), "{page}");
        assert!(page.contains("9 rounds, from [data/new.json](data/new.json), day 2."), "{page}");
        assert!(page.contains("| **pauper** | 4.04 |"), "{page}");
        assert!(page.contains("**quick** run, from [data/other.json]"), "{page}");
        assert!(!page.contains("old.json") && !page.contains("quick.json"), "{page}");
    }

    /// The committed pages are rendered from the committed figures, and nobody edited them.
    #[test]
    fn pages_are_what_their_figures_say() {
        if sources(&shell::root().join(FOLDER).join("data")).is_ok() {
            command(&["--check"]).unwrap();
        } else {
            assert!(!shell::root().join(FOLDER).join(PAGE).exists(), "a page without figures");
        }
    }
}
