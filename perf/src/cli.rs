//! The commands and their options.

use crate::{hot_add, rules, run as run_driver, simulate, trace};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs a NetAdapterCx driver image on Linux, and adds processors while traffic flows.
#[derive(Parser)]
#[command(name = "dhpnic", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Boots a machine, sends it traffic, hot-adds processors, and compares before and after.
    HotAdd(hot_add::Options),
    /// Lists the rules of Windows that the host checks.
    Rules(rules::Options),
    /// Runs many machines, each decided by a seed, with faults; prints the first that fails.
    Simulate(simulate::Options),
    /// Boots a driver that somebody else wrote, sends and receives, and reports.
    Run(run_driver::Options),
    /// Says what a trace tells about interrupts, DPCs, RSS and the hot add of processors.
    Trace(trace::Options),
}

/// Runs the command that the process's arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::HotAdd(options) => hot_add::run(&options),
        Command::Simulate(options) => simulate::run(&options),
        Command::Rules(options) => rules::run(&options),
        Command::Run(options) => run_driver::run(&options),
        Command::Trace(options) => trace::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("dhpnic: {failure}");
            failure.exit_code()
        }
    }
}
