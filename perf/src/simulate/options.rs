//! The options of `simulate`.

use super::scenario::Scenario;
use super::world::{Driver, can};
use crate::bundled;
use crate::failure::Failure;
use clap::Args;
use netadapter_host::fault_injection::{Fault, Plan};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Options of `dhpnic simulate`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The seeds to run: from the first up to, not including, the last; or one.
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seeds)]
    pub seeds: Range<u64>,
    /// The faults that strike: all, none, or a list such as `late-interrupt,pool-allocation=0.01`
    /// or `pool-allocation#3,link-flap#0`.
    #[arg(long, value_name = "LIST", default_value = "all", value_parser = plan)]
    pub faults: Plan,
    /// Lists the faults, and how probable each is by default.
    #[arg(long)]
    pub list_faults: bool,
    /// What happens in each run, as a TOML file; without it the seed decides that too.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Runs all seeds, also after one has failed.
    #[arg(long)]
    pub keep_going: bool,
    /// Runs each seed twice and compares the two, event by event.
    #[arg(long)]
    pub twice: bool,
    /// Runs at a time; as many as there are cores if not given.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Writes the event trace of the first failed run, or else of the last, as text.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Another build of the driver.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Another INF.
    #[arg(long, value_name = "FILE")]
    pub inf: Option<PathBuf>,
    /// Writes the results for programs, in schema dhpnic.simulate/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || "expected two numbers, as in 0..100, or one".to_owned();
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
    let range = match text.split_once("..") {
        Some((first, last)) => number(first)?..number(last)?,
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or_else(wrong)?
        }
    };
    if range.is_empty() {
        return Err(format!("{text} has no seed in it"));
    }
    Ok(range)
}

fn plan(text: &str) -> Result<Plan, String> {
    text.parse()
        .map_err(|error: netadapter_host::fault_injection::PlanError| error.to_string())
}

/// The faults as text: name, usual probability.
pub(super) fn list_faults() -> String {
    let line = |fault: &Fault| {
        let probability = f64::from(fault.usual_millionths()) / 1e6;
        format!("{:24} {probability}\n", fault.name())
    };
    Fault::ALL.iter().map(line).collect()
}

impl Options {
    /// The driver to run.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn driver(&self) -> Result<Driver, Failure> {
        let read = |option: &str, path: &Path| {
            std::fs::read(path)
                .map_err(|error| Failure::Input(format!("{option} {}: {error}", path.display())))
        };
        let inf = match &self.inf {
            Some(path) => read("--inf", path)?,
            None => bundled::INF.to_vec(),
        };
        Ok(match &self.image {
            Some(path) => Driver {
                image: read("--image", path)?,
                symbols: None,
                inf,
            },
            None => Driver {
                image: bundled::IMAGE.to_vec(),
                symbols: Some(bundled::SYMBOLS.to_vec()),
                inf,
            },
        })
    }

    /// The scenario of all runs, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read or used.
    pub(super) fn fixed_scenario(&self) -> Result<Option<Scenario>, Failure> {
        let Some(path) = &self.scenario else {
            return Ok(None);
        };
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::Input(format!("--scenario {}: {error}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let scenario = Scenario::parse(&text).map_err(|error| wrong(&error))?;
        match scenario.steps.iter().find(|step| !can(**step)) {
            Some(step) => Err(wrong(&format!("this host cannot {step} yet"))),
            None => Ok(Some(scenario)),
        }
    }

    /// The command line that repeats the run of `seed` with `faults`.
    pub(super) fn command(&self, seed: u64, faults: &Plan) -> String {
        let mut command = format!("dhpnic simulate --seeds {seed} --faults '{faults}'");
        let files = [
            ("--scenario", &self.scenario),
            ("--image", &self.image),
            ("--inf", &self.inf),
        ];
        for (option, path) in files {
            if let Some(path) = path {
                command += &format!(" {option} '{}'", path.display());
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_one_number() {
        assert_eq!(seeds("3..7"), Ok(3..7));
        assert_eq!(seeds("7"), Ok(7..8));
        for wrong in [
            "7..7",
            "9..3",
            "a..b",
            "..4",
            "-1..2",
            "18446744073709551615",
        ] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
