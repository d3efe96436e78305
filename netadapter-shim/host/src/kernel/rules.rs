//! The rules of the functions that `ntoskrnl.exe` exports.

pub(super) use crate::executive::rules::DRIVER_BUG_CHECK;

crate::verifier::rules! {
    /// A driver frees all its pool memory before it is unloaded.
    POOL_LEAKED = "Bug Check 0xC4: DRIVER_VERIFIER_DETECTED_VIOLATION, parameter 1 = 0x62";
    /// A driver ends all its registrations and mappings before it is unloaded.
    REGISTRATION_LEFT_BEHIND = "Bug Check 0xCE: DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS";
    /// A pool tag consists of printable ASCII characters.
    BAD_POOL_TAG = "ExAllocatePool2 function (wdm.h), parameter Tag";
    /// Registers are mapped without caching, and unmapped by the address and length of the mapping.
    BAD_IO_SPACE_MAPPING = "MmMapIoSpaceEx and MmUnmapIoSpace functions (wdm.h), remarks";
    /// A spin lock is not taken again by the processor that holds it.
    SPIN_LOCK_ALREADY_OWNED = "Bug Check 0xF: SPIN_LOCK_ALREADY_OWNED";
    /// A spin lock is released by the processor that holds it.
    SPIN_LOCK_NOT_OWNED = "Bug Check 0x10: SPIN_LOCK_NOT_OWNED";
    /// The IRQL is raised to the same or a higher one, and lowered to the same or a lower one.
    IRQL_NOT_GREATER_OR_EQUAL = "KeRaiseIrql macro and KeLowerIrql function (wdm.h)";
    /// A DPC is initialised before it is used.
    DPC_NOT_INITIALIZED = "KeInsertQueueDpc function (wdm.h)";
    /// A DPC is not initialised again while it waits in a queue.
    DPC_INITIALIZED_WHILE_QUEUED = "KeInitializeDpc function (wdm.h)";
    /// Waits name objects that were initialised.
    NOT_A_DISPATCHER_OBJECT = "KeInitializeEvent function (wdm.h), remarks";
    /// A callback of PnP notification returns STATUS_SUCCESS.
    NOTIFICATION_FAILED = "DRIVER_NOTIFICATION_CALLBACK_ROUTINE callback function (wdm.h), return value";
    /// PnP notification is ended with the entry that registration gave, once.
    NOT_A_NOTIFICATION_ENTRY = "IoUnregisterPlugPlayNotificationEx function (wdm.h)";
    /// A processor callback leaves the change context as it is.
    CHANGE_CONTEXT_MODIFIED = "PROCESSOR_CALLBACK_FUNCTION callback function (wdm.h), parameter ChangeContext";
    /// A processor callback sets OperationStatus in the Start state only, to an error.
    OPERATION_STATUS_SET = "PROCESSOR_CALLBACK_FUNCTION callback function (wdm.h), parameter OperationStatus";
    /// A processor callback is deregistered with the handle that registration gave, once.
    NOT_A_PROCESSOR_CALLBACK = "KeDeregisterProcessorChangeCallback function (wdm.h)";
    /// A push lock is initialised before it is used.
    PUSH_LOCK_NOT_INITIALIZED = "ExInitializePushLock function (wdm.h)";
    /// Normal kernel APCs are disabled while a push lock is acquired, held and released.
    PUSH_LOCK_WITH_APCS_ENABLED = "ExAcquirePushLockExclusive macro (wdm.h), remarks";
    /// A thread that has a push lock does not acquire it again, unless it shares it both times.
    PUSH_LOCK_ACQUIRED_AGAIN = "ExAcquirePushLockExclusive macro (wdm.h), remarks";
    /// A push lock is released by the thread that has it, in the way in which it was acquired.
    PUSH_LOCK_NOT_OWNED = "ExReleasePushLockExclusive macro (wdm.h)";
    /// A thread leaves as many critical regions as it has entered.
    APC_INDEX_MISMATCH = "Bug Check 0x1: APC_INDEX_MISMATCH";
    /// What is taken out of WMI was registered there, and is taken out once.
    NOT_A_WMI_REGISTRATION = "IoWMIRegistrationControl function (wdm.h)";
    /// The driver reads of KUSER_SHARED_DATA what this host keeps there.
    UNKNOWN_SHARED_DATA = "KUSER_SHARED_DATA structure (ntddk.h); this host does not keep this field";
    /// An object is not initialised again while threads wait for it.
    OBJECT_INITIALIZED_WHILE_WAITED_ON = "KeInitializeEvent function (wdm.h), remarks: the storage stays valid while it is used";
    /// A mutex is released by the thread that has it.
    MUTEX_NOT_OWNED = "KeReleaseMutex function (wdm.h): STATUS_MUTANT_NOT_OWNED";
    /// A semaphore gets no more counts than its limit.
    SEMAPHORE_LIMIT_EXCEEDED = "KeReleaseSemaphore function (wdm.h): STATUS_SEMAPHORE_LIMIT_EXCEEDED";
    /// A thread waits for at most 3 objects with its own wait blocks, and 64 with others.
    MAXIMUM_WAIT_OBJECTS_EXCEEDED = "Bug Check 0xC: MAXIMUM_WAIT_OBJECTS_EXCEEDED";
    /// A thread gives its mutexes back before it ends.
    THREAD_TERMINATE_HELD_MUTEX = "Bug Check 0x4000008A: THREAD_TERMINATE_HELD_MUTEX";
    /// A driver ends threads that it made, each by itself.
    TERMINATED_FOREIGN_THREAD = "PsTerminateSystemThread function (wdm.h), remarks";
    /// A driver gives references back that it holds.
    REFERENCE_BY_POINTER = "Bug Check 0x18: REFERENCE_BY_POINTER";
    /// A driver closes handles that are open.
    INVALID_KERNEL_HANDLE = "Bug Check 0x93: INVALID_KERNEL_HANDLE";
    /// A driver's threads have ended when it is unloaded.
    THREAD_OUTLIVES_DRIVER = "Bug Check 0xCE: DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS";
    /// Pool memory is freed when no timer in it is set and no thread waits for an object in it.
    ACTIVE_OBJECT_IN_FREED_POOL = "Bug Check 0xC7: TIMER_OR_DPC_INVALID";
}
