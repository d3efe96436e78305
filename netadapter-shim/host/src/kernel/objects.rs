//! Objects of the object manager: handles and references that the driver holds.

use super::dispatcher::dispatcher;
use super::exports;
use super::rules;
use crate::executive::{require_irql, system, violation};
use netadapter_abi::nt::{
    DISPATCH_LEVEL, NTSTATUS, PASSIVE_LEVEL, PVOID, STATUS_INVALID_HANDLE, STATUS_SUCCESS,
    STATUS_TIMEOUT,
};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashMap;

/// What a handle leads to.
#[derive(Clone)]
pub(super) enum Target {
    /// A thread or event, by the address of its object.
    Dispatcher(usize),
}

#[derive(Default)]
struct Tables {
    handles: HashMap<usize, Target>,
    made: usize,
    /// References that the driver holds, by object.
    references: HashMap<usize, usize>,
}

/// Handles and references of the driver.
#[derive(Default)]
pub(super) struct Objects(Mutex<Tables>);

/// Handles of the kernel have the upper bits set and are multiples of four.
const FIRST_HANDLE: usize = 0xFFFF_FFFF_8000_0000;

impl Objects {
    /// Makes a handle.
    pub(super) fn open(&self, target: Target) -> PVOID {
        let mut tables = self.0.lock();
        tables.made += 1;
        let handle = FIRST_HANDLE + 4 * tables.made;
        tables.handles.insert(handle, target);
        handle as PVOID
    }

    /// What an open handle leads to.
    pub(super) fn target(&self, handle: PVOID) -> Option<Target> {
        self.0.lock().handles.get(&(handle as usize)).cloned()
    }

    fn close(&self, handle: PVOID) -> bool {
        self.0.lock().handles.remove(&(handle as usize)).is_some()
    }

    /// One more reference; how many there are then.
    fn reference(&self, object: usize) -> usize {
        let mut tables = self.0.lock();
        let count = tables.references.entry(object).or_default();
        *count += 1;
        *count
    }

    /// One reference less; how many are left, or nothing if there was none.
    fn dereference(&self, object: usize) -> Option<usize> {
        let mut tables = self.0.lock();
        let count = tables.references.get_mut(&object)?;
        *count -= 1;
        let left = *count;
        if left == 0 {
            tables.references.remove(&object);
        }
        Some(left)
    }

    /// Handles that are open, and references that are held.
    pub(super) fn held(&self) -> (usize, usize) {
        let tables = self.0.lock();
        (tables.handles.len(), tables.references.values().sum())
    }
}

pub(super) fn objects() -> &'static Objects {
    system().subsystem()
}

fn close(function: &str, handle: PVOID) -> NTSTATUS {
    require_irql(function, PASSIVE_LEVEL);
    if !objects().close(handle) {
        violation(
            &rules::INVALID_KERNEL_HANDLE,
            format!("{function}: {handle:p} is no open handle"),
        );
    }
    STATUS_SUCCESS
}

nt_export! {
    unsafe fn ObReferenceObjectByHandle(
        handle: PVOID,
        _access: u32,
        _object_type: PVOID,
        _mode: i8,
        object: *mut PVOID,
        _information: PVOID
    ) -> NTSTATUS {
        require_irql("ObReferenceObjectByHandle", PASSIVE_LEVEL);
        let address = match objects().target(handle) {
            Some(Target::Dispatcher(address)) => address,
            None => return STATUS_INVALID_HANDLE,
        };
        objects().reference(address);
        // SAFETY: the caller gives room for the object.
        unsafe { object.write(address as PVOID) };
        STATUS_SUCCESS
    }

    unsafe fn ObfReferenceObject(object: PVOID) -> isize {
        require_irql("ObReferenceObject", DISPATCH_LEVEL);
        objects().reference(object as usize) as isize
    }

    unsafe fn ObfDereferenceObject(object: PVOID) -> isize {
        require_irql("ObDereferenceObject", DISPATCH_LEVEL);
        let left = objects().dereference(object as usize);
        left.unwrap_or_else(|| {
            violation(
                &rules::REFERENCE_BY_POINTER,
                format!("the driver holds no reference to the object at {object:p}"),
            )
        }) as isize
    }

    unsafe fn ZwClose(handle: PVOID) -> NTSTATUS {
        close("ZwClose", handle)
    }

    unsafe fn ObCloseHandle(handle: PVOID, _mode: i8) -> NTSTATUS {
        close("ObCloseHandle", handle)
    }

    unsafe fn ZwWaitForSingleObject(
        handle: PVOID,
        _alertable: u8,
        timeout: *const i64
    ) -> NTSTATUS {
        require_irql("ZwWaitForSingleObject", PASSIVE_LEVEL);
        let Some(Target::Dispatcher(object)) = objects().target(handle) else {
            return STATUS_INVALID_HANDLE;
        };
        // SAFETY: a timeout that is given points to a LARGE_INTEGER.
        let timeout = unsafe { timeout.as_ref() };
        let timeout_ns = timeout.map(|&timeout| super::dispatcher::interval_ns(timeout));
        match dispatcher().wait(&[object], false, timeout_ns) {
            Some(_) => STATUS_SUCCESS,
            None => STATUS_TIMEOUT,
        }
    }
}

exports! {
    ObReferenceObjectByHandle, ObfReferenceObject, ObfDereferenceObject, ZwClose, ObCloseHandle,
    ZwWaitForSingleObject,
}
