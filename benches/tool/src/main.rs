//! The tool behind `cargo xtask bench`: builds our server and its peers, checks their answers, loads
//! them in turn, keeps every single figure as JSON, and renders pages from JSON alone.
//!
//! - `options`, `plan`, `servers`, `builds`: what is to be measured, and where its programs are
//! - `network`: a network namespace without pacing, when there is reason and leave
//! - `running`, `account`: a server as a process, and what it used
//! - `answers`, `files`: a small client, and whether a server tells the truth
//! - `load`: wrk, and drivers for what wrk cannot do
//! - `scenarios`, `runs`, `measure`: what is compared, what is done to each server, in rounds
//! - `budget`: instructions per request of ours, compared with those that are kept
//! - `figures`, `render`, `chart`: medians, Markdown and SVG

mod account;
mod answers;
mod budget;
mod builds;
mod chart;
mod figures;
mod files;
mod load;
mod machine;
mod measure;
mod network;
mod options;
mod plan;
mod render;
mod running;
mod runs;
mod scenarios;
mod servers;
mod shell;

use std::process::ExitCode;

/// An error is a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

const HELP: &str = "\
Usage: cargo xtask bench [OPTIONS]
       cargo xtask bench render [FILE] [--check]
       cargo xtask bench instructions [--write]
       cargo xtask bench list [OPTIONS]

  --quick           five minutes in all: short runs, a third of the rounds
  --rounds N        how often each server is measured, in every scenario; else as `list` tells,
                    nine times where CPU per request is the question
  --scenario NAME   only this one; may be repeated
  --against NAME    only this peer (and ours, and the floor); may be repeated
  --everyone        every server in every scenario; else each scenario has those it is about
  --builds          clean builds too, a minute for each server
  --keep            a run of some scenarios goes to docs/benchmarks/data, as one of all does by
                    itself; each table of the page is from the newest figures there are of it
  --out FILE        the figures go there
  render            writes Markdown and SVG from the figures in docs/benchmarks/data, or from FILE
                    alone; --check only says whether what is there is what would be written
  instructions      counts instructions of the micro benchmarks and of the server by callgrind,
                    compares them with docs/benchmarks/instructions.json, or writes it
  list              names scenarios with their rounds and time, and servers
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match &*words {
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["list", rest @ ..] => options::Options::parse(rest).map(|it| measure::list(&it)),
        ["render", rest @ ..] => render::command(rest),
        ["server-instructions", rest @ ..] => budget::command(rest),
        // What the tool calls itself with, once it is where it wants to measure.
        ["measure", file] => plan::Plan::read(file).and_then(|plan| measure::run(&plan)),
        _ => options::Options::parse(&words).and_then(|options| plan::run(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}
