//! Objects, memory, strings, collections.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfCollectionCreate, PFN_WDFCOLLECTIONCREATE(
        CollectionAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Collection: *mut WDFCOLLECTION,
    ) -> NTSTATUS;
    WdfCollectionGetCount, PFN_WDFCOLLECTIONGETCOUNT(Collection: WDFCOLLECTION) -> ULONG;
    WdfCollectionAdd, PFN_WDFCOLLECTIONADD(Collection: WDFCOLLECTION, Object: WDFOBJECT) -> NTSTATUS;
    WdfCollectionRemove, PFN_WDFCOLLECTIONREMOVE(Collection: WDFCOLLECTION, Item: WDFOBJECT);
    WdfCollectionRemoveItem, PFN_WDFCOLLECTIONREMOVEITEM(Collection: WDFCOLLECTION, Index: ULONG);
    WdfCollectionGetItem, PFN_WDFCOLLECTIONGETITEM(Collection: WDFCOLLECTION, Index: ULONG) -> WDFOBJECT;
    WdfCollectionGetFirstItem, PFN_WDFCOLLECTIONGETFIRSTITEM(Collection: WDFCOLLECTION) -> WDFOBJECT;
    WdfCollectionGetLastItem, PFN_WDFCOLLECTIONGETLASTITEM(Collection: WDFCOLLECTION) -> WDFOBJECT;
    WdfMemoryCreate, PFN_WDFMEMORYCREATE(
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        PoolType: POOL_TYPE,
        PoolTag: ULONG,
        BufferSize: SIZE_T,
        Memory: *mut WDFMEMORY,
        Buffer: *mut PVOID,
    ) -> NTSTATUS;
    WdfMemoryCreatePreallocated, PFN_WDFMEMORYCREATEPREALLOCATED(
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        Buffer: PVOID,
        BufferSize: SIZE_T,
        Memory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfMemoryGetBuffer, PFN_WDFMEMORYGETBUFFER(Memory: WDFMEMORY, BufferSize: *mut SIZE_T) -> PVOID;
    WdfMemoryAssignBuffer, PFN_WDFMEMORYASSIGNBUFFER(Memory: WDFMEMORY, Buffer: PVOID, BufferSize: SIZE_T) -> NTSTATUS;
    WdfMemoryCopyToBuffer, PFN_WDFMEMORYCOPYTOBUFFER(
        SourceMemory: WDFMEMORY,
        SourceOffset: SIZE_T,
        Buffer: PVOID,
        NumBytesToCopyTo: SIZE_T,
    ) -> NTSTATUS;
    WdfMemoryCopyFromBuffer, PFN_WDFMEMORYCOPYFROMBUFFER(
        DestinationMemory: WDFMEMORY,
        DestinationOffset: SIZE_T,
        Buffer: PVOID,
        NumBytesToCopyFrom: SIZE_T,
    ) -> NTSTATUS;
    WdfLookasideListCreate, PFN_WDFLOOKASIDELISTCREATE(
        LookasideAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        BufferSize: SIZE_T,
        PoolType: POOL_TYPE,
        MemoryAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        PoolTag: ULONG,
        Lookaside: *mut WDFLOOKASIDE,
    ) -> NTSTATUS;
    WdfMemoryCreateFromLookaside, PFN_WDFMEMORYCREATEFROMLOOKASIDE(
        Lookaside: WDFLOOKASIDE,
        Memory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfObjectGetTypedContextWorker, PFN_WDFOBJECTGETTYPEDCONTEXTWORKER(
        Handle: WDFOBJECT,
        TypeInfo: *const WDF_OBJECT_CONTEXT_TYPE_INFO,
    ) -> PVOID;
    WdfObjectAllocateContext, PFN_WDFOBJECTALLOCATECONTEXT(
        Handle: WDFOBJECT,
        ContextAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Context: *mut PVOID,
    ) -> NTSTATUS;
    WdfObjectContextGetObject, PFN_WDFOBJECTCONTEXTGETOBJECT(ContextPointer: PVOID) -> WDFOBJECT;
    WdfObjectReferenceActual, PFN_WDFOBJECTREFERENCEACTUAL(Handle: WDFOBJECT, Tag: PVOID, Line: LONG, File: *const u8);
    WdfObjectDereferenceActual, PFN_WDFOBJECTDEREFERENCEACTUAL(
        Handle: WDFOBJECT,
        Tag: PVOID,
        Line: LONG,
        File: *const u8,
    );
    WdfObjectCreate, PFN_WDFOBJECTCREATE(Attributes: *mut WDF_OBJECT_ATTRIBUTES, Object: *mut WDFOBJECT) -> NTSTATUS;
    WdfObjectDelete, PFN_WDFOBJECTDELETE(Object: WDFOBJECT);
    WdfStringCreate, PFN_WDFSTRINGCREATE(
        UnicodeString: *const UNICODE_STRING,
        StringAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        String: *mut WDFSTRING,
    ) -> NTSTATUS;
    WdfStringGetUnicodeString, PFN_WDFSTRINGGETUNICODESTRING(String: WDFSTRING, UnicodeString: *mut UNICODE_STRING);
    WdfObjectAcquireLock, PFN_WDFOBJECTACQUIRELOCK(Object: WDFOBJECT);
    WdfObjectReleaseLock, PFN_WDFOBJECTRELEASELOCK(Object: WDFOBJECT);
}
