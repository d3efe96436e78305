//! Table functions of KMDF.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfCommonBufferCreate, PFN_WDFCOMMONBUFFERCREATE(
        DmaEnabler: WDFDMAENABLER,
        Length: SIZE_T,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        CommonBuffer: *mut WDFCOMMONBUFFER,
    ) -> NTSTATUS;
    WdfCommonBufferGetAlignedVirtualAddress, PFN_WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS(
        CommonBuffer: WDFCOMMONBUFFER,
    ) -> PVOID;
    WdfCommonBufferGetAlignedLogicalAddress, PFN_WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS(
        CommonBuffer: WDFCOMMONBUFFER,
    ) -> PHYSICAL_ADDRESS;
    WdfCommonBufferGetLength, PFN_WDFCOMMONBUFFERGETLENGTH(CommonBuffer: WDFCOMMONBUFFER) -> SIZE_T;
    WdfDeviceSetDeviceState, PFN_WDFDEVICESETDEVICESTATE(Device: WDFDEVICE, DeviceState: *mut WDF_DEVICE_STATE);
    WdfDeviceWdmGetDeviceObject, PFN_WDFDEVICEWDMGETDEVICEOBJECT(Device: WDFDEVICE) -> *mut DEVICE_OBJECT;
    WdfDeviceWdmGetPhysicalDevice, PFN_WDFDEVICEWDMGETPHYSICALDEVICE(Device: WDFDEVICE) -> *mut DEVICE_OBJECT;
    WdfDeviceGetDriver, PFN_WDFDEVICEGETDRIVER(Device: WDFDEVICE) -> WDFDRIVER;
    WdfDeviceGetDevicePowerState, PFN_WDFDEVICEGETDEVICEPOWERSTATE(Device: WDFDEVICE) -> WDF_DEVICE_POWER_STATE;
    WdfDeviceAssignS0IdleSettings, PFN_WDFDEVICEASSIGNS0IDLESETTINGS(
        Device: WDFDEVICE,
        Settings: *mut WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS,
    ) -> NTSTATUS;
    WdfDeviceAssignSxWakeSettings, PFN_WDFDEVICEASSIGNSXWAKESETTINGS(
        Device: WDFDEVICE,
        Settings: *mut WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    ) -> NTSTATUS;
    WdfDeviceSetAlignmentRequirement, PFN_WDFDEVICESETALIGNMENTREQUIREMENT(
        Device: WDFDEVICE,
        AlignmentRequirement: ULONG,
    );
    WdfDeviceInitFree, PFN_WDFDEVICEINITFREE(DeviceInit: *mut WDFDEVICE_INIT);
    WdfDeviceInitSetPnpPowerEventCallbacks, PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        PnpPowerEventCallbacks: *mut WDF_PNPPOWER_EVENT_CALLBACKS,
    );
    WdfDeviceInitSetPowerPolicyEventCallbacks, PFN_WDFDEVICEINITSETPOWERPOLICYEVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        PowerPolicyEventCallbacks: *mut WDF_POWER_POLICY_EVENT_CALLBACKS,
    );
    WdfDeviceInitSetIoType, PFN_WDFDEVICEINITSETIOTYPE(DeviceInit: *mut WDFDEVICE_INIT, IoType: WDF_DEVICE_IO_TYPE);
    WdfDeviceInitSetFileObjectConfig, PFN_WDFDEVICEINITSETFILEOBJECTCONFIG(
        DeviceInit: *mut WDFDEVICE_INIT,
        FileObjectConfig: *mut WDF_FILEOBJECT_CONFIG,
        FileObjectAttributes: *mut WDF_OBJECT_ATTRIBUTES,
    );
    WdfDeviceInitSetIoInCallerContextCallback, PFN_WDFDEVICEINITSETIOINCALLERCONTEXTCALLBACK(
        DeviceInit: *mut WDFDEVICE_INIT,
        EvtIoInCallerContext: PFN_WDF_IO_IN_CALLER_CONTEXT,
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
    WdfDeviceSetPnpCapabilities, PFN_WDFDEVICESETPNPCAPABILITIES(
        Device: WDFDEVICE,
        PnpCapabilities: *mut WDF_DEVICE_PNP_CAPABILITIES,
    );
    WdfDeviceSetPowerCapabilities, PFN_WDFDEVICESETPOWERCAPABILITIES(
        Device: WDFDEVICE,
        PowerCapabilities: *mut WDF_DEVICE_POWER_CAPABILITIES,
    );
    WdfDeviceSetFailed, PFN_WDFDEVICESETFAILED(Device: WDFDEVICE, FailedAction: WDF_DEVICE_FAILED_ACTION);
    WdfDeviceEnqueueRequest, PFN_WDFDEVICEENQUEUEREQUEST(Device: WDFDEVICE, Request: WDFREQUEST) -> NTSTATUS;
    WdfDmaEnablerCreate, PFN_WDFDMAENABLERCREATE(
        Device: WDFDEVICE,
        Config: *mut WDF_DMA_ENABLER_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        DmaEnablerHandle: *mut WDFDMAENABLER,
    ) -> NTSTATUS;
    WdfDmaEnablerGetMaximumLength, PFN_WDFDMAENABLERGETMAXIMUMLENGTH(DmaEnabler: WDFDMAENABLER) -> SIZE_T;
    WdfDpcCreate, PFN_WDFDPCCREATE(
        Config: *mut WDF_DPC_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        Dpc: *mut WDFDPC,
    ) -> NTSTATUS;
    WdfDpcEnqueue, PFN_WDFDPCENQUEUE(Dpc: WDFDPC) -> BOOLEAN;
    WdfDpcCancel, PFN_WDFDPCCANCEL(Dpc: WDFDPC, Wait: BOOLEAN) -> BOOLEAN;
    WdfDpcGetParentObject, PFN_WDFDPCGETPARENTOBJECT(Dpc: WDFDPC) -> WDFOBJECT;
    WdfDriverCreate, PFN_WDFDRIVERCREATE(
        DriverObject: *mut DRIVER_OBJECT,
        RegistryPath: *const UNICODE_STRING,
        DriverAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        DriverConfig: *mut WDF_DRIVER_CONFIG,
        Driver: *mut WDFDRIVER,
    ) -> NTSTATUS;
    WdfDriverWdmGetDriverObject, PFN_WDFDRIVERWDMGETDRIVEROBJECT(Driver: WDFDRIVER) -> *mut DRIVER_OBJECT;
    WdfFdoInitSetEventCallbacks, PFN_WDFFDOINITSETEVENTCALLBACKS(
        DeviceInit: *mut WDFDEVICE_INIT,
        FdoEventCallbacks: *mut WDF_FDO_EVENT_CALLBACKS,
    );
    WdfFdoQueryForInterface, PFN_WDFFDOQUERYFORINTERFACE(
        Fdo: WDFDEVICE,
        InterfaceType: *const GUID,
        Interface: *mut INTERFACE,
        Size: USHORT,
        Version: USHORT,
        InterfaceSpecificData: PVOID,
    ) -> NTSTATUS;
    WdfFileObjectGetDevice, PFN_WDFFILEOBJECTGETDEVICE(FileObject: WDFFILEOBJECT) -> WDFDEVICE;
    WdfInterruptCreate, PFN_WDFINTERRUPTCREATE(
        Device: WDFDEVICE,
        Configuration: *mut WDF_INTERRUPT_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        Interrupt: *mut WDFINTERRUPT,
    ) -> NTSTATUS;
    WdfInterruptQueueDpcForIsr, PFN_WDFINTERRUPTQUEUEDPCFORISR(Interrupt: WDFINTERRUPT) -> BOOLEAN;
    WdfInterruptSynchronize, PFN_WDFINTERRUPTSYNCHRONIZE(
        Interrupt: WDFINTERRUPT,
        Callback: PFN_WDF_INTERRUPT_SYNCHRONIZE,
        Context: WDFCONTEXT,
    ) -> BOOLEAN;
    WdfInterruptAcquireLock, PFN_WDFINTERRUPTACQUIRELOCK(Interrupt: WDFINTERRUPT);
    WdfInterruptReleaseLock, PFN_WDFINTERRUPTRELEASELOCK(Interrupt: WDFINTERRUPT);
    WdfInterruptEnable, PFN_WDFINTERRUPTENABLE(Interrupt: WDFINTERRUPT);
    WdfInterruptDisable, PFN_WDFINTERRUPTDISABLE(Interrupt: WDFINTERRUPT);
    WdfInterruptGetInfo, PFN_WDFINTERRUPTGETINFO(Interrupt: WDFINTERRUPT, Info: *mut WDF_INTERRUPT_INFO);
    WdfInterruptSetPolicy, PFN_WDFINTERRUPTSETPOLICY(
        Interrupt: WDFINTERRUPT,
        Policy: WDF_INTERRUPT_POLICY,
        Priority: WDF_INTERRUPT_PRIORITY,
        TargetProcessorSet: KAFFINITY,
    );
    WdfInterruptGetDevice, PFN_WDFINTERRUPTGETDEVICE(Interrupt: WDFINTERRUPT) -> WDFDEVICE;
    WdfIoQueueCreate, PFN_WDFIOQUEUECREATE(
        Device: WDFDEVICE,
        Config: *mut WDF_IO_QUEUE_CONFIG,
        QueueAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Queue: *mut WDFQUEUE,
    ) -> NTSTATUS;
    WdfIoQueueStart, PFN_WDFIOQUEUESTART(Queue: WDFQUEUE);
    WdfIoQueueGetDevice, PFN_WDFIOQUEUEGETDEVICE(Queue: WDFQUEUE) -> WDFDEVICE;
    WdfMemoryCreate, PFN_WDFMEMORYCREATE(
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        PoolType: POOL_TYPE,
        PoolTag: ULONG,
        BufferSize: SIZE_T,
        Memory: *mut WDFMEMORY,
        Buffer: *mut PVOID,
    ) -> NTSTATUS;
    WdfMemoryGetBuffer, PFN_WDFMEMORYGETBUFFER(Memory: WDFMEMORY, BufferSize: *mut SIZE_T) -> PVOID;
    WdfDriverMiniportUnload, PFN_WDFDRIVERMINIPORTUNLOAD(Driver: WDFDRIVER);
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
    WdfObjectReferenceActual, PFN_WDFOBJECTREFERENCEACTUAL(
        Handle: WDFOBJECT,
        Tag: PVOID,
        Line: LONG,
        File: *const u8,
    );
    WdfObjectDereferenceActual, PFN_WDFOBJECTDEREFERENCEACTUAL(
        Handle: WDFOBJECT,
        Tag: PVOID,
        Line: LONG,
        File: *const u8,
    );
    WdfObjectCreate, PFN_WDFOBJECTCREATE(Attributes: *mut WDF_OBJECT_ATTRIBUTES, Object: *mut WDFOBJECT) -> NTSTATUS;
    WdfObjectDelete, PFN_WDFOBJECTDELETE(Object: WDFOBJECT);
    WdfRequestComplete, PFN_WDFREQUESTCOMPLETE(Request: WDFREQUEST, Status: NTSTATUS);
    WdfRequestCompleteWithInformation, PFN_WDFREQUESTCOMPLETEWITHINFORMATION(
        Request: WDFREQUEST,
        Status: NTSTATUS,
        Information: ULONG_PTR,
    );
    WdfRequestGetParameters, PFN_WDFREQUESTGETPARAMETERS(
        Request: WDFREQUEST,
        Parameters: *mut WDF_REQUEST_PARAMETERS,
    );
    WdfRequestRetrieveInputBuffer, PFN_WDFREQUESTRETRIEVEINPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredLength: SIZE_T,
        Buffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfRequestRetrieveOutputBuffer, PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredSize: SIZE_T,
        Buffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfIoResourceRequirementsListGetCount, PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT(
        RequirementsList: WDFIORESREQLIST,
    ) -> ULONG;
    WdfIoResourceRequirementsListGetIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST(
        RequirementsList: WDFIORESREQLIST,
        Index: ULONG,
    ) -> WDFIORESLIST;
    WdfIoResourceListAppendDescriptor, PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR(
        ResourceList: WDFIORESLIST,
        Descriptor: *mut IO_RESOURCE_DESCRIPTOR,
    ) -> NTSTATUS;
    WdfIoResourceListInsertDescriptor, PFN_WDFIORESOURCELISTINSERTDESCRIPTOR(
        ResourceList: WDFIORESLIST,
        Descriptor: *mut IO_RESOURCE_DESCRIPTOR,
        Index: ULONG,
    ) -> NTSTATUS;
    WdfIoResourceListUpdateDescriptor, PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR(
        ResourceList: WDFIORESLIST,
        Descriptor: *mut IO_RESOURCE_DESCRIPTOR,
        Index: ULONG,
    );
    WdfIoResourceListGetCount, PFN_WDFIORESOURCELISTGETCOUNT(ResourceList: WDFIORESLIST) -> ULONG;
    WdfIoResourceListGetDescriptor, PFN_WDFIORESOURCELISTGETDESCRIPTOR(
        ResourceList: WDFIORESLIST,
        Index: ULONG,
    ) -> *mut IO_RESOURCE_DESCRIPTOR;
    WdfIoResourceListRemove, PFN_WDFIORESOURCELISTREMOVE(ResourceList: WDFIORESLIST, Index: ULONG);
    WdfIoResourceListRemoveByDescriptor, PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR(
        ResourceList: WDFIORESLIST,
        Descriptor: *mut IO_RESOURCE_DESCRIPTOR,
    );
    WdfCmResourceListGetCount, PFN_WDFCMRESOURCELISTGETCOUNT(List: WDFCMRESLIST) -> ULONG;
    WdfCmResourceListGetDescriptor, PFN_WDFCMRESOURCELISTGETDESCRIPTOR(
        List: WDFCMRESLIST,
        Index: ULONG,
    ) -> *mut CM_PARTIAL_RESOURCE_DESCRIPTOR;
    WdfWaitLockCreate, PFN_WDFWAITLOCKCREATE(
        LockAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Lock: *mut WDFWAITLOCK,
    ) -> NTSTATUS;
    WdfWaitLockAcquire, PFN_WDFWAITLOCKACQUIRE(Lock: WDFWAITLOCK, Timeout: *mut LONGLONG) -> NTSTATUS;
    WdfWaitLockRelease, PFN_WDFWAITLOCKRELEASE(Lock: WDFWAITLOCK);
    WdfSpinLockCreate, PFN_WDFSPINLOCKCREATE(
        SpinLockAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        SpinLock: *mut WDFSPINLOCK,
    ) -> NTSTATUS;
    WdfSpinLockAcquire, PFN_WDFSPINLOCKACQUIRE(SpinLock: WDFSPINLOCK);
    WdfSpinLockRelease, PFN_WDFSPINLOCKRELEASE(SpinLock: WDFSPINLOCK);
    WdfTimerCreate, PFN_WDFTIMERCREATE(
        Config: *mut WDF_TIMER_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        Timer: *mut WDFTIMER,
    ) -> NTSTATUS;
    WdfTimerStart, PFN_WDFTIMERSTART(Timer: WDFTIMER, DueTime: LONGLONG) -> BOOLEAN;
    WdfTimerStop, PFN_WDFTIMERSTOP(Timer: WDFTIMER, Wait: BOOLEAN) -> BOOLEAN;
    WdfTimerGetParentObject, PFN_WDFTIMERGETPARENTOBJECT(Timer: WDFTIMER) -> WDFOBJECT;
    WdfVerifierKeBugCheck, PFN_WDFVERIFIERKEBUGCHECK(
        BugCheckCode: ULONG,
        BugCheckParameter1: ULONG_PTR,
        BugCheckParameter2: ULONG_PTR,
        BugCheckParameter3: ULONG_PTR,
        BugCheckParameter4: ULONG_PTR,
    );
    WdfWorkItemCreate, PFN_WDFWORKITEMCREATE(
        Config: *mut WDF_WORKITEM_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        WorkItem: *mut WDFWORKITEM,
    ) -> NTSTATUS;
    WdfWorkItemEnqueue, PFN_WDFWORKITEMENQUEUE(WorkItem: WDFWORKITEM);
    WdfWorkItemGetParentObject, PFN_WDFWORKITEMGETPARENTOBJECT(WorkItem: WDFWORKITEM) -> WDFOBJECT;
    WdfWorkItemFlush, PFN_WDFWORKITEMFLUSH(WorkItem: WDFWORKITEM);
    WdfCommonBufferCreateWithConfig, PFN_WDFCOMMONBUFFERCREATEWITHCONFIG(
        DmaEnabler: WDFDMAENABLER,
        Length: SIZE_T,
        Config: *mut WDF_COMMON_BUFFER_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        CommonBuffer: *mut WDFCOMMONBUFFER,
    ) -> NTSTATUS;
    WdfInterruptSetExtendedPolicy, PFN_WDFINTERRUPTSETEXTENDEDPOLICY(
        Interrupt: WDFINTERRUPT,
        PolicyAndGroup: *mut WDF_INTERRUPT_EXTENDED_POLICY,
    );
    WdfGetTriageInfo, PFN_WDFGETTRIAGEINFO() -> PVOID;
    WdfDeviceQueryPropertyEx, PFN_WDFDEVICEQUERYPROPERTYEX(
        Device: WDFDEVICE,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        BufferLength: ULONG,
        PropertyBuffer: PVOID,
        RequiredSize: *mut ULONG,
        Type: *mut DEVPROPTYPE,
    ) -> NTSTATUS;
    WdfDeviceAssignProperty, PFN_WDFDEVICEASSIGNPROPERTY(
        Device: WDFDEVICE,
        DeviceProperty: *mut WDF_DEVICE_PROPERTY_DATA,
        Type: DEVPROPTYPE,
        Size: ULONG,
        Data: PVOID,
    ) -> NTSTATUS;
}
