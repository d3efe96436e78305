//! Rules of requests and queues that one wrong call breaks: each is found, by its name.

use super::fake_driver::{call, driver};
use super::io_driver::*;
use crate::executive::{TestMachine, processor};
use netadapter_abi::nt::{DISPATCH_LEVEL, STATUS_PENDING, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::*;
use std::ptr::null_mut;

/// The rule that `wrong` breaks with a request that the driver has, cancelable or not.
fn rule_broken_with(code: u32, wrong: fn(WDFREQUEST)) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        let _started = start(system, |device| {
            parallel(device);
            create_queue(device, &queue_config(WdfIoQueueDispatchManual));
            create_queue(device, &queue_config(WdfIoQueueDispatchSequential));
        });
        let file = open();
        let _pending = begin(&file, code);
        wrong(io().take_kept());
    });
    finding.rule
}

#[test]
fn a_request_completed_twice() {
    let rule = rule_broken_with(KEEP, |request| {
        complete(request, STATUS_SUCCESS, 0);
        complete(request, STATUS_SUCCESS, 0);
    });
    assert_eq!(rule, "WDF_REQUEST_FATAL_ERROR");
}

#[test]
fn a_request_used_after_its_completion() {
    let rule = rule_broken_with(KEEP, |request| {
        complete(request, STATUS_SUCCESS, 0);
        let _ = input(request, 1);
    });
    assert_eq!(rule, "WDF_REQUEST_FATAL_ERROR");
}

#[test]
fn more_bytes_returned_than_the_buffer_has() {
    let rule = rule_broken_with(KEEP, |request| complete(request, STATUS_SUCCESS, 2));
    assert_eq!(rule, "WDF_REQUEST_FATAL_ERROR");
}

#[test]
fn a_completion_that_says_pending() {
    let rule = rule_broken_with(KEEP, |request| complete(request, STATUS_PENDING, 0));
    assert_eq!(rule, "WDF_REQUEST_COMPLETED_AS_PENDING");
}

#[test]
fn a_cancelable_request_completed_without_being_unmarked() {
    let rule = rule_broken_with(KEEP_CANCELABLE, |request| {
        complete(request, STATUS_SUCCESS, 0)
    });
    assert_eq!(rule, "WDF_REQUEST_STILL_CANCELABLE");
}

#[test]
fn a_request_unmarked_that_was_not_marked() {
    let rule = rule_broken_with(KEEP, |request| {
        call!(WdfRequestUnmarkCancelable: PFN_WDFREQUESTUNMARKCANCELABLE(request));
    });
    assert_eq!(rule, "WDF_REQUEST_NOT_CANCELABLE");
}

#[test]
fn a_request_used_while_a_queue_has_it() {
    let rule = rule_broken_with(KEEP, |request| {
        let forwarded = call!(WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE(
            request, io().queue(1),
        ));
        assert_eq!(forwarded, STATUS_SUCCESS);
        complete(request, STATUS_SUCCESS, 0);
    });
    assert_eq!(rule, "WDF_REQUEST_NOT_OWNED");
}

#[test]
fn a_request_forwarded_to_the_queue_from_which_it_came() {
    let rule = rule_broken_with(KEEP, |request| {
        let _ = call!(WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE(
            request, io().queue(0),
        ));
    });
    assert_eq!(rule, "WDF_FORWARDED_TO_WRONG_QUEUE");
}

#[test]
fn a_request_requeued_to_a_queue_that_delivers_by_itself() {
    let rule = rule_broken_with(KEEP, |request| {
        let _ = call!(WdfRequestRequeue: PFN_WDFREQUESTREQUEUE(request));
    });
    assert_eq!(rule, "WDF_QUEUE_NOT_MANUAL");
}

#[test]
fn a_stop_acknowledged_outside_of_evt_io_stop() {
    let rule = rule_broken_with(KEEP, |request| {
        call!(WdfRequestStopAcknowledge: PFN_WDFREQUESTSTOPACKNOWLEDGE(request, 0));
    });
    assert_eq!(rule, "WDF_NOT_IN_EVT_IO_STOP");
}

#[test]
fn raw_addresses_outside_of_the_callers_context() {
    let rule = rule_broken_with(KEEP, |request| {
        let (mut buffer, mut length) = (null_mut(), 0);
        let _ = call!(WdfRequestRetrieveUnsafeUserInputBuffer:
            PFN_WDFREQUESTRETRIEVEUNSAFEUSERINPUTBUFFER(request, 0, &mut buffer, &mut length));
    });
    assert_eq!(rule, "WDF_NOT_IN_CALLER_CONTEXT");
}

#[test]
fn a_request_completed_while_its_memory_is_referenced() {
    let rule = rule_broken_with(KEEP, |request| {
        let mut memory = null_mut();
        let status = call!(WdfRequestRetrieveInputMemory: PFN_WDFREQUESTRETRIEVEINPUTMEMORY(
            request, &mut memory,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        call!(WdfObjectReferenceActual: PFN_WDFOBJECTREFERENCEACTUAL(
            memory.cast(), null_mut(), 0, std::ptr::null(),
        ));
        complete(request, STATUS_SUCCESS, 0);
    });
    assert_eq!(rule, "WDF_REQUEST_MEMORY_REFERENCED");
}

nt_export! {
    unsafe fn tick(_timer: WDFTIMER) {}
}

#[test]
fn a_request_with_a_timer_below_it_completed_at_dispatch_level() {
    let rule = rule_broken_with(KEEP, |request| {
        let mut config = WDF_TIMER_CONFIG::init(Some(tick));
        config.AutomaticSerialization = 0;
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        attributes.ParentObject = request.cast();
        let mut timer = null_mut();
        let status = call!(WdfTimerCreate: PFN_WDFTIMERCREATE(
            &mut config, &mut attributes, &mut timer,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        processor().raise_irql(DISPATCH_LEVEL);
        complete(request, STATUS_SUCCESS, 0);
    });
    assert_eq!(rule, "WDF_REQUEST_DISPOSAL_DEFERRED");
}

#[test]
fn a_second_purge_while_one_is_under_way() {
    let rule = rule_broken_with(KEEP, |_request| {
        for _ in 0..2 {
            call!(WdfIoQueuePurge: PFN_WDFIOQUEUEPURGE(
                io().queue(0), Some(state_reached), null_mut(),
            ));
        }
    });
    assert_eq!(rule, "WDF_QUEUE_FATAL_ERROR");
}

#[test]
fn a_request_taken_from_a_sequential_queue_of_which_the_driver_has_none() {
    let rule = rule_broken_with(KEEP, |_request| {
        let mut taken = null_mut();
        let _ = call!(WdfIoQueueRetrieveNextRequest: PFN_WDFIOQUEUERETRIEVENEXTREQUEST(
            io().queue(2), &mut taken,
        ));
    });
    assert_eq!(rule, "WDF_SEQUENTIAL_QUEUE_RACE");
}

#[test]
fn a_second_ready_notification() {
    let rule = rule_broken_with(KEEP, |_request| {
        for _ in 0..2 {
            let _ = call!(WdfIoQueueReadyNotify: PFN_WDFIOQUEUEREADYNOTIFY(
                io().queue(1), Some(state_reached), null_mut(),
            ));
        }
    });
    assert_eq!(rule, "WDF_READY_NOTIFY_MISUSE");
}

#[test]
fn a_callback_lock_taken_twice_and_released_by_nobody() {
    let rule = rule_broken_with(KEEP, |_request| {
        let queue: WDFOBJECT = io().queue(0).cast();
        call!(WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK(queue));
        call!(WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK(queue));
    });
    assert_eq!(rule, "WDF_OBJECT_LOCK_RECURSION");
    let rule = rule_broken_with(KEEP, |_request| {
        call!(WdfObjectReleaseLock: PFN_WDFOBJECTRELEASELOCK(io().queue(0).cast()));
    });
    assert_eq!(rule, "WDF_OBJECT_LOCK_NOT_HELD");
}

#[test]
fn a_lock_of_an_object_that_has_none() {
    let rule = rule_broken_with(KEEP, |request| {
        call!(WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK(request.cast()));
    });
    assert_eq!(rule, "WDF_INVALID_LOCK_OPERATION");
}

#[test]
fn a_default_queue_deleted_by_the_driver() {
    let rule = rule_broken_with(KEEP, |_request| {
        call!(WdfObjectDelete: PFN_WDFOBJECTDELETE(io().queue(0).cast()));
    });
    assert_eq!(rule, "WDF_DELETE_NOT_ALLOWED");
}

#[test]
fn an_interface_that_the_device_does_not_have() {
    let rule = rule_broken_with(KEEP, |_request| {
        let device = call!(WdfIoQueueGetDevice: PFN_WDFIOQUEUEGETDEVICE(io().queue(0)));
        call!(WdfDeviceSetDeviceInterfaceState: PFN_WDFDEVICESETDEVICEINTERFACESTATE(
            device, &CLASS, std::ptr::null(), 1,
        ));
    });
    assert_eq!(rule, "WDF_INTERFACE_MISUSE");
}

#[test]
fn a_file_object_class_that_netadaptercx_needs_for_itself() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        driver()
            .with_class_extension
            .store(true, std::sync::atomic::Ordering::Relaxed);
        *driver().in_device_init.lock() = Some(|init| {
            let mut config = WDF_FILEOBJECT_CONFIG::init(None, None, None);
            config.FileObjectClass = WdfFileObjectWdfCanUseFsContext;
            call!(WdfDeviceInitSetFileObjectConfig: PFN_WDFDEVICEINITSETFILEOBJECTCONFIG(
                init, &mut config, null_mut(),
            ));
        });
        let _started = start(system, parallel);
    });
    assert_eq!(finding.rule, "WDF_FILE_OBJECT_CLASS");
}

#[test]
fn a_request_given_as_found_that_was_not() {
    let rule = rule_broken_with(KEEP, |request| {
        let queue = io().queue(1);
        let forwarded = call!(WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE(
            request, queue,
        ));
        assert_eq!(forwarded, STATUS_SUCCESS);
        let mut found = null_mut();
        let _ = call!(WdfIoQueueFindRequest: PFN_WDFIOQUEUEFINDREQUEST(
            queue, request, null_mut(), null_mut(), &mut found,
        ));
    });
    assert_eq!(rule, "WDF_REQUEST_NOT_FOUND_BY_DRIVER");
}

/// The rule that `wrong` breaks in EvtDriverDeviceAdd, before the device is made.
fn rule_broken_before(wrong: fn(*mut WDFDEVICE_INIT)) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        *driver().in_device_init.lock() = Some(wrong);
        let _started = start(system, parallel);
    });
    finding.rule
}

nt_export! {
    unsafe fn file_create(_device: WDFDEVICE, request: WDFREQUEST, _file: WDFFILEOBJECT) {
        call!(WdfRequestGetIoQueue: PFN_WDFREQUESTGETIOQUEUE(request));
    }
}

#[test]
fn the_queue_of_a_request_to_create_a_file() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        *driver().in_device_init.lock() = Some(|init| {
            let mut config = WDF_FILEOBJECT_CONFIG::init(Some(file_create), None, None);
            call!(WdfDeviceInitSetFileObjectConfig: PFN_WDFDEVICEINITSETFILEOBJECTCONFIG(
                init, &mut config, null_mut(),
            ));
        });
        let _started = start(system, parallel);
        let _file = open();
    });
    assert_eq!(finding.rule, "WDF_CREATE_QUEUE_IS_INTERNAL");
}

#[test]
fn request_attributes_that_are_all_zero() {
    let rule = rule_broken_before(|init| {
        let mut attributes = WDF_OBJECT_ATTRIBUTES::zeroed();
        call!(WdfDeviceInitSetRequestAttributes: PFN_WDFDEVICEINITSETREQUESTATTRIBUTES(
            init, &mut attributes,
        ));
    });
    assert_eq!(rule, "WDF_BAD_ATTRIBUTES");
}

#[test]
fn an_io_type_that_does_not_exist() {
    let rule = rule_broken_before(|init| {
        call!(WdfDeviceInitSetIoType: PFN_WDFDEVICEINITSETIOTYPE(init, WdfDeviceIoMaximum));
    });
    assert_eq!(rule, "WDF_VALUE_OUT_OF_RANGE");
}

#[test]
fn a_function_device_finished_like_a_control_device() {
    let rule = rule_broken_with(KEEP, |_request| {
        let device = call!(WdfIoQueueGetDevice: PFN_WDFIOQUEUEGETDEVICE(io().queue(0)));
        call!(WdfControlFinishInitializing: PFN_WDFCONTROLFINISHINITIALIZING(device));
    });
    assert_eq!(rule, "WDF_NOT_A_CONTROL_DEVICE");
}
