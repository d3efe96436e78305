//! Driver and device: a software NIC without hardware of its own.

use crate::adapter;
use crate::breaks::{BREAKS, Hands, Moment};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use netadapter_abi::net::NETCONFIGURATION;
use netadapter_abi::nt::{
    self, DRIVER_OBJECT, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, NTSTATUS, PVOID,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_SUCCESS, UNICODE_STRING, nt_success,
};
use netadapter_abi::wdf::{
    WDF_DRIVER_CONFIG, WDF_OBJECT_ATTRIBUTES, WDF_PNPPOWER_EVENT_CALLBACKS, WDFCMRESLIST,
    WDFDEVICE, WDFDEVICE_INIT, WDFDRIVER,
};
use netadapter_abi::{net_call, nt_export, wdf_call};

/// The deed to do, by position, twice that if it is to be done right, and one more if wrong; none
/// when out of range. One device is served at a time.
static CHOSEN: AtomicUsize = AtomicUsize::new(usize::MAX);
static DEVICE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
static PROCESSOR_CALLBACK: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Does the chosen deed if this is its moment.
pub fn moment(moment: Moment, object: *mut c_void) {
    let chosen = CHOSEN.load(Ordering::Relaxed);
    let Some(deed) = BREAKS.get(chosen / 2).filter(|deed| deed.moment == moment) else {
        return;
    };
    let hands = Hands {
        device: DEVICE.load(Ordering::Relaxed).cast(),
        adapter: adapter::handle(),
        object,
    };
    (deed.deed)(hands, chosen % 2 == 1);
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
        let mut status = STATUS_SUCCESS;
        moment(Moment::QueryStop, (&raw mut status).cast());
        status
    }
}

/// The deed whose keyword is set, as [`CHOSEN`] holds it.
fn read_choice(device: WDFDEVICE) -> usize {
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
        return usize::MAX;
    }
    let chosen = BREAKS.iter().enumerate().find_map(|(position, deed)| {
        let wrong = read_keyword(configuration, deed.keyword)?;
        Some(2 * position + wrong as usize)
    });
    // SAFETY: the configuration is open, and closed once.
    unsafe { net_call!(NetConfigurationClose, configuration) };
    chosen.unwrap_or(usize::MAX)
}

/// A keyword, by its NUL-terminated name.
fn read_keyword(configuration: NETCONFIGURATION, keyword: &'static [u16]) -> Option<u32> {
    let bytes = size_of_val(keyword) as u16;
    let name = UNICODE_STRING {
        Length: bytes - 2,
        MaximumLength: bytes,
        Buffer: keyword.as_ptr().cast_mut(),
    };
    let mut value = 0;
    // SAFETY: the configuration is open; name and value are valid.
    let status = unsafe {
        net_call!(
            NetConfigurationQueryUlong,
            configuration,
            0,
            &name,
            &mut value
        )
    };
    nt_success(status).then_some(value)
}
