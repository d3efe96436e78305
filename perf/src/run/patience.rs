//! Waiting for a machine, but not for ever.

use super::options::Options;
use crate::failure::Failure;
use netadapter_host::machine::{Machine, MachineError};
use std::time::{Duration, Instant};

/// How long nothing may move before the run is given up.
const STALL: Duration = Duration::from_secs(10);
/// How often the machine is looked at.
const POLL: Duration = Duration::from_millis(1);
/// Rules of the host about itself: nothing can happen any more.
const STANDSTILLS: [&str; 2] = ["DEADLOCK", "LIVELOCK"];

/// What is seen of a machine at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Anything that changes as long as something moves.
    pub progress: u64,
    /// Whether what was waited for is there.
    pub done: bool,
}

/// Lets the machine run until `look` says that it is done, as long as something moves; whether it is
/// done.
///
/// # Errors
/// If the driver broke a rule.
pub fn settle(
    machine: &Machine,
    options: &Options,
    wanted: &str,
    mut look: impl FnMut() -> Sight,
) -> Result<bool, Failure> {
    if options.seed.is_some() {
        return match machine.run_until(wanted, || look().done) {
            Ok(()) => Ok(true),
            Err(MachineError::Finding(finding)) if STANDSTILLS.contains(&finding.rule) => Ok(false),
            Err(error) => Err(error.into()),
        };
    }
    let mut last = (None, Instant::now());
    loop {
        let sight = look();
        if let Some(finding) = machine.finding() {
            return Err(Failure::Violation(finding.to_string()));
        }
        if last.0 != Some(sight.progress) {
            last = (Some(sight.progress), Instant::now());
        }
        if sight.done || last.1.elapsed() > STALL {
            return Ok(sight.done);
        }
        std::thread::sleep(POLL);
    }
}

/// As [`settle`], for what has to come.
///
/// # Errors
/// If it does not come, or the driver broke a rule.
pub fn wait(
    machine: &Machine,
    options: &Options,
    wanted: &str,
    look: impl FnMut() -> Sight,
) -> Result<(), Failure> {
    if settle(machine, options, wanted, look)? {
        Ok(())
    } else {
        Err(Failure::Claim(format!("waited in vain: {wanted}")))
    }
}
