//! `WdfDevice…` functions about queues.

use super::super::device;
use super::super::entry::enter;
use super::super::object;
use super::queue::queue;
use netadapter_abi::nt::{
    NTSTATUS, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER,
    STATUS_SUCCESS,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    STATUS_WDF_BUSY, WDF_DRIVER_GLOBALS, WDF_REQUEST_TYPE, WDFDEVICE, WDFQUEUE,
    WdfRequestTypeCreate, WdfRequestTypeDeviceControl, WdfRequestTypeDeviceControlInternal,
    WdfRequestTypeRead, WdfRequestTypeWrite,
};

/// The requests that can be given to a queue.
const ROUTABLE: [WDF_REQUEST_TYPE; 5] = [
    WdfRequestTypeCreate,
    WdfRequestTypeRead,
    WdfRequestTypeWrite,
    WdfRequestTypeDeviceControl,
    WdfRequestTypeDeviceControlInternal,
];

nt_export! {
    pub unsafe fn wdf_device_get_default_queue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
    ) -> WDFQUEUE {
        enter(globals, "WdfDeviceGetDefaultQueue");
        let default = device::device(handle).io.default_queue();
        default.map_or(std::ptr::null_mut(), |queue| queue.handle())
    }

    pub unsafe fn wdf_device_configure_request_dispatching(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        destination: WDFQUEUE,
        kind: WDF_REQUEST_TYPE,
    ) -> NTSTATUS {
        enter(globals, "WdfDeviceConfigureRequestDispatching");
        let device = device::device(handle);
        let queue = queue(destination);
        if !ROUTABLE.contains(&kind) {
            return STATUS_INVALID_PARAMETER;
        }
        if !std::ptr::eq(queue.device, &**device) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        if !device.takes_default_queue() {
            return STATUS_INVALID_DEVICE_STATE;
        }
        let is_default = device.io.default_queue().is_some_and(|own| std::ptr::eq(own, queue));
        if is_default || !queue.handles(kind) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        if device.io.assign(kind, queue) {
            // Requests come by themselves, so the queue stays as long as the device.
            object::forbid_driver_deletion(queue.handle().cast());
            STATUS_SUCCESS
        } else {
            STATUS_WDF_BUSY
        }
    }
}
