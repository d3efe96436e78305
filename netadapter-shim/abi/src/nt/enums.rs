//! Enumerations of NT.

use super::*;

c_enums! {
    DEVICE_POWER_STATE: i32 {
        PowerDeviceUnspecified = 0, PowerDeviceD0 = 1, PowerDeviceD1 = 2, PowerDeviceD2 = 3, PowerDeviceD3 = 4,
        PowerDeviceMaximum = 5,
    }
    DEVICE_REGISTRY_PROPERTY: i32 {
        DevicePropertyDeviceDescription = 0, DevicePropertyHardwareID = 1, DevicePropertyCompatibleIDs = 2,
        DevicePropertyBootConfiguration = 3, DevicePropertyBootConfigurationTranslated = 4,
        DevicePropertyClassName = 5, DevicePropertyClassGuid = 6, DevicePropertyDriverKeyName = 7,
        DevicePropertyManufacturer = 8, DevicePropertyFriendlyName = 9, DevicePropertyLocationInformation = 10,
        DevicePropertyPhysicalDeviceObjectName = 11, DevicePropertyBusTypeGuid = 12,
        DevicePropertyLegacyBusType = 13, DevicePropertyBusNumber = 14, DevicePropertyEnumeratorName = 15,
        DevicePropertyAddress = 16, DevicePropertyUINumber = 17, DevicePropertyInstallState = 18,
        DevicePropertyRemovalPolicy = 19, DevicePropertyResourceRequirements = 20,
        DevicePropertyAllocatedResources = 21, DevicePropertyContainerID = 22,
    }
    DEVICE_RELATION_TYPE: i32 {
        BusRelations = 0, EjectionRelations = 1, PowerRelations = 2, RemovalRelations = 3, TargetDeviceRelation = 4,
        SingleBusRelations = 5, TransportRelations = 6,
    }
    EVENT_TYPE: i32 {
        NotificationEvent = 0, SynchronizationEvent = 1,
    }
    INTERFACE_TYPE: i32 {
        InterfaceTypeUndefined = -1, Internal = 0, Isa = 1, Eisa = 2, MicroChannel = 3, TurboChannel = 4, PCIBus = 5,
        VMEBus = 6, NuBus = 7, PCMCIABus = 8, CBus = 9, MPIBus = 10, MPSABus = 11, ProcessorInternal = 12,
        InternalPowerBus = 13, PNPISABus = 14, PNPBus = 15, Vmcs = 16, ACPIBus = 17, MaximumInterfaceType = 18,
    }
    IO_NOTIFICATION_EVENT_CATEGORY: i32 {
        EventCategoryReserved = 0, EventCategoryHardwareProfileChange = 1, EventCategoryDeviceInterfaceChange = 2,
        EventCategoryTargetDeviceChange = 3, EventCategoryKernelSoftRestart = 4,
    }
    IRQ_DEVICE_POLICY: u16 {
        IrqPolicyMachineDefault = 0, IrqPolicyAllCloseProcessors = 1, IrqPolicyOneCloseProcessor = 2,
        IrqPolicyAllProcessorsInMachine = 3, IrqPolicyAllProcessorsInGroup = 3, IrqPolicySpecifiedProcessors = 4,
        IrqPolicySpreadMessagesAcrossAllProcessors = 5, IrqPolicyAllProcessorsInMachineWhenSteered = 6,
        IrqPolicyAllProcessorsInGroupWhenSteered = 6,
    }
    IRQ_PRIORITY: i32 {
        IrqPriorityUndefined = 0, IrqPriorityLow = 1, IrqPriorityNormal = 2, IrqPriorityHigh = 3,
    }
    KDPC_IMPORTANCE: i32 {
        LowImportance = 0, MediumImportance = 1, HighImportance = 2, MediumHighImportance = 3,
    }
    KINTERRUPT_MODE: i32 {
        LevelSensitive = 0, Latched = 1,
    }
    KWAIT_REASON: i32 {
        Executive = 0, FreePage = 1, PageIn = 2, PoolAllocation = 3, DelayExecution = 4, Suspended = 5,
        UserRequest = 6, WrExecutive = 7, WrFreePage = 8, WrPageIn = 9, WrPoolAllocation = 10, WrDelayExecution = 11,
        WrSuspended = 12, WrUserRequest = 13, WrSpare0 = 14, WrQueue = 15, WrLpcReceive = 16, WrLpcReply = 17,
        WrVirtualMemory = 18, WrPageOut = 19, WrRendezvous = 20, WrKeyedEvent = 21, WrTerminated = 22,
        WrProcessInSwap = 23, WrCpuRateControl = 24, WrCalloutStack = 25, WrKernel = 26, WrResource = 27,
        WrPushLock = 28, WrMutex = 29, WrQuantumEnd = 30, WrDispatchInt = 31, WrPreempted = 32, WrYieldExecution = 33,
        WrFastMutex = 34, WrGuardedMutex = 35, WrRundown = 36, WrAlertByThreadId = 37, WrDeferredPreempt = 38,
        WrPhysicalFault = 39, MaximumWaitReason = 40,
    }
    MEMORY_CACHING_TYPE: i32 {
        MmNonCached = 0, MmCached = 1, MmWriteCombined = 2, MmHardwareCoherentCached = 3, MmNonCachedUnordered = 4,
        MmUSWCCached = 5, MmMaximumCacheType = 6, MmNotMapped = -1,
    }
    MODE: i32 {
        KernelMode = 0, UserMode = 1, MaximumMode = 2,
    }
    POOL_TYPE: i32 {
        NonPagedPool = 0, NonPagedPoolExecute = 0, PagedPool = 1, NonPagedPoolMustSucceed = 2, DontUseThisType = 3,
        NonPagedPoolCacheAligned = 4, PagedPoolCacheAligned = 5, NonPagedPoolCacheAlignedMustS = 6, MaxPoolType = 7,
        NonPagedPoolBase = 0, NonPagedPoolBaseMustSucceed = 2, NonPagedPoolBaseCacheAligned = 4,
        NonPagedPoolBaseCacheAlignedMustS = 6, NonPagedPoolSession = 32, PagedPoolSession = 33,
        NonPagedPoolMustSucceedSession = 34, DontUseThisTypeSession = 35, NonPagedPoolCacheAlignedSession = 36,
        PagedPoolCacheAlignedSession = 37, NonPagedPoolCacheAlignedMustSSession = 38, NonPagedPoolNx = 512,
        NonPagedPoolNxCacheAligned = 516, NonPagedPoolSessionNx = 544,
    }
    POWER_ACTION: i32 {
        PowerActionNone = 0, PowerActionReserved = 1, PowerActionSleep = 2, PowerActionHibernate = 3,
        PowerActionShutdown = 4, PowerActionShutdownReset = 5, PowerActionShutdownOff = 6, PowerActionWarmEject = 7,
        PowerActionDisplayOff = 8,
    }
    SYSTEM_POWER_STATE: i32 {
        PowerSystemUnspecified = 0, PowerSystemWorking = 1, PowerSystemSleeping1 = 2, PowerSystemSleeping2 = 3,
        PowerSystemSleeping3 = 4, PowerSystemHibernate = 5, PowerSystemShutdown = 6, PowerSystemMaximum = 7,
    }
    CM_SHARE_DISPOSITION: i32 {
        CmResourceShareUndetermined = 0, CmResourceShareDeviceExclusive = 1, CmResourceShareDriverExclusive = 2,
        CmResourceShareShared = 3,
    }
}
