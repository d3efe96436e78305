//! What a series of runs comes to, for people and for programs.

use super::campaign::FirstFailure;
use super::one_run::{Outcome, RunFailure};
use super::options::Options;
use crate::failure::Failure;
use crate::json;
use netadapter_host::fault_injection::{Coverage, Fault, Plan};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What was counted over all runs.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) runs: u64,
    pub(super) packets: u64,
    pub(super) seconds: f64,
    pub(super) coverage: Option<Coverage>,
    pub(super) failures: Vec<(u64, Outcome)>,
    strikes: BTreeMap<Fault, u64>,
    digests: BTreeSet<u64>,
}

impl Summary {
    pub(super) fn add(&mut self, seed: u64, outcome: Outcome) {
        self.runs += 1;
        self.packets += outcome.packets;
        self.digests.extend(outcome.digest);
        for strike in &outcome.struck {
            *self.strikes.entry(strike.fault).or_default() += 1;
        }
        if outcome.failure.is_some() {
            self.failures.push((seed, outcome));
        }
    }

    fn runs_per_minute(&self) -> f64 {
        if self.seconds > 0.0 {
            self.runs as f64 * 60.0 / self.seconds
        } else {
            0.0
        }
    }
}

pub(super) fn driver_name(options: &Options) -> String {
    match &options.image {
        Some(path) => path.display().to_string(),
        None => "dhpnic.sys, built with this command".to_owned(),
    }
}

/// Prints the end of the command, and writes the file for programs.
///
/// # Errors
/// The failure, if there was one.
pub(super) fn finish(
    options: &Options,
    summary: &Summary,
    first: Option<FirstFailure>,
) -> Result<(), Failure> {
    print_summary(summary);
    if let Some(path) = &options.json {
        json::write(&to_json(options, summary, first.as_ref()), path)?;
    }
    let Some(first) = first else { return Ok(()) };
    print_failure(options, &first);
    let text = format!("seed {} failed", first.seed);
    Err(match first.failure {
        RunFailure::Input(what) => Failure::Input(format!("seed {}: {what}", first.seed)),
        RunFailure::Violation { rule, .. } => Failure::Violation(format!("{text}: {rule}")),
        RunFailure::Claim(what) => Failure::Claim(format!("{text}: {what}")),
    })
}

fn print_summary(summary: &Summary) {
    println!("runs       {}", summary.runs);
    println!("different  {}", summary.digests.len());
    println!("a minute   {:.0}", summary.runs_per_minute());
    println!("packets    {}", summary.packets);
    if let Some(Coverage { seen, failed }) = summary.coverage {
        println!("places     {seen} at which a call may fail, {failed} failed");
    }
    for (fault, count) in &summary.strikes {
        println!("  {:<26}{count:>8}", fault.name());
    }
}

fn print_failure(options: &Options, first: &FirstFailure) {
    println!("\nseed {} fails", first.seed);
    println!(
        "  processors {} of {}",
        first.scenario.processors, first.scenario.maximum_processors
    );
    for step in &first.scenario.steps {
        println!("  {step}");
    }
    match &first.failure {
        RunFailure::Violation { text, .. } => println!("{text}"),
        RunFailure::Input(what) | RunFailure::Claim(what) => println!("{what}"),
    }
    println!("repeat it with\n  {}", command(options, first));
}

/// The command that repeats a failure with no more faults than it takes.
fn command(options: &Options, first: &FirstFailure) -> String {
    let faults = Plan::exactly(first.strikes.iter().copied());
    let mut command = format!(
        "cargo run --release -- simulate --seeds {}..{} --faults {faults}",
        first.seed,
        first.seed + 1,
    );
    let files = [
        ("--scenario", &options.scenario),
        ("--image", &options.image),
        ("--inf", &options.inf),
    ];
    for (option, path) in files {
        if let Some(path) = path {
            command.push_str(&format!(" {option} {}", path.display()));
        }
    }
    command
}

fn to_json(options: &Options, summary: &Summary, first: Option<&FirstFailure>) -> Value {
    json!({
        "schema": "dhpnic.simulate/1",
        "seeds": [options.seeds.start, options.seeds.end],
        "faults": if options.systematic { "systematic" } else { &options.faults },
        "runs": summary.runs,
        "different_runs": summary.digests.len(),
        "runs_per_minute": summary.runs_per_minute(),
        "packets": summary.packets,
        "strikes": summary.strikes.iter().map(|(fault, count)| (fault.name(), count))
            .collect::<BTreeMap<_, _>>(),
        "places": summary.coverage.map(|Coverage { seen, failed }| json!({
            "seen": seen,
            "failed": failed,
        })),
        "failure": first.map(|first| json!({
            "seed": first.seed,
            "scenario": first.scenario,
            "what": match &first.failure {
                RunFailure::Violation { text, .. } => text,
                RunFailure::Input(what) | RunFailure::Claim(what) => what,
            },
            "rule": match &first.failure {
                RunFailure::Violation { rule, .. } => Some(rule),
                _ => None,
            },
            "faults": first.strikes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "command": command(options, first),
        })),
    })
}
