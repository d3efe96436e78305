//! The I/O part of the fake driver: what it does with a request is in the request's control code.

use super::fake_driver::{add_device, call, driver};
use super::fake_node::messages;
use crate::executive::{System, processor, system};
use crate::wdf::{
    Access, Completion, DeviceHost, DriverHost, OpenFile, PendingIo, Principal, Transfer,
    open_interface,
};
use netadapter_abi::nt::{
    FILE_ANY_ACCESS, GUID, METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_NEITHER, METHOD_OUT_DIRECT,
    NTSTATUS, STATUS_CANCELLED, STATUS_SUCCESS, ULONG, UNICODE_STRING, ctl_code,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::*;
use parking_lot::Mutex;
use std::ptr::null_mut;
use std::sync::Arc;

pub const CLASS: GUID = GUID::from_u128(0x6bdd1fc6_810f_11d0_bec7_08002be2092f);
pub const REFERENCE: &str = "control";

pub const fn code(function: ULONG, method: ULONG) -> ULONG {
    ctl_code(0x8000, function, method, FILE_ANY_ACCESS)
}

/// Copies the input to the output and completes.
pub const ECHO: ULONG = code(0x800, METHOD_BUFFERED);
pub const ECHO_IN_DIRECT: ULONG = code(0x800, METHOD_IN_DIRECT);
pub const ECHO_OUT_DIRECT: ULONG = code(0x800, METHOD_OUT_DIRECT);
pub const ECHO_NEITHER: ULONG = code(0x800, METHOD_NEITHER);
/// Is kept until the test completes it.
pub const KEEP: ULONG = code(0x801, METHOD_BUFFERED);
/// As `KEEP`, marked cancelable.
pub const KEEP_CANCELABLE: ULONG = code(0x802, METHOD_BUFFERED);

const FUNCTION_MASK: ULONG = !3;

/// What the driver does in EvtIoStop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtStop {
    /// Acknowledges, and gets EvtIoResume later.
    #[default]
    Acknowledge,
    /// Acknowledges, and wants the request again.
    Requeue,
    Complete,
    Nothing,
}

/// What the driver keeps.
#[derive(Default)]
pub struct IoDriver {
    kept: Mutex<Vec<usize>>,
    queues: Mutex<Vec<usize>>,
    pub at_stop: Mutex<AtStop>,
}

pub fn io() -> &'static IoDriver {
    system().subsystem()
}

impl IoDriver {
    /// Takes the request that was kept first.
    pub fn take_kept(&self) -> WDFREQUEST {
        self.kept.lock().remove(0) as WDFREQUEST
    }

    pub fn kept(&self) -> usize {
        self.kept.lock().len()
    }

    pub fn queue(&self, index: usize) -> WDFQUEUE {
        self.queues.lock()[index] as WDFQUEUE
    }

    fn forget(&self, request: WDFREQUEST) {
        self.kept.lock().retain(|&kept| kept != request as usize);
    }
}

pub fn complete(request: WDFREQUEST, status: NTSTATUS, information: usize) {
    call!(WdfRequestCompleteWithInformation: PFN_WDFREQUESTCOMPLETEWITHINFORMATION(
        request, status, information,
    ));
}

/// The input of a request.
pub fn input(request: WDFREQUEST, minimum: usize) -> Result<(*mut u8, usize), NTSTATUS> {
    let (mut buffer, mut length) = (null_mut(), 0);
    let status = call!(WdfRequestRetrieveInputBuffer: PFN_WDFREQUESTRETRIEVEINPUTBUFFER(
        request, minimum, &mut buffer, &mut length,
    ));
    if status == STATUS_SUCCESS {
        Ok((buffer.cast(), length))
    } else {
        Err(status)
    }
}

/// The output buffer of a request.
pub fn output(request: WDFREQUEST, minimum: usize) -> Result<(*mut u8, usize), NTSTATUS> {
    let (mut buffer, mut length) = (null_mut(), 0);
    let status = call!(WdfRequestRetrieveOutputBuffer: PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER(
        request, minimum, &mut buffer, &mut length,
    ));
    if status == STATUS_SUCCESS {
        Ok((buffer.cast(), length))
    } else {
        Err(status)
    }
}

fn echo(request: WDFREQUEST) {
    let copied = input(request, 1).and_then(|(from, length)| {
        let (to, _) = output(request, length)?;
        // SAFETY: both buffers have at least `length` bytes; they may be the same.
        unsafe { to.copy_from(from, length) };
        Ok(length)
    });
    match copied {
        Ok(length) => complete(request, STATUS_SUCCESS, length),
        Err(status) => complete(request, status, 0),
    }
}

nt_export! {
    unsafe fn device_control(
        _queue: WDFQUEUE,
        request: WDFREQUEST,
        output: usize,
        input: usize,
        code: ULONG,
    ) {
        let irql = processor().irql();
        driver().note(format!("DeviceControl {:x} {input} {output} at {irql}", code >> 2 & 0xFFF));
        if code & FUNCTION_MASK == ECHO {
            echo(request);
            return;
        }
        io().kept.lock().push(request as usize);
        if code == KEEP_CANCELABLE {
            call!(WdfRequestMarkCancelable: PFN_WDFREQUESTMARKCANCELABLE(
                request, Some(request_cancel),
            ));
        }
    }

    unsafe fn read(_queue: WDFQUEUE, request: WDFREQUEST, length: usize) {
        driver().note(format!("Read {length}"));
        let (buffer, _) = output(request, length).unwrap();
        // SAFETY: the buffer has so many bytes.
        unsafe { buffer.write_bytes(0x5A, length) };
        complete(request, STATUS_SUCCESS, length);
    }

    unsafe fn write(_queue: WDFQUEUE, request: WDFREQUEST, length: usize) {
        let (buffer, _) = input(request, length).unwrap();
        // SAFETY: the buffer has so many bytes.
        let sum: u32 = unsafe { std::slice::from_raw_parts(buffer, length) }
            .iter()
            .map(|&byte| u32::from(byte))
            .sum();
        driver().note(format!("Write {length} {sum}"));
        complete(request, STATUS_SUCCESS, length);
    }

    unsafe fn any(_queue: WDFQUEUE, request: WDFREQUEST) {
        driver().note("Default");
        io().kept.lock().push(request as usize);
    }

    unsafe fn request_cancel(request: WDFREQUEST) {
        driver().note("Cancel");
        io().forget(request);
        complete(request, STATUS_CANCELLED, 0);
    }

    unsafe fn canceled_on_queue(_queue: WDFQUEUE, request: WDFREQUEST) {
        driver().note("CanceledOnQueue");
        complete(request, STATUS_CANCELLED, 0);
    }

    unsafe fn stop(_queue: WDFQUEUE, request: WDFREQUEST, flags: ULONG) {
        driver().note(format!("Stop {flags:#x}"));
        let acknowledge = |requeue: u8| {
            call!(WdfRequestStopAcknowledge: PFN_WDFREQUESTSTOPACKNOWLEDGE(request, requeue));
        };
        let at_stop = *io().at_stop.lock();
        match at_stop {
            AtStop::Acknowledge => acknowledge(0),
            AtStop::Requeue => {
                io().forget(request);
                acknowledge(1);
            }
            AtStop::Complete => {
                io().forget(request);
                complete(request, STATUS_SUCCESS, 0);
            }
            AtStop::Nothing => {}
        }
    }

    unsafe fn resume(_queue: WDFQUEUE, _request: WDFREQUEST) {
        driver().note("Resume");
    }

    pub unsafe fn state_reached(_queue: WDFQUEUE, context: WDFCONTEXT) {
        driver().note(format!("State {}", context as usize));
    }
}

/// A queue with all callbacks.
pub fn queue_config(kind: WDF_IO_QUEUE_DISPATCH_TYPE) -> WDF_IO_QUEUE_CONFIG {
    let mut config = WDF_IO_QUEUE_CONFIG::init(kind);
    config.EvtIoStop = Some(stop);
    config.EvtIoResume = Some(resume);
    config.EvtIoCanceledOnQueue = Some(canceled_on_queue);
    if kind != WdfIoQueueDispatchManual {
        config.EvtIoDeviceControl = Some(device_control);
        config.EvtIoRead = Some(read);
        config.EvtIoWrite = Some(write);
    }
    config
}

/// A default queue that has a callback for anything.
pub fn catch_all_config(kind: WDF_IO_QUEUE_DISPATCH_TYPE) -> WDF_IO_QUEUE_CONFIG {
    WDF_IO_QUEUE_CONFIG {
        DefaultQueue: 1,
        EvtIoDefault: Some(any),
        ..WDF_IO_QUEUE_CONFIG::init(kind)
    }
}

pub fn try_create_queue(
    device: WDFDEVICE,
    config: &WDF_IO_QUEUE_CONFIG,
    attributes: Option<&mut WDF_OBJECT_ATTRIBUTES>,
) -> NTSTATUS {
    let mut config = *config;
    let mut queue: WDFQUEUE = null_mut();
    let attributes = attributes.map_or(null_mut(), std::ptr::from_mut);
    let status = call!(WdfIoQueueCreate: PFN_WDFIOQUEUECREATE(
        device, &mut config, attributes, &mut queue,
    ));
    if status == STATUS_SUCCESS {
        io().queues.lock().push(queue as usize);
    }
    status
}

pub fn create_queue(device: WDFDEVICE, config: &WDF_IO_QUEUE_CONFIG) -> WDFQUEUE {
    assert_eq!(try_create_queue(device, config, None), STATUS_SUCCESS);
    let queues = io().queues.lock();
    queues[queues.len() - 1] as WDFQUEUE
}

pub fn default_queue(device: WDFDEVICE, kind: WDF_IO_QUEUE_DISPATCH_TYPE) {
    let config = WDF_IO_QUEUE_CONFIG {
        DefaultQueue: 1,
        ..queue_config(kind)
    };
    create_queue(device, &config);
}

/// A text as drivers pass it.
pub fn unicode(text: &str) -> (Vec<u16>, UNICODE_STRING) {
    let mut units: Vec<u16> = text.encode_utf16().collect();
    let string = UNICODE_STRING {
        Length: (units.len() * 2) as u16,
        MaximumLength: (units.len() * 2) as u16,
        Buffer: units.as_mut_ptr(),
    };
    (units, string)
}

pub fn create_interface(device: WDFDEVICE) {
    let (_units, reference) = unicode(REFERENCE);
    let status = call!(WdfDeviceCreateDeviceInterface: PFN_WDFDEVICECREATEDEVICEINTERFACE(
        device, &CLASS, &reference,
    ));
    assert_eq!(status, STATUS_SUCCESS);
}

/// A device whose default queue is sequential.
pub fn sequential(device: WDFDEVICE) {
    create_interface(device);
    default_queue(device, WdfIoQueueDispatchSequential);
}

/// A device whose default queue is parallel.
pub fn parallel(device: WDFDEVICE) {
    create_interface(device);
    default_queue(device, WdfIoQueueDispatchParallel);
}

/// A device whose default queue is a manual one.
pub fn manual(device: WDFDEVICE) {
    create_interface(device);
    default_queue(device, WdfIoQueueDispatchManual);
}

/// A started device, and what keeps it.
pub struct Started {
    pub host: Arc<DriverHost>,
    pub device: Arc<DeviceHost>,
}

/// Starts a device that `add` equips; the callbacks so far are forgotten.
pub fn start(system: &'static System, add: fn(WDFDEVICE)) -> Started {
    *driver().in_device_add.lock() = Some(add);
    let (host, device, _node) = add_device(system);
    device.start(messages(&[])).unwrap();
    driver().take_log();
    Started { host, device }
}

impl Started {
    /// Removes the device and unloads the driver; what outlives them is found.
    pub fn end(self) {
        self.device.remove();
        self.host.unload();
    }
}

pub fn open() -> Arc<OpenFile> {
    open_interface(
        &CLASS,
        REFERENCE,
        Principal::Administrator,
        Access::READ_WRITE,
    )
    .unwrap()
}

pub fn control(code: ULONG, input: &[u8], output: usize) -> Transfer {
    Transfer::DeviceControl {
        code,
        input: input.to_vec(),
        output: vec![0; output],
    }
}

/// Makes a request and waits for it.
pub fn transfer(file: &Arc<OpenFile>, transfer: Transfer) -> Completion {
    file.transfer(&transfer).unwrap()
}

/// Makes a request and does not wait.
pub fn begin(file: &Arc<OpenFile>, code: ULONG) -> PendingIo {
    file.begin(&control(code, &[1], 1)).unwrap()
}

/// What has been written down, but for the callbacks of PnP.
pub fn io_log() -> Vec<String> {
    let log = driver().take_log();
    let of_io = [
        "DeviceControl",
        "Read",
        "Write",
        "Default",
        "Cancel",
        "Stop",
        "Resume",
        "State",
    ];
    log.into_iter()
        .filter(|entry| of_io.iter().any(|start| entry.starts_with(start)))
        .filter(|entry| entry != "QueryStop")
        .collect()
}
