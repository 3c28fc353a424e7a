//! Pages from kept figures, and from nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scenarios::{SCENARIOS, Scenario};
use crate::{Result, chart, figures, shell};

const FOLDER: &str = "docs/benchmarks";
const PAGE: &str = "results.md";

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
    let file = match *files {
        [] => newest(&folder.join("data"))?,
        [file] => PathBuf::from(file),
        _ => return Err("render takes one file".into()),
    };
    let (pages, name) = (pages(&file)?, file.display());
    let stale = stale_charts(&folder, &pages);
    if check {
        let differs = |path: &&String| {
            fs::read_to_string(folder.join(path)).ok() != pages.get(*path).cloned()
        };
        let mut wrong: Vec<&String> = pages.keys().filter(differs).collect();
        wrong.extend(&stale);
        return match &*wrong {
            [] => {
                println!("{} pages are what {name} says", pages.len());
                Ok(())
            }
            wrong => {
                Err(format!("not what {name} says: {wrong:?}; run `cargo xtask bench render`"))
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
    println!("{} pages from {name}", pages.len());
    Ok(())
}

/// The file of figures that was written last, by what it says itself.
fn newest(data: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let dated = files.filter_map(|path| Some((read(&path).ok()?["unix_seconds"].as_u64()?, path)));
    let newest = dated.max_by_key(|(seconds, _)| *seconds).map(|(_, path)| path);
    newest.ok_or_else(|| format!("no figures in {}: run `cargo xtask bench`", data.display()))
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// Charts that no figure stands behind.
fn stale_charts(folder: &Path, pages: &BTreeMap<String, String>) -> Vec<String> {
    let there = fs::read_dir(folder.join("charts")).into_iter().flatten().flatten();
    let there = there.map(|entry| format!("charts/{}", entry.file_name().to_string_lossy()));
    there.filter(|path| !pages.contains_key(path)).collect()
}

/// All pages that a file of figures gives, by their paths.
fn pages(file: &Path) -> Result<BTreeMap<String, String>> {
    let data = read(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut pages = BTreeMap::new();
    let mut text = head(&data, &name)?;
    for scenario in SCENARIOS {
        let result = &data["scenarios"][scenario.name];
        text.push_str(&format!("\n## {}\n\n", scenario.title));
        text.push_str(&format!("`{}`: {}.\n", scenario.name, one_line(scenario.how)));
        if let Some(why) = result["skipped"].as_str() {
            text.push_str(&format!("\nNot measured: {why}.\n"));
            continue;
        }
        if result.is_null() {
            text.push_str("\nNot measured in this run.\n");
            continue;
        }
        section(&mut text, &mut pages, &data, scenario)?;
    }
    pages.insert(PAGE.into(), text);
    Ok(pages)
}

fn section(
    text: &mut String,
    pages: &mut BTreeMap<String, String>,
    data: &Value,
    scenario: &Scenario,
) -> Result {
    let rows = figures::rows(data, scenario);
    let title = format!("{}: {}", scenario.title, scenario.metrics[0].title);
    let path = format!("charts/{}.svg", scenario.name);
    pages.insert(path.clone(), chart::svg(&title, &rows)?);
    let table = figures::table(data, scenario);
    text.push_str(&format!("\n![{title}]({path})\n\n{table}"));
    let result = &data["scenarios"][scenario.name];
    if let Some(rounds) = result["rounds"].as_u64() {
        let s = if rounds == 1 { "" } else { "s" };
        text.push_str(&format!("\nMedians of {rounds} round{s}.\n"));
    }
    let failed = result["failed"].as_object();
    for (server, why) in failed.into_iter().flatten() {
        let why = one_line(why.as_str().unwrap_or_default());
        text.push_str(&format!("\n{server}: {why}.\n"));
    }
    Ok(())
}

fn head(data: &Value, name: &str) -> Result<String> {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "unknown".to_owned(),
        other => other.to_string(),
    };
    let servers = data["servers"].as_object().ok_or("figures without servers")?;
    let machine = &data["machine"];
    let mut text = format!(
        "# Results\n\n\
         <!-- Written by `cargo xtask bench render` from data/{name}. Do not edit. -->\n\n\
         Every figure is in [data/{name}](data/{name}), each run of it; [how to read them](README.md).\n"
    );
    if data["quick"] == true {
        text.push_str(
            "\n**A quick run**: short, few rounds, no clean builds. Good for a first look only.\n",
        );
    }
    text.push_str(&format!(
        "\n- {}, commit {}, {}\n- {}, {} cores, Linux {}; {}; {}; at most {} open files for each process\n\
         - load average {} before ({} after, our own load included): what else ran on the machine \
         is in these figures\n",
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
    ));
    text.push_str("\n| server | version | set up | Server, Date sent |\n|---|---|---|---|\n");
    for (name, facts) in servers {
        let sent = &data["answers"]["headers"][name];
        let yes = |key: &str| if sent[key] == true { "yes" } else { "no" };
        text.push_str(&format!(
            "| {name} | {} | {} | {}, {} |\n",
            word(&facts["version"]),
            word(&facts["setup"]),
            yes("server"),
            yes("date"),
        ));
    }
    for (name, why) in data["not_built"].as_object().into_iter().flatten() {
        text.push_str(&format!("\n{name} could not be built: {}\n", one_line(&word(why))));
    }
    for (name, routes) in data["answers"]["wrong"].as_object().into_iter().flatten() {
        let says: Vec<String> =
            routes.as_object().into_iter().flatten().map(|it| word(it.1)).collect();
        text.push_str(&format!("\n{name} answers wrongly: {}\n", one_line(&says.join("; "))));
    }
    Ok(text)
}

/// Text whose line breaks were only for the source.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(name: &str, data: &Value) -> PathBuf {
        let file = std::env::temp_dir().join(format!("{name}-{}.json", std::process::id()));
        fs::write(&file, data.to_string()).unwrap();
        file
    }

    #[test]
    fn without_figures_there_is_no_chart() {
        let runs = json!({ "pauper": [{ "cpu_us": 4.02 }] });
        let mut data = json!({
            "servers": { "pauper": {} }, "scenarios": { "plaintext": { "runs": runs } },
        });
        let with = file("with", &data);
        let some = pages(&with).unwrap();
        assert_eq!(some.keys().collect::<Vec<_>>(), ["charts/plaintext.svg", "results.md"]);
        assert!(some["results.md"].contains("| **pauper** | 4.02 |"));
        data["scenarios"]["plaintext"]["runs"] = json!({});
        let without = file("without", &data);
        assert!(pages(&without).unwrap_err().contains("no figures"));
        assert!(pages(Path::new("nowhere.json")).is_err());
        for file in [with, without] {
            fs::remove_file(file).unwrap();
        }
    }

    /// The committed pages are rendered from the committed figures, and nobody edited them.
    #[test]
    fn pages_are_what_their_figures_say() {
        if newest(&shell::root().join(FOLDER).join("data")).is_ok() {
            command(&["--check"]).unwrap();
        } else {
            assert!(!shell::root().join(FOLDER).join(PAGE).exists(), "a page without figures");
        }
    }
}
