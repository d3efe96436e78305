//! Calls into the driver.

use crate::executive::{Rule, processor, violation};

/// A callback returned at another IRQL than it was called at.
pub const WDF_VERIFIER_IRQL_MISMATCH: Rule = Rule {
    name: "WDF_VERIFIER_IRQL_MISMATCH",
    page: "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0xE",
};

/// Calls the driver and checks that it returns at the IRQL at which it was called.
pub fn guarded<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let before = processor().irql();
    let result = call();
    let after = processor().irql();
    if before != after {
        violation(
            &WDF_VERIFIER_IRQL_MISMATCH,
            format!("{name} was called at IRQL {before} and returned at IRQL {after}"),
        );
    }
    result
}
