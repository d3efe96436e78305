//! Requests and their data: how they get to the driver and back.

use super::fake_driver::{call, driver};
use super::io_driver::*;
use crate::executive::TestMachine;
use crate::wdf::{Completion, Transfer};
use netadapter_abi::nt::{
    METHOD_BUFFERED, STATUS_BUFFER_TOO_SMALL, STATUS_DEVICE_BUSY, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_SUCCESS,
};
use netadapter_abi::wdf::*;

#[test]
fn a_buffered_control_request_brings_its_data_and_takes_the_answer_back() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, parallel);
        let file = open();
        let answer = transfer(&file, control(ECHO, b"hello", 8));
        let expected = Completion {
            status: STATUS_SUCCESS,
            information: 5,
            output: b"hello".to_vec(),
        };
        assert_eq!(answer, expected);
        assert_eq!(io_log(), ["DeviceControl 800 5 8 at 0"]);
        file.close();
        started.end();
        assert_eq!(system.pool().in_use().0, 0, "all buffers came back");
    });
}

#[test]
fn direct_and_buffered_requests_echo_the_same_and_raw_addresses_are_refused() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        for code in [ECHO_IN_DIRECT, ECHO_OUT_DIRECT] {
            let answer = transfer(&file, control(code, b"direct", 6));
            assert_eq!(answer.output, b"direct");
        }
        let refused = transfer(&file, control(ECHO_NEITHER, b"raw", 3));
        assert_eq!(refused.status, STATUS_INVALID_DEVICE_REQUEST);
    });
}

#[test]
fn a_buffer_below_the_minimum_or_without_bytes_is_too_small() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        for (input, output) in [(&b""[..], 4), (b"four", 0), (b"four", 3)] {
            let answer = transfer(&file, control(ECHO, input, output));
            assert_eq!(answer.status, STATUS_BUFFER_TOO_SMALL, "{input:?} {output}");
            assert!(answer.output.is_empty(), "an error returns no data");
        }
    });
}

#[test]
fn reads_and_writes_reach_their_callbacks() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let read = transfer(&file, Transfer::Read { length: 3 });
        assert_eq!(read.output, [0x5A; 3]);
        let data = vec![1, 2, 3, 4];
        let written = transfer(&file, Transfer::Write { data });
        assert_eq!((written.status, written.information), (STATUS_SUCCESS, 4));
        assert_eq!(io_log(), ["Read 3", "Write 4 10"]);
    });
}

#[test]
fn empty_reads_and_writes_succeed_without_the_driver() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let read = transfer(&file, Transfer::Read { length: 0 });
        let written = transfer(&file, Transfer::Write { data: Vec::new() });
        assert_eq!(
            (read.status, written.status),
            (STATUS_SUCCESS, STATUS_SUCCESS)
        );
        assert!(io_log().is_empty());
    });
}

#[test]
fn a_request_without_callback_or_queue_is_an_invalid_one() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            let mut config = queue_config(WdfIoQueueDispatchParallel);
            config.EvtIoRead = None;
            create_queue(device, &config);
            assert_eq!(
                configure(device, 0, WdfRequestTypeDeviceControl),
                STATUS_SUCCESS
            );
        });
        let file = open();
        let read = transfer(&file, Transfer::Read { length: 1 });
        assert_eq!(read.status, STATUS_INVALID_DEVICE_REQUEST);
        assert_eq!(
            transfer(&file, control(ECHO, b"x", 1)).status,
            STATUS_SUCCESS
        );
    });
}

fn configure(device: WDFDEVICE, queue: usize, kind: WDF_REQUEST_TYPE) -> i32 {
    call!(WdfDeviceConfigureRequestDispatching: PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING(
        device, io().queue(queue), kind,
    ))
}

#[test]
fn a_queue_can_only_be_given_requests_that_it_has_a_callback_for_and_once() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            default_queue(device, WdfIoQueueDispatchParallel);
            let mut config = queue_config(WdfIoQueueDispatchParallel);
            config.EvtIoRead = None;
            create_queue(device, &config);
            let refused = STATUS_INVALID_DEVICE_REQUEST;
            assert_eq!(
                configure(device, 0, WdfRequestTypeWrite),
                refused,
                "the default queue"
            );
            assert_eq!(configure(device, 1, WdfRequestTypeRead), refused);
            assert_eq!(configure(device, 1, WdfRequestTypeWrite), STATUS_SUCCESS);
            assert_eq!(configure(device, 1, WdfRequestTypeWrite), STATUS_WDF_BUSY);
        });
    });
}

#[test]
fn the_parameters_of_a_request_are_those_of_its_caller() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            create_queue(device, &catch_all_config(WdfIoQueueDispatchParallel));
        });
        let file = open();
        let pending = file.begin(&control(ECHO, b"123", 7)).unwrap();
        let request = io().take_kept();
        let mut parameters = WDF_REQUEST_PARAMETERS::init();
        call!(WdfRequestGetParameters: PFN_WDFREQUESTGETPARAMETERS(request, &mut parameters));
        assert_eq!(parameters.Type, WdfRequestTypeDeviceControl);
        // SAFETY: a control request uses this part of the union.
        let control = unsafe { parameters.Parameters.DeviceIoControl };
        let lengths = (control.InputBufferLength, control.OutputBufferLength);
        assert_eq!((control.IoControlCode, lengths), (ECHO, (3, 7)));
        complete(request, STATUS_WDF_PAUSED, 0);
        // The framework's own status codes do not leave the driver.
        assert_eq!(pending.wait().status, STATUS_DEVICE_BUSY);
        assert_eq!(io_log(), ["Default"]);
    });
}

#[test]
fn the_memory_objects_of_a_request_are_its_buffers() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let file = open();
        let pending = file.begin(&control(KEEP, b"abc", 5)).unwrap();
        let request = io().take_kept();
        let memory_of = |output: bool| {
            let mut memory = std::ptr::null_mut();
            let status = if output {
                call!(WdfRequestRetrieveOutputMemory: PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY(
                    request, &mut memory,
                ))
            } else {
                call!(WdfRequestRetrieveInputMemory: PFN_WDFREQUESTRETRIEVEINPUTMEMORY(
                    request, &mut memory,
                ))
            };
            assert_eq!(status, STATUS_SUCCESS);
            let mut length = 0;
            let buffer = call!(WdfMemoryGetBuffer: PFN_WDFMEMORYGETBUFFER(memory, &mut length));
            (memory, buffer, length)
        };
        let (first, second) = (memory_of(false), memory_of(true));
        assert_eq!((first.2, second.2), (3, 5));
        assert_eq!(first.1, second.1, "a buffered request has one buffer");
        assert_eq!(memory_of(false), first, "every call gives the same object");
        let mut mdl = std::ptr::null_mut();
        let status = call!(WdfRequestRetrieveOutputWdmMdl: PFN_WDFREQUESTRETRIEVEOUTPUTWDMMDL(
            request, &mut mdl,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        // SAFETY: the MDL lives until the request is completed.
        let mdl = unsafe { *mdl };
        assert_eq!((mdl.MappedSystemVa, mdl.ByteCount), (second.1, 5));
        complete(request, STATUS_SUCCESS, 0);
        pending.wait();
        assert_eq!(driver().take_log(), ["DeviceControl 801 3 5 at 0"]);
    });
}

#[test]
fn the_codes_of_the_tests_pass_their_buffers_as_they_say() {
    assert_eq!(
        netadapter_abi::nt::method_from_ctl_code(ECHO),
        METHOD_BUFFERED
    );
    assert_ne!(ECHO, ECHO_IN_DIRECT);
}
