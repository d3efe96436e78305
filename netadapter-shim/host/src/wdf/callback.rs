//! Calls into the driver.

use super::rules;
use crate::executive::{processor, violation};

/// Calls the driver and checks that it returns at the IRQL at which it was called.
pub fn guarded<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let before = processor().irql();
    let result = call();
    let after = processor().irql();
    if before != after {
        violation(
            &rules::WDF_VERIFIER_IRQL_MISMATCH,
            format!("{name} was called at IRQL {before} and returned at IRQL {after}"),
        );
    }
    result
}
