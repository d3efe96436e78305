//! What a campaign found, for people and for programs.

use super::campaign::{Campaign, Failed};
use super::options::Options;
use super::world::Verdict;
use netadapter_host::fault_injection::Plan;
use serde_json::{Value, json};
use std::fmt;

/// The schema's name and version.
pub const SCHEMA: &str = "dhpnic.simulate/1";

/// What a verdict says.
pub(super) fn describe(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Good => "all claims hold".into(),
        Verdict::Violation(finding) => format!("the driver broke a rule of Windows\n{finding}"),
        Verdict::Claim(text) | Verdict::Unusable(text) => text.clone(),
    }
}

/// The options of a campaign, before it begins.
pub(super) struct Header<'a> {
    pub(super) options: &'a Options,
    pub(super) image: &'a str,
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.options;
        writeln!(f, "{:12}{}", "driver", self.image)?;
        let seeds = &options.seeds;
        writeln!(f, "{:12}{}..{}", "seeds", seeds.start, seeds.end)?;
        writeln!(f, "{:12}{}", "faults", options.faults)?;
        match &options.scenario {
            Some(path) => writeln!(f, "{:12}{}", "scenario", path.display()),
            None => writeln!(f, "{:12}by the seed", "scenario"),
        }
    }
}

/// A failed run, and how to repeat it.
pub(super) struct Failure<'a> {
    pub(super) options: &'a Options,
    pub(super) failed: &'a Failed,
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed;
        writeln!(
            f,
            "seed {} failed: {}",
            failed.seed,
            describe(&failed.verdict)
        )?;
        let steps: Vec<String> = failed
            .scenario
            .steps
            .iter()
            .map(|s| s.to_string())
            .collect();
        writeln!(f, "  processors {}", failed.scenario.processors)?;
        writeln!(f, "  steps      {}", steps.join(", "))?;
        writeln!(f, "  struck     {}", list(&failed.struck))?;
        if failed.needed.len() < failed.struck.len() {
            writeln!(f, "  needed     {}", list(&failed.needed))?;
        }
        let command = self.options.command(failed.seed, &failed.plan());
        writeln!(f, "  repeat     {command}")
    }
}

fn list(strikes: &[netadapter_host::fault_injection::Strike]) -> String {
    Plan::exactly(strikes.iter().copied()).to_string()
}

/// The end of a campaign.
impl fmt::Display for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(
            f,
            "{} runs, {} failed; {} packets, {} hot adds, {} faults, {} events",
            self.runs,
            self.failed.len(),
            self.packets,
            self.hot_adds,
            self.strikes,
            self.events
        )?;
        writeln!(
            f,
            "{seconds:.1} s, {:.0} runs a minute; all traces together {:016x}",
            self.runs_per_minute(),
            self.digest
        )
    }
}

/// The results for programs.
pub(super) fn value(options: &Options, image_sha256: &str, campaign: &Campaign) -> Value {
    let failures: Vec<Value> = campaign
        .failed
        .iter()
        .map(|failed| {
            json!({
                "seed": failed.seed,
                "kind": failed.verdict.kind(),
                "detail": describe(&failed.verdict),
                "struck": failed.struck.iter().map(|s| s.to_string()).collect::<Vec<_>>(),
                "needed": failed.needed.iter().map(|s| s.to_string()).collect::<Vec<_>>(),
                "scenario": failed.scenario,
                "command": options.command(failed.seed, &failed.plan()),
            })
        })
        .collect();
    json!({
        "schema": SCHEMA,
        "image": {"sha256": image_sha256},
        "seeds": {"first": options.seeds.start, "end": options.seeds.end},
        "faults": options.faults.to_string(),
        "runs": campaign.runs,
        "packets": campaign.packets,
        "hot_adds": campaign.hot_adds,
        "strikes": campaign.strikes,
        "events": campaign.events,
        "elapsed_ns": campaign.elapsed.as_nanos() as u64,
        "runs_per_minute": campaign.runs_per_minute(),
        "digest": format!("{:016x}", campaign.digest),
        "failures": failures,
    })
}
