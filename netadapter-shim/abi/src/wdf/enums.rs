//! Enumerations of KMDF.

use crate::declare::c_enums;

c_enums! {
    WDF_BUGCHECK_CODES: i32 {
        WDF_POWER_ROUTINE_TIMED_OUT = 1, WDF_RECURSIVE_LOCK = 2, WDF_VERIFIER_FATAL_ERROR = 3,
        WDF_REQUIRED_PARAMETER_IS_NULL = 4, WDF_INVALID_HANDLE = 5, WDF_REQUEST_FATAL_ERROR = 6, WDF_OBJECT_ERROR = 7,
        WDF_DMA_FATAL_ERROR = 8, WDF_INVALID_INTERRUPT = 9, WDF_QUEUE_FATAL_ERROR = 10,
        WDF_INVALID_LOCK_OPERATION = 11, WDF_PNP_FATAL_ERROR = 12, WDF_POWER_MULTIPLE_PPO = 13,
        WDF_VERIFIER_IRQL_MISMATCH = 14, WDF_VERIFIER_CRITICAL_REGION_MISMATCH = 15, WDF_API_UNAVAILABLE = 16,
    }
    WDF_DEVICE_FAILED_ACTION: i32 {
        WdfDeviceFailedUndefined = 0, WdfDeviceFailedAttemptRestart = 1, WdfDeviceFailedNoRestart = 2,
    }
    WDF_DEVICE_IO_TYPE: i32 {
        WdfDeviceIoUndefined = 0, WdfDeviceIoNeither = 1, WdfDeviceIoBuffered = 2, WdfDeviceIoDirect = 3,
        WdfDeviceIoBufferedOrDirect = 4, WdfDeviceIoMaximum = 5,
    }
    WDF_DEVICE_PNP_STATE: i32 {
        WdfDevStatePnpInvalid = 0, WdfDevStatePnpObjectCreated = 256, WdfDevStatePnpCheckForDevicePresence = 257,
        WdfDevStatePnpEjectFailed = 258, WdfDevStatePnpEjectHardware = 259,
        WdfDevStatePnpEjectedWaitingForRemove = 260, WdfDevStatePnpInit = 261, WdfDevStatePnpInitStarting = 262,
        WdfDevStatePnpInitSurpriseRemoved = 263, WdfDevStatePnpHardwareAvailable = 264,
        WdfDevStatePnpEnableInterfaces = 265, WdfDevStatePnpHardwareAvailablePowerPolicyFailed = 266,
        WdfDevStatePnpQueryRemoveAskDriver = 267, WdfDevStatePnpQueryRemovePending = 268,
        WdfDevStatePnpQueryRemoveStaticCheck = 269, WdfDevStatePnpQueriedRemoving = 270,
        WdfDevStatePnpQueryStopAskDriver = 271, WdfDevStatePnpQueryStopPending = 272,
        WdfDevStatePnpQueryStopStaticCheck = 273, WdfDevStatePnpQueryCanceled = 274, WdfDevStatePnpRemoved = 275,
        WdfDevStatePnpPdoRemoved = 276, WdfDevStatePnpRemovedPdoWait = 277,
        WdfDevStatePnpRemovedPdoSurpriseRemoved = 278, WdfDevStatePnpRemovingDisableInterfaces = 279,
        WdfDevStatePnpRestarting = 280, WdfDevStatePnpStarted = 281, WdfDevStatePnpStartedCancelStop = 282,
        WdfDevStatePnpStartedCancelRemove = 283, WdfDevStatePnpStartedRemoving = 284,
        WdfDevStatePnpStartingFromStopped = 285, WdfDevStatePnpStopped = 286,
        WdfDevStatePnpStoppedWaitForStartCompletion = 287, WdfDevStatePnpStartedStopping = 288,
        WdfDevStatePnpSurpriseRemove = 289, WdfDevStatePnpInitQueryRemove = 290,
        WdfDevStatePnpInitQueryRemoveCanceled = 291, WdfDevStatePnpFdoRemoved = 292,
        WdfDevStatePnpRemovedWaitForChildren = 293, WdfDevStatePnpQueriedSurpriseRemove = 294,
        WdfDevStatePnpSurpriseRemoveIoStarted = 295, WdfDevStatePnpFailedPowerDown = 296,
        WdfDevStatePnpFailedIoStarting = 297, WdfDevStatePnpFailedOwnHardware = 298, WdfDevStatePnpFailed = 299,
        WdfDevStatePnpFailedSurpriseRemoved = 300, WdfDevStatePnpFailedStarted = 301,
        WdfDevStatePnpFailedWaitForRemove = 302, WdfDevStatePnpFailedInit = 303, WdfDevStatePnpPdoInitFailed = 304,
        WdfDevStatePnpRestart = 305, WdfDevStatePnpRestartReleaseHardware = 306,
        WdfDevStatePnpRestartHardwareAvailable = 307, WdfDevStatePnpPdoRestart = 308, WdfDevStatePnpFinal = 309,
        WdfDevStatePnpRemovedChildrenRemoved = 310, WdfDevStatePnpQueryRemoveEnsureDeviceAwake = 311,
        WdfDevStatePnpQueryStopEnsureDeviceAwake = 312, WdfDevStatePnpFailedPowerPolicyRemoved = 313,
        WdfDevStatePnpNull = 314,
    }
    WDF_DEVICE_POWER_STATE: i32 {
        WdfDevStatePowerInvalid = 0, WdfDevStatePowerObjectCreated = 768, WdfDevStatePowerCheckDeviceType = 769,
        WdfDevStatePowerCheckDeviceTypeNP = 33538, WdfDevStatePowerCheckParentState = 771,
        WdfDevStatePowerCheckParentStateNP = 33540, WdfDevStatePowerEnablingWakeAtBus = 773,
        WdfDevStatePowerEnablingWakeAtBusNP = 33542, WdfDevStatePowerD0 = 775, WdfDevStatePowerD0NP = 33544,
        WdfDevStatePowerD0BusWakeOwner = 777, WdfDevStatePowerD0BusWakeOwnerNP = 33546,
        WdfDevStatePowerD0ArmedForWake = 779, WdfDevStatePowerD0ArmedForWakeNP = 33548,
        WdfDevStatePowerD0DisarmingWakeAtBus = 781, WdfDevStatePowerD0DisarmingWakeAtBusNP = 33550,
        WdfDevStatePowerD0Starting = 783, WdfDevStatePowerD0StartingConnectInterrupt = 784,
        WdfDevStatePowerD0StartingDmaEnable = 785, WdfDevStatePowerD0StartingStartSelfManagedIo = 786,
        WdfDevStatePowerDecideD0State = 787, WdfDevStatePowerGotoD3Stopped = 788, WdfDevStatePowerStopped = 789,
        WdfDevStatePowerStartingCheckDeviceType = 790, WdfDevStatePowerStartingChild = 791,
        WdfDevStatePowerDxDisablingWakeAtBus = 792, WdfDevStatePowerDxDisablingWakeAtBusNP = 33561,
        WdfDevStatePowerGotoDx = 794, WdfDevStatePowerGotoDxNP = 33563, WdfDevStatePowerGotoDxIoStopped = 796,
        WdfDevStatePowerGotoDxIoStoppedNP = 33565, WdfDevStatePowerGotoDxNPFailed = 33566, WdfDevStatePowerDx = 799,
        WdfDevStatePowerDxNP = 33568, WdfDevStatePowerGotoDxArmedForWake = 801,
        WdfDevStatePowerGotoDxArmedForWakeNP = 33570, WdfDevStatePowerGotoDxIoStoppedArmedForWake = 803,
        WdfDevStatePowerGotoDxIoStoppedArmedForWakeNP = 33572, WdfDevStatePowerDxArmedForWake = 805,
        WdfDevStatePowerDxArmedForWakeNP = 33574, WdfDevStatePowerCheckParentStateArmedForWake = 807,
        WdfDevStatePowerCheckParentStateArmedForWakeNP = 33576, WdfDevStatePowerWaitForParentArmedForWake = 809,
        WdfDevStatePowerWaitForParentArmedForWakeNP = 33578, WdfDevStatePowerStartSelfManagedIo = 811,
        WdfDevStatePowerStartSelfManagedIoNP = 33580, WdfDevStatePowerStartSelfManagedIoFailed = 813,
        WdfDevStatePowerStartSelfManagedIoFailedNP = 33582, WdfDevStatePowerWaitForParent = 815,
        WdfDevStatePowerWaitForParentNP = 33584, WdfDevStatePowerWakePending = 817,
        WdfDevStatePowerWakePendingNP = 33586, WdfDevStatePowerWaking = 819, WdfDevStatePowerWakingNP = 33588,
        WdfDevStatePowerWakingConnectInterrupt = 821, WdfDevStatePowerWakingConnectInterruptNP = 33590,
        WdfDevStatePowerWakingConnectInterruptFailed = 823, WdfDevStatePowerWakingConnectInterruptFailedNP = 33592,
        WdfDevStatePowerWakingDmaEnable = 825, WdfDevStatePowerWakingDmaEnableNP = 33594,
        WdfDevStatePowerWakingDmaEnableFailed = 827, WdfDevStatePowerWakingDmaEnableFailedNP = 33596,
        WdfDevStatePowerReportPowerUpFailedDerefParent = 829, WdfDevStatePowerReportPowerUpFailed = 830,
        WdfDevStatePowerPowerFailedPowerDown = 831, WdfDevStatePowerReportPowerDownFailed = 832,
        WdfDevStatePowerInitialConnectInterruptFailed = 833, WdfDevStatePowerInitialDmaEnableFailed = 834,
        WdfDevStatePowerInitialSelfManagedIoFailed = 835, WdfDevStatePowerInitialPowerUpFailedDerefParent = 836,
        WdfDevStatePowerInitialPowerUpFailed = 837, WdfDevStatePowerDxStoppedDisarmWake = 838,
        WdfDevStatePowerDxStoppedDisarmWakeNP = 33607, WdfDevStatePowerGotoDxStoppedDisableInterruptNP = 33608,
        WdfDevStatePowerGotoDxStopped = 841, WdfDevStatePowerDxStopped = 842, WdfDevStatePowerGotoStopped = 843,
        WdfDevStatePowerStoppedCompleteDx = 844, WdfDevStatePowerDxStoppedDecideDxState = 845,
        WdfDevStatePowerDxStoppedArmForWake = 846, WdfDevStatePowerDxStoppedArmForWakeNP = 33615,
        WdfDevStatePowerFinalPowerDownFailed = 848, WdfDevStatePowerFinal = 849,
        WdfDevStatePowerGotoImplicitD3DisarmWakeAtBus = 850, WdfDevStatePowerUpFailed = 851,
        WdfDevStatePowerUpFailedDerefParent = 852, WdfDevStatePowerGotoDxFailed = 853,
        WdfDevStatePowerGotoDxStoppedDisableInterrupt = 854, WdfDevStatePowerUpFailedNP = 33623,
        WdfDevStatePowerUpFailedDerefParentNP = 33624, WdfDevStatePowerNotifyingD0ExitToWakeInterrupts = 857,
        WdfDevStatePowerNotifyingD0EntryToWakeInterrupts = 858,
        WdfDevStatePowerNotifyingD0ExitToWakeInterruptsNP = 33627,
        WdfDevStatePowerNotifyingD0EntryToWakeInterruptsNP = 33628,
        WdfDevStatePowerInitialPowerUpFailedPowerDown = 861, WdfDevStatePowerUpFailedPowerDown = 862,
        WdfDevStatePowerUpFailedPowerDownNP = 33631, WdfDevStatePowerInitialSelfManagedIoFailedStarted = 864,
        WdfDevStatePowerStartSelfManagedIoFailedStarted = 865,
        WdfDevStatePowerStartSelfManagedIoFailedStartedNP = 33634, WdfDevStatePowerWakingPostHardwareEnabled = 867,
        WdfDevStatePowerWakingPostHardwareEnabledNP = 33636, WdfDevStatePowerWakingPostHardwareEnabledFailed = 869,
        WdfDevStatePowerWakingPostHardwareEnabledFailedNP = 33638,
        WdfDevStatePowerD0StartingPostHardwareEnabled = 871, WdfDevStatePowerInitialPostHardwareEnabledFailed = 872,
        WdfDevStatePowerNull = 873,
    }
    WDF_DMA_DIRECTION: i32 {
        WdfDmaDirectionReadFromDevice = 0, WdfDmaDirectionWriteToDevice = 1,
    }
    WDF_DMA_ENABLER_CONFIG_FLAGS: i32 {
        WDF_DMA_ENABLER_CONFIG_NO_SGLIST_PREALLOCATION = 1, WDF_DMA_ENABLER_CONFIG_REQUIRE_SINGLE_TRANSFER = 2,
    }
    WDF_DMA_PROFILE: i32 {
        WdfDmaProfileInvalid = 0, WdfDmaProfilePacket = 1, WdfDmaProfileScatterGather = 2, WdfDmaProfilePacket64 = 3,
        WdfDmaProfileScatterGather64 = 4, WdfDmaProfileScatterGatherDuplex = 5,
        WdfDmaProfileScatterGather64Duplex = 6, WdfDmaProfileSystem = 7, WdfDmaProfileSystemDuplex = 8,
    }
    WDF_DRIVER_INIT_FLAGS: i32 {
        WdfDriverInitNonPnpDriver = 1, WdfDriverInitNoDispatchOverride = 2, WdfVerifyOn = 4, WdfVerifierOn = 8,
        WdfDriverInitCompanion = 16,
    }
    WDF_EXECUTION_LEVEL: i32 {
        WdfExecutionLevelInvalid = 0, WdfExecutionLevelInheritFromParent = 1, WdfExecutionLevelPassive = 2,
        WdfExecutionLevelDispatch = 3,
    }
    WDF_FILEOBJECT_CLASS: i32 {
        WdfFileObjectInvalid = 0, WdfFileObjectNotRequired = 1, WdfFileObjectWdfCanUseFsContext = 2,
        WdfFileObjectWdfCanUseFsContext2 = 3, WdfFileObjectWdfCannotUseFsContexts = 4,
        WdfFileObjectCanBeOptional = -2147483648,
    }
    WDF_INTERRUPT_POLARITY: i32 {
        WdfInterruptPolarityUnknown = 0, WdfInterruptActiveHigh = 1, WdfInterruptActiveLow = 2,
    }
    WDF_INTERRUPT_POLICY: i32 {
        WdfIrqPolicyMachineDefault = 0, WdfIrqPolicyAllCloseProcessors = 1, WdfIrqPolicyOneCloseProcessor = 2,
        WdfIrqPolicyAllProcessorsInMachine = 3, WdfIrqPolicySpecifiedProcessors = 4,
        WdfIrqPolicySpreadMessagesAcrossAllProcessors = 5,
    }
    WDF_INTERRUPT_PRIORITY: i32 {
        WdfIrqPriorityUndefined = 0, WdfIrqPriorityLow = 1, WdfIrqPriorityNormal = 2, WdfIrqPriorityHigh = 3,
    }
    WDF_IO_QUEUE_DISPATCH_TYPE: i32 {
        WdfIoQueueDispatchInvalid = 0, WdfIoQueueDispatchSequential = 1, WdfIoQueueDispatchParallel = 2,
        WdfIoQueueDispatchManual = 3, WdfIoQueueDispatchMax = 4,
    }
    WDF_IO_QUEUE_STATE: i32 {
        WdfIoQueueAcceptRequests = 1, WdfIoQueueDispatchRequests = 2, WdfIoQueueNoRequests = 4,
        WdfIoQueueDriverNoRequests = 8, WdfIoQueuePnpHeld = 16,
    }
    WDF_POWER_DEVICE_STATE: i32 {
        WdfPowerDeviceInvalid = 0, WdfPowerDeviceD0 = 1, WdfPowerDeviceD1 = 2, WdfPowerDeviceD2 = 3,
        WdfPowerDeviceD3 = 4, WdfPowerDeviceD3Final = 5, WdfPowerDevicePrepareForHibernation = 6,
        WdfPowerDeviceMaximum = 7,
    }
    WDF_POWER_POLICY_IDLE_TIMEOUT_TYPE: i32 {
        DriverManagedIdleTimeout = 0, SystemManagedIdleTimeout = 1, SystemManagedIdleTimeoutWithHint = 2,
    }
    WDF_POWER_POLICY_S0_IDLE_CAPABILITIES: i32 {
        IdleCapsInvalid = 0, IdleCannotWakeFromS0 = 1, IdleCanWakeFromS0 = 2, IdleUsbSelectiveSuspend = 3,
    }
    WDF_POWER_POLICY_S0_IDLE_USER_CONTROL: i32 {
        IdleUserControlInvalid = 0, IdleDoNotAllowUserControl = 1, IdleAllowUserControl = 2,
    }
    WDF_POWER_POLICY_SX_WAKE_USER_CONTROL: i32 {
        WakeUserControlInvalid = 0, WakeDoNotAllowUserControl = 1, WakeAllowUserControl = 2,
    }
    WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE: i32 {
        WdfReleaseHardwareOrderOnFailureInvalid = 0, WdfReleaseHardwareOrderOnFailureEarly = 1,
        WdfReleaseHardwareOrderOnFailureAfterDescendants = 2,
    }
    WDF_REMOVE_LOCK_OPTIONS_FLAGS: i32 {
        WDF_REMOVE_LOCK_OPTION_ACQUIRE_FOR_IO = 1,
    }
    WDF_REQUEST_STOP_ACTION_FLAGS: i32 {
        WdfRequestStopActionInvalid = 0, WdfRequestStopActionSuspend = 1, WdfRequestStopActionPurge = 2,
        WdfRequestStopRequestCancelable = 268435456,
    }
    WDF_REQUEST_TYPE: i32 {
        WdfRequestTypeCreate = 0, WdfRequestTypeCreateNamedPipe = 1, WdfRequestTypeClose = 2, WdfRequestTypeRead = 3,
        WdfRequestTypeWrite = 4, WdfRequestTypeQueryInformation = 5, WdfRequestTypeSetInformation = 6,
        WdfRequestTypeQueryEA = 7, WdfRequestTypeSetEA = 8, WdfRequestTypeFlushBuffers = 9,
        WdfRequestTypeQueryVolumeInformation = 10, WdfRequestTypeSetVolumeInformation = 11,
        WdfRequestTypeDirectoryControl = 12, WdfRequestTypeFileSystemControl = 13, WdfRequestTypeDeviceControl = 14,
        WdfRequestTypeDeviceControlInternal = 15, WdfRequestTypeShutdown = 16, WdfRequestTypeLockControl = 17,
        WdfRequestTypeCleanup = 18, WdfRequestTypeCreateMailSlot = 19, WdfRequestTypeQuerySecurity = 20,
        WdfRequestTypeSetSecurity = 21, WdfRequestTypePower = 22, WdfRequestTypeSystemControl = 23,
        WdfRequestTypeDeviceChange = 24, WdfRequestTypeQueryQuota = 25, WdfRequestTypeSetQuota = 26,
        WdfRequestTypePnp = 27, WdfRequestTypeOther = 28, WdfRequestTypeUsb = 64, WdfRequestTypeNoFormat = 255,
        WdfRequestTypeMax = 256,
    }
    WDF_SPECIAL_FILE_TYPE: i32 {
        WdfSpecialFileUndefined = 0, WdfSpecialFilePaging = 1, WdfSpecialFileHibernation = 2, WdfSpecialFileDump = 3,
        WdfSpecialFileBoot = 4, WdfSpecialFilePostDisplay = 5, WdfSpecialFileGuestAssigned = 6, WdfSpecialFileMax = 7,
    }
    WDF_SYNCHRONIZATION_SCOPE: i32 {
        WdfSynchronizationScopeInvalid = 0, WdfSynchronizationScopeInheritFromParent = 1,
        WdfSynchronizationScopeDevice = 2, WdfSynchronizationScopeQueue = 3, WdfSynchronizationScopeNone = 4,
    }
    WDF_TRI_STATE: i32 {
        WdfFalse = 0, WdfTrue = 1, WdfUseDefault = 2,
    }
}
