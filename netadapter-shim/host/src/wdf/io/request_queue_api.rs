//! `WdfRequest…` functions about queues and cancellation.

use super::super::entry::{enter, null_parameter};
use super::queue::{IoQueue, queue};
use super::request::{Request, Stop, request};
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{BOOLEAN, NTSTATUS, STATUS_INVALID_DEVICE_REQUEST};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{PFN_WDF_REQUEST_CANCEL, WDF_DRIVER_GLOBALS, WDFQUEUE, WDFREQUEST};

/// The queue of a request of the driver. One of EvtIoInCallerContext has none yet.
fn queue_of(request: &Request, function: &str) -> Result<&'static IoQueue, NTSTATUS> {
    request.require_owned(function);
    request.queue().ok_or(STATUS_INVALID_DEVICE_REQUEST)
}

fn mark(
    handle: WDFREQUEST,
    routine: PFN_WDF_REQUEST_CANCEL,
    fail: bool,
    function: &str,
) -> NTSTATUS {
    let request = request(handle, function);
    let Some(routine) = routine else {
        null_parameter(function, "EvtRequestCancel")
    };
    let queue = match queue_of(request, function) {
        Ok(queue) => queue,
        Err(status) => return status,
    };
    request.require_not_cancelable(function);
    queue.mark_cancelable(request, routine, fail)
}

nt_export! {
    pub unsafe fn wdf_request_mark_cancelable(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        routine: PFN_WDF_REQUEST_CANCEL,
    ) {
        const NAME: &str = "WdfRequestMarkCancelable";
        enter(globals, NAME);
        let status = mark(handle, routine, false, NAME);
        if status == STATUS_INVALID_DEVICE_REQUEST {
            violation(
                &rules::WDF_REQUEST_NOT_OWNED,
                format!("{NAME}: the request belongs to no queue"),
            );
        }
    }

    pub unsafe fn wdf_request_mark_cancelable_ex(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        routine: PFN_WDF_REQUEST_CANCEL,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestMarkCancelableEx";
        enter(globals, NAME);
        mark(handle, routine, true, NAME)
    }

    pub unsafe fn wdf_request_unmark_cancelable(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestUnmarkCancelable";
        enter(globals, NAME);
        let request = request(handle, NAME);
        match queue_of(request, NAME) {
            Ok(queue) => queue.unmark_cancelable(request, NAME),
            Err(status) => status,
        }
    }

    pub unsafe fn wdf_request_is_canceled(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> BOOLEAN {
        const NAME: &str = "WdfRequestIsCanceled";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        request.require_not_cancelable(NAME);
        let canceled = request.state.lock().canceled;
        (canceled || request.irp.is_canceled()).into()
    }

    pub unsafe fn wdf_request_forward_to_io_queue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        destination: WDFQUEUE,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestForwardToIoQueue";
        enter(globals, NAME);
        let destination = queue(destination);
        let request = request(handle, NAME);
        let from = match queue_of(request, NAME) {
            Ok(queue) => queue,
            Err(status) => return status,
        };
        request.require_not_cancelable(NAME);
        from.forward(request, destination, NAME)
    }

    pub unsafe fn wdf_request_requeue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestRequeue";
        enter(globals, NAME);
        let request = request(handle, NAME);
        let queue = match queue_of(request, NAME) {
            Ok(queue) => queue,
            Err(status) => return status,
        };
        request.require_not_cancelable(NAME);
        queue.requeue(request, NAME)
    }

    pub unsafe fn wdf_request_stop_acknowledge(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        requeue: BOOLEAN,
    ) {
        const NAME: &str = "WdfRequestStopAcknowledge";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        let asked = request.state.lock().stop == Stop::Asked;
        if !asked {
            violation(
                &rules::WDF_NOT_IN_EVT_IO_STOP,
                format!("{NAME} is for EvtIoStop"),
            );
        }
        let requeue = requeue != 0;
        if requeue {
            request.require_not_cancelable(NAME);
        }
        request.state.lock().stop = Stop::Acknowledged { requeue };
    }
}
