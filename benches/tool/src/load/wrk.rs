//! wrk, for a time that may be shorter than its whole seconds.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::Failures;
use crate::Result;
use crate::plan::dies_with_parent;

/// Written by wrk when it is done, because its own text rounds.
const DONE: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nJSON{"requests":%d,"micros":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.duration, e.connect, e.read, e.write, e.status, e.timeout))
end
"#;

/// The error when wrk was interrupted before it was ready to be, as happens on a very busy machine.
pub(crate) const TOLD_NOTHING: &str = "wrk told nothing";

/// What wrk saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    pub(crate) failures: Failures,
}

/// What wrk is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) path: &'a str,
    /// A field that each request has, `Name: value` and a line end; or nothing.
    pub(crate) field: &'a str,
    pub(crate) connections: usize,
    /// How many requests are on their way on each.
    pub(crate) depth: usize,
    /// Whether the server encrypts.
    pub(crate) encrypted: bool,
    /// Another core than the one for load.
    pub(crate) core: Option<&'a str>,
}

impl Load<'_> {
    /// Loads a server for so long.
    ///
    /// # Errors
    /// When wrk cannot be run or understood.
    pub(crate) fn run(self, address: SocketAddr, time: Duration, folder: &Path) -> Result<Seen> {
        let script = folder.join("wrk.lua");
        fs::write(&script, self.script()).map_err(|error| error.to_string())?;
        let mut words = dies_with_parent().to_vec();
        if let Some(core) = self.core {
            words.extend(["taskset", "-c", core]);
        }
        words.push("wrk");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.arg("-t1").arg(format!("-c{}", self.connections)).args(["-d60s", "-s"]);
        let scheme = if self.encrypted { "https" } else { "http" };
        command.arg(&script).arg(format!("{scheme}://{address}{}", self.path));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut wrk = command.spawn().map_err(|error| format!("cannot start wrk: {error}"))?;
        sleep(time);
        end(&mut wrk)?;
        let output = wrk.wait_with_output().map_err(|error| error.to_string())?;
        parse(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| TOLD_NOTHING.into())
    }

    fn script(&self) -> String {
        if self.depth == 1 {
            let field = self.field.trim_end().split_once(": ");
            return match field {
                // Rust and Lua quote what occurs in fields alike.
                Some((name, value)) => format!("{DONE}\nwrk.headers[{name:?}] = {value:?}\n"),
                None => DONE.into(),
            };
        }
        let (depth, path) = (self.depth, self.path);
        format!(
            "{DONE}\ninit = function(args)\n  local all = {{}}\n  \
             for i = 1, {depth} do all[i] = wrk.format('GET', '{path}') end\n  \
             request_text = table.concat(all)\nend\n\
             request = function() return request_text end\n"
        )
    }
}

/// Interrupts wrk, which then prints its summary for the time it had. Again and again, because the
/// signal is lost on it between its start and the moment it begins to sleep.
fn end(wrk: &mut Child) -> Result {
    let pid = Pid::from_raw(wrk.id().try_into().map_err(|_| "a pid")?);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if wrk.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Ok(());
        }
        let _ = kill(pid, Signal::SIGINT);
        sleep(Duration::from_millis(20));
    }
    let _ = wrk.kill();
    let _ = wrk.wait();
    Err("wrk did not end".into())
}

fn parse(text: &str) -> Option<Seen> {
    let line = text.lines().find_map(|line| line.strip_prefix("JSON"))?;
    let value: Value = serde_json::from_str(line).ok()?;
    let number = |key: &str| value[key].as_u64();
    Some(Seen {
        requests: number("requests")?,
        seconds: number("micros")? as f64 / 1e6,
        failures: Failures {
            refused: number("connect")?,
            closed: number("read")? + number("write")?,
            late: number("timeout")?,
            wrong: number("status")?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_becomes_a_line_of_lua() {
        let load = Load {
            path: "/file",
            field: "If-None-Match: W/\"1-2\"\r\n",
            connections: 1,
            depth: 1,
            core: None,
            encrypted: false,
        };
        let line = r#"wrk.headers["If-None-Match"] = "W/\"1-2\"""#;
        assert!(load.script().ends_with(&format!("{line}\n")), "{}", load.script());
    }

    #[test]
    fn the_line_of_our_script_is_understood() {
        let text = "Running 1m test\nJSON{\"requests\":12,\"micros\":500000,\"connect\":1,\
                    \"read\":2,\"write\":3,\"status\":4,\"timeout\":5}\n";
        let seen = parse(text).unwrap();
        assert_eq!((seen.requests, seen.seconds), (12, 0.5));
        let failures = Failures { refused: 1, closed: 5, late: 5, wrong: 4 };
        assert_eq!(seen.failures, failures);
        assert!(parse("Requests/sec: 12").is_none());
    }
}
