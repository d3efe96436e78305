//! The rules of requests, queues and files.

crate::verifier::rules! {
    /// A request is completed once, and with no more bytes than its buffer has.
    WDF_REQUEST_FATAL_ERROR = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x6";
    /// A queue is not asked to stop, drain or purge while an earlier call is under way.
    WDF_QUEUE_FATAL_ERROR = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0xA";
    /// The driver uses a request while it owns it, not while a queue has it.
    WDF_REQUEST_NOT_OWNED = "Request Ownership";
    /// A cancelable request is unmarked before it is completed, forwarded or requeued.
    WDF_REQUEST_STILL_CANCELABLE = "Canceling I/O Requests";
    /// A request is unmarked that was marked cancelable.
    WDF_REQUEST_NOT_CANCELABLE = "WdfRequestUnmarkCancelable function (wdfrequest.h), remarks";
    /// A request is not completed with STATUS_PENDING.
    WDF_REQUEST_COMPLETED_AS_PENDING = "WdfRequestComplete function (wdfrequest.h), remarks";
    /// Nobody holds a reference on a request's memory object when the request is completed.
    WDF_REQUEST_MEMORY_REFERENCED = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x3";
    /// A request whose children go at PASSIVE_LEVEL is completed there.
    WDF_REQUEST_DISPOSAL_DEFERRED = "fxrequest.cpp, VerifierBreakpoint_RequestEarlyDisposeDeferred";
    /// Functions for EvtIoInCallerContext are called there.
    WDF_NOT_IN_CALLER_CONTEXT = "EVT_WDF_IO_IN_CALLER_CONTEXT callback function (wdfdevice.h), remarks";
    /// A stop is acknowledged in EvtIoStop.
    WDF_NOT_IN_EVT_IO_STOP = "WdfRequestStopAcknowledge function (wdfrequest.h), remarks";
    /// A request is forwarded to another queue of the same device.
    WDF_FORWARDED_TO_WRONG_QUEUE = "WdfRequestForwardToIoQueue function (wdfrequest.h), remarks";
    /// Functions for manual queues are used on those.
    WDF_QUEUE_NOT_MANUAL = "Dispatching Methods for I/O Requests";
    /// Requests are taken from a sequential queue while the driver has one of it.
    WDF_SEQUENTIAL_QUEUE_RACE = "WdfIoQueueRetrieveNextRequest function (wdfio.h), remarks";
    /// A queue has one ready notification, which is taken back while the queue is stopped.
    WDF_READY_NOTIFY_MISUSE = "WdfIoQueueReadyNotify function (wdfio.h), remarks";
    /// A request after which another one is to be found was found itself.
    WDF_REQUEST_NOT_FOUND_BY_DRIVER = "WdfIoQueueFindRequest function (wdfio.h), remarks";
    /// The queue of a request of EvtDeviceFileCreate, which is the framework's own, is not asked for.
    WDF_CREATE_QUEUE_IS_INTERNAL = "WdfRequestGetIoQueue function (wdfrequest.h), remarks";
    /// The callback lock of an object is released by the thread that holds it.
    WDF_OBJECT_LOCK_NOT_HELD = "WdfObjectReleaseLock function (wdfsync.h), remarks";
    /// The callback lock of an object is not taken again by its holder.
    WDF_OBJECT_LOCK_RECURSION = "WdfObjectAcquireLock function (wdfsync.h), remarks";
    /// Attributes are valid where a function has no status to say that they are not.
    WDF_BAD_ATTRIBUTES = "WDF_OBJECT_ATTRIBUTES structure (wdfobject.h)";
}
