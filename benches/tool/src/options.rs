//! The command line.

use serde_json::{Value, json};

use crate::Result;
use crate::scenarios::{Kind, SCENARIOS, Scenario};
use crate::servers::{FLOOR, OURS, SERVERS, Server};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    /// As many as each scenario says, if none.
    pub(crate) rounds: Option<usize>,
    /// Clean builds as well.
    pub(crate) builds: bool,
    /// Every server in every scenario.
    pub(crate) everyone: bool,
    /// Empty: all.
    pub(crate) scenarios: Vec<String>,
    /// Empty: all.
    pub(crate) against: Vec<String>,
    /// A run of some scenarios is kept beside those of all.
    pub(crate) keep: bool,
    pub(crate) out: Option<String>,
}

impl Options {
    /// # Errors
    /// When a word is unknown, or names no scenario or server.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            quick: false,
            rounds: None,
            builds: false,
            everyone: false,
            scenarios: Vec::new(),
            against: Vec::new(),
            keep: false,
            out: None,
        };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word {
                "--quick" => options.quick = true,
                "--builds" => options.builds = true,
                "--everyone" => options.everyone = true,
                "--keep" => options.keep = true,
                "--rounds" => match value()?.parse() {
                    Ok(rounds) if rounds > 0 => options.rounds = Some(rounds),
                    _ => return Err("--rounds wants a number from 1".into()),
                },
                "--scenario" => {
                    let name = value()?;
                    known(name, SCENARIOS.iter().map(|it| it.name), "scenario")?;
                    options.scenarios.push(name.into());
                }
                "--against" => {
                    let name = value()?;
                    known(name, SERVERS.iter().map(|it| it.name), "server")?;
                    options.against.push(name.into());
                }
                "--out" => options.out = Some(value()?.into()),
                other => return Err(format!("bench does not know `{other}`; try --help")),
            }
        }
        if options.keep && !options.against.is_empty() {
            let why = "--keep is for whole tables; with --against, name a file with --out";
            return Err(why.into());
        }
        if options.everyone && !options.against.is_empty() {
            return Err("--everyone and --against contradict each other".into());
        }
        Ok(options)
    }

    /// Whether everything is measured, so that the figures may stand for the project.
    pub(crate) fn whole(&self) -> bool {
        self.scenarios.is_empty() && self.against.is_empty()
    }

    /// Whether a scenario is wanted.
    pub(crate) fn wants(&self, scenario: &Scenario) -> bool {
        if self.scenarios.is_empty() {
            return self.builds || !matches!(scenario.kind, Kind::Build);
        }
        self.scenarios.iter().any(|it| it == scenario.name)
    }

    /// Whether a server is wanted in a scenario: those that were named, with ours and the floor;
    /// else those that the scenario is about.
    pub(crate) fn includes(&self, scenario: &Scenario, server: &Server) -> bool {
        if scenario.encrypts() != server.encrypts {
            return false;
        }
        if self.against.is_empty() {
            return self.everyone || scenario.is_about(server);
        }
        let first = server.is_ours() && server.encrypts || [OURS, FLOOR].contains(&server.name);
        first || self.against.iter().any(|it| it == server.name)
    }

    /// How many rounds a scenario has.
    pub(crate) fn rounds_of(&self, scenario: &Scenario) -> usize {
        match (scenario.kind, self.rounds) {
            // Counted once, before anything is measured.
            (Kind::Size | Kind::Build, _) => 1,
            (_, Some(rounds)) => rounds,
            (_, None) if self.quick => scenario.rounds.div_ceil(3),
            (_, None) => scenario.rounds,
        }
    }

    /// The scenarios that are wanted, in the order of the page.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().filter(|it| self.wants(it))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "quick": self.quick, "rounds": self.rounds, "builds": self.builds,
            "everyone": self.everyone, "scenarios": self.scenarios, "against": self.against,
            "keep": self.keep, "out": self.out,
        })
    }

    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let strings = |key: &str| -> Option<Vec<String>> {
            let list = value[key].as_array()?;
            list.iter().map(|it| it.as_str().map(String::from)).collect()
        };
        Some(Self {
            quick: value["quick"].as_bool()?,
            rounds: value["rounds"].as_u64().and_then(|rounds| rounds.try_into().ok()),
            builds: value["builds"].as_bool()?,
            everyone: value["everyone"].as_bool()?,
            keep: value["keep"].as_bool()?,
            scenarios: strings("scenarios")?,
            against: strings("against")?,
            out: value["out"].as_str().map(String::from),
        })
    }
}

fn known<'a>(name: &str, mut names: impl Iterator<Item = &'a str>, what: &str) -> Result {
    if names.any(|it| it == name) {
        return Ok(());
    }
    Err(format!("no {what} `{name}`; `cargo xtask bench list` names them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(name: &str) -> &'static Scenario {
        SCENARIOS.iter().find(|it| it.name == name).unwrap()
    }

    #[test]
    fn words_become_options() {
        let options = Options::parse(&[]).unwrap();
        assert!(options.whole() && !options.quick);
        let words = ["--rounds", "2", "--quick", "--scenario", "json", "--against", "hyper"];
        let options = Options::parse(&words).unwrap();
        assert_eq!((options.rounds, options.quick, options.whole()), (Some(2), true, false));
        assert_eq!(Options::from_json(&options.to_json()).unwrap(), options);
        for wrong in [
            &["--rounds", "0"][..],
            &["--rounds"],
            &["--scenario", "tea"],
            &["--against", "tea"],
            &["--fast"],
            &["--keep", "--against", "hyper"],
            &["--everyone", "--against", "hyper"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_main_scenarios_have_nine_rounds() {
        let options = Options::parse(&[]).unwrap();
        for name in
            ["plaintext", "one-core", "pipelined", "json", "routed", "connection", "file", "upload"]
        {
            assert_eq!(options.rounds_of(scenario(name)), 9, "{name}");
        }
        let quick = Options::parse(&["--quick"]).unwrap();
        assert_eq!(quick.rounds_of(scenario("plaintext")), 3);
        let four = Options::parse(&["--rounds", "4"]).unwrap();
        assert_eq!(four.rounds_of(scenario("idle")), 4);
        assert_eq!(four.rounds_of(scenario("build")), 1);
    }

    #[test]
    fn clean_builds_only_when_asked_for() {
        for (words, expected) in
            [(&[][..], false), (&["--builds"], true), (&["--scenario", "build"], true)]
        {
            assert_eq!(Options::parse(words).unwrap().wants(scenario("build")), expected);
        }
    }

    #[test]
    fn servers_are_those_of_the_scenario_or_those_named() {
        let includes = |words: &[&str], server: &str| {
            let options = Options::parse(words).unwrap();
            options.includes(scenario("json"), Server::find(server).unwrap())
        };
        assert!(includes(&[], "hyper") && !includes(&[], "rouille"));
        assert!(includes(&["--everyone"], "rouille"));
        let named = ["--against", "rouille"];
        assert!(includes(&named, "rouille") && includes(&named, OURS) && includes(&named, FLOOR));
        assert!(!includes(&named, "hyper"));
    }
}
