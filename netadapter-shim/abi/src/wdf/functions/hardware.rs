//! Resources, interrupts, DMA.

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
    WdfDmaEnablerCreate, PFN_WDFDMAENABLERCREATE(
        Device: WDFDEVICE,
        Config: *mut WDF_DMA_ENABLER_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        DmaEnablerHandle: *mut WDFDMAENABLER,
    ) -> NTSTATUS;
    WdfDmaEnablerGetMaximumLength, PFN_WDFDMAENABLERGETMAXIMUMLENGTH(DmaEnabler: WDFDMAENABLER) -> SIZE_T;
    WdfDmaEnablerGetMaximumScatterGatherElements, PFN_WDFDMAENABLERGETMAXIMUMSCATTERGATHERELEMENTS(
        DmaEnabler: WDFDMAENABLER,
    ) -> SIZE_T;
    WdfDmaEnablerSetMaximumScatterGatherElements, PFN_WDFDMAENABLERSETMAXIMUMSCATTERGATHERELEMENTS(
        DmaEnabler: WDFDMAENABLER,
        MaximumFragments: SIZE_T,
    );
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
    WdfIoResourceRequirementsListSetSlotNumber, PFN_WDFIORESOURCEREQUIREMENTSLISTSETSLOTNUMBER(
        RequirementsList: WDFIORESREQLIST,
        SlotNumber: ULONG,
    );
    WdfIoResourceRequirementsListSetInterfaceType, PFN_WDFIORESOURCEREQUIREMENTSLISTSETINTERFACETYPE(
        RequirementsList: WDFIORESREQLIST,
        InterfaceType: INTERFACE_TYPE,
    );
    WdfIoResourceRequirementsListAppendIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTAPPENDIORESLIST(
        RequirementsList: WDFIORESREQLIST,
        IoResList: WDFIORESLIST,
    ) -> NTSTATUS;
    WdfIoResourceRequirementsListInsertIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTINSERTIORESLIST(
        RequirementsList: WDFIORESREQLIST,
        IoResList: WDFIORESLIST,
        Index: ULONG,
    ) -> NTSTATUS;
    WdfIoResourceRequirementsListGetCount, PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT(
        RequirementsList: WDFIORESREQLIST,
    ) -> ULONG;
    WdfIoResourceRequirementsListGetIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST(
        RequirementsList: WDFIORESREQLIST,
        Index: ULONG,
    ) -> WDFIORESLIST;
    WdfIoResourceRequirementsListRemove, PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVE(
        RequirementsList: WDFIORESREQLIST,
        Index: ULONG,
    );
    WdfIoResourceRequirementsListRemoveByIoResList, PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVEBYIORESLIST(
        RequirementsList: WDFIORESREQLIST,
        IoResList: WDFIORESLIST,
    );
    WdfIoResourceListCreate, PFN_WDFIORESOURCELISTCREATE(
        RequirementsList: WDFIORESREQLIST,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        ResourceList: *mut WDFIORESLIST,
    ) -> NTSTATUS;
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
    WdfCmResourceListAppendDescriptor, PFN_WDFCMRESOURCELISTAPPENDDESCRIPTOR(
        List: WDFCMRESLIST,
        Descriptor: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    ) -> NTSTATUS;
    WdfCmResourceListInsertDescriptor, PFN_WDFCMRESOURCELISTINSERTDESCRIPTOR(
        List: WDFCMRESLIST,
        Descriptor: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
        Index: ULONG,
    ) -> NTSTATUS;
    WdfCmResourceListGetCount, PFN_WDFCMRESOURCELISTGETCOUNT(List: WDFCMRESLIST) -> ULONG;
    WdfCmResourceListGetDescriptor, PFN_WDFCMRESOURCELISTGETDESCRIPTOR(
        List: WDFCMRESLIST,
        Index: ULONG,
    ) -> *mut CM_PARTIAL_RESOURCE_DESCRIPTOR;
    WdfCmResourceListRemove, PFN_WDFCMRESOURCELISTREMOVE(List: WDFCMRESLIST, Index: ULONG);
    WdfCmResourceListRemoveByDescriptor, PFN_WDFCMRESOURCELISTREMOVEBYDESCRIPTOR(
        List: WDFCMRESLIST,
        Descriptor: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    );
    WdfCommonBufferCreateWithConfig, PFN_WDFCOMMONBUFFERCREATEWITHCONFIG(
        DmaEnabler: WDFDMAENABLER,
        Length: SIZE_T,
        Config: *mut WDF_COMMON_BUFFER_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        CommonBuffer: *mut WDFCOMMONBUFFER,
    ) -> NTSTATUS;
    WdfDmaEnablerGetFragmentLength, PFN_WDFDMAENABLERGETFRAGMENTLENGTH(
        DmaEnabler: WDFDMAENABLER,
        DmaDirection: WDF_DMA_DIRECTION,
    ) -> SIZE_T;
    WdfInterruptSetExtendedPolicy, PFN_WDFINTERRUPTSETEXTENDEDPOLICY(
        Interrupt: WDFINTERRUPT,
        PolicyAndGroup: *mut WDF_INTERRUPT_EXTENDED_POLICY,
    );
    WdfInterruptQueueWorkItemForIsr, PFN_WDFINTERRUPTQUEUEWORKITEMFORISR(Interrupt: WDFINTERRUPT) -> BOOLEAN;
    WdfInterruptTryToAcquireLock, PFN_WDFINTERRUPTTRYTOACQUIRELOCK(Interrupt: WDFINTERRUPT) -> BOOLEAN;
    WdfInterruptReportActive, PFN_WDFINTERRUPTREPORTACTIVE(Interrupt: WDFINTERRUPT);
    WdfInterruptReportInactive, PFN_WDFINTERRUPTREPORTINACTIVE(Interrupt: WDFINTERRUPT);
}
