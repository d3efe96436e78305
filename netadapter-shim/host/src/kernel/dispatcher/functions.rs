//! Events, semaphores, mutexes, and waits.

use super::{Kind, dispatcher, interval_ns};
use crate::executive::{current_thread_object, require_irql, violation};
use crate::kernel::rules;
use core::ffi::c_void;
use netadapter_abi::nt::{
    APC_LEVEL, BOOLEAN, DISPATCH_LEVEL, DISPATCHER_HEADER, KEVENT, LIST_ENTRY, NTSTATUS, PVOID,
    STATUS_TIMEOUT, STATUS_WAIT_0,
};
use netadapter_abi::nt_export;
use std::mem::offset_of;

/// Types of dispatcher objects in their headers (`KOBJECTS`).
const NOTIFICATION_EVENT: u8 = 0;
const MUTANT: u8 = 2;
const SEMAPHORE: u8 = 5;
/// The one of timers; synchronization timers have the next.
pub(super) const TIMER: u8 = 8;

/// The wait blocks that a thread has of its own, and the most that one wait can have
/// (*KeWaitForMultipleObjects function*).
const THREAD_WAIT_OBJECTS: usize = 3;
const MAXIMUM_WAIT_OBJECTS: usize = 64;

/// Fills in what the memory of a new object shows.
///
/// # Safety
/// `object` is memory of an object that begins with a dispatcher header.
pub(super) unsafe fn write_header(object: *mut c_void, kind: u8, bytes: usize, state: i32) {
    let list = object.wrapping_byte_add(offset_of!(DISPATCHER_HEADER, WaitListHead));
    let mut header = DISPATCHER_HEADER::zeroed();
    header.Anonymous.Anonymous.Type = kind;
    header.Anonymous.Anonymous.Size = (bytes / size_of::<i32>()) as u8;
    header.SignalState = state;
    // An empty list, as the header macros leave it.
    header.WaitListHead = LIST_ENTRY {
        Flink: list.cast(),
        Blink: list.cast(),
    };
    // SAFETY: the caller's promise.
    unsafe { object.cast::<DISPATCHER_HEADER>().write(header) };
}

/// A timeout in nanoseconds; none if it is for ever.
///
/// # Safety
/// `timeout` is null or points to a LARGE_INTEGER.
unsafe fn timeout_ns(timeout: *const i64) -> Option<u64> {
    // SAFETY: the caller's promise.
    unsafe { timeout.as_ref() }.map(|&timeout| interval_ns(timeout))
}

fn wait(function: &str, objects: &[usize], all: bool, timeout_ns: Option<u64>) -> NTSTATUS {
    let highest = if timeout_ns == Some(0) {
        DISPATCH_LEVEL
    } else {
        APC_LEVEL
    };
    require_irql(function, highest);
    match dispatcher().wait(objects, all, timeout_ns) {
        Some(place) => STATUS_WAIT_0 + place as i32,
        None => STATUS_TIMEOUT,
    }
}

fn require_wait_allowed(function: &str, wait: BOOLEAN) {
    require_irql(function, if wait != 0 { APC_LEVEL } else { DISPATCH_LEVEL });
}

nt_export! {
    pub(super) unsafe fn KeInitializeEvent(object: *mut KEVENT, kind: i32, signalled: BOOLEAN) {
        let state = i32::from(signalled != 0);
        let object_type = NOTIFICATION_EVENT + kind as u8;
        // SAFETY: the caller gives memory of an event.
        unsafe { write_header(object.cast(), object_type, size_of::<KEVENT>(), state) };
        let kind = if kind == 0 { Kind::Notification } else { Kind::Synchronization };
        dispatcher().insert(object as usize, kind, state);
    }

    pub(super) unsafe fn KeSetEvent(object: *mut KEVENT, _increment: i32, wait: BOOLEAN) -> i32 {
        require_wait_allowed("KeSetEvent", wait);
        dispatcher().set(object as usize, true)
    }

    pub(super) unsafe fn KePulseEvent(object: *mut KEVENT, _increment: i32, wait: BOOLEAN) -> i32 {
        require_wait_allowed("KePulseEvent", wait);
        let before = dispatcher().set(object as usize, true);
        dispatcher().set(object as usize, false);
        before
    }

    pub(super) unsafe fn KeClearEvent(object: *mut KEVENT) {
        require_irql("KeClearEvent", DISPATCH_LEVEL);
        dispatcher().set(object as usize, false);
    }

    pub(super) unsafe fn KeResetEvent(object: *mut KEVENT) -> i32 {
        require_irql("KeResetEvent", DISPATCH_LEVEL);
        dispatcher().set(object as usize, false)
    }

    pub(super) unsafe fn KeReadStateEvent(object: *mut KEVENT) -> i32 {
        require_irql("KeReadStateEvent", DISPATCH_LEVEL);
        dispatcher().state(object as usize)
    }

    pub(super) unsafe fn KeInitializeSemaphore(object: *mut c_void, count: i32, limit: i32) {
        // SAFETY: the caller gives memory of a semaphore; 32 bytes is its size.
        unsafe { write_header(object, SEMAPHORE, 32, count) };
        dispatcher().insert(object as usize, Kind::Semaphore { limit }, count);
    }

    pub(super) unsafe fn KeReleaseSemaphore(
        object: *mut c_void,
        _increment: i32,
        adjustment: i32,
        wait: BOOLEAN
    ) -> i32 {
        require_wait_allowed("KeReleaseSemaphore", wait);
        dispatcher().add(object as usize, adjustment).unwrap_or_else(|limit| {
            violation(
                &rules::SEMAPHORE_LIMIT_EXCEEDED,
                format!("{adjustment} added to a semaphore whose limit is {limit}"),
            )
        })
    }

    pub(super) unsafe fn KeReadStateSemaphore(object: *mut c_void) -> i32 {
        dispatcher().state(object as usize)
    }

    pub(super) unsafe fn KeInitializeMutex(object: *mut c_void, _level: u32) {
        // SAFETY: the caller gives memory of a mutex; 56 bytes is its size.
        unsafe { write_header(object, MUTANT, 56, 1) };
        dispatcher().insert(object as usize, Kind::Mutex, 1);
    }

    pub(super) unsafe fn KeReleaseMutex(object: *mut c_void, wait: BOOLEAN) -> i32 {
        require_wait_allowed("KeReleaseMutex", wait);
        let released = dispatcher().release(object as usize, current_thread_object());
        released.unwrap_or_else(|| {
            violation(
                &rules::MUTEX_NOT_OWNED,
                format!("the thread does not have the mutex at {object:p}"),
            )
        })
    }

    pub(super) unsafe fn KeReadStateMutex(object: *mut c_void) -> i32 {
        dispatcher().state(object as usize)
    }

    pub(super) unsafe fn KeWaitForSingleObject(
        object: PVOID,
        _reason: i32,
        _mode: i8,
        _alertable: BOOLEAN,
        timeout: *const i64
    ) -> NTSTATUS {
        // SAFETY: a timeout that is given points to a LARGE_INTEGER.
        let timeout = unsafe { timeout_ns(timeout) };
        wait("KeWaitForSingleObject", &[object as usize], false, timeout)
    }

    pub(super) unsafe fn KeWaitForMultipleObjects(
        count: u32,
        objects: *const PVOID,
        kind: i32,
        _reason: i32,
        _mode: i8,
        _alertable: BOOLEAN,
        timeout: *const i64,
        blocks: *mut c_void
    ) -> NTSTATUS {
        const NAME: &str = "KeWaitForMultipleObjects";
        /// `WaitAll` of WAIT_TYPE.
        const WAIT_ALL: i32 = 0;
        let most = if blocks.is_null() { THREAD_WAIT_OBJECTS } else { MAXIMUM_WAIT_OBJECTS };
        let count = count as usize;
        if count > most {
            violation(
                &rules::MAXIMUM_WAIT_OBJECTS_EXCEEDED,
                format!("{NAME} for {count} objects, with wait blocks for {most}"),
            );
        }
        // SAFETY: the caller gives as many pointers.
        let objects = unsafe { core::slice::from_raw_parts(objects.cast::<usize>(), count) };
        // SAFETY: a timeout that is given points to a LARGE_INTEGER.
        let timeout = unsafe { timeout_ns(timeout) };
        wait(NAME, objects, kind == WAIT_ALL, timeout)
    }
}

crate::kernel::exports! {
    KeInitializeEvent, KeSetEvent, KePulseEvent, KeClearEvent, KeResetEvent, KeReadStateEvent,
    KeInitializeSemaphore, KeReleaseSemaphore, KeReadStateSemaphore, KeInitializeMutex,
    KeReleaseMutex, KeReadStateMutex, KeWaitForSingleObject, KeWaitForMultipleObjects,
}
