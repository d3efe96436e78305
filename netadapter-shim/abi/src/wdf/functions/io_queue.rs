//! I/O queues.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfIoQueueCreate, PFN_WDFIOQUEUECREATE(
        Device: WDFDEVICE,
        Config: *mut WDF_IO_QUEUE_CONFIG,
        QueueAttributes: *mut WDF_OBJECT_ATTRIBUTES,
        Queue: *mut WDFQUEUE,
    ) -> NTSTATUS;
    WdfIoQueueGetState, PFN_WDFIOQUEUEGETSTATE(
        Queue: WDFQUEUE,
        QueueRequests: *mut ULONG,
        DriverRequests: *mut ULONG,
    ) -> WDF_IO_QUEUE_STATE;
    WdfIoQueueStart, PFN_WDFIOQUEUESTART(Queue: WDFQUEUE);
    WdfIoQueueStop, PFN_WDFIOQUEUESTOP(Queue: WDFQUEUE, StopComplete: PFN_WDF_IO_QUEUE_STATE, Context: WDFCONTEXT);
    WdfIoQueueStopSynchronously, PFN_WDFIOQUEUESTOPSYNCHRONOUSLY(Queue: WDFQUEUE);
    WdfIoQueueGetDevice, PFN_WDFIOQUEUEGETDEVICE(Queue: WDFQUEUE) -> WDFDEVICE;
    WdfIoQueueRetrieveNextRequest, PFN_WDFIOQUEUERETRIEVENEXTREQUEST(
        Queue: WDFQUEUE,
        OutRequest: *mut WDFREQUEST,
    ) -> NTSTATUS;
    WdfIoQueueRetrieveRequestByFileObject, PFN_WDFIOQUEUERETRIEVEREQUESTBYFILEOBJECT(
        Queue: WDFQUEUE,
        FileObject: WDFFILEOBJECT,
        OutRequest: *mut WDFREQUEST,
    ) -> NTSTATUS;
    WdfIoQueueFindRequest, PFN_WDFIOQUEUEFINDREQUEST(
        Queue: WDFQUEUE,
        FoundRequest: WDFREQUEST,
        FileObject: WDFFILEOBJECT,
        Parameters: *mut WDF_REQUEST_PARAMETERS,
        OutRequest: *mut WDFREQUEST,
    ) -> NTSTATUS;
    WdfIoQueueRetrieveFoundRequest, PFN_WDFIOQUEUERETRIEVEFOUNDREQUEST(
        Queue: WDFQUEUE,
        FoundRequest: WDFREQUEST,
        OutRequest: *mut WDFREQUEST,
    ) -> NTSTATUS;
    WdfIoQueueDrainSynchronously, PFN_WDFIOQUEUEDRAINSYNCHRONOUSLY(Queue: WDFQUEUE);
    WdfIoQueueDrain, PFN_WDFIOQUEUEDRAIN(Queue: WDFQUEUE, DrainComplete: PFN_WDF_IO_QUEUE_STATE, Context: WDFCONTEXT);
    WdfIoQueuePurgeSynchronously, PFN_WDFIOQUEUEPURGESYNCHRONOUSLY(Queue: WDFQUEUE);
    WdfIoQueuePurge, PFN_WDFIOQUEUEPURGE(Queue: WDFQUEUE, PurgeComplete: PFN_WDF_IO_QUEUE_STATE, Context: WDFCONTEXT);
    WdfIoQueueReadyNotify, PFN_WDFIOQUEUEREADYNOTIFY(
        Queue: WDFQUEUE,
        QueueReady: PFN_WDF_IO_QUEUE_STATE,
        Context: WDFCONTEXT,
    ) -> NTSTATUS;
    WdfIoQueueStopAndPurge, PFN_WDFIOQUEUESTOPANDPURGE(
        Queue: WDFQUEUE,
        StopAndPurgeComplete: PFN_WDF_IO_QUEUE_STATE,
        Context: WDFCONTEXT,
    );
    WdfIoQueueStopAndPurgeSynchronously, PFN_WDFIOQUEUESTOPANDPURGESYNCHRONOUSLY(Queue: WDFQUEUE);
}
