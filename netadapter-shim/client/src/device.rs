//! The device: its callbacks for Plug and Play and power, and what a driver asks of it.

use core::marker::PhantomData;
use core::ptr::null_mut;

use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::wdf::{
    WDF_FDO_EVENT_CALLBACKS, WDF_PNPPOWER_EVENT_CALLBACKS, WDF_POWER_DEVICE_STATE, WDFCMRESLIST,
    WDFDEVICE, WDFDEVICE_INIT, WDFIORESREQLIST,
};
use netadapter_abi::{net_call, nt_export, wdf_call};

use crate::object::{self, ContextType};
use crate::resources::{RequirementsList, Resources};
use crate::status::ntstatus;
use crate::{Result, Status};

/// The driver's data of a device; the methods are the device's callbacks.
///
/// IRQL: PASSIVE_LEVEL for all. The framework runs them one at a time, except
/// [`Self::filter_add_resource_requirements`], which may come at any time.
pub trait Device: ContextType + Send + Sync {
    /// `EvtDevicePrepareHardware`: the device has got these resources. It is called again after each rebalance.
    ///
    /// # Errors
    ///
    /// Any but STATUS_NOT_SUPPORTED; the device then does not start.
    fn prepare_hardware(&self, device: DeviceHandle, resources: &Resources<'_>) -> Result<()>;

    /// `EvtDeviceReleaseHardware`: the resources are going. Also after a failed start, whatever was prepared by then.
    fn release_hardware(&self, device: DeviceHandle);

    /// `EvtDeviceD0Entry`: the device has power; interrupts are not connected yet.
    ///
    /// # Errors
    ///
    /// The device then does not start, or is removed.
    fn d0_entry(&self, device: DeviceHandle) -> Result<()>;

    /// `EvtDeviceD0Exit`: the device loses power; interrupts are disconnected. No DMA may happen after it returns.
    fn d0_exit(&self, device: DeviceHandle);

    /// `EvtDeviceFilterAddResourceRequirements`: what the device is going to ask for may be changed.
    ///
    /// # Errors
    ///
    /// The device then does not start.
    fn filter_add_resource_requirements(
        &self,
        device: DeviceHandle,
        requirements: &mut RequirementsList<'_>,
    ) -> Result<()>;

    /// `EvtDeviceQueryStop`: the device is about to be stopped for a resource rebalance; it still works. There is no
    /// saying no: a driver must never refuse it (*Stopping a Device to Rebalance Resources*).
    fn query_stop(&self, device: DeviceHandle);

    /// `EvtDeviceSelfManagedIoInit`: the device works for the first time.
    ///
    /// # Errors
    ///
    /// The device is then removed.
    fn self_managed_io_init(&self, device: DeviceHandle) -> Result<()>;

    /// `EvtDeviceSelfManagedIoSuspend`: the device is about to lose its power, or to be stopped; the first thing that
    /// happens then.
    fn self_managed_io_suspend(&self, device: DeviceHandle);

    /// `EvtDeviceSelfManagedIoCleanup`: the device is going, once, if [`Self::self_managed_io_init`] was ever called.
    fn self_managed_io_cleanup(&self, device: DeviceHandle);

    /// `EvtDeviceSurpriseRemoval`: the device is gone.
    fn surprise_removal(&self, device: DeviceHandle);
}

/// A device.
#[derive(Clone, Copy)]
pub struct DeviceHandle(WDFDEVICE);

// SAFETY: WDF handles may be used on any thread.
unsafe impl Send for DeviceHandle {}
// SAFETY: as for `Send`; WDF synchronises what it does with the device.
unsafe impl Sync for DeviceHandle {}

impl DeviceHandle {
    /// `NetDeviceRequestReset`: asks for a reset of the device, because it does not work as it should. The framework
    /// collects diagnostics, then resets or removes the device; once in a device's life.
    ///
    /// IRQL: PASSIVE_LEVEL.
    pub fn request_reset(&self) {
        // SAFETY: the handle is valid.
        unsafe { net_call!(NetDeviceRequestReset, self.0) };
    }

    pub(crate) fn raw(&self) -> WDFDEVICE {
        self.0
    }
}

/// A device that is being added.
pub struct DeviceInit<'a> {
    raw: *mut WDFDEVICE_INIT,
    during: PhantomData<&'a ()>,
}

impl DeviceInit<'_> {
    pub(crate) fn new(raw: *mut WDFDEVICE_INIT) -> Self {
        Self {
            raw,
            during: PhantomData,
        }
    }

    /// Creates the device as one of NetAdapterCx, with the callbacks of `D`; `build` makes the driver's data of it.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of the framework or of `build`. The framework then deletes the device.
    pub fn create<D: Device>(self, build: impl FnOnce(DeviceHandle) -> Result<D>) -> Result<()> {
        let mut init = self.raw;
        // SAFETY: `init` is that of the running EvtDriverDeviceAdd, and no device was created from it yet.
        Status::check(unsafe { net_call!(NetDeviceInitConfig, init) })?;
        let mut power = WDF_PNPPOWER_EVENT_CALLBACKS {
            EvtDevicePrepareHardware: Some(prepare_hardware::<D>),
            EvtDeviceReleaseHardware: Some(release_hardware::<D>),
            EvtDeviceD0Entry: Some(d0_entry::<D>),
            EvtDeviceD0Exit: Some(d0_exit::<D>),
            EvtDeviceQueryStop: Some(query_stop::<D>),
            EvtDeviceSelfManagedIoInit: Some(self_managed_io_init::<D>),
            EvtDeviceSelfManagedIoSuspend: Some(self_managed_io_suspend::<D>),
            EvtDeviceSelfManagedIoCleanup: Some(self_managed_io_cleanup::<D>),
            EvtDeviceSurpriseRemoval: Some(surprise_removal::<D>),
            ..WDF_PNPPOWER_EVENT_CALLBACKS::init()
        };
        // SAFETY: `init` is valid; the structure is copied.
        unsafe { wdf_call!(WdfDeviceInitSetPnpPowerEventCallbacks, init, &mut power) };
        let mut filters = WDF_FDO_EVENT_CALLBACKS {
            EvtDeviceFilterAddResourceRequirements: Some(filter_add_resource_requirements::<D>),
            ..WDF_FDO_EVENT_CALLBACKS::init()
        };
        // SAFETY: as before.
        unsafe { wdf_call!(WdfFdoInitSetEventCallbacks, init, &mut filters) };
        let mut attributes = object::attributes::<D>();
        let mut device = null_mut();
        // SAFETY: `init` is valid and configured; attributes and result outlive the call.
        Status::check(unsafe {
            wdf_call!(WdfDeviceCreate, &mut init, &mut attributes, &mut device)
        })?;
        let data = build(DeviceHandle(device))?;
        // SAFETY: the device was created with these attributes; its callbacks come only after EvtDriverDeviceAdd.
        unsafe { object::emplace(device.cast(), data) };
        Ok(())
    }
}

/// The driver's data of a device in one of its callbacks.
///
/// # Safety
///
/// A callback of the device is running, so that the device and its data are alive.
unsafe fn data<'a, D: Device>(device: WDFDEVICE) -> Result<&'a D> {
    // SAFETY: as the caller promises.
    unsafe { object::find::<D>(device.cast()) }.ok_or(Status::INVALID_DEVICE_STATE)
}

nt_export! {
    unsafe fn prepare_hardware<D: Device>(device: WDFDEVICE, raw: WDFCMRESLIST, translated: WDFCMRESLIST) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        let data = unsafe { data::<D>(device) };
        // SAFETY: both lists are valid until EvtDeviceReleaseHardware returns, so longer than this call.
        let resources = unsafe { Resources::new(raw, translated) };
        ntstatus(data.and_then(|data| data.prepare_hardware(DeviceHandle(device), &resources)))
    }

    unsafe fn release_hardware<D: Device>(device: WDFDEVICE, _translated: WDFCMRESLIST) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        ntstatus(unsafe { data::<D>(device) }.map(|data| data.release_hardware(DeviceHandle(device))))
    }

    unsafe fn d0_entry<D: Device>(device: WDFDEVICE, _previous: WDF_POWER_DEVICE_STATE) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        ntstatus(unsafe { data::<D>(device) }.and_then(|data| data.d0_entry(DeviceHandle(device))))
    }

    unsafe fn d0_exit<D: Device>(device: WDFDEVICE, _target: WDF_POWER_DEVICE_STATE) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        ntstatus(unsafe { data::<D>(device) }.map(|data| data.d0_exit(DeviceHandle(device))))
    }

    unsafe fn query_stop<D: Device>(device: WDFDEVICE) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        if let Ok(data) = unsafe { data::<D>(device) } {
            data.query_stop(DeviceHandle(device));
        }
        STATUS_SUCCESS
    }

    unsafe fn self_managed_io_init<D: Device>(device: WDFDEVICE) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        ntstatus(unsafe { data::<D>(device) }.and_then(|data| data.self_managed_io_init(DeviceHandle(device))))
    }

    unsafe fn self_managed_io_suspend<D: Device>(device: WDFDEVICE) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        ntstatus(unsafe { data::<D>(device) }.map(|data| data.self_managed_io_suspend(DeviceHandle(device))))
    }

    unsafe fn self_managed_io_cleanup<D: Device>(device: WDFDEVICE) {
        // SAFETY: this is a callback of the device.
        if let Ok(data) = unsafe { data::<D>(device) } {
            data.self_managed_io_cleanup(DeviceHandle(device));
        }
    }

    unsafe fn surprise_removal<D: Device>(device: WDFDEVICE) {
        // SAFETY: this is a callback of the device.
        if let Ok(data) = unsafe { data::<D>(device) } {
            data.surprise_removal(DeviceHandle(device));
        }
    }

    unsafe fn filter_add_resource_requirements<D: Device>(device: WDFDEVICE, list: WDFIORESREQLIST) -> NTSTATUS {
        // SAFETY: this is a callback of the device.
        let data = unsafe { data::<D>(device) };
        // SAFETY: the list is valid during this call, and nobody else changes it meanwhile.
        let mut list = unsafe { RequirementsList::new(list) };
        ntstatus(data.and_then(|data| data.filter_add_resource_requirements(DeviceHandle(device), &mut list)))
    }
}
