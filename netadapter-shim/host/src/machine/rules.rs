//! Rules that the processor itself enforces.

crate::verifier::rules! {
    /// The driver touches only memory that exists, and only in the way that it may be touched.
    ACCESS_VIOLATION = "Bug Check 0x1E: KMODE_EXCEPTION_NOT_HANDLED, exception code STATUS_ACCESS_VIOLATION";
    /// The driver raises no exception that nothing handles.
    UNHANDLED_EXCEPTION = "Bug Check 0x1E: KMODE_EXCEPTION_NOT_HANDLED";
    /// The driver's code does not find itself corrupted.
    KERNEL_SECURITY_CHECK_FAILURE = "Bug Check 0x139: KERNEL_SECURITY_CHECK_FAILURE";
    /// The driver's assertions hold.
    ASSERTION_FAILURE = "NT_ASSERT macro (wdm.h)";
    /// The driver reads of the processor block what has a fixed place.
    UNKNOWN_PROCESSOR_FIELD = "none: wdm.h gives the places of a few fields of KPCR and KPRCB only";
    /// The driver uses instructions that this host completes; one that uses others may be right on
    /// Windows.
    UNKNOWN_INSTRUCTION = "none: the host does not know how to complete this instruction";
}
