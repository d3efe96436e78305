//! DMA enablers.

use super::device::{self, DeviceHost};
use super::entry::{enter, enter_passive, has_size, required, required_out};
use super::kind::ObjectKind;
use super::object::{self, Hooks};
use netadapter_abi::nt::{
    NTSTATUS, SIZE_T, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    PFN_WDF_DMA_ENABLER_FILL, WDF_DMA_ENABLER_CONFIG, WDF_DMA_PROFILE, WDF_DRIVER_GLOBALS,
    WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFDMAENABLER, WDFOBJECT, WdfDmaProfilePacket,
    WdfDmaProfileScatterGather64Duplex,
};
use std::sync::OnceLock;

/// The DMA version that a bus-master profile needs at least.
const LOWEST_VERSION: ULONG = 2;

/// A DMA enabler.
pub(super) struct DmaEnabler {
    /// The WDFDMAENABLER and the WDFDEVICE, by address.
    handle: OnceLock<usize>,
    device: usize,
    config: WDF_DMA_ENABLER_CONFIG,
}

pub(super) fn enabler(handle: WDFDMAENABLER) -> &'static DmaEnabler {
    object::payload(handle.cast(), ObjectKind::DmaEnabler)
}

impl DmaEnabler {
    pub(super) fn device(&self) -> &'static DeviceHost {
        device::device(self.device as WDFDEVICE)
    }

    fn handle(&self) -> WDFDMAENABLER {
        *self
            .handle
            .get()
            .expect("an enabler has its handle since it was made") as WDFDMAENABLER
    }

    /// All callbacks of an enabler have the same type.
    fn call(&self, name: &'static str, callback: PFN_WDF_DMA_ENABLER_FILL) -> Result<(), NTSTATUS> {
        self.device().call(name, callback, |callback, _| {
            // SAFETY: the driver registered this callback for the enabler.
            unsafe { callback(self.handle()) }
        })
    }

    /// Fill, Enable, SelfManagedIoStart.
    pub(super) fn power_up(&self) -> Result<(), NTSTATUS> {
        self.call("EvtDmaEnablerFill", self.config.EvtDmaEnablerFill)?;
        self.call("EvtDmaEnablerEnable", self.config.EvtDmaEnablerEnable)?;
        self.call(
            "EvtDmaEnablerSelfManagedIoStart",
            self.config.EvtDmaEnablerSelfManagedIoStart,
        )
    }

    /// SelfManagedIoStop, Disable, Flush: all of them, whatever fails; the first failure counts.
    pub(super) fn power_down(&self) -> Result<(), NTSTATUS> {
        let config = &self.config;
        let stopped = self.call(
            "EvtDmaEnablerSelfManagedIoStop",
            config.EvtDmaEnablerSelfManagedIoStop,
        );
        let disabled = self.call("EvtDmaEnablerDisable", config.EvtDmaEnablerDisable);
        let flushed = self.call("EvtDmaEnablerFlush", config.EvtDmaEnablerFlush);
        stopped.and(disabled).and(flushed)
    }
}

/// The DMA version of an enabler.
pub fn dma_version(handle: WDFDMAENABLER) -> ULONG {
    enabler(handle)
        .config
        .WdmDmaVersionOverride
        .max(LOWEST_VERSION)
}

/// Bus-master profiles; the profiles of the system's DMA controller are for other devices.
fn is_bus_master(profile: WDF_DMA_PROFILE) -> bool {
    (WdfDmaProfilePacket..=WdfDmaProfileScatterGather64Duplex).contains(&profile)
}

fn check_config(config: &WDF_DMA_ENABLER_CONFIG) -> Result<(), NTSTATUS> {
    if !has_size::<WDF_DMA_ENABLER_CONFIG>(config.Size) {
        return Err(STATUS_INFO_LENGTH_MISMATCH);
    }
    let version = config.WdmDmaVersionOverride;
    let bad_version = version != 0 && version < LOWEST_VERSION;
    if !is_bus_master(config.Profile) || config.MaximumLength == 0 || bad_version {
        return Err(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn create(
    device: WDFDEVICE,
    config: &WDF_DMA_ENABLER_CONFIG,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
) -> Result<WDFDMAENABLER, NTSTATUS> {
    let host = device::device(device);
    check_config(config)?;
    // SAFETY: null or the driver's attributes.
    let parent = unsafe { attributes.as_ref() }.map(|attributes| attributes.ParentObject);
    if let Some(parent) = parent.filter(|parent| !parent.is_null())
        && object::ancestor(parent, ObjectKind::Device) != Some(device.cast())
    {
        return Err(STATUS_INVALID_DEVICE_REQUEST);
    }
    let enabler = DmaEnabler {
        handle: OnceLock::new(),
        device: device as usize,
        config: *config,
    };
    let kind = ObjectKind::DmaEnabler;
    let handle = object::create_object(kind, Some(device.cast()), attributes, Box::new(enabler))?;
    let enabler: &'static DmaEnabler = object::payload(handle, kind);
    enabler
        .handle
        .set(handle as usize)
        .expect("an enabler gets its handle once");
    object::set_hooks(
        handle,
        Hooks {
            dispose: Some(dispose),
            destroy: None,
        },
    );
    host.enablers.lock().push(enabler);
    Ok(handle.cast())
}

fn dispose(handle: WDFOBJECT) {
    let enabler = enabler(handle.cast());
    enabler
        .device()
        .enablers
        .lock()
        .retain(|other| !std::ptr::eq(*other, enabler));
}

nt_export! {
    pub(super) unsafe fn wdf_dma_enabler_create(
        globals: *mut WDF_DRIVER_GLOBALS,
        device: WDFDEVICE,
        config: *mut WDF_DMA_ENABLER_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut WDFDMAENABLER,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDmaEnablerCreate";
        enter_passive(globals, NAME);
        // SAFETY: *WdfDmaEnablerCreate function*: the driver's own configuration.
        let config = unsafe { required(config, NAME, "Config") };
        // SAFETY: as above, the address of a location that receives the handle.
        let result = unsafe { required_out(result, NAME, "DmaEnablerHandle") };
        match create(device, config, attributes) {
            Ok(handle) => {
                *result = handle;
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn wdf_dma_enabler_get_maximum_length(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDMAENABLER,
    ) -> SIZE_T {
        enter(globals, "WdfDmaEnablerGetMaximumLength");
        enabler(handle).config.MaximumLength
    }
}
