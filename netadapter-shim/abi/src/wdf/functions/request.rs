//! Requests and file objects.

use super::*;

prototypes! {
    WDF_DRIVER_GLOBALS, crate::stub::wdf_globals, crate::stub::wdf_function;

    WdfFileObjectGetFileName, PFN_WDFFILEOBJECTGETFILENAME(FileObject: WDFFILEOBJECT) -> *mut UNICODE_STRING;
    WdfFileObjectGetFlags, PFN_WDFFILEOBJECTGETFLAGS(FileObject: WDFFILEOBJECT) -> ULONG;
    WdfFileObjectGetDevice, PFN_WDFFILEOBJECTGETDEVICE(FileObject: WDFFILEOBJECT) -> WDFDEVICE;
    WdfRequestGetStatus, PFN_WDFREQUESTGETSTATUS(Request: WDFREQUEST) -> NTSTATUS;
    WdfRequestMarkCancelable, PFN_WDFREQUESTMARKCANCELABLE(
        Request: WDFREQUEST,
        EvtRequestCancel: PFN_WDF_REQUEST_CANCEL,
    );
    WdfRequestUnmarkCancelable, PFN_WDFREQUESTUNMARKCANCELABLE(Request: WDFREQUEST) -> NTSTATUS;
    WdfRequestIsCanceled, PFN_WDFREQUESTISCANCELED(Request: WDFREQUEST) -> BOOLEAN;
    WdfRequestIsFrom32BitProcess, PFN_WDFREQUESTISFROM32BITPROCESS(Request: WDFREQUEST) -> BOOLEAN;
    WdfRequestComplete, PFN_WDFREQUESTCOMPLETE(Request: WDFREQUEST, Status: NTSTATUS);
    WdfRequestCompleteWithPriorityBoost, PFN_WDFREQUESTCOMPLETEWITHPRIORITYBOOST(
        Request: WDFREQUEST,
        Status: NTSTATUS,
        PriorityBoost: CCHAR,
    );
    WdfRequestCompleteWithInformation, PFN_WDFREQUESTCOMPLETEWITHINFORMATION(
        Request: WDFREQUEST,
        Status: NTSTATUS,
        Information: ULONG_PTR,
    );
    WdfRequestGetParameters, PFN_WDFREQUESTGETPARAMETERS(Request: WDFREQUEST, Parameters: *mut WDF_REQUEST_PARAMETERS);
    WdfRequestRetrieveInputMemory, PFN_WDFREQUESTRETRIEVEINPUTMEMORY(
        Request: WDFREQUEST,
        Memory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfRequestRetrieveOutputMemory, PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY(
        Request: WDFREQUEST,
        Memory: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfRequestRetrieveInputBuffer, PFN_WDFREQUESTRETRIEVEINPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredLength: SIZE_T,
        Buffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfRequestRetrieveOutputBuffer, PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredSize: SIZE_T,
        Buffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfRequestRetrieveInputWdmMdl, PFN_WDFREQUESTRETRIEVEINPUTWDMMDL(
        Request: WDFREQUEST,
        Mdl: *mut *mut MDL,
    ) -> NTSTATUS;
    WdfRequestRetrieveOutputWdmMdl, PFN_WDFREQUESTRETRIEVEOUTPUTWDMMDL(
        Request: WDFREQUEST,
        Mdl: *mut *mut MDL,
    ) -> NTSTATUS;
    WdfRequestRetrieveUnsafeUserInputBuffer, PFN_WDFREQUESTRETRIEVEUNSAFEUSERINPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredLength: SIZE_T,
        InputBuffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfRequestRetrieveUnsafeUserOutputBuffer, PFN_WDFREQUESTRETRIEVEUNSAFEUSEROUTPUTBUFFER(
        Request: WDFREQUEST,
        MinimumRequiredLength: SIZE_T,
        OutputBuffer: *mut PVOID,
        Length: *mut SIZE_T,
    ) -> NTSTATUS;
    WdfRequestSetInformation, PFN_WDFREQUESTSETINFORMATION(Request: WDFREQUEST, Information: ULONG_PTR);
    WdfRequestGetInformation, PFN_WDFREQUESTGETINFORMATION(Request: WDFREQUEST) -> ULONG_PTR;
    WdfRequestGetFileObject, PFN_WDFREQUESTGETFILEOBJECT(Request: WDFREQUEST) -> WDFFILEOBJECT;
    WdfRequestProbeAndLockUserBufferForRead, PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORREAD(
        Request: WDFREQUEST,
        Buffer: PVOID,
        Length: SIZE_T,
        MemoryObject: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfRequestProbeAndLockUserBufferForWrite, PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORWRITE(
        Request: WDFREQUEST,
        Buffer: PVOID,
        Length: SIZE_T,
        MemoryObject: *mut WDFMEMORY,
    ) -> NTSTATUS;
    WdfRequestGetRequestorMode, PFN_WDFREQUESTGETREQUESTORMODE(Request: WDFREQUEST) -> KPROCESSOR_MODE;
    WdfRequestForwardToIoQueue, PFN_WDFREQUESTFORWARDTOIOQUEUE(
        Request: WDFREQUEST,
        DestinationQueue: WDFQUEUE,
    ) -> NTSTATUS;
    WdfRequestGetIoQueue, PFN_WDFREQUESTGETIOQUEUE(Request: WDFREQUEST) -> WDFQUEUE;
    WdfRequestRequeue, PFN_WDFREQUESTREQUEUE(Request: WDFREQUEST) -> NTSTATUS;
    WdfRequestStopAcknowledge, PFN_WDFREQUESTSTOPACKNOWLEDGE(Request: WDFREQUEST, Requeue: BOOLEAN);
    WdfRequestMarkCancelableEx, PFN_WDFREQUESTMARKCANCELABLEEX(
        Request: WDFREQUEST,
        EvtRequestCancel: PFN_WDF_REQUEST_CANCEL,
    ) -> NTSTATUS;
    WdfRequestIsReserved, PFN_WDFREQUESTISRESERVED(Request: WDFREQUEST) -> BOOLEAN;
    WdfFileObjectGetInitiatorProcessId, PFN_WDFFILEOBJECTGETINITIATORPROCESSID(FileObject: WDFFILEOBJECT) -> ULONG;
    WdfRequestGetRequestorProcessId, PFN_WDFREQUESTGETREQUESTORPROCESSID(Request: WDFREQUEST) -> ULONG;
}
