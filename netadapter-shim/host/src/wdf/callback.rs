//! Calls into the driver.

use super::rules;
use crate::executive::{apcs_disabled, processor, traced, violation};

/// A structure that a driver has registered. The host keeps a copy and never changes it.
#[derive(Clone, Copy)]
pub(super) struct Registered<T>(pub(super) T);

// SAFETY: the copy holds plain data and addresses, which mean the same on every thread.
unsafe impl<T> Send for Registered<T> {}
// SAFETY: as above, and nobody writes to it.
unsafe impl<T> Sync for Registered<T> {}

impl<T> std::ops::Deref for Registered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Calls the driver's callback `name`, and checks that it returns at the IRQL at which it was
/// called.
pub fn guarded<T>(name: &'static str, call: impl FnOnce() -> T) -> T {
    processor().counters().count_callback(name);
    let before = processor().irql();
    let regions_before = apcs_disabled();
    let result = traced(name, call);
    let after = processor().irql();
    if before != after {
        violation(
            &rules::WDF_VERIFIER_IRQL_MISMATCH,
            format!("{name} was called at IRQL {before} and returned at IRQL {after}"),
        );
    }
    let regions = apcs_disabled();
    if regions_before != regions {
        violation(
            &rules::WDF_VERIFIER_CRITICAL_REGION_MISMATCH,
            format!(
                "{name} was called in {regions_before} critical regions and returned in {regions}"
            ),
        );
    }
    result
}
