//! DPC objects.

use super::callback::guarded;
use super::entry::{enter_any, has_size, required, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use crate::executive::{HostDpc, flush_dpcs, processor, require_irql, system};
use netadapter_abi::nt::{
    BOOLEAN, DISPATCH_LEVEL, NTSTATUS, PASSIVE_LEVEL, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DPC_CONFIG, WDF_DRIVER_GLOBALS, WDF_OBJECT_ATTRIBUTES, WDFDPC, WDFOBJECT,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A DPC object.
struct DpcObject {
    /// Enqueued by the driver, and neither run nor cancelled since.
    queued: AtomicBool,
    dpc: OnceLock<Arc<HostDpc>>,
}

fn dpc_object(handle: WDFDPC) -> &'static DpcObject {
    object::payload(handle.cast(), ObjectKind::Dpc)
}

impl DpcObject {
    fn enqueue(&self) -> bool {
        if self.queued.swap(true, Ordering::AcqRel) {
            return false;
        }
        if let Some(dpc) = self.dpc.get() {
            // One that a cancelled request left in a queue serves this request too.
            dpc.queue(system());
        }
        true
    }

    fn cancel(&self) -> bool {
        self.queued.swap(false, Ordering::AcqRel)
    }
}

fn create(
    config: &WDF_DPC_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFDPC, NTSTATUS> {
    if !has_size::<WDF_DPC_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    let routine = config.EvtDpcFunc.ok_or(STATUS_INVALID_PARAMETER)?;
    let payload = Box::new(DpcObject {
        queued: AtomicBool::new(false),
        dpc: OnceLock::new(),
    });
    let handle = object::create_object(ObjectKind::Dpc, None, attributes, payload)?;
    if object::ancestor(handle, ObjectKind::Device).is_none() {
        object::delete_object(handle);
        return Err(STATUS_INVALID_DEVICE_REQUEST);
    }
    object::set_hooks(
        handle,
        Hooks {
            dispose: Some(dispose),
            destroy: None,
        },
    );
    let object = dpc_object(handle.cast());
    let address = handle as usize;
    let dpc = HostDpc::new(move || {
        if object.queued.swap(false, Ordering::AcqRel) {
            guarded("EvtDpcFunc", || {
                // SAFETY: a DPC that is queued is cancelled before its object goes.
                unsafe { routine(address as WDFDPC) }
            });
        }
    });
    object
        .dpc
        .set(dpc)
        .unwrap_or_else(|_| unreachable!("a new object has no DPC"));
    Ok(handle.cast())
}

/// Before a DPC object goes, it is cancelled, and a run that has begun ends where that can be
/// waited for.
fn dispose(handle: WDFOBJECT) {
    dpc_object(handle.cast()).cancel();
    if processor().irql() == PASSIVE_LEVEL {
        flush_dpcs(system());
    }
}

nt_export! {
    pub(super) unsafe fn wdf_dpc_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        config: *mut WDF_DPC_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFDPC,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDpcCreate";
        enter_any(globals, NAME);
        require_irql(NAME, DISPATCH_LEVEL);
        // SAFETY: *WdfDpcCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Config") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "Dpc") };
        match create(config, attributes) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_dpc_enqueue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDPC,
    ) -> BOOLEAN {
        enter_any(globals, "WdfDpcEnqueue");
        dpc_object(handle).enqueue().into()
    }

    pub(super) unsafe fn wdf_dpc_cancel(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDPC,
        wait: BOOLEAN,
    ) -> BOOLEAN {
        const NAME: &str = "WdfDpcCancel";
        enter_any(globals, NAME);
        let cancelled = dpc_object(handle).cancel();
        if wait != 0 {
            require_irql(NAME, PASSIVE_LEVEL);
            flush_dpcs(system());
        }
        cancelled.into()
    }

    pub(super) unsafe fn wdf_dpc_get_parent_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDPC,
    ) -> WDFOBJECT {
        enter_any(globals, "WdfDpcGetParentObject");
        dpc_object(handle);
        object::parent(handle.cast()).unwrap_or(std::ptr::null_mut())
    }
}
