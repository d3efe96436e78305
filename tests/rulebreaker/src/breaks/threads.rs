//! System threads, handles and references.

use super::Hands;
use core::cell::UnsafeCell;
use core::ptr::{null, null_mut};
use netadapter_abi::nt::{
    self, HANDLE, KEVENT, NotificationEvent, PVOID, STATUS_SUCCESS, THREAD_ALL_ACCESS,
};
use netadapter_abi::nt_export;

/// An event of the kernel, which only kernel functions touch.
struct Event(UnsafeCell<KEVENT>);

// SAFETY: the functions for events may be called from any thread.
unsafe impl Sync for Event {}

static MAY_END: Event = Event(UnsafeCell::new(KEVENT::zeroed()));

nt_export! {
    unsafe fn wait_until_it_may_end(_context: PVOID) {
        // SAFETY: the event was initialised before the thread was made.
        unsafe {
            nt::KeWaitForSingleObject(MAY_END.0.get().cast(), 0, 0, 0, null::<i64>().cast_mut())
        };
    }
}

/// Starts a thread that waits.
fn start_thread() -> HANDLE {
    let mut handle = null_mut();
    // SAFETY: memory of an event.
    unsafe { nt::KeInitializeEvent(MAY_END.0.get(), NotificationEvent, 0) };
    // SAFETY: the routine needs no context.
    unsafe {
        nt::PsCreateSystemThread(
            &mut handle,
            THREAD_ALL_ACCESS,
            null_mut(),
            null_mut(),
            null_mut(),
            Some(wait_until_it_may_end),
            null_mut(),
        )
    };
    handle
}

/// Takes a reference to the thread.
fn reference(handle: HANDLE) -> PVOID {
    let mut thread = null_mut();
    // SAFETY: the handle is open.
    let status =
        unsafe { nt::ObReferenceObjectByHandle(handle, 0, null_mut(), 0, &mut thread, null_mut()) };
    debug_assert_eq!(status, STATUS_SUCCESS);
    thread
}

/// Lets the thread end and waits for that.
fn end_thread(thread: PVOID) {
    // SAFETY: an initialised event.
    unsafe { nt::KeSetEvent(MAY_END.0.get(), 0, 0) };
    // SAFETY: a reference to the thread is held.
    unsafe { nt::KeWaitForSingleObject(thread, 0, 0, 0, null_mut()) };
}

fn close(handle: HANDLE) {
    // SAFETY: the handle is open, or closed again on purpose.
    unsafe { nt::ZwClose(handle) };
}

fn dereference(thread: PVOID) {
    // SAFETY: the reference is held, or given back again on purpose.
    unsafe { nt::ObfDereferenceObject(thread) };
}

pub fn leave_thread_running(_: Hands, wrong: bool) {
    let handle = start_thread();
    let thread = reference(handle);
    close(handle);
    if !wrong {
        end_thread(thread);
    }
    dereference(thread);
}

pub fn close_handle_twice(_: Hands, wrong: bool) {
    let handle = start_thread();
    let thread = reference(handle);
    for _ in 0..=u32::from(wrong) {
        close(handle);
    }
    end_thread(thread);
    dereference(thread);
}

pub fn dereference_too_often(_: Hands, wrong: bool) {
    let handle = start_thread();
    let thread = reference(handle);
    close(handle);
    end_thread(thread);
    for _ in 0..=u32::from(wrong) {
        dereference(thread);
    }
}

pub fn leave_handle_open(_: Hands, wrong: bool) {
    let handle = start_thread();
    let thread = reference(handle);
    end_thread(thread);
    dereference(thread);
    if !wrong {
        close(handle);
    }
}

pub fn terminate_foreign_thread(_: Hands, wrong: bool) {
    if wrong {
        // SAFETY: the thread is not the driver's to end, which the host is to notice.
        unsafe { nt::PsTerminateSystemThread(STATUS_SUCCESS) };
    }
}
