//! `WdfIoQueueCreate`.

use super::super::callback::Registered;
use super::super::device::{self, DeviceHost};
use super::super::entry::{enter, required};
use super::super::kind::ObjectKind;
use super::super::object::{self, Hooks};
use super::callback_lock::{CallbackLock, Scope};
use super::queue::{IoQueue, QueueState, queue};
use super::queue_power::Power;
use crate::executive::{Event, EventKind};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_INVALID_PARAMETER_4, STATUS_SUCCESS, STATUS_UNSUCCESSFUL,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    STATUS_WDF_NO_CALLBACK, WDF_DRIVER_GLOBALS, WDF_IO_QUEUE_CONFIG, WDF_OBJECT_ATTRIBUTES,
    WDFDEVICE, WDFOBJECT, WDFQUEUE, WdfFalse, WdfIoQueueDispatchInvalid, WdfIoQueueDispatchManual,
    WdfIoQueueDispatchMax, WdfIoQueueDispatchParallel, WdfTrue, WdfUseDefault,
};
use parking_lot::Mutex;
use std::mem::offset_of;
use std::sync::{Arc, OnceLock};

/// The sizes that the structure had: before KMDF 1.9, and before 1.13.
const SIZE_1_7: usize = offset_of!(WDF_IO_QUEUE_CONFIG, Settings);
const SIZE_1_9: usize = offset_of!(WDF_IO_QUEUE_CONFIG, Driver);

/// Copies a configuration of whatever size; what a shorter one lacks has its default.
///
/// # Safety
/// `config` is valid for as many bytes as its `Size` says.
unsafe fn copy_config(config: *const WDF_IO_QUEUE_CONFIG) -> Result<WDF_IO_QUEUE_CONFIG, NTSTATUS> {
    // SAFETY: the caller's promise; every form begins with its size.
    let size = unsafe { config.cast::<u32>().read() } as usize;
    if ![SIZE_1_7, SIZE_1_9, size_of::<WDF_IO_QUEUE_CONFIG>()].contains(&size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    let mut copy = WDF_IO_QUEUE_CONFIG::init(WdfIoQueueDispatchParallel);
    let to = (&raw mut copy).cast::<u8>();
    // SAFETY: the caller's promise; the copy is at least as long.
    unsafe { to.copy_from_nonoverlapping(config.cast(), size) };
    Ok(copy)
}

fn check(config: &WDF_IO_QUEUE_CONFIG) -> Result<(), NTSTATUS> {
    let kind = config.DispatchType;
    if kind <= WdfIoQueueDispatchInvalid || kind >= WdfIoQueueDispatchMax {
        return Err(STATUS_INVALID_PARAMETER);
    }
    let has_callback = config.EvtIoDefault.is_some()
        || config.EvtIoRead.is_some()
        || config.EvtIoWrite.is_some()
        || config.EvtIoDeviceControl.is_some()
        || config.EvtIoInternalDeviceControl.is_some();
    let manual = kind == WdfIoQueueDispatchManual;
    if !manual && !has_callback {
        return Err(STATUS_WDF_NO_CALLBACK);
    }
    if manual && has_callback {
        return Err(STATUS_INVALID_PARAMETER);
    }
    // SAFETY: the union has one member.
    let presented = unsafe { config.Settings.Parallel }.NumberOfPresentedRequests;
    let of_longer_form = config.Size as usize > SIZE_1_7;
    if of_longer_form && kind != WdfIoQueueDispatchParallel && presented != 0 {
        return Err(STATUS_INVALID_PARAMETER);
    }
    if ![WdfFalse, WdfTrue, WdfUseDefault].contains(&config.PowerManaged) {
        return Err(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

/// What serialises the callbacks of a queue, and where they run.
struct Callbacks {
    passive: bool,
    lock: Option<Arc<CallbackLock>>,
}

fn build(
    device: &'static DeviceHost,
    config: WDF_IO_QUEUE_CONFIG,
    callbacks: Callbacks,
    internal: bool,
) -> &'static IoQueue {
    let by_default = !device.is_filter();
    let wanted = match config.PowerManaged {
        WdfTrue => true,
        WdfFalse => false,
        _ => by_default,
    };
    let power_managed = wanted && !device.is_control();
    let power = if power_managed && !device.io.is_powered() {
        Power::Off
    } else {
        Power::On
    };
    Box::leak(Box::new(IoQueue {
        handle: OnceLock::new(),
        device,
        config: Registered(config),
        power_managed,
        internal,
        passive: callbacks.passive,
        object_lock: callbacks
            .lock
            .clone()
            .unwrap_or_else(|| Arc::new(CallbackLock::new(callbacks.passive))),
        lock: callbacks.lock,
        state: Mutex::new(QueueState {
            accepts: true,
            dispatches: true,
            power,
            ..QueueState::default()
        }),
        power_idle: Event::new(EventKind::Notification, false),
        finished: Event::new(EventKind::Notification, false),
        dpc: OnceLock::new(),
    }))
}

/// The framework's own queue of a device's create requests.
pub(super) fn internal_queue(device: &'static DeviceHost) -> &'static IoQueue {
    let config = WDF_IO_QUEUE_CONFIG {
        PowerManaged: WdfFalse,
        ..WDF_IO_QUEUE_CONFIG::init(WdfIoQueueDispatchManual)
    };
    let constraints = device.constraints();
    let callbacks = Callbacks {
        passive: constraints.passive,
        lock: device.io.lock_for(constraints.scope),
    };
    build(device, config, callbacks, true)
}

fn create(
    device: &'static DeviceHost,
    config: WDF_IO_QUEUE_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFQUEUE, NTSTATUS> {
    if config.DefaultQueue != 0 {
        // It comes before the device is started or, for a control device, finished.
        if !device.takes_default_queue() {
            return Err(STATUS_INVALID_DEVICE_STATE);
        }
    }
    check(&config)?;
    // SAFETY: null or the driver's attributes.
    let constraints = device
        .constraints()
        .overridden(unsafe { attributes.as_ref() });
    let lock = match constraints.scope {
        Scope::Queue => Some(Arc::new(CallbackLock::new(constraints.passive))),
        scope => device.io.lock_for(scope),
    };
    let callbacks = Callbacks {
        passive: constraints.passive,
        lock,
    };
    let new = build(device, config, callbacks, false);
    let parent = Some(device.handle().cast());
    let handle = object::create_object(ObjectKind::IoQueue, parent, attributes, Box::new(new))?;
    new.handle
        .set(handle as usize)
        .expect("a new queue has no handle");
    object::set_hooks(
        handle,
        Hooks {
            dispose: Some(dispose),
            destroy: None,
        },
    );
    device.io.add_queue(new);
    if config.DefaultQueue != 0 {
        if !device.io.set_default(new) {
            object::silence(handle);
            object::delete_object(handle);
            return Err(STATUS_UNSUCCESSFUL);
        }
        object::forbid_driver_deletion(handle);
    }
    Ok(handle.cast())
}

fn dispose(handle: WDFOBJECT) {
    let queue = queue(handle.cast());
    queue.device.io.remove_queue(queue);
    queue.dispose();
}

nt_export! {
    pub unsafe fn wdf_io_queue_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        device: WDFDEVICE,
        config: *mut WDF_IO_QUEUE_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFQUEUE,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueCreate";
        enter(globals, NAME);
        let device = device::device(device);
        // SAFETY: *WdfIoQueueCreate function*: the driver's own structure.
        unsafe { required(config, NAME, "Config") };
        // SAFETY: as above; its size says how long it is.
        let config = match unsafe { copy_config(config) } {
            Ok(config) => config,
            Err(status) => return status,
        };
        if config.DefaultQueue == 0 && result.is_null() {
            return STATUS_INVALID_PARAMETER_4;
        }
        match create(device, config, attributes) {
            Ok(queue) => {
                // SAFETY: null or the address of a location that receives the handle.
                if let Some(result) = unsafe { result.as_mut() } {
                    *result = queue;
                }
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }
}
