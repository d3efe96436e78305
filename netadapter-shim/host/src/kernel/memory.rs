//! Pool memory and the compiler's memory routines.

use super::dispatcher::{Timers, dispatcher};
use super::exports;
use super::rules;
use crate::executive::{require_irql, system, violation};
use core::ffi::c_void;
use netadapter_abi::nt::{DISPATCH_LEVEL, PVOID};
use netadapter_abi::nt_export;

/// Stops the machine if an object in a pool block is in use that the kernel knows.
fn require_no_active_object(block: PVOID) {
    let Some(found) = system().pool().find(block.cast()) else {
        return;
    };
    let range = block as usize..block as usize + found.bytes;
    let timer = system().subsystem::<Timers>().armed_in(&range);
    let active = match timer {
        Some(timer) => format!("the timer at {timer:#x} is set"),
        None => match dispatcher().forget_range(&range) {
            Some(object) => format!("threads wait for the object at {object:#x}"),
            None => return,
        },
    };
    violation(&rules::ACTIVE_OBJECT_IN_FREED_POOL, active);
}

nt_export! {
    unsafe fn ExAllocatePool2(flags: u64, bytes: usize, tag: u32) -> PVOID {
        require_irql("ExAllocatePool2", DISPATCH_LEVEL);
        if !tag.to_le_bytes().iter().all(|byte| (0x20..=0x7e).contains(byte)) {
            violation(&rules::BAD_POOL_TAG, format!("tag {tag:#010x} is not printable ASCII"));
        }
        system().pool().allocate_as(flags, bytes, tag).cast()
    }

    unsafe fn ExFreePoolWithTag(block: PVOID, tag: u32) {
        require_irql("ExFreePoolWithTag", DISPATCH_LEVEL);
        require_no_active_object(block);
        if let Err((rule, detail)) = system().pool().release(block.cast(), tag) {
            violation(rule, detail);
        }
    }

    unsafe fn ExFreePool(block: PVOID) {
        // SAFETY: the caller's promise is the same; tag 0 matches every tag.
        unsafe { ExFreePoolWithTag(block, 0) };
    }

    unsafe fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's promise: valid, not overlapping.
        unsafe { core::ptr::copy_nonoverlapping(from, to, bytes) };
        to.cast()
    }

    unsafe fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's promise: valid.
        unsafe { core::ptr::copy(from, to, bytes) };
        to.cast()
    }

    unsafe fn memset(to: *mut u8, value: i32, bytes: usize) -> *mut c_void {
        // SAFETY: the caller's promise: valid.
        unsafe { core::ptr::write_bytes(to, value as u8, bytes) };
        to.cast()
    }

    unsafe fn memcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
        // SAFETY: the caller's promise: valid.
        let left = unsafe { core::slice::from_raw_parts(left, bytes) };
        // SAFETY: the caller's promise: valid.
        let right = unsafe { core::slice::from_raw_parts(right, bytes) };
        left.cmp(right) as i32
    }

    /// Probes a large stack frame, whose size is in `rax`; all registers stay as they are. The
    /// host's thread stacks need no probing: they are mapped whole.
    #[unsafe(naked)]
    unsafe fn __chkstk() {
        core::arch::naked_asm!("ret")
    }
}

exports! {
    ExAllocatePool2, ExFreePoolWithTag, ExFreePool, memcpy, memmove, memset, memcmp, __chkstk,
}
