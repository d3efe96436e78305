//! The registry.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfRegistryOpenKey, PFN_WDFREGISTRYOPENKEY(
        ParentKey: WDFKEY,
        KeyName: *const UNICODE_STRING,
        DesiredAccess: ACCESS_MASK,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
    WdfRegistryCreateKey, PFN_WDFREGISTRYCREATEKEY(
        ParentKey: WDFKEY,
        KeyName: *const UNICODE_STRING,
        DesiredAccess: ACCESS_MASK,
        CreateOptions: ULONG,
        CreateDisposition: *mut ULONG,
        KeyAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Key: *mut WDFKEY,
    ) -> NTSTATUS;
    WdfRegistryClose, PFN_WDFREGISTRYCLOSE(Key: WDFKEY);
    WdfRegistryWdmGetHandle, PFN_WDFREGISTRYWDMGETHANDLE(Key: WDFKEY) -> HANDLE;
    WdfRegistryRemoveKey, PFN_WDFREGISTRYREMOVEKEY(Key: WDFKEY) -> NTSTATUS;
    WdfRegistryRemoveValue, PFN_WDFREGISTRYREMOVEVALUE(Key: WDFKEY, ValueName: *const UNICODE_STRING) -> NTSTATUS;
    WdfRegistryQueryValue, PFN_WDFREGISTRYQUERYVALUE(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        ValueLength: ULONG,
        Value: PVOID,
        ValueLengthQueried: *mut ULONG,
        ValueType: *mut ULONG,
    ) -> NTSTATUS;
    WdfRegistryQueryMemory, PFN_WDFREGISTRYQUERYMEMORY(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        PoolType: POOL_TYPE,
        MemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Memory: *mut WDFMEMORY,
        ValueType: *mut ULONG,
    ) -> NTSTATUS;
    WdfRegistryQueryMultiString, PFN_WDFREGISTRYQUERYMULTISTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        StringsAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Collection: WDFCOLLECTION,
    ) -> NTSTATUS;
    WdfRegistryQueryUnicodeString, PFN_WDFREGISTRYQUERYUNICODESTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        ValueByteLength: *mut USHORT,
        Value: *mut UNICODE_STRING,
    ) -> NTSTATUS;
    WdfRegistryQueryString, PFN_WDFREGISTRYQUERYSTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        String: WDFSTRING,
    ) -> NTSTATUS;
    WdfRegistryQueryULong, PFN_WDFREGISTRYQUERYULONG(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        Value: *mut ULONG,
    ) -> NTSTATUS;
    WdfRegistryAssignValue, PFN_WDFREGISTRYASSIGNVALUE(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        ValueType: ULONG,
        ValueLength: ULONG,
        Value: PVOID,
    ) -> NTSTATUS;
    WdfRegistryAssignMemory, PFN_WDFREGISTRYASSIGNMEMORY(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        ValueType: ULONG,
        Memory: WDFMEMORY,
        MemoryOffsets: *mut WDFMEMORY_OFFSET,
    ) -> NTSTATUS;
    WdfRegistryAssignMultiString, PFN_WDFREGISTRYASSIGNMULTISTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        StringsCollection: WDFCOLLECTION,
    ) -> NTSTATUS;
    WdfRegistryAssignUnicodeString, PFN_WDFREGISTRYASSIGNUNICODESTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        Value: *const UNICODE_STRING,
    ) -> NTSTATUS;
    WdfRegistryAssignString, PFN_WDFREGISTRYASSIGNSTRING(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        String: WDFSTRING,
    ) -> NTSTATUS;
    WdfRegistryAssignULong, PFN_WDFREGISTRYASSIGNULONG(
        Key: WDFKEY,
        ValueName: *const UNICODE_STRING,
        Value: ULONG,
    ) -> NTSTATUS;
}
