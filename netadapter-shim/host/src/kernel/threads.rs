//! System threads of the driver, and object references.

use super::dispatcher::DispatcherObjects;
use super::exports;
use crate::executive::{
    Event, EventKind, new_thread_object, processor, require_irql, spawn_as, system,
};
use netadapter_abi::nt::{
    NTSTATUS, PASSIVE_LEVEL, PKSTART_ROUTINE, PVOID, STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use std::sync::Arc;

nt_export! {
    unsafe fn PsCreateSystemThread(
        handle: *mut PVOID,
        _access: u32,
        _attributes: PVOID,
        _process: PVOID,
        _client: PVOID,
        routine: PKSTART_ROUTINE,
        context: PVOID
    ) -> NTSTATUS {
        require_irql("PsCreateSystemThread", PASSIVE_LEVEL);
        let Some(routine) = routine else { return STATUS_INVALID_PARAMETER };
        // A handle is also the address that stands for the thread's object.
        let object = new_thread_object(system());
        let ended = Arc::new(Event::new(EventKind::Notification, false));
        system().subsystem::<DispatcherObjects>().insert(object, ended.clone());
        // SAFETY: the caller gives room for the handle.
        unsafe { handle.write(object as PVOID) };
        let context = context as usize;
        let index = processor().index();
        spawn_as(system(), object, "driver thread", index, move || {
            // SAFETY: the driver made this thread to run this routine with this context.
            unsafe { routine(context as PVOID) };
            super::push_lock::check_thread_end();
            ended.set();
        });
        STATUS_SUCCESS
    }

    unsafe fn ObReferenceObjectByHandle(
        handle: PVOID,
        _access: u32,
        _object_type: PVOID,
        _mode: i8,
        object: *mut PVOID,
        _information: PVOID
    ) -> NTSTATUS {
        require_irql("ObReferenceObjectByHandle", PASSIVE_LEVEL);
        if system().subsystem::<DispatcherObjects>().find(handle as usize).is_none() {
            return STATUS_INVALID_HANDLE;
        }
        // SAFETY: the caller gives room for the object.
        unsafe { object.write(handle) };
        STATUS_SUCCESS
    }

    unsafe fn ObfDereferenceObject(_object: PVOID) -> isize {
        0
    }

    unsafe fn ZwClose(handle: PVOID) -> NTSTATUS {
        require_irql("ZwClose", PASSIVE_LEVEL);
        match system().subsystem::<DispatcherObjects>().find(handle as usize) {
            Some(_) => STATUS_SUCCESS,
            None => STATUS_INVALID_HANDLE,
        }
    }
}

exports! { PsCreateSystemThread, ObReferenceObjectByHandle, ObfDereferenceObject, ZwClose }
