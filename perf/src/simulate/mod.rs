//! `dhpnic simulate`: many whole runs of a machine, each decided by its seed, with faults.

mod campaign;
mod one_run;
mod options;
mod report;
pub mod scenario;
pub mod shrink;
mod systematic;

pub use one_run::{Driver, Orders, Outcome, RunFailure, run as run_once};
pub use options::Options;

use crate::failure::Failure;
use netadapter_host::fault_injection::Fault;
use scenario::Scenario;
use std::fs;

/// Runs the command.
///
/// # Errors
/// If the input cannot be used, or a run fails.
pub fn run(options: &Options) -> Result<(), Failure> {
    if options.list_faults {
        for fault in Fault::ALL {
            let probability = f64::from(fault.usual_millionths()) / 1e6;
            println!("{:<26}{probability}", fault.name());
        }
        return Ok(());
    }
    let driver = driver(options)?;
    let scenario = scenario(options)?;
    if options.systematic {
        systematic::run(options, &driver, scenario.as_ref())
    } else {
        campaign::run(options, &driver, scenario.as_ref())
    }
}

fn driver(options: &Options) -> Result<Driver, Failure> {
    let read = |option: &str, path: &std::path::Path| {
        fs::read(path).map_err(|error| {
            Failure::Input(format!(
                "{option} {}: cannot be read: {error}",
                path.display()
            ))
        })
    };
    let mut driver = Driver::bundled();
    if let Some(path) = &options.image {
        driver.image = read("--image", path)?;
        // A PDB lies beside its image, or there is none.
        driver.symbols = fs::read(path.with_extension("pdb")).ok();
    }
    if let Some(path) = &options.inf {
        driver.inf = read("--inf", path)?;
    }
    Ok(driver)
}

fn scenario(options: &Options) -> Result<Option<Scenario>, Failure> {
    let Some(path) = &options.scenario else {
        return Ok(None);
    };
    let wrong = |what: String| Failure::Input(format!("--scenario {}: {what}", path.display()));
    let text =
        fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Scenario::parse(&text)
        .map(Some)
        .map_err(|error| wrong(error.to_string()))
}
