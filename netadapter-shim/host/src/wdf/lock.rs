//! Spin locks and wait locks.

use super::device;
use super::driver;
use super::entry::{enter, enter_any, required_out};
use super::io::{CallbackLock, queue_lock};
use super::kind::ObjectKind;
use super::object;
use super::rules;
use crate::executive::{
    Event, EventKind, SpinLock, WaitOutcome, processor, require_irql, system, violation,
};
use netadapter_abi::nt::{
    DISPATCH_LEVEL, KIRQL, LONGLONG, NTSTATUS, PASSIVE_LEVEL, STATUS_SUCCESS, STATUS_TIMEOUT,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFOBJECT, WDFSPINLOCK, WDFWAITLOCK,
};
use std::any::Any;
use std::sync::atomic::{AtomicU8, Ordering};

/// Nanoseconds in the unit of Windows' time intervals.
const INTERVAL_UNIT_NS: u64 = 100;

/// A WDFSPINLOCK.
#[derive(Default)]
struct SpinLockObject {
    lock: SpinLock,
    /// IRQL before the lock was taken; written by the holder.
    irql_before: AtomicU8,
}

/// A WDFWAITLOCK: signalled while nobody holds it.
struct WaitLockObject {
    free: Event,
}

fn spin_lock(handle: WDFSPINLOCK) -> &'static SpinLockObject {
    object::payload(handle.cast(), ObjectKind::SpinLock)
}

fn wait_lock(handle: WDFWAITLOCK) -> &'static WaitLockObject {
    object::payload(handle.cast(), ObjectKind::WaitLock)
}

fn create(
    globals: *mut WDF_DRIVER_GLOBALS,
    kind: ObjectKind,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
    payload: Box<dyn Any + Send + Sync>,
    result: &mut WDFOBJECT,
) -> NTSTATUS {
    match object::create_object(kind, driver::driver_of(globals), attributes, payload) {
        Ok(handle) => {
            *result = handle;
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

/// How long a wait lasts; nothing for ever. Absolute times lie in a calendar that the machine
/// does not have, so they have passed.
fn timeout_ns(timeout: Option<&LONGLONG>) -> Option<u64> {
    timeout.map(|&timeout| match timeout {
        0.. => 0,
        relative => relative.unsigned_abs().saturating_mul(INTERVAL_UNIT_NS),
    })
}

/// The callback lock of a device or queue, the only objects that have one.
fn object_lock(handle: WDFOBJECT, function: &str) -> &'static CallbackLock {
    let lock = if object::is_alive(handle, ObjectKind::Device) {
        device::device(handle.cast()).io.object_lock()
    } else if object::is_alive(handle, ObjectKind::IoQueue) {
        queue_lock(handle.cast())
    } else {
        violation(
            &rules::WDF_INVALID_LOCK_OPERATION,
            format!("{function}: only devices and queues have a callback lock"),
        )
    };
    if lock.is_passive() {
        require_irql(function, PASSIVE_LEVEL);
    }
    lock
}

nt_export! {
    pub(super) unsafe fn wdf_object_acquire_lock(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
    ) {
        const NAME: &str = "WdfObjectAcquireLock";
        enter(globals, NAME);
        object_lock(handle, NAME).acquire();
    }

    pub(super) unsafe fn wdf_object_release_lock(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFOBJECT,
    ) {
        const NAME: &str = "WdfObjectReleaseLock";
        enter(globals, NAME);
        object_lock(handle, NAME).release();
    }

    pub(super) unsafe fn wdf_spin_lock_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFSPINLOCK,
    ) -> NTSTATUS {
        const NAME: &str = "WdfSpinLockCreate";
        enter(globals, NAME);
        // SAFETY: *WdfSpinLockCreate function*: the location that receives the handle.
        let result = unsafe { required_out(result.cast::<WDFOBJECT>(), NAME, "SpinLock") };
        let payload = Box::new(SpinLockObject::default());
        create(globals, ObjectKind::SpinLock, attributes, payload, result)
    }

    pub(super) unsafe fn wdf_spin_lock_acquire(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFSPINLOCK,
    ) {
        enter(globals, "WdfSpinLockAcquire");
        let object = spin_lock(handle);
        let before: KIRQL = processor().raise_irql(DISPATCH_LEVEL);
        let index = processor().index();
        if object.lock.holder() == Some(index) {
            violation(
                &rules::WDF_RECURSIVE_LOCK,
                "WdfSpinLockAcquire: this processor holds the lock already".to_owned(),
            );
        }
        object.lock.acquire(system(), index);
        object.irql_before.store(before, Ordering::Relaxed);
    }

    pub(super) unsafe fn wdf_spin_lock_release(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFSPINLOCK,
    ) {
        enter(globals, "WdfSpinLockRelease");
        let object = spin_lock(handle);
        let before = object.irql_before.load(Ordering::Relaxed);
        if !object.lock.release(processor().index()) {
            violation(
                &rules::WDF_INVALID_LOCK_OPERATION,
                "WdfSpinLockRelease: this processor does not hold the lock".to_owned(),
            );
        }
        processor().lower_irql(before);
    }

    pub(super) unsafe fn wdf_wait_lock_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFWAITLOCK,
    ) -> NTSTATUS {
        const NAME: &str = "WdfWaitLockCreate";
        enter(globals, NAME);
        // SAFETY: *WdfWaitLockCreate function*: the location that receives the handle.
        let result = unsafe { required_out(result.cast::<WDFOBJECT>(), NAME, "Lock") };
        let payload =
            Box::new(WaitLockObject { free: Event::new(EventKind::Synchronization, true) });
        create(globals, ObjectKind::WaitLock, attributes, payload, result)
    }

    /// With a timeout of 0 up to DISPATCH_LEVEL, else below it: the wait itself checks that.
    pub(super) unsafe fn wdf_wait_lock_acquire(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFWAITLOCK,
        timeout: *mut LONGLONG,
    ) -> NTSTATUS {
        enter_any(globals, "WdfWaitLockAcquire");
        // SAFETY: *WdfWaitLockAcquire function*: null or the driver's own value.
        let timeout = timeout_ns(unsafe { timeout.as_ref() });
        match wait_lock(handle).free.wait_for(timeout) {
            WaitOutcome::Signalled => STATUS_SUCCESS,
            WaitOutcome::TimedOut => STATUS_TIMEOUT,
        }
    }

    pub(super) unsafe fn wdf_wait_lock_release(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFWAITLOCK,
    ) {
        enter(globals, "WdfWaitLockRelease");
        if wait_lock(handle).free.set() {
            violation(
                &rules::WDF_INVALID_LOCK_OPERATION,
                "WdfWaitLockRelease: nobody holds the lock".to_owned(),
            );
        }
    }
}
