//! `WdfIoQueue…` functions.

use super::super::entry::{enter, enter_passive, required_out};
use super::files_api::file_object;
use super::queue::{IoQueue, Notify, QueueState, queue};
use super::queue_power::Power;
use super::request::{Request, request};
use super::request_api::fill_parameters;
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{NTSTATUS, STATUS_DELETE_PENDING, STATUS_SUCCESS, ULONG};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    PFN_WDF_IO_QUEUE_STATE, WDF_DRIVER_GLOBALS, WDF_IO_QUEUE_STATE, WDF_REQUEST_PARAMETERS,
    WDFCONTEXT, WDFDEVICE, WDFFILEOBJECT, WDFQUEUE, WDFREQUEST, WdfIoQueueAcceptRequests,
    WdfIoQueueDispatchRequests, WdfIoQueueDriverNoRequests, WdfIoQueueNoRequests,
    WdfIoQueuePnpHeld,
};

fn bits(queue: &IoQueue, state: &QueueState) -> WDF_IO_QUEUE_STATE {
    let held = queue.power_managed && state.power != Power::On;
    [
        (state.accepts, WdfIoQueueAcceptRequests),
        (state.dispatches, WdfIoQueueDispatchRequests),
        (state.waiting.is_empty(), WdfIoQueueNoRequests),
        (state.driver_count() == 0, WdfIoQueueDriverNoRequests),
        (held, WdfIoQueuePnpHeld),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(0, |bits, (_, bit)| bits | bit)
}

fn notify(routine: PFN_WDF_IO_QUEUE_STATE, context: WDFCONTEXT) -> Option<Notify> {
    routine.map(|routine| Notify::Driver(routine, context as usize))
}

/// Stores a request that the driver takes out of a queue, or null.
fn store(result: &mut WDFREQUEST, found: Result<&'static Request, NTSTATUS>) -> NTSTATUS {
    match found {
        Ok(request) => {
            *result = request.handle();
            STATUS_SUCCESS
        }
        Err(status) => {
            *result = std::ptr::null_mut();
            status
        }
    }
}

fn ready_notify(
    queue: &'static IoQueue,
    wanted: Option<Notify>,
    function: &str,
) -> Result<(), NTSTATUS> {
    queue.require_manual(function);
    let wrong = {
        let mut state = queue.state.lock();
        if state.deleted {
            return Err(STATUS_DELETE_PENDING);
        }
        match (wanted, state.when_ready) {
            (Some(_), Some(_)) => Some("the queue has a notification already"),
            (None, None) => Some("the queue has no notification to take back"),
            (None, Some(_)) if state.dispatches => {
                Some("the queue must be stopped before its notification is taken back")
            }
            _ => {
                state.when_ready = wanted;
                None
            }
        }
    };
    if let Some(wrong) = wrong {
        violation(
            &rules::WDF_READY_NOTIFY_MISUSE,
            format!("{function}: {wrong}"),
        );
    }
    queue.dispatch_events();
    Ok(())
}

nt_export! {
    pub unsafe fn wdf_io_queue_get_state(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        waiting: *mut ULONG,
        driver: *mut ULONG,
    ) -> WDF_IO_QUEUE_STATE {
        enter(globals, "WdfIoQueueGetState");
        let queue = queue(handle);
        let state = queue.state.lock();
        let counts = [(waiting, state.waiting.len()), (driver, state.driver_count())];
        for (result, count) in counts {
            // SAFETY: *WdfIoQueueGetState function*: null or a location that receives a count.
            if let Some(result) = unsafe { result.as_mut() } {
                *result = count as ULONG;
            }
        }
        bits(queue, &state)
    }

    pub unsafe fn wdf_io_queue_get_device(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
    ) -> WDFDEVICE {
        enter(globals, "WdfIoQueueGetDevice");
        queue(handle).device.handle()
    }

    pub unsafe fn wdf_io_queue_start(globals: *mut WDF_DRIVER_GLOBALS, handle: WDFQUEUE) {
        enter(globals, "WdfIoQueueStart");
        queue(handle).start();
    }

    pub unsafe fn wdf_io_queue_stop(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        complete: PFN_WDF_IO_QUEUE_STATE,
        context: WDFCONTEXT,
    ) {
        const NAME: &str = "WdfIoQueueStop";
        enter(globals, NAME);
        queue(handle).stop(false, notify(complete, context), NAME);
    }

    pub unsafe fn wdf_io_queue_stop_synchronously(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
    ) {
        const NAME: &str = "WdfIoQueueStopSynchronously";
        enter_passive(globals, NAME);
        queue(handle).synchronously(|queue, notify| queue.stop(false, Some(notify), NAME));
    }

    pub unsafe fn wdf_io_queue_stop_and_purge(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        complete: PFN_WDF_IO_QUEUE_STATE,
        context: WDFCONTEXT,
    ) {
        const NAME: &str = "WdfIoQueueStopAndPurge";
        enter(globals, NAME);
        queue(handle).stop(true, notify(complete, context), NAME);
    }

    pub unsafe fn wdf_io_queue_stop_and_purge_synchronously(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
    ) {
        const NAME: &str = "WdfIoQueueStopAndPurgeSynchronously";
        enter_passive(globals, NAME);
        queue(handle).synchronously(|queue, notify| queue.stop(true, Some(notify), NAME));
    }

    pub unsafe fn wdf_io_queue_drain(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        complete: PFN_WDF_IO_QUEUE_STATE,
        context: WDFCONTEXT,
    ) {
        const NAME: &str = "WdfIoQueueDrain";
        enter(globals, NAME);
        queue(handle).drain(notify(complete, context), NAME);
    }

    pub unsafe fn wdf_io_queue_drain_synchronously(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
    ) {
        const NAME: &str = "WdfIoQueueDrainSynchronously";
        enter_passive(globals, NAME);
        queue(handle).synchronously(|queue, notify| queue.drain(Some(notify), NAME));
    }

    pub unsafe fn wdf_io_queue_purge(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        complete: PFN_WDF_IO_QUEUE_STATE,
        context: WDFCONTEXT,
    ) {
        const NAME: &str = "WdfIoQueuePurge";
        enter(globals, NAME);
        queue(handle).purge_for_driver(notify(complete, context), NAME);
    }

    pub unsafe fn wdf_io_queue_purge_synchronously(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
    ) {
        const NAME: &str = "WdfIoQueuePurgeSynchronously";
        enter_passive(globals, NAME);
        queue(handle).synchronously(|queue, notify| queue.purge_for_driver(Some(notify), NAME));
    }

    pub unsafe fn wdf_io_queue_ready_notify(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        ready: PFN_WDF_IO_QUEUE_STATE,
        context: WDFCONTEXT,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueReadyNotify";
        enter(globals, NAME);
        match ready_notify(queue(handle), notify(ready, context), NAME) {
            Ok(()) => STATUS_SUCCESS,
            Err(status) => status,
        }
    }

    pub unsafe fn wdf_io_queue_retrieve_next_request(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        result: *mut WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueRetrieveNextRequest";
        enter(globals, NAME);
        // SAFETY: *WdfIoQueueRetrieveNextRequest function*: a location that receives a handle.
        let result = unsafe { required_out(result, NAME, "OutRequest") };
        store(result, queue(handle).retrieve(NAME, |_| true))
    }

    pub unsafe fn wdf_io_queue_retrieve_request_by_file_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        file: WDFFILEOBJECT,
        result: *mut WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueRetrieveRequestByFileObject";
        enter(globals, NAME);
        // SAFETY: as for WdfIoQueueRetrieveNextRequest.
        let result = unsafe { required_out(result, NAME, "OutRequest") };
        let file = file_object(file);
        store(result, queue(handle).retrieve(NAME, |request| request.is_of(file)))
    }

    pub unsafe fn wdf_io_queue_find_request(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        found: WDFREQUEST,
        file: WDFFILEOBJECT,
        parameters: *mut WDF_REQUEST_PARAMETERS,
        result: *mut WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueFindRequest";
        enter(globals, NAME);
        // SAFETY: as for WdfIoQueueRetrieveNextRequest.
        let result = unsafe { required_out(result, NAME, "OutRequest") };
        let after = (!found.is_null()).then(|| request(found, NAME));
        let file = (!file.is_null()).then(|| file_object(file));
        let matches = |request: &Request| file.is_none_or(|file| request.is_of(file));
        let found = queue(handle).find(after, NAME, matches);
        // SAFETY: *WdfIoQueueFindRequest function*: null or the driver's own structure.
        if let (Ok(request), Some(parameters)) = (found, unsafe { parameters.as_mut() }) {
            fill_parameters(request, parameters, NAME);
        }
        store(result, found)
    }

    pub unsafe fn wdf_io_queue_retrieve_found_request(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFQUEUE,
        found: WDFREQUEST,
        result: *mut WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoQueueRetrieveFoundRequest";
        enter(globals, NAME);
        // SAFETY: as for WdfIoQueueRetrieveNextRequest.
        let result = unsafe { required_out(result, NAME, "OutRequest") };
        let queue = queue(handle);
        queue.require_manual(NAME);
        let wanted = request(found, NAME);
        let taken = queue.retrieve(NAME, |request| std::ptr::eq(request, wanted));
        store(result, taken.map_err(not_found))
    }
}

/// A request that has left the queue since it was found is not there any more
/// (*WdfIoQueueRetrieveFoundRequest function*).
fn not_found(status: NTSTATUS) -> NTSTATUS {
    use netadapter_abi::nt::{STATUS_NO_MORE_ENTRIES, STATUS_NOT_FOUND};
    if status == STATUS_NO_MORE_ENTRIES {
        STATUS_NOT_FOUND
    } else {
        status
    }
}
