//! What is said about a device before it is made.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfControlDeviceInitAllocate, PFN_WDFCONTROLDEVICEINITALLOCATE(
        Driver: WDFDRIVER,
        SDDLString: *const UNICODE_STRING,
    ) -> *mut WDFDEVICE_INIT;
    WdfControlDeviceInitSetShutdownNotification, PFN_WDFCONTROLDEVICEINITSETSHUTDOWNNOTIFICATION(
        DeviceInit: *mut WDFDEVICE_INIT,
        Notification: PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION,
        Flags: UCHAR,
    );
    WdfControlFinishInitializing, PFN_WDFCONTROLFINISHINITIALIZING(Device: WDFDEVICE);
    WdfDeviceInitFree, PFN_WDFDEVICEINITFREE(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetPnpPowerEventCallbacks, PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        PnpPowerEventCallbacks: *mut WDF_PNPPOWER_EVENT_CALLBACKS,
    );
    WdfDeviceInitSetPowerPolicyEventCallbacks, PFN_WDFDEVICEINITSETPOWERPOLICYEVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        PowerPolicyEventCallbacks: *mut WDF_POWER_POLICY_EVENT_CALLBACKS,
    );
    WdfDeviceInitSetPowerPolicyOwnership, PFN_WDFDEVICEINITSETPOWERPOLICYOWNERSHIP(
        DeviceInit: *mut WDFDEVICE_INIT,
        IsPowerPolicyOwner: BOOLEAN,
    );
    WdfDeviceInitSetIoType, PFN_WDFDEVICEINITSETIOTYPE(DeviceInit: *mut WDFDEVICE_INIT, IoType: WDF_DEVICE_IO_TYPE);
    WdfDeviceInitSetExclusive, PFN_WDFDEVICEINITSETEXCLUSIVE(DeviceInit: *mut WDFDEVICE_INIT, IsExclusive: BOOLEAN);
    WdfDeviceInitSetPowerNotPageable, PFN_WDFDEVICEINITSETPOWERNOTPAGEABLE(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetPowerPageable, PFN_WDFDEVICEINITSETPOWERPAGEABLE(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetPowerInrush, PFN_WDFDEVICEINITSETPOWERINRUSH(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetDeviceType, PFN_WDFDEVICEINITSETDEVICETYPE(DeviceInit: *mut WDFDEVICE_INIT, DeviceType: ULONG);
    WdfDeviceInitAssignName, PFN_WDFDEVICEINITASSIGNNAME(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceName: *const UNICODE_STRING,
    ) -> NTSTATUS;
    WdfDeviceInitAssignSDDLString, PFN_WDFDEVICEINITASSIGNSDDLSTRING(
        DeviceInit: *mut WDFDEVICE_INIT,
        SDDLString: *const UNICODE_STRING,
    ) -> NTSTATUS;
    WdfDeviceInitSetDeviceClass, PFN_WDFDEVICEINITSETDEVICECLASS(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceClassGuid: *const GUID,
    );
    WdfDeviceInitSetCharacteristics, PFN_WDFDEVICEINITSETCHARACTERISTICS(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceCharacteristics: ULONG,
        OrInValues: BOOLEAN,
    );
    WdfDeviceInitSetFileObjectConfig, PFN_WDFDEVICEINITSETFILEOBJECTCONFIG(
        DeviceInit: *mut WDFDEVICE_INIT,
        FileObjectConfig: *mut WDF_FILEOBJECT_CONFIG,
        FileObjectAttributes: *mut WDF_OBJECT_ATTRIBUTES,
    );
    WdfDeviceInitSetRequestAttributes, PFN_WDFDEVICEINITSETREQUESTATTRIBUTES(
        DeviceInit: *mut WDFDEVICE_INIT,
        RequestAttributes: *mut WDF_OBJECT_ATTRIBUTES,
    );
    WdfDeviceInitSetIoInCallerContextCallback, PFN_WDFDEVICEINITSETIOINCALLERCONTEXTCALLBACK(
        DeviceInit: *mut WDFDEVICE_INIT,
        EvtIoInCallerContext: PFN_WDF_IO_IN_CALLER_CONTEXT,
    );
    WdfFdoInitWdmGetPhysicalDevice, PFN_WDFFDOINITWDMGETPHYSICALDEVICE(
        DeviceInit: *mut WDFDEVICE_INIT,
    ) -> *mut DEVICE_OBJECT;
    WdfFdoInitOpenRegistryKey, PFN_WDFFDOINITOPENREGISTRYKEY(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceInstanceKeyType: ULONG,
        DesiredAccess: ACCESS_MASK,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
    WdfFdoInitQueryProperty, PFN_WDFFDOINITQUERYPROPERTY(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceProperty: DEVICE_REGISTRY_PROPERTY,
        BufferLength: ULONG,
        PropertyBuffer: PVOID,
        ResultLength: *mut ULONG,
    ) -> NTSTATUS;
    WdfFdoInitAllocAndQueryProperty, PFN_WDFFDOINITALLOCANDQUERYPROPERTY(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceProperty: DEVICE_REGISTRY_PROPERTY,
        PoolType: POOL_TYPE,
        PropertyMemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        PropertyMemory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfFdoInitSetEventCallbacks, PFN_WDFFDOINITSETEVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        FdoEventCallbacks: *mut WDF_FDO_EVENT_CALLBACKS,
    );
    WdfFdoInitSetFilter, PFN_WDFFDOINITSETFILTER(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetRemoveLockOptions, PFN_WDFDEVICEINITSETREMOVELOCKOPTIONS(
        DeviceInit: *mut WDFDEVICE_INIT,
        Options: *mut WDF_REMOVE_LOCK_OPTIONS,
    );
    WdfDeviceInitSetReleaseHardwareOrderOnFailure, PFN_WDFDEVICEINITSETRELEASEHARDWAREORDERONFAILURE(
        DeviceInit: *mut WDFDEVICE_INIT,
        ReleaseHardwareOrderOnFailure: WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE,
    );
    WdfDeviceInitSetIoTypeEx, PFN_WDFDEVICEINITSETIOTYPEEX(
        DeviceInit: *mut WDFDEVICE_INIT,
        IoTypeConfig: *mut WDF_IO_TYPE_CONFIG,
    );
    WdfFdoInitQueryPropertyEx, PFN_WDFFDOINITQUERYPROPERTYEX(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        BufferLength: ULONG,
        PropertyBuffer: PVOID,
        ResultLength: *mut ULONG,
        Type: *mut DEVPROPTYPE,
    ) -> NTSTATUS;
    WdfFdoInitAllocAndQueryPropertyEx, PFN_WDFFDOINITALLOCANDQUERYPROPERTYEX(
        DeviceInit: *mut WDFDEVICE_INIT,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        PoolType: POOL_TYPE,
        PropertyMemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        PropertyMemory: *mut WDFMEMORY,
        Type: *mut DEVPROPTYPE,
    ) -> NTSTATUS;
}
