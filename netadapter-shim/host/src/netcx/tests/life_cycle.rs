//! In which order a driver is called.

use super::fake_driver::{add_device, bind_class, bind_long_class, nic, started};
use crate::executive::TestMachine;
use crate::netcx::adapters;
use crate::pnp::AssignedResources;
use netadapter_abi::nt::{STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS};
use std::sync::atomic::Ordering;

#[test]
fn versions_2_0_to_2_5_are_bound_and_no_others() {
    let machine = TestMachine::new(1);
    let statuses = machine.run(|system| {
        let (_driver, _device) = add_device(system);
        [
            (2, 0, 75),
            (2, 3, 125),
            (2, 2, 125),
            (2, 4, 131),
            (2, 5, 132),
            (2, 4, 132),
            (2, 6, 132),
            (1, 3, 75),
            (3, 0, 75),
        ]
        .map(|(major, minor, functions)| bind_class(major, minor, functions))
    });
    assert_eq!(
        statuses,
        [
            STATUS_SUCCESS,
            STATUS_SUCCESS,
            STATUS_INVALID_PARAMETER,
            STATUS_SUCCESS,
            STATUS_SUCCESS,
            STATUS_INVALID_PARAMETER,
            STATUS_NOT_SUPPORTED,
            STATUS_NOT_SUPPORTED,
            STATUS_NOT_SUPPORTED,
        ]
    );
}

#[test]
fn the_long_bind_record_is_accepted_with_its_minimum_version() {
    let machine = TestMachine::new(1);
    let outcomes = machine.run(|system| {
        let (_driver, _device) = add_device(system);
        [Some(4), Some(5), Some(6), None].map(|minimum| bind_long_class(5, minimum))
    });
    assert_eq!(
        outcomes,
        [
            (STATUS_SUCCESS, 0),
            (STATUS_SUCCESS, 0),
            (STATUS_INVALID_PARAMETER, 1),
            (STATUS_INVALID_PARAMETER, 1),
        ]
    );
}

#[test]
fn the_first_start_makes_queues_then_protocols_bind_then_queues_start() {
    let machine = TestMachine::new(2);
    let log = machine.run(|system| {
        let (_driver, device, _adapter) = started(system);
        let log = nic().take_log();
        device.stop();
        log
    });
    assert_eq!(
        log,
        [
            "D0Entry",
            "Create Tx0",
            "Create Rx0",
            "SetReceiveFilter 0xb",
            "Create Rx1",
            &format!("SetIndirectionEntries {:?}", [0; 128]),
            "SetHashSecretKey 40",
            "Enable 0x1 0x11",
            &format!("SetIndirectionEntries {:?}", [1; 64]),
            "Start Tx0",
            "Start Rx0",
            "Start Rx1",
        ]
    );
}

#[test]
fn a_stop_cancels_all_queues_before_it_stops_any() {
    let machine = TestMachine::new(2);
    let log = machine.run(|system| {
        let (_driver, device, _adapter) = started(system);
        nic().take_log();
        device.stop();
        nic().take_log()
    });
    assert_eq!(
        log,
        [
            "Cancel Tx0",
            "Cancel Rx0",
            "Cancel Rx1",
            "Stop Tx0",
            "Stop Rx0",
            "Stop Rx1",
            "D0Exit",
        ]
    );
}

#[test]
fn a_start_after_a_stop_gives_the_driver_its_table_key_and_enable_back() {
    let machine = TestMachine::new(2);
    let log = machine.run(|system| {
        let (_driver, device, _adapter) = started(system);
        device.stop();
        nic().take_log();
        device.start(AssignedResources::default()).unwrap();
        let log = nic().take_log();
        device.stop();
        log
    });
    let table = log
        .iter()
        .find(|line| line.starts_with("SetIndirectionEntries"))
        .unwrap();
    assert_eq!(
        table.matches('1').count(),
        64,
        "half of the whole cached table"
    );
    let order: Vec<&str> = log
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        order,
        [
            "D0Entry",
            "Create",
            "Create",
            "Create",
            "SetIndirectionEntries",
            "SetHashSecretKey",
            "Enable",
            "SetReceiveFilter",
            "Start",
            "Start",
            "Start",
        ]
    );
}

#[test]
fn removal_leaves_no_adapter_and_gives_all_memory_back() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        let before = system.memory().free_bytes();
        let (driver, device, adapter) = started(system);
        assert!(system.memory().free_bytes() < before);
        drop(adapter);
        device.remove();
        driver.unload();
        assert!(adapters(system).is_empty());
        assert_eq!(system.memory().free_bytes(), before);
    });
}

#[test]
fn a_pause_stops_queues_and_keeps_them() {
    let machine = TestMachine::new(1);
    let log = machine.run(|system| {
        nic().scaling_queues.store(1, Ordering::Relaxed);
        let (_driver, device, adapter) = started(system);
        nic().take_log();
        adapter.upper_edge().pause();
        adapter.upper_edge().restart();
        let log = nic().take_log();
        device.stop();
        log
    });
    assert_eq!(
        log,
        [
            "Cancel Tx0",
            "Cancel Rx0",
            "Stop Tx0",
            "Stop Rx0",
            "Start Tx0",
            "Start Rx0"
        ]
    );
}
