//! The options of `dhpnic simulate`.

use crate::failure::Failure;
use clap::Args;
use netadapter_host::fault_injection::Plan;
use std::ops::Range;
use std::path::PathBuf;

/// The options.
#[derive(Args)]
pub struct Options {
    /// Seeds of the runs, the last one not included.
    #[arg(long, value_name = "A..B", default_value = "0..200", value_parser = seeds)]
    pub seeds: Range<u64>,
    /// Faults: `all`, `none`, kinds as `late-interrupt,link-flap=0.01`, or occasions as
    /// `pool-allocation#3`.
    #[arg(long, value_name = "LIST", default_value = "all")]
    pub faults: String,
    /// What happens in every run; without it each seed makes its own.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Fails each call that may fail once at each place of the driver, until no new place is found.
    #[arg(long, conflicts_with = "faults")]
    pub systematic: bool,
    /// Lists the kinds of faults, with their usual probabilities.
    #[arg(long)]
    pub list_faults: bool,
    /// Another build of the driver.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Another INF.
    #[arg(long, value_name = "FILE")]
    pub inf: Option<PathBuf>,
    /// Writes the results for programs.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl Options {
    /// The faults.
    ///
    /// # Errors
    /// If the list cannot be understood.
    pub fn plan(&self) -> Result<Plan, Failure> {
        let plan = self.faults.parse();
        plan.map_err(|error| Failure::Input(format!("--faults: {error}")))
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || "a range of seeds is two numbers, as in 0..500".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let parse = |number: &str| number.trim().parse::<u64>().map_err(|_| wrong());
    let range = parse(from)?..parse(to)?;
    if range.is_empty() {
        return Err(format!("{text} is an empty range"));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_seeds_is_two_numbers_in_order() {
        assert_eq!(seeds("3..7"), Ok(3..7));
        for wrong in ["", "3", "3..", "7..3", "3..3", "-1..2", "a..b"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
