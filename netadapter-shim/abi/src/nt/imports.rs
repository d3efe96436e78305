//! Functions of the kernel.
//!
//! On Windows targets they are imported by name, without an import library. Elsewhere each is a stub that ends the
//! process with the name of the function, so that code which uses them can be built and its other parts tested.

use super::*;
use crate::declare::imports;

imports! {
    KERNEL_IMPORTS;
    "ntoskrnl.exe" {
        fn DbgPrintEx(ComponentId: ULONG, Level: ULONG, Format: *const u8) -> ULONG;
        fn ExAllocatePool2(Flags: POOL_FLAGS, NumberOfBytes: SIZE_T, Tag: ULONG) -> PVOID;
        fn ExFreePool(P: PVOID);
        fn ExFreePoolWithTag(P: PVOID, Tag: ULONG);
        fn IoGetDeviceNumaNode(Pdo: *mut DEVICE_OBJECT, NodeNumber: *mut USHORT) -> NTSTATUS;
        fn IoRegisterPlugPlayNotification(
            EventCategory: IO_NOTIFICATION_EVENT_CATEGORY,
            EventCategoryFlags: ULONG,
            EventCategoryData: PVOID,
            DriverObject: *mut DRIVER_OBJECT,
            CallbackRoutine: PDRIVER_NOTIFICATION_CALLBACK_ROUTINE,
            Context: PVOID,
            NotificationEntry: *mut PVOID,
        ) -> NTSTATUS;
        fn IoUnregisterPlugPlayNotificationEx(NotificationEntry: PVOID) -> NTSTATUS;
        fn KeAcquireSpinLockRaiseToDpc(SpinLock: *mut KSPIN_LOCK) -> KIRQL;
        fn KeBugCheckEx(
            BugCheckCode: ULONG,
            BugCheckParameter1: ULONG_PTR,
            BugCheckParameter2: ULONG_PTR,
            BugCheckParameter3: ULONG_PTR,
            BugCheckParameter4: ULONG_PTR,
        ) -> !;
        fn KeClearEvent(Event: *mut KEVENT);
        fn KeDelayExecutionThread(
            WaitMode: KPROCESSOR_MODE,
            Alertable: BOOLEAN,
            Interval: *mut LARGE_INTEGER,
        ) -> NTSTATUS;
        fn KeDeregisterProcessorChangeCallback(CallbackHandle: PVOID);
        fn KeFlushQueuedDpcs();
        fn KeGetCurrentIrql() -> KIRQL;
        fn KeGetCurrentNodeNumber() -> USHORT;
        fn KeGetCurrentProcessorNumberEx(ProcNumber: *mut PROCESSOR_NUMBER) -> ULONG;
        fn KeGetProcessorIndexFromNumber(ProcNumber: *mut PROCESSOR_NUMBER) -> ULONG;
        fn KeGetProcessorNumberFromIndex(ProcIndex: ULONG, ProcNumber: *mut PROCESSOR_NUMBER) -> NTSTATUS;
        fn KeInitializeDpc(Dpc: *mut KDPC, DeferredRoutine: PKDEFERRED_ROUTINE, DeferredContext: PVOID);
        fn KeInitializeEvent(Event: *mut KEVENT, Type: EVENT_TYPE, State: BOOLEAN);
        fn KeInsertQueueDpc(Dpc: *mut KDPC, SystemArgument1: PVOID, SystemArgument2: PVOID) -> BOOLEAN;
        fn KeLowerIrql(NewIrql: KIRQL);
        fn KeQueryActiveGroupCount() -> USHORT;
        fn KeQueryActiveProcessorCountEx(GroupNumber: USHORT) -> ULONG;
        fn KeQueryInterruptTimePrecise(QpcTimeStamp: *mut u64) -> u64;
        fn KeQueryMaximumGroupCount() -> USHORT;
        fn KeQueryMaximumProcessorCountEx(GroupNumber: USHORT) -> ULONG;
        fn KeQueryNodeActiveAffinity(NodeNumber: USHORT, Affinity: *mut GROUP_AFFINITY, Count: *mut USHORT);
        fn KeQueryPerformanceCounter(PerformanceFrequency: *mut LARGE_INTEGER) -> LARGE_INTEGER;
        fn KeRegisterProcessorChangeCallback(
            CallbackFunction: PPROCESSOR_CALLBACK_FUNCTION,
            CallbackContext: PVOID,
            Flags: ULONG,
        ) -> PVOID;
        fn KeReleaseSpinLock(SpinLock: *mut KSPIN_LOCK, NewIrql: KIRQL);
        fn KeRemoveQueueDpc(Dpc: *mut KDPC) -> BOOLEAN;
        fn KeRemoveQueueDpcEx(Dpc: *mut KDPC, WaitIfActive: BOOLEAN) -> BOOLEAN;
        fn KeResetEvent(Event: *mut KEVENT) -> LONG;
        fn KeSetEvent(Event: *mut KEVENT, Increment: KPRIORITY, Wait: BOOLEAN) -> LONG;
        fn KeSetImportanceDpc(Dpc: *mut KDPC, Importance: KDPC_IMPORTANCE);
        fn KeSetTargetProcessorDpcEx(Dpc: *mut KDPC, ProcNumber: *mut PROCESSOR_NUMBER) -> NTSTATUS;
        fn KeWaitForSingleObject(
            Object: PVOID,
            WaitReason: KWAIT_REASON,
            WaitMode: KPROCESSOR_MODE,
            Alertable: BOOLEAN,
            Timeout: *mut LARGE_INTEGER,
        ) -> NTSTATUS;
        fn KfRaiseIrql(NewIrql: KIRQL) -> KIRQL;
        fn MmGetPhysicalMemoryRanges() -> *mut PHYSICAL_MEMORY_RANGE;
        fn MmMapIoSpaceEx(PhysicalAddress: PHYSICAL_ADDRESS, NumberOfBytes: SIZE_T, Protect: ULONG) -> PVOID;
        fn MmUnmapIoSpace(BaseAddress: PVOID, NumberOfBytes: SIZE_T);
        fn ObReferenceObjectByHandle(
            Handle: HANDLE,
            DesiredAccess: ACCESS_MASK,
            ObjectType: *mut c_void,
            AccessMode: KPROCESSOR_MODE,
            Object: *mut PVOID,
            HandleInformation: *mut c_void,
        ) -> NTSTATUS;
        fn ObfDereferenceObject(Object: PVOID) -> isize;
        fn PsCreateSystemThread(
            ThreadHandle: *mut HANDLE,
            DesiredAccess: ULONG,
            ObjectAttributes: *mut OBJECT_ATTRIBUTES,
            ProcessHandle: HANDLE,
            ClientId: *mut CLIENT_ID,
            StartRoutine: PKSTART_ROUTINE,
            StartContext: PVOID,
        ) -> NTSTATUS;
        fn PsTerminateSystemThread(ExitStatus: NTSTATUS) -> NTSTATUS;
        fn RtlCopyUnicodeString(DestinationString: *mut UNICODE_STRING, SourceString: *const UNICODE_STRING);
        fn RtlInitUnicodeString(DestinationString: *mut UNICODE_STRING, SourceString: *const u16);
        fn ZwClose(Handle: HANDLE) -> NTSTATUS;
    }
    "hal.dll" {
        fn KeStallExecutionProcessor(MicroSeconds: ULONG);
    }
}

// The compiler itself calls these; the kernel exports them, and the precompiled `core` for MSVC targets lacks them.
#[cfg(target_os = "windows")]
#[link(name = "ntoskrnl.exe", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "C" {
    pub fn memcpy(destination: *mut c_void, source: *const c_void, bytes: usize) -> *mut c_void;
    pub fn memmove(destination: *mut c_void, source: *const c_void, bytes: usize) -> *mut c_void;
    pub fn memset(destination: *mut c_void, value: i32, bytes: usize) -> *mut c_void;
    pub fn memcmp(left: *const c_void, right: *const c_void, bytes: usize) -> i32;
    pub fn strlen(text: *const u8) -> usize;
    pub fn __chkstk();
}
