//! Rules that hold for every call, whatever it belongs to.

crate::verifier::rules! {
    /// A function is called at or below the highest IRQL that its page allows.
    IRQL_TOO_HIGH = "the function's page, Requirements: IRQL";
    /// A thread waits below DISPATCH_LEVEL only.
    WAIT_AT_DISPATCH = "KeWaitForSingleObject function (wdm.h), requirements: IRQL";
    /// Pool memory is freed once, at the address and with the tag that it was allocated with.
    BAD_POOL_CALLER = "ExFreePoolWithTag function (wdm.h)";
    /// Pool memory is touched within the bytes that were asked for.
    POOL_OVERRUN = "Special Pool (Driver Verifier); Bug Check 0xCD: PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
    /// Pool memory is not touched after it was freed.
    POOL_USE_AFTER_FREE = "Special Pool (Driver Verifier); Bug Check 0xCC: PAGE_FAULT_IN_FREED_SPECIAL_POOL";
    /// A common buffer is touched within its length.
    COMMON_BUFFER_OVERRUN = "WdfCommonBufferCreate function (wdfcommonbuffer.h), parameter Length";
    /// A common buffer is not touched after it was deleted.
    COMMON_BUFFER_USE_AFTER_FREE = "WdfCommonBufferCreate function (wdfcommonbuffer.h), remarks: deletion";
    /// The driver does not ask for a bug check.
    DRIVER_BUG_CHECK = "KeBugCheckEx function (wdm.h); WdfVerifierKeBugCheck function (wdfverifier.h)";
    /// Threads do not wait for each other in a circle, nor for what nobody will do.
    DEADLOCK = "none: nothing can happen any more on the machine, and something has not ended";
    /// Processors do not try for ever what only one of those who try could make possible.
    LIVELOCK = "none: the machine only tries the same again and again, and something has not ended";
    /// The driver calls what this host has; a driver that calls more may be right on Windows.
    NOT_IMPLEMENTED_BY_HOST = "none: the driver may be right, the host cannot follow it";
}
