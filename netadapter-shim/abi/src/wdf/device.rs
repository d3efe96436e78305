//! Devices: Plug and Play callbacks, resources, properties, state.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_PNPPOWER_EVENT_CALLBACKS {
    pub Size: ULONG,
    pub EvtDeviceD0Entry: PFN_WDF_DEVICE_D0_ENTRY,
    pub EvtDeviceD0EntryPostInterruptsEnabled: PFN_WDF_DEVICE_D0_ENTRY_POST_INTERRUPTS_ENABLED,
    pub EvtDeviceD0Exit: PFN_WDF_DEVICE_D0_EXIT,
    pub EvtDeviceD0ExitPreInterruptsDisabled: PFN_WDF_DEVICE_D0_EXIT_PRE_INTERRUPTS_DISABLED,
    pub EvtDevicePrepareHardware: PFN_WDF_DEVICE_PREPARE_HARDWARE,
    pub EvtDeviceReleaseHardware: PFN_WDF_DEVICE_RELEASE_HARDWARE,
    pub EvtDeviceSelfManagedIoCleanup: PFN_WDF_DEVICE_SELF_MANAGED_IO_CLEANUP,
    pub EvtDeviceSelfManagedIoFlush: PFN_WDF_DEVICE_SELF_MANAGED_IO_FLUSH,
    pub EvtDeviceSelfManagedIoInit: PFN_WDF_DEVICE_SELF_MANAGED_IO_INIT,
    pub EvtDeviceSelfManagedIoSuspend: PFN_WDF_DEVICE_SELF_MANAGED_IO_SUSPEND,
    pub EvtDeviceSelfManagedIoRestart: PFN_WDF_DEVICE_SELF_MANAGED_IO_RESTART,
    pub EvtDeviceSurpriseRemoval: PFN_WDF_DEVICE_SURPRISE_REMOVAL,
    pub EvtDeviceQueryRemove: PFN_WDF_DEVICE_QUERY_REMOVE,
    pub EvtDeviceQueryStop: PFN_WDF_DEVICE_QUERY_STOP,
    pub EvtDeviceUsageNotification: PFN_WDF_DEVICE_USAGE_NOTIFICATION,
    pub EvtDeviceRelationsQuery: PFN_WDF_DEVICE_RELATIONS_QUERY,
    pub EvtDeviceUsageNotificationEx: PFN_WDF_DEVICE_USAGE_NOTIFICATION_EX,
}

impl WDF_PNPPOWER_EVENT_CALLBACKS {
    /// `WDF_PNPPOWER_EVENT_CALLBACKS_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_FDO_EVENT_CALLBACKS {
    pub Size: ULONG,
    pub EvtDeviceFilterAddResourceRequirements: PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS,
    pub EvtDeviceFilterRemoveResourceRequirements: PFN_WDF_DEVICE_FILTER_RESOURCE_REQUIREMENTS,
    pub EvtDeviceRemoveAddedResources: PFN_WDF_DEVICE_REMOVE_ADDED_RESOURCES,
}

impl WDF_FDO_EVENT_CALLBACKS {
    /// `WDF_FDO_EVENT_CALLBACKS_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_PROPERTY_DATA {
    pub Size: ULONG,
    pub PropertyKey: *const DEVPROPKEY,
    pub Lcid: u32,
    pub Flags: ULONG,
}

impl WDF_DEVICE_PROPERTY_DATA {
    /// `WDF_DEVICE_PROPERTY_DATA_INIT`.
    pub const fn init(PropertyKey: *const DEVPROPKEY) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            PropertyKey,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_STATE {
    pub Size: ULONG,
    pub Disabled: WDF_TRI_STATE,
    pub DontDisplayInUI: WDF_TRI_STATE,
    pub Failed: WDF_TRI_STATE,
    pub NotDisableable: WDF_TRI_STATE,
    pub Removed: WDF_TRI_STATE,
    pub ResourcesChanged: WDF_TRI_STATE,
    pub AssignedToGuest: WDF_TRI_STATE,
}

impl WDF_DEVICE_STATE {
    /// `WDF_DEVICE_STATE_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Disabled: WdfUseDefault,
            DontDisplayInUI: WdfUseDefault,
            Failed: WdfUseDefault,
            NotDisableable: WdfUseDefault,
            Removed: WdfUseDefault,
            ResourcesChanged: WdfUseDefault,
            AssignedToGuest: WdfUseDefault,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_PNP_CAPABILITIES {
    pub Size: ULONG,
    pub LockSupported: WDF_TRI_STATE,
    pub EjectSupported: WDF_TRI_STATE,
    pub Removable: WDF_TRI_STATE,
    pub DockDevice: WDF_TRI_STATE,
    pub UniqueID: WDF_TRI_STATE,
    pub SilentInstall: WDF_TRI_STATE,
    pub SurpriseRemovalOK: WDF_TRI_STATE,
    pub HardwareDisabled: WDF_TRI_STATE,
    pub NoDisplayInUI: WDF_TRI_STATE,
    pub Address: ULONG,
    pub UINumber: ULONG,
}

impl WDF_DEVICE_PNP_CAPABILITIES {
    /// `WDF_DEVICE_PNP_CAPABILITIES_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            LockSupported: WdfUseDefault,
            EjectSupported: WdfUseDefault,
            Removable: WdfUseDefault,
            DockDevice: WdfUseDefault,
            UniqueID: WdfUseDefault,
            SilentInstall: WdfUseDefault,
            SurpriseRemovalOK: WdfUseDefault,
            HardwareDisabled: WdfUseDefault,
            NoDisplayInUI: WdfUseDefault,
            Address: 0xffffffff,
            UINumber: 0xffffffff,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_QUERY_INTERFACE_CONFIG {
    pub Size: ULONG,
    pub Interface: *mut INTERFACE,
    pub InterfaceType: *const GUID,
    pub SendQueryToParentStack: BOOLEAN,
    pub EvtDeviceProcessQueryInterfaceRequest: PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST,
    pub ImportInterface: BOOLEAN,
}

impl WDF_QUERY_INTERFACE_CONFIG {
    /// `WDF_QUERY_INTERFACE_CONFIG_INIT`.
    pub const fn init(
        Interface: *mut INTERFACE,
        InterfaceType: *const GUID,
        EvtDeviceProcessQueryInterfaceRequest: PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Interface,
            InterfaceType,
            EvtDeviceProcessQueryInterfaceRequest,
            ..Self::zeroed()
        }
    }
}

zeroed! {
    WDF_PNPPOWER_EVENT_CALLBACKS, WDF_FDO_EVENT_CALLBACKS, WDF_DEVICE_PROPERTY_DATA, WDF_DEVICE_STATE, WDF_DEVICE_PNP_CAPABILITIES, WDF_QUERY_INTERFACE_CONFIG,
}
