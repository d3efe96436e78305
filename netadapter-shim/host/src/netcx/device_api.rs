//! Functions of NetAdapterCx that concern a device.

use super::call::Call;
use super::class::class;
use super::device::NetDevice;
use super::{reset, rules};
use crate::wdf;
use netadapter_abi::net::{NET_DEVICE_RESET_CAPABILITIES, NET_DRIVER_GLOBALS, index};
use netadapter_abi::nt::NTSTATUS;
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDFDEVICE, WDFDEVICE_INIT};
use std::sync::Arc;

/// The most that a driver may tell about its broken device, in bytes.
const DIAGNOSTICS_BYTES: usize = 1 << 20;

/// The device of a handle; the machine stops if it is none of NetAdapterCx.
pub(super) fn net_device(call: &Call, device: WDFDEVICE) -> Arc<NetDevice> {
    let found = class().devices.lock().get(&(device as usize)).cloned();
    found.unwrap_or_else(|| {
        call.broken(
            &wdf::rules::WDF_INVALID_HANDLE,
            "the device was not made for NetAdapterCx",
        )
    })
}

nt_export! {
    pub(super) unsafe fn init_config(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetDeviceInitConfig, globals);
        call.required("DeviceInit", init);
        let device = Arc::<NetDevice>::default();
        class().announced.lock().insert(init as usize, device);
        let address = init as usize;
        wdf::device_init_mark_netcx(init, Box::new(move |handle| {
            let device = class().announced.lock().remove(&address).expect("it was just announced");
            device.attach(handle);
            class().devices.lock().insert(handle as usize, device.clone());
            device
        }))
    }

    pub(super) unsafe fn init_set_reset_capabilities(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut WDFDEVICE_INIT,
        capabilities: *const NET_DEVICE_RESET_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetDeviceInitSetResetCapabilities, globals);
        call.required("DeviceInit", init);
        let capabilities = call.copy_sized("ResetCapabilities", capabilities);
        let device = class().announced.lock().get(&(init as usize)).cloned();
        let Some(device) = device else {
            call.broken(&wdf::rules::WDF_INVALID_HANDLE, "NetDeviceInitConfig comes first")
        };
        device.reset.set_collect(capabilities.EvtNetDeviceCollectResetDiagnostics);
    }

    pub(super) unsafe fn request_reset(globals: *mut NET_DRIVER_GLOBALS, device: WDFDEVICE) {
        let call = Call::at_passive(index::NetDeviceRequestReset, globals);
        reset::request(net_device(&call, device));
    }

    pub(super) unsafe fn store_reset_diagnostics(
        globals: *mut NET_DRIVER_GLOBALS,
        device: WDFDEVICE,
        bytes: usize,
        buffer: *const u8,
    ) {
        let call = Call::at_passive(index::NetDeviceStoreResetDiagnostics, globals);
        let device = net_device(&call, device);
        let rule = &rules::IS_NOT_COLLECTING_RESET_DIAGNOSTICS;
        call.require(device.reset.is_collecting_here(), rule, "called outside of the callback");
        let rule = &rules::RESET_DIAGNOSTICS_SIZE_TOO_LARGE;
        call.require(bytes <= DIAGNOSTICS_BYTES, rule, &format!("{bytes} bytes of diagnostics"));
        let buffer = call.required("ResetDiagnosticsBuffer", buffer);
        // SAFETY: the driver passes a buffer of that many bytes.
        let diagnostics = unsafe { std::slice::from_raw_parts(buffer, bytes) }.to_vec();
        let rule = &rules::IS_NOT_COLLECTING_RESET_DIAGNOSTICS;
        call.require(device.reset.store(diagnostics), rule, "called a second time");
    }
}
