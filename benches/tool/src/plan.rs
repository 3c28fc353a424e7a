//! What the tool tells itself before it starts again in the place where it measures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::network::Place;
use crate::options::Options;
use crate::scenarios::{Kind, Scenario};
use crate::servers::{OURS, SERVERS, Server};
use crate::{Result, builds, machine, network, shell};

/// Everything that was found out or built before measuring.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) options: Options,
    /// Programs, by the servers' names, in their order.
    pub(crate) programs: Vec<(&'static Server, PathBuf)>,
    /// A folder for what is passed around; removed at the end.
    pub(crate) folder: PathBuf,
    /// Whether we measure in a namespace of our own.
    pub(crate) namespace: bool,
    /// What the JSON begins with.
    pub(crate) facts: Value,
    /// What was counted while building, by scenario and server.
    pub(crate) counted: Value,
}

impl Plan {
    /// # Errors
    /// When the file is not there or not what [`run`] writes.
    pub(crate) fn read(file: &str) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let programs = value["programs"].as_object().into_iter().flatten();
        let plan = || {
            Some(Self {
                options: Options::from_json(&value["options"])?,
                programs: programs
                    .map(|(name, path)| Some((Server::find(name)?, path.as_str()?.into())))
                    .collect::<Option<_>>()?,
                folder: value["folder"].as_str()?.into(),
                namespace: value["namespace"].as_bool()?,
                facts: value["facts"].clone(),
                counted: value["counted"].clone(),
            })
        };
        plan().ok_or_else(|| format!("{file} is no plan"))
    }

    fn write(&self, file: &Path) -> Result {
        let programs: serde_json::Map<_, _> = self
            .programs
            .iter()
            .map(|(server, path)| (server.name.into(), json!(path.to_string_lossy())))
            .collect();
        let value = json!({
            "options": self.options.to_json(),
            "programs": programs,
            "folder": self.folder.to_string_lossy(),
            "namespace": self.namespace,
            "facts": self.facts,
            "counted": self.counted,
        });
        fs::write(file, value.to_string()).map_err(|error| error.to_string())
    }
}

/// Builds, then measures in another process: on the core for load, in the namespace.
///
/// # Errors
/// When ours cannot be built, a tool is missing, or measuring fails.
pub(crate) fn run(options: &Options) -> Result {
    for (tool, package) in [("wrk", "wrk"), ("taskset", "util-linux")] {
        if !shell::has(tool) {
            return Err(format!("`{tool}` is missing: apt-get install {package}"));
        }
    }
    let (mut programs, mut unbuilt) = (Vec::new(), serde_json::Map::new());
    let (mut sizes, mut cleans) = (serde_json::Map::new(), serde_json::Map::new());
    for server in SERVERS {
        let includes = |scenario: &&Scenario| options.includes(scenario, server);
        let wanted: Vec<Kind> = options.scenarios().filter(includes).map(|it| it.kind).collect();
        if wanted.is_empty() {
            continue;
        }
        println!("building {}", server.name);
        match builds::program(server) {
            Ok(program) => {
                if wanted.contains(&Kind::Size) {
                    let size = builds::weigh(server, &program)?;
                    sizes.extend(size.map(|size| (server.name.into(), size)));
                }
                if wanted.contains(&Kind::Build) {
                    let clean = builds::clean(server)?;
                    cleans.extend(clean.map(|clean| (server.name.into(), clean)));
                }
                programs.push((server, program));
            }
            Err(why) if server.name == OURS => return Err(why),
            Err(why) => {
                println!("  not there: {why}");
                unbuilt.insert(server.name.into(), json!(first_error(&why)));
            }
        }
    }

    let place = Place::choose();
    let folder = std::env::temp_dir().join(format!("pauper-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let plan = Plan {
        options: options.clone(),
        facts: facts(options, place, &programs, unbuilt),
        programs,
        namespace: place == Place::Namespace,
        counted: json!({ "size": sizes, "build": cleans }),
        folder: folder.clone(),
    };
    let done = measure(&plan, place);
    let _ = fs::remove_dir_all(&folder);
    done
}

fn measure(plan: &Plan, place: Place) -> Result {
    let file = plan.folder.join("plan.json");
    plan.write(&file)?;
    let us = std::env::current_exe().map_err(|error| error.to_string())?;
    network::allow_files(30_000);
    let mut words = place.prefix().to_vec();
    words.extend(dies_with_parent());
    words.extend(["taskset", "-c", load_core()]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(us).arg("measure").arg(&file);
    let status = command.status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("measuring failed".into()) }
}

fn facts(
    options: &Options,
    place: Place,
    programs: &[(&'static Server, PathBuf)],
    unbuilt: serde_json::Map<String, Value>,
) -> Value {
    let (date, seconds) = machine::now();
    let servers: serde_json::Map<_, _> = programs
        .iter()
        .map(|(server, program)| {
            let version = builds::version(server, program);
            // A floor has no version; what it calls the kernel with has one.
            let floor = |it| if server.is_floor() { format!("on rustix {it}") } else { it };
            let version = version.map(floor);
            (server.name.into(), json!({ "version": version, "setup": server.setup }))
        })
        .collect();
    json!({
        "date": date,
        "unix_seconds": seconds,
        "commit": machine::commit(),
        "quick": options.quick,
        "rustc": machine::rustc(),
        "machine": machine::describe(),
        "network": place.describe(),
        "pinned": format!("servers to core {SERVER_CORE}, load to core {}", load_core()),
        "servers": servers,
        "not_built": unbuilt,
    })
}

/// The core that servers run on.
pub(crate) const SERVER_CORE: &str = "0";

/// The core that load runs on.
fn load_core() -> &'static str {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores > 1 { "1" } else { SERVER_CORE }
}

/// The words before a command that make it die with the process that starts it.
pub(crate) fn dies_with_parent() -> &'static [&'static str] {
    if shell::has("setpriv") { &["setpriv", "--pdeathsig", "KILL", "--"] } else { &[] }
}

fn first_error(told: &str) -> &str {
    let error = told.lines().find(|line| line.starts_with("error"));
    error.or(told.lines().next()).unwrap_or("cargo failed")
}
