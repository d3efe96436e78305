//! Dispatching, forwarding, stopping and purging.

use super::fake_driver::call;
use super::io_driver::*;
use crate::executive::TestMachine;
use netadapter_abi::nt::{
    STATUS_CANCELLED, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_STATE,
    STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_4, STATUS_NO_MORE_ENTRIES, STATUS_NOT_FOUND,
    STATUS_SUCCESS, STATUS_UNSUCCESSFUL,
};
use netadapter_abi::wdf::*;
use std::ptr::null_mut;

fn retrieve(queue: WDFQUEUE) -> Result<WDFREQUEST, i32> {
    let mut request = null_mut();
    let status = call!(WdfIoQueueRetrieveNextRequest: PFN_WDFIOQUEUERETRIEVENEXTREQUEST(
        queue, &mut request,
    ));
    if status == STATUS_SUCCESS {
        Ok(request)
    } else {
        Err(status)
    }
}

fn state(queue: WDFQUEUE) -> (i32, u32, u32) {
    let (mut waiting, mut driver) = (0, 0);
    let state = call!(WdfIoQueueGetState: PFN_WDFIOQUEUEGETSTATE(
        queue, &mut waiting, &mut driver,
    ));
    (state, waiting, driver)
}

const OPEN: i32 = WdfIoQueueAcceptRequests | WdfIoQueueDispatchRequests;

#[test]
fn a_sequential_queue_delivers_the_next_request_when_the_last_one_is_completed() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, sequential);
        let file = open();
        let pending = [begin(&file, KEEP), begin(&file, KEEP), begin(&file, KEEP)];
        assert_eq!(io().kept(), 1);
        assert_eq!(state(io().queue(0)), (OPEN, 2, 1));
        for pending in pending {
            assert!(pending.completion().is_none());
            complete(io().take_kept(), STATUS_SUCCESS, 0);
            assert_eq!(pending.wait().status, STATUS_SUCCESS);
        }
        let idle = OPEN | WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests;
        assert_eq!(state(io().queue(0)), (idle, 0, 0));
    });
}

#[test]
fn a_parallel_queue_delivers_as_many_as_it_is_allowed() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            let mut config = queue_config(WdfIoQueueDispatchParallel);
            config.DefaultQueue = 1;
            config.Settings.Parallel.NumberOfPresentedRequests = 2;
            create_queue(device, &config);
        });
        let file = open();
        let _pending = [begin(&file, KEEP), begin(&file, KEEP), begin(&file, KEEP)];
        assert_eq!(io().kept(), 2);
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(io().kept(), 2);
    });
}

#[test]
fn a_manual_queue_tells_that_it_is_no_longer_empty_and_gives_requests_when_asked() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, manual);
        let queue = io().queue(0);
        let notify = call!(WdfIoQueueReadyNotify: PFN_WDFIOQUEUEREADYNOTIFY(
            queue, Some(state_reached), 7 as WDFCONTEXT,
        ));
        assert_eq!(notify, STATUS_SUCCESS);
        let file = open();
        let first = begin(&file, KEEP);
        let second = begin(&file, KEEP);
        assert_eq!(io_log(), ["State 7"], "told once, while it was not empty");
        let request = retrieve(queue).unwrap();
        let requeued = call!(WdfRequestRequeue: PFN_WDFREQUESTREQUEUE(request));
        assert_eq!(requeued, STATUS_SUCCESS);
        assert_eq!(retrieve(queue), Ok(request), "it went back to the head");
        complete(request, STATUS_SUCCESS, 0);
        complete(retrieve(queue).unwrap(), STATUS_SUCCESS, 0);
        assert_eq!(retrieve(queue), Err(STATUS_NO_MORE_ENTRIES));
        assert_eq!(
            (first.wait().status, second.wait().status),
            (STATUS_SUCCESS, STATUS_SUCCESS)
        );
        let _third = begin(&file, KEEP);
        assert_eq!(io_log(), ["State 7"]);
    });
}

#[test]
fn requests_are_found_and_taken_by_file() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            default_queue(device, WdfIoQueueDispatchManual);
        });
        let queue = io().queue(0);
        let (one, other) = (open(), open());
        let _pending = [begin(&one, KEEP), begin(&other, KEEP)];
        let find = |after: WDFREQUEST| {
            let mut found = null_mut();
            let mut parameters = WDF_REQUEST_PARAMETERS::init();
            let status = call!(WdfIoQueueFindRequest: PFN_WDFIOQUEUEFINDREQUEST(
                queue, after, null_mut(), &mut parameters, &mut found,
            ));
            (status, found, parameters.Type)
        };
        let take = |found: WDFREQUEST| {
            let mut taken = null_mut();
            let status = call!(WdfIoQueueRetrieveFoundRequest: PFN_WDFIOQUEUERETRIEVEFOUNDREQUEST(
                queue, found, &mut taken,
            ));
            (status, taken)
        };
        let (status, first, kind) = find(null_mut());
        assert_eq!(
            (status, kind),
            (STATUS_SUCCESS, WdfRequestTypeDeviceControl)
        );
        let (_, second, _) = find(first);
        assert_eq!(find(second).0, STATUS_NO_MORE_ENTRIES);
        assert_eq!(take(second), (STATUS_SUCCESS, second));
        complete(second, STATUS_SUCCESS, 0);
        assert_eq!(take(second), (STATUS_NOT_FOUND, null_mut()));
        for found in [first, second] {
            call!(WdfObjectDereferenceActual: PFN_WDFOBJECTDEREFERENCEACTUAL(
                found.cast(), null_mut(), 0, std::ptr::null(),
            ));
        }
        assert_eq!(state(queue).1, 1);
    });
}

#[test]
fn a_request_moves_to_another_queue_and_back_to_the_driver_from_there() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            sequential(device);
            create_queue(device, &queue_config(WdfIoQueueDispatchManual));
        });
        let file = open();
        let pending = [begin(&file, KEEP), begin(&file, KEEP)];
        let request = io().take_kept();
        let forward = |request: WDFREQUEST, queue: WDFQUEUE| {
            call!(WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE(request, queue))
        };
        assert_eq!(forward(request, io().queue(1)), STATUS_SUCCESS);
        assert_eq!(io().kept(), 1, "the first queue has delivered the next one");
        let owner = call!(WdfRequestGetIoQueue: PFN_WDFREQUESTGETIOQUEUE(request));
        assert_eq!(owner, io().queue(1));
        let second = io().take_kept();
        call!(WdfIoQueuePurge: PFN_WDFIOQUEUEPURGE(io().queue(1), None, null_mut()));
        assert_eq!(pending[0].wait().status, STATUS_CANCELLED);
        assert_eq!(io_log()[2..], ["CanceledOnQueue"], "the driver had seen it");
        assert_eq!(forward(second, io().queue(1)), STATUS_WDF_BUSY);
        complete(second, STATUS_SUCCESS, 0);
    });
}

#[test]
fn a_stopped_queue_keeps_requests_and_a_started_one_delivers_them() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, parallel);
        let queue = io().queue(0);
        let file = open();
        let _first = begin(&file, KEEP);
        call!(WdfIoQueueStop: PFN_WDFIOQUEUESTOP(queue, Some(state_reached), 1 as WDFCONTEXT));
        let second = begin(&file, ECHO);
        assert!(second.completion().is_none());
        assert!(
            !io_log().contains(&"State 1".to_owned()),
            "the driver still has one"
        );
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(io_log(), ["State 1"]);
        call!(WdfIoQueueStart: PFN_WDFIOQUEUESTART(queue));
        assert_eq!(second.wait().status, STATUS_SUCCESS);
    });
}

#[test]
fn a_purge_cancels_what_waits_and_what_can_be_canceled_and_then_tells() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, sequential);
        let queue = io().queue(0);
        let file = open();
        let held = begin(&file, KEEP_CANCELABLE);
        let waiting = begin(&file, ECHO);
        io_log();
        call!(WdfIoQueuePurgeSynchronously: PFN_WDFIOQUEUEPURGESYNCHRONOUSLY(queue));
        assert_eq!(held.wait().status, STATUS_CANCELLED);
        assert_eq!(waiting.wait().status, STATUS_CANCELLED);
        assert_eq!(io_log(), ["Cancel"], "the driver never saw the other one");
        let late = begin(&file, ECHO);
        assert_eq!(late.wait().status, STATUS_INVALID_DEVICE_STATE);
        call!(WdfIoQueueStart: PFN_WDFIOQUEUESTART(queue));
        assert_eq!(
            transfer(&file, control(ECHO, b"x", 1)).status,
            STATUS_SUCCESS
        );
    });
}

#[test]
fn a_drain_delivers_what_waits_and_takes_no_more() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, sequential);
        let queue = io().queue(0);
        let file = open();
        let _held = begin(&file, KEEP);
        let waiting = begin(&file, ECHO);
        call!(WdfIoQueueDrain: PFN_WDFIOQUEUEDRAIN(queue, Some(state_reached), 2 as WDFCONTEXT));
        assert_eq!(
            begin(&file, ECHO).wait().status,
            STATUS_INVALID_DEVICE_STATE
        );
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(waiting.wait().status, STATUS_SUCCESS);
        assert_eq!(io_log().last().map(String::as_str), Some("State 2"));
    });
}

#[test]
fn stop_and_purge_keeps_the_requests_that_come_later() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, manual);
        let queue = io().queue(0);
        let file = open();
        let early = begin(&file, ECHO);
        call!(WdfIoQueueStopAndPurgeSynchronously: PFN_WDFIOQUEUESTOPANDPURGESYNCHRONOUSLY(queue));
        assert_eq!(early.wait().status, STATUS_CANCELLED);
        let late = begin(&file, ECHO);
        assert!(late.completion().is_none());
        assert_eq!(retrieve(queue), Err(STATUS_WDF_PAUSED));
        call!(WdfIoQueueStart: PFN_WDFIOQUEUESTART(queue));
        complete(retrieve(queue).unwrap(), STATUS_SUCCESS, 0);
    });
}

#[test]
fn a_queue_with_queue_scope_calls_back_at_dispatch_level_and_one_at_a_time() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            let mut config = queue_config(WdfIoQueueDispatchParallel);
            config.DefaultQueue = 1;
            let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
            attributes.SynchronizationScope = WdfSynchronizationScopeQueue;
            assert_eq!(
                try_create_queue(device, &config, Some(&mut attributes)),
                STATUS_SUCCESS
            );
        });
        let queue = io().queue(0);
        let file = open();
        assert_eq!(
            transfer(&file, control(ECHO, b"x", 1)).status,
            STATUS_SUCCESS
        );
        assert_eq!(io_log(), ["DeviceControl 800 1 1 at 2"]);
        call!(WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK(queue.cast()));
        let pending = begin(&file, ECHO);
        assert!(io_log().is_empty(), "the lock keeps callbacks out");
        call!(WdfObjectReleaseLock: PFN_WDFOBJECTRELEASELOCK(queue.cast()));
        assert_eq!(pending.wait().status, STATUS_SUCCESS);
    });
}

#[test]
fn a_passive_queue_is_not_called_above_passive_level() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            let mut config = queue_config(WdfIoQueueDispatchSequential);
            config.DefaultQueue = 1;
            let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
            attributes.ExecutionLevel = WdfExecutionLevelPassive;
            assert_eq!(
                try_create_queue(device, &config, Some(&mut attributes)),
                STATUS_SUCCESS
            );
        });
        let file = open();
        let _held = begin(&file, KEEP);
        let next = begin(&file, ECHO);
        io_log();
        let processor = crate::executive::processor();
        let before = processor.raise_irql(netadapter_abi::nt::DISPATCH_LEVEL);
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert!(io_log().is_empty());
        processor.lower_irql(before);
        assert_eq!(next.wait().status, STATUS_SUCCESS);
        assert_eq!(io_log(), ["DeviceControl 800 1 1 at 0"]);
    });
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _started = start(system, |device| {
            create_interface(device);
            default_queue(device, WdfIoQueueDispatchParallel);
            let status = |config: WDF_IO_QUEUE_CONFIG| try_create_queue(device, &config, None);
            let sequential = queue_config(WdfIoQueueDispatchSequential);
            let short = WDF_IO_QUEUE_CONFIG {
                Size: 20,
                ..sequential
            };
            assert_eq!(status(short), STATUS_INFO_LENGTH_MISMATCH);
            let kind = WDF_IO_QUEUE_CONFIG {
                DispatchType: 9,
                ..sequential
            };
            assert_eq!(status(kind), STATUS_INVALID_PARAMETER);
            let silent = WDF_IO_QUEUE_CONFIG::init(WdfIoQueueDispatchSequential);
            assert_eq!(status(silent), STATUS_WDF_NO_CALLBACK);
            let mut talking = queue_config(WdfIoQueueDispatchManual);
            talking.EvtIoDeviceControl = sequential.EvtIoDeviceControl;
            assert_eq!(status(talking), STATUS_INVALID_PARAMETER);
            let mut counted = sequential;
            counted.Settings.Parallel.NumberOfPresentedRequests = 3;
            assert_eq!(status(counted), STATUS_INVALID_PARAMETER);
            let second = WDF_IO_QUEUE_CONFIG {
                DefaultQueue: 1,
                ..sequential
            };
            assert_eq!(
                status(second),
                STATUS_UNSUCCESSFUL,
                "there is a default queue"
            );
            let mut config = sequential;
            let nowhere = call!(WdfIoQueueCreate: PFN_WDFIOQUEUECREATE(
                device, &mut config, null_mut(), null_mut(),
            ));
            assert_eq!(nowhere, STATUS_INVALID_PARAMETER_4);
        });
        let late = WDF_IO_QUEUE_CONFIG {
            DefaultQueue: 1,
            ..queue_config(WdfIoQueueDispatchSequential)
        };
        let status = try_create_queue(_started.device.handle(), &late, None);
        assert_eq!(status, STATUS_INVALID_DEVICE_STATE);
    });
}
