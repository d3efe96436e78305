//! Claim: a driver that breaks a rule of Windows is caught, with the rule's name, and the same
//! driver without that one deed runs.
//!
//! The driver is `tests/rulebreaker`; keyword `Break` picks its deed.

mod support;

use netadapter_host::machine::{Machine, MachineError};
use support::{generated_traffic, rulebreaker};

/// What the host calls each deed, in the order of the driver's own list.
const RULES: &[&str] = &[
    "IRQL_IS_NOT_PASSIVE",
    "IRQL_TOO_HIGH",
    "WDF_INVALID_HANDLE",
    "NOT_IMPLEMENTED_BY_HOST",
    "BAD_POOL_CALLER",
    "BAD_POOL_CALLER",
    "SPIN_LOCK_NOT_OWNED",
    "ACCESS_VIOLATION",
    "NOT_A_NOTIFICATION_ENTRY",
    "ADAPTER_ALREADY_STARTED",
    "WDF_VERIFIER_IRQL_MISMATCH",
    "QUERY_STOP_FAILED",
    "INVALID_RING_BEGIN_INDEX",
    "INVALID_RING_IMMUTABLE",
    "CHANGE_CONTEXT_MODIFIED",
];

/// Boots the driver with a deed, adds a processor, shuts down; the finding, if there was one.
fn run(deed: Option<usize>) -> Result<(), MachineError> {
    let mut builder = rulebreaker().wire(generated_traffic(1));
    if let Some(deed) = deed {
        builder = builder.keyword("Break", &deed.to_string());
    }
    let mut machine: Machine = builder.boot()?;
    machine.hot_add_processor()?;
    machine.shut_down()
}

#[test]
fn a_driver_that_keeps_the_rules_boots_follows_a_hot_add_and_unloads() {
    run(None).unwrap();
}

#[test]
fn every_broken_rule_is_caught_by_its_name() {
    let mut wrong = Vec::new();
    for (deed, &rule) in RULES.iter().enumerate() {
        match run(Some(deed)) {
            Err(MachineError::Finding(finding)) if finding.rule == rule => {}
            other => wrong.push(format!("deed {deed}, {rule}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_names_the_function_and_the_line_of_the_driver() {
    let Err(MachineError::Finding(finding)) = run(Some(7)) else {
        panic!("no finding")
    };
    let place = finding
        .call_site
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    assert!(place.contains("read_through_null"), "{finding}");
    assert!(place.contains("breaks.rs:"), "{finding}");
}

#[test]
fn a_finding_about_a_ring_names_the_callback_that_left_it_so() {
    let Err(MachineError::Finding(finding)) = run(Some(12)) else {
        panic!("no finding")
    };
    let place = finding.call_site.first().map(String::as_str);
    assert!(
        place.is_some_and(|place| place.contains("advance")),
        "{finding}"
    );
}
