//! WDFREQUEST: a request in the framework's or the driver's hands.

use super::super::device::DeviceHost;
use super::super::handle;
use super::super::kind::ObjectKind;
use super::super::object;
use super::irp::Irp;
use super::queue::IoQueue;
use super::rules;
use crate::executive::{processor, violation};
use netadapter_abi::nt::{
    NTSTATUS, PASSIVE_LEVEL, STATUS_DEVICE_BUSY, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INTERNAL_ERROR, STATUS_INVALID_DEVICE_REQUEST, STATUS_PENDING, ULONG, nt_success,
};
use netadapter_abi::nt_fn;
use netadapter_abi::wdf::{
    STATUS_WDF_BUSY, STATUS_WDF_INTERNAL_ERROR, STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS,
    STATUS_WDF_PAUSED, WDF_OBJECT_ATTRIBUTES, WDFMEMORY, WDFREQUEST, WdfRequestTypeDeviceControl,
    WdfRequestTypeRead, WdfRequestTypeWrite,
};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// The facility of the framework's own status codes.
const FACILITY_DRIVER_FRAMEWORK: u32 = 32;

/// Whose a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// On the way to a queue, or in one.
    Framework,
    /// The driver's, which must complete it or give it to a queue.
    Driver,
    /// Nobody's any more.
    Completed,
}

pub(super) type CancelRoutine = nt_fn!(fn(WDFREQUEST));

/// Whether the driver can be told of a cancellation.
#[derive(Clone, Copy)]
pub(super) enum Cancelable {
    No,
    Yes(CancelRoutine),
    /// The routine is to be called, or has been.
    Canceled(CancelRoutine),
}

/// The answer to EvtIoStop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    NotAsked,
    /// EvtIoStop runs.
    Asked,
    Acknowledged {
        requeue: bool,
    },
}

pub(super) struct RequestState {
    pub(super) owner: Owner,
    /// The queue that has it, or from which the driver got it.
    pub(super) queue: Option<&'static IoQueue>,
    pub(super) cancelable: Cancelable,
    /// It has been canceled, by its caller or because its queue was purged.
    pub(super) canceled: bool,
    /// The driver has seen it.
    pub(super) presented: bool,
    pub(super) in_caller_context: bool,
    pub(super) stop: Stop,
    /// WdfIoQueueFindRequest has given it out.
    pub(super) found: bool,
    pub(super) information: usize,
    /// The memory objects of its input and output, once the driver has asked for them.
    pub(super) memory: [Option<usize>; 2],
    /// Below the driver's own buffers that were locked for it.
    pub(super) mdls: Vec<usize>,
}

/// A request. It stays until the process ends, so that late users are known as such.
pub(in crate::wdf) struct Request {
    handle: OnceLock<usize>,
    pub(super) irp: Arc<Irp>,
    pub(super) state: Mutex<RequestState>,
}

/// The request of a handle. The machine stops if it is none, or one that was completed.
pub(super) fn request(handle: WDFREQUEST, function: &str) -> &'static Request {
    if handle::was_kind(handle.cast(), ObjectKind::Request) {
        violation(
            &rules::WDF_REQUEST_FATAL_ERROR,
            format!("{function}: {handle:p} is a WDFREQUEST that was completed"),
        );
    }
    let request: &&Request = object::payload(handle.cast(), ObjectKind::Request);
    request
}

impl Request {
    /// Makes the framework's request for an IRP.
    pub(super) fn create(
        device: &'static DeviceHost,
        irp: Arc<Irp>,
        attributes: Option<&WDF_OBJECT_ATTRIBUTES>,
    ) -> Result<&'static Self, NTSTATUS> {
        let request: &'static Self = Box::leak(Box::new(Self {
            handle: OnceLock::new(),
            irp,
            state: Mutex::new(RequestState {
                owner: Owner::Framework,
                queue: None,
                cancelable: Cancelable::No,
                canceled: false,
                presented: false,
                in_caller_context: false,
                stop: Stop::NotAsked,
                found: false,
                information: 0,
                memory: [None; 2],
                mdls: Vec::new(),
            }),
        }));
        let parent = Some(device.handle().cast());
        let attributes = attributes.map_or(std::ptr::null(), std::ptr::from_ref);
        let handle =
            object::create_object(ObjectKind::Request, parent, attributes, Box::new(request))
                .map_err(|_| STATUS_INSUFFICIENT_RESOURCES)?;
        request
            .handle
            .set(handle as usize)
            .expect("a new request has no handle");
        request.irp.set_request(request);
        Ok(request)
    }

    pub(super) fn handle(&self) -> WDFREQUEST {
        *self
            .handle
            .get()
            .expect("a request has its handle since it was made") as WDFREQUEST
    }

    pub(super) fn queue(&self) -> Option<&'static IoQueue> {
        self.state.lock().queue
    }

    /// Stops the machine unless the driver owns the request.
    pub(super) fn require_owned(&self, function: &str) {
        let owner = self.state.lock().owner;
        match owner {
            Owner::Driver => {}
            Owner::Framework => violation(
                &rules::WDF_REQUEST_NOT_OWNED,
                format!("{function}: the driver does not own the request"),
            ),
            Owner::Completed => violation(
                &rules::WDF_REQUEST_FATAL_ERROR,
                format!("{function}: the request has been completed"),
            ),
        }
    }

    /// Stops the machine if the request can be canceled, so that two could complete it.
    pub(super) fn require_not_cancelable(&self, function: &str) {
        let cancelable = matches!(self.state.lock().cancelable, Cancelable::Yes(_));
        if cancelable {
            violation(
                &rules::WDF_REQUEST_STILL_CANCELABLE,
                format!("{function}: WdfRequestUnmarkCancelable comes first"),
            );
        }
    }

    /// Completes the request for the driver.
    pub(super) fn complete(&'static self, function: &str, status: NTSTATUS, information: usize) {
        self.require_owned(function);
        self.require_not_cancelable(function);
        if status == STATUS_PENDING {
            violation(
                &rules::WDF_REQUEST_COMPLETED_AS_PENDING,
                format!("{function}: a request is completed with STATUS_PENDING"),
            );
        }
        self.check_information(function, status, information);
        self.check_memory(function);
        self.finish(standard(status), information);
    }

    fn check_information(&self, function: &str, status: NTSTATUS, information: usize) {
        let parameters = &self.irp.parameters;
        let length = match parameters.request_type {
            WdfRequestTypeRead => parameters.output_length,
            WdfRequestTypeWrite => parameters.input_length,
            // Without an output buffer, the number may tell how much of the input was used.
            WdfRequestTypeDeviceControl if parameters.output_length > 0 => parameters.output_length,
            _ => return,
        };
        if nt_success(status) && information > length {
            violation(
                &rules::WDF_REQUEST_FATAL_ERROR,
                format!("{function}: Information is {information}, the buffer has {length} bytes"),
            );
        }
    }

    fn check_memory(&self, function: &str) {
        let memory = self.state.lock().memory;
        let references = memory
            .into_iter()
            .flatten()
            .map(|handle| object::reference_count(handle as WDFMEMORY as _))
            .max()
            .unwrap_or(1);
        if references > 1 {
            violation(
                &rules::WDF_REQUEST_MEMORY_REFERENCED,
                format!("{function}: the request's memory object has {references} references"),
            );
        }
        let handle = self.handle().cast();
        if processor().irql() > PASSIVE_LEVEL && object::disposal_is_passive(handle) {
            violation(
                &rules::WDF_REQUEST_DISPOSAL_DEFERRED,
                format!("{function} above PASSIVE_LEVEL"),
            );
        }
    }

    /// Ends the request: EvtCleanup, the IRP's completion, EvtDestroy, the queue's next one.
    pub(super) fn finish(&'static self, status: NTSTATUS, information: usize) {
        let (queue, presented) = {
            let mut state = self.state.lock();
            let counted = state.owner == Owner::Driver;
            state.owner = Owner::Completed;
            (state.queue.take().filter(|_| counted), state.presented)
        };
        let handle = self.handle().cast();
        if !presented {
            object::silence(handle);
        }
        object::reference(handle);
        object::delete_object(handle);
        super::request_memory::free_mdls(self);
        self.irp.complete(status, information);
        object::dereference(handle);
        if let Some(queue) = queue {
            queue.request_completed(self);
        }
    }
}

/// The status that a caller gets for one of the framework's own.
fn standard(status: NTSTATUS) -> NTSTATUS {
    if status as u32 >> 16 & 0xFFF != FACILITY_DRIVER_FRAMEWORK {
        return status;
    }
    match status {
        STATUS_WDF_PAUSED | STATUS_WDF_BUSY => STATUS_DEVICE_BUSY,
        STATUS_WDF_INTERNAL_ERROR => STATUS_INTERNAL_ERROR,
        STATUS_WDF_NOT_ENOUGH_MAP_REGISTERS => STATUS_INSUFFICIENT_RESOURCES,
        _ => STATUS_INVALID_DEVICE_REQUEST,
    }
}

/// Bits of the flags of EvtIoStop.
pub(super) fn stop_flags(purge: bool, cancelable: bool) -> ULONG {
    use netadapter_abi::wdf::{
        WdfRequestStopActionPurge, WdfRequestStopActionSuspend, WdfRequestStopRequestCancelable,
    };
    let action = if purge {
        WdfRequestStopActionPurge
    } else {
        WdfRequestStopActionSuspend
    };
    let flag = if cancelable {
        WdfRequestStopRequestCancelable
    } else {
        0
    };
    (action | flag) as ULONG
}
