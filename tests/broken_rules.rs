//! Claim: a driver that breaks a rule of Windows is caught, with the rule's name, and the same
//! driver that does the same thing right is not.
//!
//! The driver is `tests/rulebreaker`; its table of deeds says which rule each deed breaks.

#[path = "rulebreaker/src/deeds.rs"]
mod table;

mod support;

use netadapter_host::executive::Finding;
use netadapter_host::machine::MachineError;
use support::{generated_traffic, rulebreaker};
use table::deeds;

macro_rules! rows {
    ($($moment:ident $deed:ident $rule:ident;)*) => {
        /// Deeds, and the rules that they break.
        const DEEDS: &[(&str, &str)] = &[$((stringify!($deed), stringify!($rule))),*];
    };
}
deeds!(rows);

/// Boots the driver with a deed, adds a processor, shuts down; the finding, if there was one.
fn run(deed: Option<(&str, bool)>) -> Result<(), MachineError> {
    let mut builder = rulebreaker().wire(generated_traffic(1));
    if let Some((deed, wrong)) = deed {
        builder = builder.keyword(deed, if wrong { "1" } else { "0" });
    }
    let mut machine = builder.boot()?;
    machine.hot_add_processor()?;
    machine.shut_down()
}

fn finding(deed: &str) -> Box<Finding> {
    match run(Some((deed, true))) {
        Err(MachineError::Finding(finding)) => finding,
        other => panic!("{deed}: {other:?}"),
    }
}

#[test]
fn a_driver_that_keeps_the_rules_boots_follows_a_hot_add_and_unloads() {
    run(None).unwrap();
}

#[test]
fn every_broken_rule_is_caught_by_its_name() {
    let wrong: Vec<_> = DEEDS
        .iter()
        .filter_map(|&(deed, rule)| match run(Some((deed, true))) {
            Err(MachineError::Finding(finding)) if finding.rule == rule => None,
            other => Some(format!("{deed}, {rule}: {other:?}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_deeds_done_right_are_no_findings() {
    let wrong: Vec<_> = DEEDS
        .iter()
        .filter_map(|&(deed, _)| {
            let error = run(Some((deed, false))).err()?;
            Some(format!("{deed}: {error}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_names_the_function_and_the_line_of_the_driver() {
    let finding = finding("read_through_null");
    let place = finding.call_site.first().map(String::as_str);
    let place = place.unwrap_or_default();
    assert!(place.contains("read_through_null"), "{finding}");
    assert!(place.contains("calls.rs:"), "{finding}");
}

#[test]
fn a_finding_about_a_ring_names_the_callback_that_left_it_so() {
    let finding = finding("move_begin_past_end");
    let place = finding.call_site.first().map(String::as_str);
    assert!(
        place.is_some_and(|place| place.contains("advance")),
        "{finding}"
    );
}
