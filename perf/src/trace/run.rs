//! `dhpnic trace`, from options to output.

use super::analysis::{Analysis, analyse};
use super::options::{Choices, Command, Options};
use super::output::{csv, html, tables, text::Text};
use crate::failure::Failure;
use crate::json;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Analyses a trace, or compares two.
///
/// # Errors
/// If nothing of a trace can be read, or a result cannot be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    match (&options.command, &options.file) {
        (Some(Command::Diff(options)), _) => super::diff::run(options),
        (None, Some(file)) => trace(file, options),
        (None, None) => Err(Failure::Input("trace: no file is named".into())),
    }
}

fn trace(file: &Path, options: &Options) -> Result<(), Failure> {
    let analysis = read(file, &options.choices)?;
    if let Some(path) = &options.json {
        json::write(&to_json(&analysis)?, path)?;
    }
    if let Some(folder) = &options.csv {
        csv::write(&tables::all(&analysis), folder)?;
    }
    if let Some(path) = &options.report {
        html::write(&analysis, path)?;
    }
    print(&Text(&analysis).to_string())
}

/// Prints a report. Whoever reads it may have seen enough before its end.
///
/// # Errors
/// If standard output cannot be written.
pub fn print(text: &str) -> Result<(), Failure> {
    // Names in a trace are anybody's; a terminal must not obey them.
    let text: String = text
        .chars()
        .map(|character| match character {
            '\n' => '\n',
            other if other.is_control() => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect();
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Input(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Analyses a file.
///
/// # Errors
/// One sentence, if nothing of it can be read.
pub fn read(file: &Path, choices: &Choices) -> Result<Analysis, Failure> {
    if let Some(seconds) = choices.at_seconds
        && !seconds.is_finite()
    {
        return Err(Failure::Input(format!("--at {seconds}: no time")));
    }
    analyse(file, choices).map_err(|error| Failure::Input(format!("{}: {error}", file.display())))
}

/// A report for programs.
///
/// # Errors
/// If it cannot be expressed.
pub fn to_json(report: &impl serde::Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(report).map_err(|error| Failure::Input(format!("--json: {error}")))
}
