//! Events with a name, those of the memory manager among them.

use super::dispatcher::{Kind, dispatcher};
use super::exports;
use super::objects::{Target, objects};
use super::string::units;
use crate::executive::{MemoryCondition, require_irql, system};
use netadapter_abi::nt::{
    KEVENT, NTSTATUS, OBJECT_ATTRIBUTES, PASSIVE_LEVEL, PVOID, STATUS_INVALID_HANDLE,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Named events: names without regard to case, and the address of each.
#[derive(Default)]
struct NamedEvents(Mutex<HashMap<String, usize>>);

/// The names under which the memory manager tells of much and little free memory.
const CONDITIONS: [(&str, MemoryCondition); 2] = [
    (
        "\\kernelobjects\\highmemorycondition",
        MemoryCondition::High,
    ),
    ("\\kernelobjects\\lowmemorycondition", MemoryCondition::Low),
];

impl NamedEvents {
    fn find(&self, name: &str) -> Option<usize> {
        let known = self.0.lock().get(name).copied();
        known.or_else(|| {
            let (_, condition) = CONDITIONS
                .iter()
                .find(|(condition, _)| *condition == name)?;
            Some(self.follow(name, *condition))
        })
    }

    fn find_or_create(&self, name: &str, kind: Kind) -> usize {
        // *IoCreateNotificationEvent function*: a new event is signalled.
        self.find(name)
            .unwrap_or_else(|| self.create(name, kind, true))
    }

    fn create(&self, name: &str, kind: Kind, signalled: bool) -> usize {
        // The memory of an event that others may know by name lives as long as the process.
        let event = std::ptr::from_mut(Box::leak(Box::new(KEVENT::zeroed()))) as usize;
        dispatcher().insert(event, kind, signalled.into());
        self.0.lock().insert(name.to_owned(), event);
        event
    }

    /// Makes the event of a condition of memory, which follows the condition from now on.
    fn follow(&self, name: &str, condition: MemoryCondition) -> usize {
        let event = self.create(name, Kind::Notification, false);
        let dispatcher = dispatcher();
        system()
            .memory()
            .conditions()
            .follow(condition, move |holds| {
                dispatcher.set(event, holds);
            });
        event
    }
}

/// The name, as it is compared.
///
/// # Safety
/// `name` points to a valid counted string.
unsafe fn key(name: *const UNICODE_STRING) -> String {
    // SAFETY: the caller's promise.
    String::from_utf16_lossy(unsafe { units(name) }).to_lowercase()
}

/// Opens or makes an event.
///
/// # Safety
/// As `IoCreateNotificationEvent` demands of its caller.
unsafe fn create(
    function: &str,
    kind: Kind,
    name: *const UNICODE_STRING,
    handle: *mut PVOID,
) -> *mut KEVENT {
    require_irql(function, PASSIVE_LEVEL);
    // SAFETY: the caller's promise.
    let name = unsafe { key(name) };
    let event = system()
        .subsystem::<NamedEvents>()
        .find_or_create(&name, kind);
    // SAFETY: the caller gives room for the handle.
    unsafe { handle.write(objects().open(Target::Dispatcher(event))) };
    event as *mut KEVENT
}

fn change(function: &str, handle: PVOID, signalled: bool) -> Result<i32, NTSTATUS> {
    require_irql(function, PASSIVE_LEVEL);
    match objects().target(handle) {
        Some(Target::Dispatcher(event)) => Ok(dispatcher().set(event, signalled)),
        _ => Err(STATUS_INVALID_HANDLE),
    }
}

/// Stores the state before, where the caller wants it.
///
/// # Safety
/// `previous` is null or has room for the state.
unsafe fn finish(result: Result<i32, NTSTATUS>, previous: *mut i32) -> NTSTATUS {
    match result {
        Ok(before) => {
            // SAFETY: the caller's promise.
            if let Some(previous) = unsafe { previous.as_mut() } {
                *previous = before;
            }
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

nt_export! {
    unsafe fn IoCreateNotificationEvent(
        name: *const UNICODE_STRING,
        handle: *mut PVOID
    ) -> *mut KEVENT {
        // SAFETY: the caller's promise is the same.
        unsafe { create("IoCreateNotificationEvent", Kind::Notification, name, handle) }
    }

    unsafe fn IoCreateSynchronizationEvent(
        name: *const UNICODE_STRING,
        handle: *mut PVOID
    ) -> *mut KEVENT {
        // SAFETY: the caller's promise is the same.
        unsafe { create("IoCreateSynchronizationEvent", Kind::Synchronization, name, handle) }
    }

    unsafe fn ZwOpenEvent(
        handle: *mut PVOID,
        _access: u32,
        attributes: *const OBJECT_ATTRIBUTES
    ) -> NTSTATUS {
        require_irql("ZwOpenEvent", PASSIVE_LEVEL);
        // SAFETY: the caller gives attributes.
        let attributes = unsafe { &*attributes };
        // SAFETY: the attributes name an object.
        let name = unsafe { key(attributes.ObjectName) };
        let Some(event) = system().subsystem::<NamedEvents>().find(&name) else {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        };
        // SAFETY: the caller gives room for the handle.
        unsafe { handle.write(objects().open(Target::Dispatcher(event))) };
        STATUS_SUCCESS
    }

    unsafe fn ZwSetEvent(handle: PVOID, previous: *mut i32) -> NTSTATUS {
        // SAFETY: the caller gives room for the state, or null.
        unsafe { finish(change("ZwSetEvent", handle, true), previous) }
    }

    unsafe fn ZwClearEvent(handle: PVOID) -> NTSTATUS {
        // SAFETY: nobody wants the state before.
        unsafe { finish(change("ZwClearEvent", handle, false), std::ptr::null_mut()) }
    }

    unsafe fn ZwResetEvent(handle: PVOID, previous: *mut i32) -> NTSTATUS {
        // SAFETY: the caller gives room for the state, or null.
        unsafe { finish(change("ZwResetEvent", handle, false), previous) }
    }
}

exports! {
    IoCreateNotificationEvent, IoCreateSynchronizationEvent, ZwOpenEvent, ZwSetEvent, ZwClearEvent,
    ZwResetEvent,
}
