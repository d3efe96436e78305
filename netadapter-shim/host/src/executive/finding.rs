//! Findings: a driver broke a rule of Windows. The machine stops and says which.

use super::playing::{on_processor, processor};
use super::rules;
use super::system::system;
use super::thread::halt;
use crate::verifier::{Level, Rule};
use netadapter_abi::nt::KIRQL;
use std::fmt;

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// Title of the page that states it.
    pub page: &'static str,
    /// What happened.
    pub detail: String,
    /// Index of the processor on which it happened.
    pub processor: u32,
    /// IRQL at that moment.
    pub irql: KIRQL,
    /// Where in the driver, innermost first: function, file and line.
    pub call_site: Vec<String>,
}

impl Finding {
    fn here(rule: &Rule, detail: String, call_site: Vec<String>) -> Self {
        Self {
            rule: rule.name,
            page: rule.page,
            detail,
            processor: processor().index(),
            irql: processor().irql(),
            call_site,
        }
    }

    /// Whether `other` is the same rule, broken at the same place.
    pub(super) fn is_again(&self, other: &Self) -> bool {
        self.rule == other.rule && self.call_site == other.call_site
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.rule, self.detail)?;
        writeln!(f, "  rule       {}", self.page)?;
        write!(f, "  processor  {}, IRQL {}", self.processor, self.irql)?;
        for (position, frame) in self.call_site.iter().enumerate() {
            let label = if position == 0 { "driver" } else { "from" };
            write!(f, "\n  {label:<9}  {frame}")?;
        }
        Ok(())
    }
}

/// Stops the machine because the driver broke `rule`. The caller's thread never runs again.
pub fn violation(rule: &'static Rule, detail: String) -> ! {
    let call_site = system().driver_call_site();
    violation_at(rule, detail, call_site)
}

/// As [`violation`], for what one of the driver's callbacks left behind when it returned.
pub fn violation_by(rule: &'static Rule, detail: String, callback: usize) -> ! {
    let function = system().driver_function(callback);
    violation_at(rule, detail, function)
}

/// As [`violation`], with the place in the driver already known.
pub fn violation_at(rule: &'static Rule, detail: String, call_site: Vec<String>) -> ! {
    assert!(on_processor(), "{}: {detail}", rule.name);
    system().stop(Some(Finding::here(rule, detail, call_site)));
    halt()
}

/// Reports that the driver broke `rule`, which is a warning: the machine goes on.
pub fn warn(rule: &'static Rule, detail: String, call_site: Vec<String>) {
    debug_assert_eq!(
        rule.level,
        Level::Warning,
        "{} stops the machine",
        rule.name
    );
    system().report(Finding::here(rule, detail, call_site));
}

/// Stops the machine if the caller runs above `highest`.
pub fn require_irql(function: &str, highest: KIRQL) {
    let irql = processor().irql();
    if irql > highest {
        violation(
            &rules::IRQL_TOO_HIGH,
            format!("{function} called at IRQL {irql}, allowed up to {highest}"),
        );
    }
}
