//! `dhpnic rules`: every rule of Windows that the host checks.

use crate::failure::Failure;
use crate::json;
use clap::Args;
use netadapter_host::verifier::{Rule, registry};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// The schema's name and version.
const SCHEMA: &str = "dhpnic.rules/1";

/// Options of `dhpnic rules`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Writes the rules for programs, schema dhpnic.rules/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Prints the rules, and writes them if asked to.
///
/// # Errors
/// If the file cannot be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let rules: Vec<_> = registry().collect();
    if let Some(path) = &options.json {
        json::write(&value(&rules), path)?;
    }
    print!("{}", table(&rules));
    Ok(())
}

fn value(rules: &[&Rule]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "name": rule.name,
                "level": rule.level.name(),
                "demand": rule.demand,
                "page": rule.page,
            })
        })
        .collect();
    json!({"schema": SCHEMA, "rules": rules})
}

/// Two lines a rule: name, level and page, and below them what it demands.
fn table(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:7}  {}\n", "rule", "level", "page");
    for rule in rules {
        // Writing to a String never fails.
        let _ = writeln!(
            text,
            "{:width$}  {:7}  {}\n    {}",
            rule.name,
            rule.level.name(),
            rule.page,
            rule.demand
        );
    }
    let _ = writeln!(text, "{} rules", rules.len());
    text
}
