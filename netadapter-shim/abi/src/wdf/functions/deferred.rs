//! Deferred work and locks.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfDpcCreate, PFN_WDFDPCCREATE(
        Config: *mut WDF_DPC_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        Dpc: *mut WDFDPC,
    ) -> NTSTATUS;
    WdfDpcEnqueue, PFN_WDFDPCENQUEUE(Dpc: WDFDPC) -> BOOLEAN;
    WdfDpcCancel, PFN_WDFDPCCANCEL(Dpc: WDFDPC, Wait: BOOLEAN) -> BOOLEAN;
    WdfDpcGetParentObject, PFN_WDFDPCGETPARENTOBJECT(Dpc: WDFDPC) -> WDFOBJECT;
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
    WdfWorkItemCreate, PFN_WDFWORKITEMCREATE(
        Config: *mut WDF_WORKITEM_CONFIG,
        Attributes: *mut WDF_OBJECT_ATTRIBUTES,
        WorkItem: *mut WDFWORKITEM,
    ) -> NTSTATUS;
    WdfWorkItemEnqueue, PFN_WDFWORKITEMENQUEUE(WorkItem: WDFWORKITEM);
    WdfWorkItemGetParentObject, PFN_WDFWORKITEMGETPARENTOBJECT(WorkItem: WDFWORKITEM) -> WDFOBJECT;
    WdfWorkItemFlush, PFN_WDFWORKITEMFLUSH(WorkItem: WDFWORKITEM);
}
