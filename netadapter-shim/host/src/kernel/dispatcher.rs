//! Events and waits.

use super::exports;
use super::rules;
use crate::executive::{Event, EventKind, WaitOutcome, require_irql, system, violation};
use netadapter_abi::nt::{
    APC_LEVEL, BOOLEAN, DISPATCH_LEVEL, KEVENT, NTSTATUS, PVOID, STATUS_SUCCESS, STATUS_TIMEOUT,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Dispatcher objects by the address of the driver's structure.
#[derive(Default)]
pub(super) struct DispatcherObjects {
    events: Mutex<HashMap<usize, Arc<Event>>>,
}

impl DispatcherObjects {
    pub(super) fn insert(&self, address: usize, event: Arc<Event>) {
        self.events.lock().insert(address, event);
    }

    pub(super) fn find(&self, address: usize) -> Option<Arc<Event>> {
        self.events.lock().get(&address).cloned()
    }
}

fn event(address: usize) -> Arc<Event> {
    system()
        .subsystem::<DispatcherObjects>()
        .find(address)
        .unwrap_or_else(|| {
            violation(
                &rules::NOT_A_DISPATCHER_OBJECT,
                format!("{address:#x} was never initialised"),
            )
        })
}

/// Nanoseconds of a relative or absolute NT time: 100 ns units, relative when negative.
pub(super) fn interval_ns(interval: i64) -> u64 {
    match interval {
        relative @ ..0 => relative.unsigned_abs().saturating_mul(100),
        absolute => {
            let due_ns = absolute.unsigned_abs().saturating_mul(100);
            due_ns.saturating_sub(super::time::system_time_ns())
        }
    }
}

nt_export! {
    unsafe fn KeInitializeEvent(object: *mut KEVENT, kind: i32, signalled: BOOLEAN) {
        let kind = match kind {
            0 => EventKind::Notification,
            _ => EventKind::Synchronization,
        };
        let event = Arc::new(Event::new(kind, signalled != 0));
        system().subsystem::<DispatcherObjects>().insert(object as usize, event);
    }

    unsafe fn KeSetEvent(object: *mut KEVENT, _increment: i32, wait: BOOLEAN) -> i32 {
        require_irql("KeSetEvent", if wait != 0 { APC_LEVEL } else { DISPATCH_LEVEL });
        i32::from(event(object as usize).set())
    }

    unsafe fn KeClearEvent(object: *mut KEVENT) {
        require_irql("KeClearEvent", DISPATCH_LEVEL);
        event(object as usize).clear();
    }

    unsafe fn KeResetEvent(object: *mut KEVENT) -> i32 {
        require_irql("KeResetEvent", DISPATCH_LEVEL);
        i32::from(event(object as usize).clear())
    }

    unsafe fn KeReadStateEvent(object: *mut KEVENT) -> i32 {
        require_irql("KeReadStateEvent", DISPATCH_LEVEL);
        i32::from(event(object as usize).is_set())
    }

    unsafe fn KeWaitForSingleObject(
        object: PVOID,
        _reason: i32,
        _mode: i8,
        _alertable: BOOLEAN,
        timeout: *const i64
    ) -> NTSTATUS {
        let timeout_ns = if timeout.is_null() {
            None
        } else {
            // SAFETY: a timeout that is given points to a LARGE_INTEGER.
            Some(interval_ns(unsafe { timeout.read() }))
        };
        let highest = if timeout_ns == Some(0) { DISPATCH_LEVEL } else { APC_LEVEL };
        require_irql("KeWaitForSingleObject", highest);
        match event(object as usize).wait_for(timeout_ns) {
            WaitOutcome::Signalled => STATUS_SUCCESS,
            WaitOutcome::TimedOut => STATUS_TIMEOUT,
        }
    }
}

exports! {
    KeInitializeEvent, KeSetEvent, KeClearEvent, KeResetEvent, KeReadStateEvent,
    KeWaitForSingleObject,
}
