//! The options of `trace`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Options of `dhpnic trace`.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Options {
    /// Compares traces, or what else is done with them.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The trace: recorded by WPR, xperf, logman or tracelog, or written by `hot-add --etl`.
    #[arg(value_name = "FILE.etl", required = true)]
    pub file: Option<PathBuf>,
    /// How it is looked at.
    #[command(flatten)]
    pub choices: Choices,
    /// Writes the results for programs, in schema dhpnic.trace/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Writes every table as comma-separated values, one file a table, into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub csv: Option<PathBuf>,
    /// Writes a page with charts: one file that needs nothing else.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

/// What else is done with traces.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Compares two traces.
    Diff(DiffOptions),
}

/// Options of `dhpnic trace diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffOptions {
    /// The trace to compare with.
    #[arg(value_name = "A.etl")]
    pub a: PathBuf,
    /// The trace to look at.
    #[arg(value_name = "B.etl")]
    pub b: PathBuf,
    /// How they are looked at.
    #[command(flatten)]
    pub choices: Choices,
    /// Writes the results for programs, in schema dhpnic.trace-diff/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How a trace is looked at.
#[derive(Args, Clone, Debug, Default)]
pub struct Choices {
    /// The module to look at most closely, for instance mlx5.sys. [default: dhpnic.sys, if it is
    /// there]
    #[arg(long, value_name = "NAME.sys")]
    pub module: Option<String>,
    /// A PDB, or a folder with PDBs, for the names of functions; may be given again.
    #[arg(long, value_name = "PATH")]
    pub symbols: Vec<PathBuf>,
    /// Compares what was before and after this time, instead of the changes that are found.
    #[arg(long = "at", value_name = "SECONDS")]
    pub at_seconds: Option<f64>,
}
