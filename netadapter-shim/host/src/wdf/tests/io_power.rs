//! Requests while the device stops, starts again and goes.

use super::fake_driver::{call, driver};
use super::fake_node::messages;
use super::io_driver::*;
use crate::executive::{Event, EventKind, TestMachine, spawn};
use crate::wdf::{Access, Principal, open_interface};
use netadapter_abi::nt::{
    STATUS_CANCELLED, STATUS_INVALID_DEVICE_STATE, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS,
};
use netadapter_abi::wdf::*;
use std::sync::Arc;

#[test]
fn requests_that_come_during_a_rebalance_are_held_and_run_in_order() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, sequential);
        let file = open();
        assert_eq!(started.device.query_stop(), STATUS_SUCCESS);
        assert_eq!(
            transfer(&file, control(ECHO, b"x", 1)).status,
            STATUS_SUCCESS
        );
        started.device.stop();
        io_log();
        let held = [begin(&file, ECHO), begin(&file, KEEP), begin(&file, ECHO)];
        assert!(held.iter().all(|pending| pending.completion().is_none()));
        assert!(io_log().is_empty());
        started.device.start(messages(&[])).unwrap();
        assert_eq!(held[0].wait().status, STATUS_SUCCESS);
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(held[2].wait().status, STATUS_SUCCESS);
        let order = [
            "DeviceControl 800",
            "DeviceControl 801",
            "DeviceControl 800",
        ];
        let log = io_log();
        assert!(
            log.iter()
                .zip(order)
                .all(|(entry, start)| entry.starts_with(start)),
            "{log:?}"
        );
    });
}

#[test]
fn an_acknowledged_request_stays_with_the_driver_and_is_resumed() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, parallel);
        let file = open();
        let kept = begin(&file, KEEP);
        let cancelable = begin(&file, KEEP_CANCELABLE);
        io_log();
        started.device.stop();
        assert_eq!(io_log(), ["Stop 0x1", "Stop 0x10000001"]);
        let state = call!(WdfIoQueueGetState: PFN_WDFIOQUEUEGETSTATE(
            io().queue(0), std::ptr::null_mut(), std::ptr::null_mut(),
        ));
        assert_ne!(state & WdfIoQueuePnpHeld, 0);
        started.device.start(messages(&[])).unwrap();
        assert_eq!(io_log(), ["Resume", "Resume"]);
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(kept.wait().status, STATUS_SUCCESS);
        cancelable.cancel();
        assert_eq!(cancelable.wait().status, STATUS_CANCELLED);
    });
}

#[test]
fn a_requeued_request_is_delivered_again_before_those_that_came_later() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, sequential);
        let file = open();
        let kept = begin(&file, KEEP);
        *io().at_stop.lock() = AtStop::Requeue;
        io_log();
        started.device.stop();
        let later = begin(&file, ECHO);
        assert_eq!(io_log(), ["Stop 0x1"]);
        started.device.start(messages(&[])).unwrap();
        assert_eq!(
            io_log(),
            ["DeviceControl 801 1 1 at 0"],
            "no EvtIoResume for it"
        );
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        assert_eq!(
            (kept.wait().status, later.wait().status),
            (STATUS_SUCCESS, STATUS_SUCCESS)
        );
    });
}

#[test]
fn a_stop_waits_for_the_completion_of_a_request_that_is_not_acknowledged() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, parallel);
        let file = open();
        let kept = begin(&file, KEEP);
        *io().at_stop.lock() = AtStop::Nothing;
        let stopped = Arc::new(Event::new(EventKind::Notification, false));
        let (signal, device) = (stopped.clone(), started.device.clone());
        let stopper = spawn(system, "stopper", 0, move || {
            device.stop();
            signal.set();
        });
        while !io_log().contains(&"Stop 0x1".to_owned()) {
            crate::executive::yield_now();
        }
        assert!(!stopped.is_set());
        complete(io().take_kept(), STATUS_SUCCESS, 0);
        stopper.join();
        assert_eq!(kept.wait().status, STATUS_SUCCESS);
        assert!(
            driver()
                .take_log()
                .ends_with(&["D0Exit".into(), "ReleaseHardware".into()])
        );
    });
}

#[test]
fn a_queue_that_is_not_power_managed_goes_on_while_the_device_is_stopped() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, |device| {
            create_interface(device);
            let mut config = queue_config(WdfIoQueueDispatchParallel);
            config.DefaultQueue = 1;
            config.PowerManaged = WdfFalse;
            create_queue(device, &config);
        });
        let file = open();
        started.device.stop();
        assert_eq!(
            transfer(&file, control(ECHO, b"x", 1)).status,
            STATUS_SUCCESS
        );
    });
}

#[test]
fn a_removal_cancels_what_waits_and_purges_what_the_driver_has() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, sequential);
        let file = open();
        let kept = begin(&file, KEEP);
        let waiting = begin(&file, ECHO);
        *io().at_stop.lock() = AtStop::Complete;
        io_log();
        started.device.surprise_remove();
        assert_eq!(kept.wait().status, STATUS_SUCCESS);
        assert_eq!(waiting.wait().status, STATUS_CANCELLED);
        assert_eq!(io_log(), ["Stop 0x1"], "the hold came first");
        assert_eq!(
            begin(&file, ECHO).wait().status,
            STATUS_INVALID_DEVICE_STATE
        );
        let again = open_interface(&CLASS, REFERENCE, Principal::System, Access::READ).err();
        assert_eq!(again, Some(STATUS_OBJECT_NAME_NOT_FOUND));
        file.close();
        started.end();
    });
}

#[test]
fn an_acknowledged_request_meets_the_purge_of_a_removal() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, parallel);
        let file = open();
        let kept = begin(&file, KEEP_CANCELABLE);
        io_log();
        started.device.surprise_remove();
        assert_eq!(io_log(), ["Stop 0x10000001", "Cancel"]);
        assert_eq!(kept.wait().status, STATUS_CANCELLED);
        file.close();
        started.end();
    });
}

#[test]
fn an_interface_stays_while_the_device_is_stopped_and_requests_of_new_files_wait() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let started = start(system, parallel);
        started.device.stop();
        let file = open();
        let pending = begin(&file, ECHO);
        assert!(pending.completion().is_none());
        started.device.start(messages(&[])).unwrap();
        assert_eq!(pending.wait().status, STATUS_SUCCESS);
    });
}
