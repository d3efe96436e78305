//! Many runs, several at a time.

use super::options::{Options, list_faults};
use super::report::{self, Header};
use super::scenario::Scenario;
use super::shrink::shrink;
use super::world::{self, Driver, Report, Verdict, can};
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use netadapter_host::executive::Trace;
use netadapter_host::fault_injection::{Plan, Strike};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Runs that may be spent on finding the faults that matter.
const SHRINK_ATTEMPTS: usize = 300;

/// A run that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) seed: u64,
    pub(super) scenario: Scenario,
    pub(super) verdict: Verdict,
    pub(super) struck: Vec<Strike>,
    /// Those of the faults without which the run does not fail in this way.
    pub(super) needed: Vec<Strike>,
    trace: Trace,
}

impl Failed {
    /// The faults that make the run fail again.
    pub(super) fn plan(&self) -> Plan {
        Plan::exactly(self.needed.iter().copied())
    }
}

/// What many runs came to.
#[derive(Debug, Default)]
pub(super) struct Campaign {
    pub(super) runs: u64,
    pub(super) packets: u64,
    pub(super) hot_adds: u64,
    pub(super) strikes: u64,
    pub(super) events: u64,
    pub(super) elapsed: Duration,
    /// Tells sets of traces apart, whatever order the runs had.
    pub(super) digest: u64,
    /// By seed.
    pub(super) failed: Vec<Failed>,
    /// The trace of the run with the highest seed, and that seed.
    last: Option<(u64, Trace)>,
}

impl Campaign {
    pub(super) fn runs_per_minute(&self) -> f64 {
        self.runs as f64 * 60.0 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn add(&mut self, seed: u64, scenario: Scenario, report: Report) {
        self.runs += 1;
        self.packets += report.packets;
        self.hot_adds += u64::from(report.hot_adds);
        self.strikes += report.struck.len() as u64;
        self.events += report.trace.events();
        let digest = report.trace.digest().rotate_left(seed as u32 % 64);
        self.digest ^= digest.wrapping_mul(2 * seed + 1);
        if !report.verdict.is_good() {
            self.failed.push(Failed {
                seed,
                scenario,
                verdict: report.verdict,
                needed: report.struck.clone(),
                struck: report.struck,
                trace: report.trace,
            });
        } else if self.last.as_ref().is_none_or(|(last, _)| *last < seed) {
            self.last = Some((seed, report.trace));
        }
    }
}

/// Runs `dhpnic simulate`.
///
/// # Errors
/// If the input cannot be used, a driver breaks a rule, or a claim does not hold.
pub fn run(options: &Options) -> Result<(), Failure> {
    if options.list_faults {
        print!("{}", list_faults());
        return Ok(());
    }
    let driver = options.driver()?;
    let fixed = options.fixed_scenario()?;
    let first = options.seeds.start;
    let scenario = fixed.clone().unwrap_or_else(|| random_scenario(first));
    let sha256 = hex(&world::identify(&driver, &scenario).map_err(Failure::Input)?);
    let image = format!("SHA-256 {}…", &sha256[..16]);
    let header = Header {
        options,
        image: &image,
    };
    print!("{header}");
    let mut campaign = run_all(options, &driver, fixed.as_ref())?;
    for failed in &mut campaign.failed {
        failed.needed = needed(&driver, failed);
    }
    for failed in &campaign.failed {
        print!("{}", report::Failure { options, failed });
    }
    print!("{campaign}");
    if let Some(path) = &options.json {
        crate::json::write(&report::value(options, &sha256, &campaign), path)?;
    }
    if let Some(path) = &options.trace {
        write_trace(&campaign, path)?;
    }
    verdict(campaign)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verdict(mut campaign: Campaign) -> Result<(), Failure> {
    if campaign.failed.is_empty() {
        return Ok(());
    }
    let Failed { seed, verdict, .. } = campaign.failed.swap_remove(0);
    let summary = format!("seed {seed} failed");
    Err(match verdict {
        Verdict::Violation(finding) => Failure::Violation(format!("{summary}: {}", finding.rule)),
        _ => Failure::Claim(summary),
    })
}

/// Runs the seeds. Without `--keep-going` none is begun behind one that has failed.
fn run_all(
    options: &Options,
    driver: &Driver,
    fixed: Option<&Scenario>,
) -> Result<Campaign, Failure> {
    let jobs = options.jobs.map_or_else(cores, |jobs| jobs.max(1));
    let seeds = options.seeds.clone();
    let next = AtomicU64::new(seeds.start);
    let end = AtomicU64::new(seeds.end);
    let found = Mutex::new(Campaign::default());
    let bar = progress(seeds.end - seeds.start);
    let started = Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let scenario = fixed.cloned().unwrap_or_else(|| random_scenario(seed));
            let report = run_one(options, driver, &scenario, seed);
            if !report.verdict.is_good() && !options.keep_going {
                end.fetch_min(seed + 1, Ordering::Relaxed);
            }
            bar.inc(1);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.add(seed, scenario, report);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let mut campaign = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    campaign.elapsed = started.elapsed();
    campaign.failed.sort_by_key(|failed| failed.seed);
    if !options.keep_going {
        campaign.failed.truncate(1);
    }
    let unusable = |failed: &Failed| match &failed.verdict {
        Verdict::Unusable(text) => Some(text.clone()),
        _ => None,
    };
    match campaign.failed.iter().find_map(unusable) {
        Some(text) => Err(Failure::Input(text)),
        None => Ok(campaign),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn random_scenario(seed: u64) -> Scenario {
    let mut scenario = Scenario::random(seed);
    scenario.steps.retain(|step| can(*step));
    scenario
}

fn run_one(options: &Options, driver: &Driver, scenario: &Scenario, seed: u64) -> Report {
    let mut report = world::run(driver, scenario, seed, options.faults.clone());
    if options.twice && report.verdict.is_good() {
        let again = world::run(driver, scenario, seed, options.faults.clone());
        if let Some(event) = first_difference(&report.trace, &again.trace) {
            report.verdict = Verdict::Claim(format!(
                "the same seed gave another run: event {event} differs"
            ));
        }
    }
    report
}

/// The number of the first event in which two traces differ.
fn first_difference(one: &Trace, two: &Trace) -> Option<usize> {
    if one.bytes() == two.bytes() {
        return None;
    }
    let pairs = one.lines().zip(two.lines());
    Some(pairs.take_while(|(one, two)| one == two).count())
}

/// The part of the faults that struck with which the run still fails in the same way.
fn needed(driver: &Driver, failed: &Failed) -> Vec<Strike> {
    let fails = |strikes: &[Strike]| {
        let plan = Plan::exactly(strikes.iter().copied());
        let report = world::run(driver, &failed.scenario, failed.seed, plan);
        report.verdict.kind() == failed.verdict.kind()
    };
    shrink(&failed.struck, SHRINK_ATTEMPTS, fails)
}

fn write_trace(campaign: &Campaign, path: &std::path::Path) -> Result<(), Failure> {
    let trace = match (campaign.failed.first(), &campaign.last) {
        (Some(failed), _) => &failed.trace,
        (None, Some((_, trace))) => trace,
        (None, None) => return Ok(()),
    };
    let mut text: String = trace.lines().collect::<Vec<_>>().join("\n");
    text.push('\n');
    std::fs::write(path, text).map_err(|error| {
        Failure::Input(format!(
            "--trace {}: cannot be written: {error}",
            path.display()
        ))
    })
}

fn progress(runs: u64) -> ProgressBar {
    let bar = ProgressBar::new(runs);
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs, {elapsed}");
    bar.set_style(style.expect("the template is valid"));
    bar
}
