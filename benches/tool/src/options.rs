//! The command line.

use serde_json::{Value, json};

use crate::Result;
use crate::scenarios::SCENARIOS;
use crate::servers::SERVERS;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    /// Empty: all.
    pub(crate) scenarios: Vec<String>,
    /// Empty: all.
    pub(crate) against: Vec<String>,
    pub(crate) out: Option<String>,
}

impl Options {
    /// # Errors
    /// When a word is unknown, or names no scenario or server.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            quick: words.contains(&"--quick"),
            rounds: 0,
            scenarios: Vec::new(),
            against: Vec::new(),
            out: None,
        };
        options.rounds = if options.quick { 3 } else { 9 };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word {
                "--quick" => {}
                "--rounds" => match value()?.parse() {
                    Ok(rounds) if rounds > 0 => options.rounds = rounds,
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
        Ok(options)
    }

    /// Whether everything is measured, so that the figures may stand for the project.
    pub(crate) fn whole(&self) -> bool {
        self.scenarios.is_empty() && self.against.is_empty()
    }

    /// Whether a scenario is wanted.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        self.scenarios.is_empty() || self.scenarios.iter().any(|it| it == scenario)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "quick": self.quick, "rounds": self.rounds, "scenarios": self.scenarios,
            "against": self.against, "out": self.out,
        })
    }

    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let strings = |key: &str| -> Option<Vec<String>> {
            let list = value[key].as_array()?;
            list.iter().map(|it| it.as_str().map(String::from)).collect()
        };
        Some(Self {
            quick: value["quick"].as_bool()?,
            rounds: value["rounds"].as_u64()?.try_into().ok()?,
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

    #[test]
    fn words_become_options() {
        let options = Options::parse(&[]).unwrap();
        assert_eq!((options.rounds, options.quick, options.whole()), (9, false, true));
        let words = ["--rounds", "2", "--quick", "--scenario", "json", "--against", "hyper"];
        let options = Options::parse(&words).unwrap();
        assert_eq!((options.rounds, options.quick, options.whole()), (2, true, false));
        assert!(options.wants("json") && !options.wants("plaintext"));
        assert_eq!(Options::from_json(&options.to_json()).unwrap(), options);
        for wrong in [
            &["--rounds", "0"][..],
            &["--rounds"],
            &["--scenario", "tea"],
            &["--against", "tea"],
            &["--fast"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
