//! Driver and device: a software NIC without hardware of its own.

use crate::adapter;
use crate::breaks::{BREAKS, Hands, Moment};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use netadapter_abi::nt::{
    self, DRIVER_OBJECT, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, NTSTATUS, PVOID,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_SUCCESS, STATUS_UNSUCCESSFUL, UNICODE_STRING, nt_success,
};
use netadapter_abi::wdf::{
    WDF_DRIVER_CONFIG, WDF_OBJECT_ATTRIBUTES, WDF_PNPPOWER_EVENT_CALLBACKS, WDFCMRESLIST,
    WDFDEVICE, WDFDEVICE_INIT, WDFDRIVER,
};
use netadapter_abi::{net_call, nt_export, utf16, wdf_call};

/// The rule to break, by position; none when out of range. One device is served at a time.
static CHOSEN: AtomicU32 = AtomicU32::new(u32::MAX);
static DEVICE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
static PROCESSOR_CALLBACK: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Breaks the chosen rule if this is its moment; whether it was.
pub fn moment(moment: Moment, object: *mut c_void) -> bool {
    let chosen = BREAKS.get(CHOSEN.load(Ordering::Relaxed) as usize);
    let Some(chosen) = chosen.filter(|chosen| chosen.moment == moment) else {
        return false;
    };
    (chosen.deed)(Hands {
        device: DEVICE.load(Ordering::Relaxed).cast(),
        adapter: adapter::handle(),
        object,
    });
    true
}

/// The driver's own entry.
///
/// # Safety
/// The arguments are those that the I/O manager gives to DriverEntry.
pub unsafe fn driver_entry(
    driver: *mut DRIVER_OBJECT,
    registry_path: *mut UNICODE_STRING,
) -> NTSTATUS {
    let mut config = WDF_DRIVER_CONFIG::init(Some(device_add));
    config.EvtDriverUnload = Some(unload);
    // SAFETY: the arguments are those of DriverEntry, and the configuration is valid.
    let status = unsafe {
        wdf_call!(
            WdfDriverCreate,
            driver,
            registry_path,
            null_mut(),
            &mut config,
            null_mut()
        )
    };
    if !nt_success(status) {
        return status;
    }
    // SAFETY: the callback stays registered until the driver is unloaded.
    let handle =
        unsafe { nt::KeRegisterProcessorChangeCallback(Some(processor_change), null_mut(), 0) };
    PROCESSOR_CALLBACK.store(handle, Ordering::Relaxed);
    if handle.is_null() {
        STATUS_INSUFFICIENT_RESOURCES
    } else {
        STATUS_SUCCESS
    }
}

nt_export! {
    unsafe fn unload(_driver: WDFDRIVER) {
        // SAFETY: the handle came from the registration, and is given back once.
        unsafe { nt::KeDeregisterProcessorChangeCallback(PROCESSOR_CALLBACK.load(Ordering::Relaxed)) };
    }

    unsafe fn processor_change(
        _context: PVOID,
        change: *mut KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT,
        _status: *mut NTSTATUS
    ) {
        moment(Moment::ProcessorChange, change.cast());
    }

    unsafe fn device_add(_driver: WDFDRIVER, init: *mut WDFDEVICE_INIT) -> NTSTATUS {
        // SAFETY: the init comes from the framework.
        let status = unsafe { net_call!(NetDeviceInitConfig, init) };
        if !nt_success(status) {
            return status;
        }
        let mut callbacks = WDF_PNPPOWER_EVENT_CALLBACKS::init();
        callbacks.EvtDevicePrepareHardware = Some(prepare_hardware);
        callbacks.EvtDeviceQueryStop = Some(query_stop);
        // SAFETY: init and callbacks are valid.
        unsafe { wdf_call!(WdfDeviceInitSetPnpPowerEventCallbacks, init, &mut callbacks) };
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        let (mut init, mut device) = (init, null_mut());
        // SAFETY: all arguments are valid.
        let status =
            unsafe { wdf_call!(WdfDeviceCreate, &mut init, &mut attributes, &mut device) };
        if !nt_success(status) {
            return status;
        }
        DEVICE.store(device.cast(), Ordering::Relaxed);
        CHOSEN.store(read_choice(device), Ordering::Relaxed);
        adapter::create(device)
    }

    unsafe fn prepare_hardware(
        _device: WDFDEVICE,
        _raw: WDFCMRESLIST,
        _translated: WDFCMRESLIST
    ) -> NTSTATUS {
        moment(Moment::PrepareHardware, null_mut());
        let status = adapter::start();
        if nt_success(status) {
            moment(Moment::Started, null_mut());
        }
        status
    }

    unsafe fn query_stop(_device: WDFDEVICE) -> NTSTATUS {
        match moment(Moment::QueryStop, null_mut()) {
            true => STATUS_UNSUCCESSFUL,
            false => STATUS_SUCCESS,
        }
    }
}

/// Keyword `Break`; a number that no rule has if it is absent.
fn read_choice(device: WDFDEVICE) -> u32 {
    let mut configuration = null_mut();
    // SAFETY: the device is valid, and there is room for the handle.
    let status = unsafe {
        net_call!(
            NetDeviceOpenConfiguration,
            device,
            null_mut(),
            &mut configuration
        )
    };
    if !nt_success(status) {
        return u32::MAX;
    }
    let units = utf16!("Break");
    let bytes = (units.len() as u16 - 1) * 2;
    let name = UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes + 2,
        Buffer: units.as_ptr().cast_mut(),
    };
    let mut value = u32::MAX;
    // SAFETY: the configuration is open; name and value are valid.
    unsafe {
        net_call!(
            NetConfigurationQueryUlong,
            configuration,
            0,
            &name,
            &mut value
        )
    };
    // SAFETY: the configuration is open, and closed once.
    unsafe { net_call!(NetConfigurationClose, configuration) };
    value
}
