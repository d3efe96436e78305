//! Fails each call that may fail once at each place of the driver that makes it.

use super::campaign::progress;
use super::one_run::{Driver, Orders, RunFailure, run as run_once};
use super::options::Options;
use super::report::{self, Summary};
use super::scenario::Scenario;
use crate::failure::Failure;
use netadapter_host::fault_injection::{Plan, SiteBook};
use std::sync::Arc;
use std::time::Instant;

/// Runs each seed's scenario again and again until no call at a new place is left to fail.
///
/// # Errors
/// The first failure.
pub(super) fn run(
    options: &Options,
    driver: &Driver,
    scenario: Option<&Scenario>,
) -> Result<(), Failure> {
    println!("driver     {}", report::driver_name(options));
    println!("seeds      {}..{}", options.seeds.start, options.seeds.end);
    println!("faults     systematic");
    let started = Instant::now();
    let book = Arc::new(SiteBook::default());
    let mut summary = Summary::default();
    let bar = progress(options.seeds.end - options.seeds.start);
    let mut first = None;
    for seed in options.seeds.clone() {
        let scenario = scenario.map_or_else(|| Scenario::random(seed), Scenario::clone);
        first = every_place(driver, &scenario, seed, &book, &mut summary);
        if first.is_some() {
            break;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    summary.seconds = started.elapsed().as_secs_f64();
    summary.coverage = Some(book.coverage());
    report::finish(options, &summary, first)
}

fn every_place(
    driver: &Driver,
    scenario: &Scenario,
    seed: u64,
    book: &Arc<SiteBook>,
    summary: &mut Summary,
) -> Option<super::campaign::FirstFailure> {
    loop {
        let failed_before = book.coverage().failed;
        let outcome = run_once(&Orders {
            driver,
            scenario,
            seed,
            plan: Plan::Systematic(book.clone()),
        });
        let failure: Option<RunFailure> = outcome.failure.clone();
        let strikes = outcome.struck.clone();
        summary.add(seed, outcome);
        if let Some(failure) = failure {
            return Some(super::campaign::FirstFailure {
                seed,
                scenario: scenario.clone(),
                failure,
                strikes,
            });
        }
        if book.coverage().failed == failed_before {
            return None;
        }
    }
}
