//! Devices.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfDeviceGetDeviceState, PFN_WDFDEVICEGETDEVICESTATE(Device: WDFDEVICE, DeviceState: *mut WDF_DEVICE_STATE);
    WdfDeviceSetDeviceState, PFN_WDFDEVICESETDEVICESTATE(Device: WDFDEVICE, DeviceState: *mut WDF_DEVICE_STATE);
    WdfDeviceWdmGetDeviceObject, PFN_WDFDEVICEWDMGETDEVICEOBJECT(Device: WDFDEVICE) -> *mut DEVICE_OBJECT;
    WdfDeviceWdmGetAttachedDevice, PFN_WDFDEVICEWDMGETATTACHEDDEVICE(Device: WDFDEVICE) -> *mut DEVICE_OBJECT;
    WdfDeviceWdmGetPhysicalDevice, PFN_WDFDEVICEWDMGETPHYSICALDEVICE(Device: WDFDEVICE) -> *mut DEVICE_OBJECT;
    WdfDeviceGetDriver, PFN_WDFDEVICEGETDRIVER(Device: WDFDEVICE) -> WDFDRIVER;
    WdfDeviceRetrieveDeviceName, PFN_WDFDEVICERETRIEVEDEVICENAME(Device: WDFDEVICE, String: WDFSTRING) -> NTSTATUS;
    WdfDeviceGetDevicePnpState, PFN_WDFDEVICEGETDEVICEPNPSTATE(Device: WDFDEVICE) -> WDF_DEVICE_PNP_STATE;
    WdfDeviceGetDevicePowerState, PFN_WDFDEVICEGETDEVICEPOWERSTATE(Device: WDFDEVICE) -> WDF_DEVICE_POWER_STATE;
    WdfDeviceAssignS0IdleSettings, PFN_WDFDEVICEASSIGNS0IDLESETTINGS(
        Device: WDFDEVICE,
        Settings: *mut WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS,
    ) -> NTSTATUS;
    WdfDeviceAssignSxWakeSettings, PFN_WDFDEVICEASSIGNSXWAKESETTINGS(
        Device: WDFDEVICE,
        Settings: *mut WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    ) -> NTSTATUS;
    WdfDeviceOpenRegistryKey, PFN_WDFDEVICEOPENREGISTRYKEY(
        Device: WDFDEVICE,
        DeviceInstanceKeyType: ULONG,
        DesiredAccess: ACCESS_MASK,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
    WdfDeviceSetSpecialFileSupport, PFN_WDFDEVICESETSPECIALFILESUPPORT(
        Device: WDFDEVICE,
        FileType: WDF_SPECIAL_FILE_TYPE,
        FileTypeIsSupported: BOOLEAN,
    );
    WdfDeviceSetCharacteristics, PFN_WDFDEVICESETCHARACTERISTICS(Device: WDFDEVICE, DeviceCharacteristics: ULONG);
    WdfDeviceGetCharacteristics, PFN_WDFDEVICEGETCHARACTERISTICS(Device: WDFDEVICE) -> ULONG;
    WdfDeviceGetAlignmentRequirement, PFN_WDFDEVICEGETALIGNMENTREQUIREMENT(Device: WDFDEVICE) -> ULONG;
    WdfDeviceSetAlignmentRequirement, PFN_WDFDEVICESETALIGNMENTREQUIREMENT(
        Device: WDFDEVICE,
        AlignmentRequirement: ULONG,
    );
    WdfDeviceCreate, PFN_WDFDEVICECREATE(
        DeviceInit: *mut *mut WDFDEVICE_INIT,
        DeviceAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Device: *mut WDFDEVICE,
    ) -> NTSTATUS;
    WdfDeviceSetStaticStopRemove, PFN_WDFDEVICESETSTATICSTOPREMOVE(Device: WDFDEVICE, Stoppable: BOOLEAN);
    WdfDeviceCreateDeviceInterface, PFN_WDFDEVICECREATEDEVICEINTERFACE(
        Device: WDFDEVICE,
        InterfaceClassGUID: *const GUID,
        ReferenceString: *const UNICODE_STRING,
    ) -> NTSTATUS;
    WdfDeviceSetDeviceInterfaceState, PFN_WDFDEVICESETDEVICEINTERFACESTATE(
        Device: WDFDEVICE,
        InterfaceClassGUID: *const GUID,
        ReferenceString: *const UNICODE_STRING,
        IsInterfaceEnabled: BOOLEAN,
    );
    WdfDeviceRetrieveDeviceInterfaceString, PFN_WDFDEVICERETRIEVEDEVICEINTERFACESTRING(
        Device: WDFDEVICE,
        InterfaceClassGUID: *const GUID,
        ReferenceString: *const UNICODE_STRING,
        String: WDFSTRING,
    ) -> NTSTATUS;
    WdfDeviceCreateSymbolicLink, PFN_WDFDEVICECREATESYMBOLICLINK(
        Device: WDFDEVICE,
        SymbolicLinkName: *const UNICODE_STRING,
    ) -> NTSTATUS;
    WdfDeviceQueryProperty, PFN_WDFDEVICEQUERYPROPERTY(
        Device: WDFDEVICE,
        DeviceProperty: DEVICE_REGISTRY_PROPERTY,
        BufferLength: ULONG,
        PropertyBuffer: PVOID,
        ResultLength: *mut ULONG,
    ) -> NTSTATUS;
    WdfDeviceAllocAndQueryProperty, PFN_WDFDEVICEALLOCANDQUERYPROPERTY(
        Device: WDFDEVICE,
        DeviceProperty: DEVICE_REGISTRY_PROPERTY,
        PoolType: POOL_TYPE,
        PropertyMemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        PropertyMemory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfDeviceSetPnpCapabilities, PFN_WDFDEVICESETPNPCAPABILITIES(
        Device: WDFDEVICE,
        PnpCapabilities: *mut WDF_DEVICE_PNP_CAPABILITIES,
    );
    WdfDeviceSetPowerCapabilities, PFN_WDFDEVICESETPOWERCAPABILITIES(
        Device: WDFDEVICE,
        PowerCapabilities: *mut WDF_DEVICE_POWER_CAPABILITIES,
    );
    WdfDeviceIndicateWakeStatus, PFN_WDFDEVICEINDICATEWAKESTATUS(
        Device: WDFDEVICE,
        WaitWakeStatus: NTSTATUS,
    ) -> NTSTATUS;
    WdfDeviceSetFailed, PFN_WDFDEVICESETFAILED(Device: WDFDEVICE, FailedAction: WDF_DEVICE_FAILED_ACTION);
    WdfDeviceStopIdleNoTrack, PFN_WDFDEVICESTOPIDLENOTRACK(Device: WDFDEVICE, WaitForD0: BOOLEAN) -> NTSTATUS;
    WdfDeviceResumeIdleNoTrack, PFN_WDFDEVICERESUMEIDLENOTRACK(Device: WDFDEVICE);
    WdfDeviceEnqueueRequest, PFN_WDFDEVICEENQUEUEREQUEST(Device: WDFDEVICE, Request: WDFREQUEST) -> NTSTATUS;
    WdfDeviceGetDefaultQueue, PFN_WDFDEVICEGETDEFAULTQUEUE(Device: WDFDEVICE) -> WDFQUEUE;
    WdfDeviceConfigureRequestDispatching, PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING(
        Device: WDFDEVICE,
        Queue: WDFQUEUE,
        RequestType: WDF_REQUEST_TYPE,
    ) -> NTSTATUS;
    WdfFdoQueryForInterface, PFN_WDFFDOQUERYFORINTERFACE(
        Fdo: WDFDEVICE,
        InterfaceType: *const GUID,
        Interface: *mut INTERFACE,
        Size: USHORT,
        Version: USHORT,
        InterfaceSpecificData: PVOID,
    ) -> NTSTATUS;
    WdfDeviceAddQueryInterface, PFN_WDFDEVICEADDQUERYINTERFACE(
        Device: WDFDEVICE,
        InterfaceConfig: *mut WDF_QUERY_INTERFACE_CONFIG,
    ) -> NTSTATUS;
    WdfDeviceGetSystemPowerAction, PFN_WDFDEVICEGETSYSTEMPOWERACTION(Device: WDFDEVICE) -> POWER_ACTION;
    WdfDeviceQueryPropertyEx, PFN_WDFDEVICEQUERYPROPERTYEX(
        Device: WDFDEVICE,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        BufferLength: ULONG,
        PropertyBuffer: PVOID,
        RequiredSize: *mut ULONG,
        Type: *mut DEVPROPTYPE,
    ) -> NTSTATUS;
    WdfDeviceAllocAndQueryPropertyEx, PFN_WDFDEVICEALLOCANDQUERYPROPERTYEX(
        Device: WDFDEVICE,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        PoolType: POOL_TYPE,
        PropertyMemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        PropertyMemory: *mut WDFMEMORY,
        Type: *mut DEVPROPTYPE,
    ) -> NTSTATUS;
    WdfDeviceAssignProperty, PFN_WDFDEVICEASSIGNPROPERTY(
        Device: WDFDEVICE,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        Type: DEVPROPTYPE,
        Size: ULONG,
        Data: PVOID,
    ) -> NTSTATUS;
    WdfDeviceStopIdleActual, PFN_WDFDEVICESTOPIDLEACTUAL(
        Device: WDFDEVICE,
        WaitForD0: BOOLEAN,
        Tag: PVOID,
        Line: LONG,
        File: *const u8,
    ) -> NTSTATUS;
    WdfDeviceResumeIdleActual, PFN_WDFDEVICERESUMEIDLEACTUAL(
        Device: WDFDEVICE,
        Tag: PVOID,
        Line: LONG,
        File: *const u8,
    );
    WdfDeviceSetDeviceInterfaceStateEx, PFN_WDFDEVICESETDEVICEINTERFACESTATEEX(
        Device: WDFDEVICE,
        InterfaceClassGUID: *const GUID,
        ReferenceString: *const UNICODE_STRING,
        IsInterfaceEnabled: BOOLEAN,
    );
}
