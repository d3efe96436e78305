//! The driver object.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DRIVER_GLOBALS {
    pub Driver: WDFDRIVER,
    pub DriverFlags: ULONG,
    pub DriverTag: ULONG,
    pub DriverName: [u8; 32],
    pub DisplaceDriverUnload: BOOLEAN,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DRIVER_CONFIG {
    pub Size: ULONG,
    pub EvtDriverDeviceAdd: PFN_WDF_DRIVER_DEVICE_ADD,
    pub EvtDriverUnload: PFN_WDF_DRIVER_UNLOAD,
    pub DriverInitFlags: ULONG,
    pub DriverPoolTag: ULONG,
}

impl WDF_DRIVER_CONFIG {
    /// `WDF_DRIVER_CONFIG_INIT`.
    pub const fn init(EvtDriverDeviceAdd: PFN_WDF_DRIVER_DEVICE_ADD) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtDriverDeviceAdd,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DRIVER_VERSION_AVAILABLE_PARAMS {
    pub Size: ULONG,
    pub MajorVersion: ULONG,
    pub MinorVersion: ULONG,
}

impl WDF_DRIVER_VERSION_AVAILABLE_PARAMS {
    /// `WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT`.
    pub const fn init(MajorVersion: ULONG, MinorVersion: ULONG) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            MajorVersion,
            MinorVersion,
        }
    }
}

zeroed! {
    WDF_DRIVER_GLOBALS, WDF_DRIVER_CONFIG, WDF_DRIVER_VERSION_AVAILABLE_PARAMS,
}
