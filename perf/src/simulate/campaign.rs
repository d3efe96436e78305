//! Runs a range of seeds on all processors of this computer, up to the first failure.

use super::one_run::{Driver, Orders, Outcome, RunFailure, run as run_once};
use super::options::Options;
use super::report::{self, Summary};
use super::scenario::Scenario;
use super::shrink::shrink;
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use netadapter_host::fault_injection::{Plan, Strike};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Runs that shortening a list of faults may take.
const SHRINKING_RUNS: usize = 200;

/// The first run that failed.
pub(super) struct FirstFailure {
    pub(super) seed: u64,
    pub(super) scenario: Scenario,
    pub(super) failure: RunFailure,
    /// The faults that it takes.
    pub(super) strikes: Vec<Strike>,
}

/// Runs all seeds.
///
/// # Errors
/// The failure of the smallest failing seed that was run.
pub(super) fn run(
    options: &Options,
    driver: &Driver,
    scenario: Option<&Scenario>,
) -> Result<(), Failure> {
    let plan = options.plan()?;
    println!("driver     {}", report::driver_name(options));
    println!("seeds      {}..{}", options.seeds.start, options.seeds.end);
    println!("faults     {plan}");
    let started = Instant::now();
    let campaign = Campaign {
        driver,
        scenario,
        plan: &plan,
        next: AtomicU64::new(options.seeds.start),
        end: options.seeds.end,
        failed: AtomicBool::new(false),
        summary: Mutex::default(),
        progress: progress(options.seeds.end - options.seeds.start),
    };
    campaign.run_all();
    campaign.progress.finish_and_clear();
    let mut summary = campaign.summary.into_inner().unwrap_or_default();
    summary.seconds = started.elapsed().as_secs_f64();
    let first = summary.failures.iter().min_by_key(|(seed, _)| *seed);
    let first = first.map(|(seed, outcome)| first_failure(driver, scenario, *seed, outcome));
    report::finish(options, &summary, first)
}

struct Campaign<'a> {
    driver: &'a Driver,
    scenario: Option<&'a Scenario>,
    plan: &'a Plan,
    next: AtomicU64,
    end: u64,
    failed: AtomicBool,
    summary: Mutex<Summary>,
    progress: ProgressBar,
}

impl Campaign<'_> {
    fn run_all(&self) {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work());
            }
        });
    }

    /// Takes seeds until there is none left, or one has failed: all smaller ones are run by then.
    fn work(&self) {
        while !self.failed.load(Ordering::Acquire) {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end {
                return;
            }
            let random;
            let scenario = match self.scenario {
                Some(scenario) => scenario,
                None => {
                    random = Scenario::random(seed);
                    &random
                }
            };
            let outcome = run_once(&Orders {
                driver: self.driver,
                scenario,
                seed,
                plan: self.plan.clone(),
            });
            if outcome.failure.is_some() {
                self.failed.store(true, Ordering::Release);
            }
            if let Ok(mut summary) = self.summary.lock() {
                summary.add(seed, outcome);
            }
            self.progress.inc(1);
        }
    }
}

/// Looks for the faults that a failure takes.
fn first_failure(
    driver: &Driver,
    scenario: Option<&Scenario>,
    seed: u64,
    outcome: &Outcome,
) -> FirstFailure {
    let scenario = scenario.map_or_else(|| Scenario::random(seed), Scenario::clone);
    let failure = outcome.failure.clone();
    let failure = failure.unwrap_or_else(|| RunFailure::Claim("nothing is wrong".to_owned()));
    let again = |strikes: &[Strike]| {
        let outcome = run_once(&Orders {
            driver,
            scenario: &scenario,
            seed,
            plan: Plan::exactly(strikes.iter().copied()),
        });
        outcome.failure.is_some_and(|other| other.is_like(&failure))
    };
    let strikes = shrink(&outcome.struck, SHRINKING_RUNS, again);
    FirstFailure {
        seed,
        scenario,
        failure,
        strikes,
    }
}

pub(super) fn progress(runs: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs, {elapsed}")
        .expect("the template is valid");
    ProgressBar::new(runs).with_style(style)
}
