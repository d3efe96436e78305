//! The driver itself.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfWdmDeviceGetWdfDeviceHandle, PFN_WDFWDMDEVICEGETWDFDEVICEHANDLE(DeviceObject: *mut DEVICE_OBJECT) -> WDFDEVICE;
    WdfDriverCreate, PFN_WDFDRIVERCREATE(
        DriverObject: *mut DRIVER_OBJECT,
        RegistryPath: *const UNICODE_STRING,
        DriverAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        DriverConfig: *mut WDF_DRIVER_CONFIG,
        Driver: *mut WDFDRIVER,
    ) -> NTSTATUS;
    WdfDriverGetRegistryPath, PFN_WDFDRIVERGETREGISTRYPATH(Driver: WDFDRIVER) -> *mut u16;
    WdfDriverWdmGetDriverObject, PFN_WDFDRIVERWDMGETDRIVEROBJECT(Driver: WDFDRIVER) -> *mut DRIVER_OBJECT;
    WdfDriverOpenParametersRegistryKey, PFN_WDFDRIVEROPENPARAMETERSREGISTRYKEY(
        Driver: WDFDRIVER,
        DesiredAccess: ACCESS_MASK,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
    WdfWdmDriverGetWdfDriverHandle, PFN_WDFWDMDRIVERGETWDFDRIVERHANDLE(DriverObject: *mut DRIVER_OBJECT) -> WDFDRIVER;
    WdfDriverRegisterTraceInfo, PFN_WDFDRIVERREGISTERTRACEINFO(
        DriverObject: *mut DRIVER_OBJECT,
        EvtTraceCallback: PFN_WDF_TRACE_CALLBACK,
        ControlBlock: PVOID,
    ) -> NTSTATUS;
    WdfDriverRetrieveVersionString, PFN_WDFDRIVERRETRIEVEVERSIONSTRING(
        Driver: WDFDRIVER,
        String: WDFSTRING,
    ) -> NTSTATUS;
    WdfDriverIsVersionAvailable, PFN_WDFDRIVERISVERSIONAVAILABLE(
        Driver: WDFDRIVER,
        VersionAvailableParams: *mut WDF_DRIVER_VERSION_AVAILABLE_PARAMS,
    ) -> BOOLEAN;
    WdfDriverMiniportUnload, PFN_WDFDRIVERMINIPORTUNLOAD(Driver: WDFDRIVER);
    WdfVerifierDbgBreakPoint, PFN_WDFVERIFIERDBGBREAKPOINT();
    WdfVerifierKeBugCheck, PFN_WDFVERIFIERKEBUGCHECK(
        BugCheckCode: ULONG,
        BugCheckParameter1: ULONG_PTR,
        BugCheckParameter2: ULONG_PTR,
        BugCheckParameter3: ULONG_PTR,
        BugCheckParameter4: ULONG_PTR,
    );
    WdfGetTriageInfo, PFN_WDFGETTRIAGEINFO() -> PVOID;
    WdfDriverOpenPersistentStateRegistryKey, PFN_WDFDRIVEROPENPERSISTENTSTATEREGISTRYKEY(
        Driver: WDFDRIVER,
        DesiredAccess: ACCESS_MASK,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
}
