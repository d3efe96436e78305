//! Processor change callbacks.

use super::Hands;
use core::ptr::null_mut;
use netadapter_abi::nt::{self, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, NTSTATUS, PVOID};
use netadapter_abi::nt_export;

nt_export! {
    unsafe fn ignore_change(
        _context: PVOID,
        _change: *mut KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT,
        _status: *mut NTSTATUS
    ) {}
}

pub fn write_to_change_context(hands: Hands, wrong: bool) {
    let change = hands.object.cast::<KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT>();
    // SAFETY: the host gave the context; it is read-only.
    unsafe { (*change).NtNumber += u32::from(wrong) };
}

pub fn leave_processor_callback(_: Hands, wrong: bool) {
    // SAFETY: the callback does nothing.
    let handle =
        unsafe { nt::KeRegisterProcessorChangeCallback(Some(ignore_change), null_mut(), 0) };
    if !wrong {
        // SAFETY: the handle came from the registration, and is given back once.
        unsafe { nt::KeDeregisterProcessorChangeCallback(handle) };
    }
}
