//! What every table function checks first.

use super::client;
use super::rules;
use crate::executive::{require_irql, violation};
use netadapter_abi::nt::{DISPATCH_LEVEL, HIGH_LEVEL, KIRQL, PASSIVE_LEVEL};
use netadapter_abi::wdf::WDF_DRIVER_GLOBALS;

/// Checks the globals of a call and that the caller runs at `highest` or below.
pub(super) fn enter_up_to(globals: *mut WDF_DRIVER_GLOBALS, function: &str, highest: KIRQL) {
    client::check(globals, function);
    if highest < HIGH_LEVEL {
        require_irql(function, highest);
    }
}

/// Begins a function that is for PASSIVE_LEVEL.
pub(super) fn enter_passive(globals: *mut WDF_DRIVER_GLOBALS, function: &str) {
    enter_up_to(globals, function, PASSIVE_LEVEL);
}

/// Begins a function that is for DISPATCH_LEVEL and below.
pub(super) fn enter(globals: *mut WDF_DRIVER_GLOBALS, function: &str) {
    enter_up_to(globals, function, DISPATCH_LEVEL);
}

/// Begins a function that is for any IRQL.
pub(super) fn enter_any(globals: *mut WDF_DRIVER_GLOBALS, function: &str) {
    enter_up_to(globals, function, HIGH_LEVEL);
}

/// What a required parameter points to.
///
/// # Safety
/// `pointer` is null or valid for reads while the result is used.
pub(super) unsafe fn required<'a, T>(pointer: *const T, function: &str, name: &str) -> &'a T {
    // SAFETY: the caller's promise.
    match unsafe { pointer.as_ref() } {
        Some(value) => value,
        None => null_parameter(function, name),
    }
}

/// Where a required result goes.
///
/// # Safety
/// `pointer` is null or valid for writes while the result is used, and nobody else uses it.
pub(super) unsafe fn required_out<'a, T>(pointer: *mut T, function: &str, name: &str) -> &'a mut T {
    // SAFETY: the caller's promise.
    match unsafe { pointer.as_mut() } {
        Some(value) => value,
        None => null_parameter(function, name),
    }
}

#[cold]
pub(super) fn null_parameter(function: &str, name: &str) -> ! {
    violation(
        &rules::WDF_REQUIRED_PARAMETER_IS_NULL,
        format!("{function}: {name} is null"),
    )
}

/// Whether a structure's `Size` is that of `T`.
pub(super) fn has_size<T>(size: u32) -> bool {
    size as usize == size_of::<T>()
}

/// Stops the machine if a structure's `Size` is not that of `T`.
pub(super) fn require_size<T>(size: u32, function: &str, name: &str) {
    if !has_size::<T>(size) {
        violation(
            &rules::WDF_STRUCT_SIZE,
            format!(
                "{function}: {name} has Size {size}, expected {}",
                size_of::<T>()
            ),
        );
    }
}
