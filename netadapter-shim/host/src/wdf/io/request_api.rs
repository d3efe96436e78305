//! `WdfRequest…` functions about what a request is, and its completion.

use super::super::device;
use super::super::entry::{enter, enter_up_to, require_size, required_out};
use super::files::OpenFile;
use super::request::{Request, request};
use super::rules;
use crate::executive::violation;
use netadapter_abi::nt::{
    APC_LEVEL, BOOLEAN, CCHAR, KPROCESSOR_MODE, KernelMode, NTSTATUS, STATUS_PENDING, ULONG,
    ULONG_PTR, UserMode,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_REQUEST_PARAMETERS, WDF_REQUEST_PARAMETERS_Parameters,
    WDF_REQUEST_PARAMETERS_Parameters_DeviceIoControl, WDF_REQUEST_PARAMETERS_Parameters_Read,
    WDF_REQUEST_PARAMETERS_Parameters_Write, WDFDEVICE, WDFFILEOBJECT, WDFQUEUE, WDFREQUEST,
    WdfRequestTypeDeviceControl, WdfRequestTypeDeviceControlInternal, WdfRequestTypeRead,
    WdfRequestTypeWrite,
};
use std::sync::Arc;

impl Request {
    /// Whether the request came through this file.
    pub(super) fn is_of(&self, file: &Arc<OpenFile>) -> bool {
        self.irp
            .file
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(own, file))
    }

    /// Whether the request came from user mode, not from another driver.
    pub(super) fn is_from_user(&self) -> bool {
        self.irp.parameters.request_type != WdfRequestTypeDeviceControlInternal
    }
}

/// Fills the driver's structure with what a request asks for.
pub(super) fn fill_parameters(
    request: &Request,
    parameters: &mut WDF_REQUEST_PARAMETERS,
    function: &str,
) {
    require_size::<WDF_REQUEST_PARAMETERS>(parameters.Size.into(), function, "Parameters");
    let source = &request.irp.parameters;
    let mut filled = WDF_REQUEST_PARAMETERS::init();
    filled.Type = source.request_type;
    filled.Parameters = match source.request_type {
        WdfRequestTypeRead => WDF_REQUEST_PARAMETERS_Parameters {
            Read: WDF_REQUEST_PARAMETERS_Parameters_Read {
                Length: source.output_length,
                Key: 0,
                DeviceOffset: 0,
            },
        },
        WdfRequestTypeWrite => WDF_REQUEST_PARAMETERS_Parameters {
            Write: WDF_REQUEST_PARAMETERS_Parameters_Write {
                Length: source.input_length,
                Key: 0,
                DeviceOffset: 0,
            },
        },
        WdfRequestTypeDeviceControl | WdfRequestTypeDeviceControlInternal => {
            WDF_REQUEST_PARAMETERS_Parameters {
                DeviceIoControl: WDF_REQUEST_PARAMETERS_Parameters_DeviceIoControl {
                    OutputBufferLength: source.output_length,
                    InputBufferLength: source.input_length,
                    IoControlCode: source.code,
                    // Not for drivers that use the framework (*fxrequest.cpp*, GetParameters).
                    Type3InputBuffer: std::ptr::null_mut(),
                },
            }
        }
        _ => WDF_REQUEST_PARAMETERS_Parameters::zeroed(),
    };
    *parameters = filled;
}

nt_export! {
    pub unsafe fn wdf_request_complete(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        status: NTSTATUS,
    ) {
        const NAME: &str = "WdfRequestComplete";
        enter(globals, NAME);
        let request = request(handle, NAME);
        let information = request.state.lock().information;
        request.complete(NAME, status, information);
    }

    /// The boost is for the scheduler, which the host's threads do without.
    pub unsafe fn wdf_request_complete_with_priority_boost(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        status: NTSTATUS,
        _boost: CCHAR,
    ) {
        const NAME: &str = "WdfRequestCompleteWithPriorityBoost";
        enter(globals, NAME);
        let request = request(handle, NAME);
        let information = request.state.lock().information;
        request.complete(NAME, status, information);
    }

    pub unsafe fn wdf_request_complete_with_information(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        status: NTSTATUS,
        information: ULONG_PTR,
    ) {
        const NAME: &str = "WdfRequestCompleteWithInformation";
        enter(globals, NAME);
        request(handle, NAME).complete(NAME, status, information);
    }

    pub unsafe fn wdf_request_set_information(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        information: ULONG_PTR,
    ) {
        const NAME: &str = "WdfRequestSetInformation";
        enter(globals, NAME);
        let request = request(handle, NAME);
        request.require_owned(NAME);
        request.state.lock().information = information;
    }

    pub unsafe fn wdf_request_get_information(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> ULONG_PTR {
        const NAME: &str = "WdfRequestGetInformation";
        enter(globals, NAME);
        request(handle, NAME).state.lock().information
    }

    /// A request that has not been sent on has no status of its own yet.
    pub unsafe fn wdf_request_get_status(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfRequestGetStatus";
        enter(globals, NAME);
        let completion = request(handle, NAME).irp.completion();
        completion.map_or(STATUS_PENDING, |completion| completion.status)
    }

    pub unsafe fn wdf_request_get_parameters(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
        parameters: *mut WDF_REQUEST_PARAMETERS,
    ) {
        const NAME: &str = "WdfRequestGetParameters";
        enter(globals, NAME);
        // SAFETY: *WdfRequestGetParameters function*: the driver's own structure.
        let parameters = unsafe { required_out(parameters, NAME, "Parameters") };
        fill_parameters(request(handle, NAME), parameters, NAME);
    }

    pub unsafe fn wdf_request_get_file_object(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> WDFFILEOBJECT {
        const NAME: &str = "WdfRequestGetFileObject";
        enter(globals, NAME);
        let file = &request(handle, NAME).irp.file;
        file.as_ref().map_or(std::ptr::null_mut(), |file| file.handle())
    }

    pub unsafe fn wdf_request_get_requestor_mode(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> KPROCESSOR_MODE {
        const NAME: &str = "WdfRequestGetRequestorMode";
        enter(globals, NAME);
        let mode = if request(handle, NAME).is_from_user() { UserMode } else { KernelMode };
        mode as KPROCESSOR_MODE
    }

    /// The host's callers are 64-bit processes.
    pub unsafe fn wdf_request_is_from32_bit_process(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> BOOLEAN {
        const NAME: &str = "WdfRequestIsFrom32BitProcess";
        enter_up_to(globals, NAME, APC_LEVEL);
        request(handle, NAME);
        0
    }

    pub unsafe fn wdf_request_get_requestor_process_id(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> ULONG {
        const NAME: &str = "WdfRequestGetRequestorProcessId";
        enter(globals, NAME);
        let file = &request(handle, NAME).irp.file;
        file.as_ref().map_or(0, |file| file.process_id())
    }

    /// No queue here has a forward-progress policy, so no request is a reserved one.
    pub unsafe fn wdf_request_is_reserved(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> BOOLEAN {
        const NAME: &str = "WdfRequestIsReserved";
        enter(globals, NAME);
        request(handle, NAME);
        0
    }

    pub unsafe fn wdf_request_get_io_queue(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFREQUEST,
    ) -> WDFQUEUE {
        const NAME: &str = "WdfRequestGetIoQueue";
        enter(globals, NAME);
        let Some(queue) = request(handle, NAME).queue() else { return std::ptr::null_mut() };
        if queue.internal {
            violation(
                &rules::WDF_CREATE_QUEUE_IS_INTERNAL,
                format!("{NAME}: the request is one of EvtDeviceFileCreate"),
            );
        }
        queue.handle()
    }

    /// The request goes on from EvtIoInCallerContext to the queue of its type.
    pub unsafe fn wdf_device_enqueue_request(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        wanted: WDFREQUEST,
    ) -> NTSTATUS {
        const NAME: &str = "WdfDeviceEnqueueRequest";
        enter(globals, NAME);
        let device = device::device(handle);
        let request = request(wanted, NAME);
        request.require_caller_context(NAME);
        device.io.enqueue(request)
    }
}

impl Request {
    /// Stops the machine unless the request is in EvtIoInCallerContext's hands.
    pub(super) fn require_caller_context(&self, function: &str) {
        self.require_owned(function);
        let there = self.state.lock().in_caller_context;
        if !there {
            violation(
                &rules::WDF_NOT_IN_CALLER_CONTEXT,
                format!("{function} is for EvtIoInCallerContext"),
            );
        }
    }
}
