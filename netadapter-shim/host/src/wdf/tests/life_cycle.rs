//! The order of callbacks over a device's life.

use super::fake_driver::{add_device, call, driver, load};
use super::fake_node::{FakeNode, messages};
use crate::executive::{TestMachine, disable_apcs, processor};
use crate::wdf::DeviceState;
use netadapter_abi::nt::{
    DISPATCH_LEVEL, STATUS_INVALID_DEVICE_STATE, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
    STATUS_UNSUCCESSFUL,
};
use std::sync::atomic::Ordering;

/// Two interrupts, DMA and a class extension: every step of the documented order is there.
fn with_everything() {
    driver()
        .interrupts_in_device_add
        .store(2, Ordering::Relaxed);
    driver().with_dma.store(true, Ordering::Relaxed);
    driver().with_class_extension.store(true, Ordering::Relaxed);
}

/// What comes between the call of a start and its end, but for the first and the last callback.
const TO_D0: &[&str] = &[
    "RemoveAddedResources",
    "[before PrepareHardware]",
    "PrepareHardware",
    "D0Entry",
    "Enable 0 at 8",
    "Enable 1 at 8",
    "PostInterruptsEnabled",
    "DmaFill",
    "DmaEnable",
    "DmaStart",
    "[queues made]",
];

const FROM_D0: &[&str] = &[
    "SelfManagedIoSuspend",
    "[queues destroyed]",
    "DmaStop",
    "DmaDisable",
    "DmaFlush",
    "PreInterruptsDisabled",
    "Disable 1 at 8",
    "Disable 0 at 8",
    "D0Exit",
    "[adapters halted]",
    "ReleaseHardware",
];

fn joined(parts: &[&[&str]]) -> Vec<String> {
    parts
        .iter()
        .flat_map(|part| part.iter())
        .map(|&step| step.to_owned())
        .collect()
}

#[test]
fn the_first_start_calls_back_in_the_documented_order() {
    let machine = TestMachine::new(2);
    let log = machine.run(|system| {
        with_everything();
        let (_driver, device, _node) = add_device(system);
        driver().take_log();
        device.start(messages(&[0, 1])).unwrap();
        assert!(device.is_in_d0());
        driver().take_log()
    });
    assert_eq!(log, joined(&[TO_D0, &["SelfManagedIoInit", "[started]"]]));
}

#[test]
fn a_rebalance_stops_and_starts_the_same_device_object() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        with_everything();
        let (_driver, device, node) = add_device(system);
        device.start(messages(&[0])).unwrap();
        assert_eq!(
            node.connected().len(),
            1,
            "the surplus object has no message"
        );
        driver().take_log();
        assert_eq!(device.query_stop(), STATUS_SUCCESS);
        assert_eq!(device.state(), DeviceState::StopPending);
        assert!(device.is_in_d0(), "a device works on until it is stopped");
        device.stop();
        assert!(node.connected().is_empty());
        assert_eq!(device.state(), DeviceState::Stopped);
        let stopped = driver().take_log();
        let only_one: Vec<_> = FROM_D0
            .iter()
            .copied()
            .filter(|step| *step != "Disable 1 at 8")
            .collect();
        assert_eq!(stopped, joined(&[&["QueryStop"], &only_one]));
        device.start(messages(&[0, 1])).unwrap();
        assert_eq!(node.connected().len(), 2);
        assert_eq!(
            driver().take_log(),
            joined(&[TO_D0, &["SelfManagedIoRestart", "[started]"]])
        );
    });
    let names: Vec<_> = machine
        .system()
        .timeline()
        .snapshot()
        .iter()
        .map(|milestone| milestone.name)
        .collect();
    assert_eq!(names, ["start", "query_stop", "stop", "start"]);
}

#[test]
fn a_refused_query_stop_leaves_the_device_started() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[])).unwrap();
        driver().fail("QueryStop");
        assert_eq!(device.query_stop(), STATUS_UNSUCCESSFUL);
        device.cancel_stop();
        assert_eq!(device.state(), DeviceState::Started);
        assert!(device.is_in_d0());
    });
}

#[test]
fn forbidding_stop_and_removal_nests() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[])).unwrap();
        driver().take_log();
        let allow = |stoppable: bool| {
            call!(WdfDeviceSetStaticStopRemove: PFN_WDFDEVICESETSTATICSTOPREMOVE(
                device.handle(), stoppable.into(),
            ));
        };
        allow(false);
        allow(false);
        allow(true);
        assert_eq!(device.query_stop(), STATUS_INVALID_DEVICE_STATE);
        assert_eq!(device.query_remove(), STATUS_INVALID_DEVICE_STATE);
        assert!(driver().take_log().is_empty(), "the driver is not asked");
        allow(true);
        assert_eq!(device.query_stop(), STATUS_SUCCESS);
    });
}

#[test]
fn an_orderly_removal_ends_with_the_device_object() {
    let machine = TestMachine::new(2);
    let log = machine.run(|system| {
        with_everything();
        let (driver_host, device, _node) = add_device(system);
        device.start(messages(&[0, 1])).unwrap();
        driver().take_log();
        assert_eq!(device.query_remove(), STATUS_SUCCESS);
        device.remove();
        driver_host.unload();
        driver().take_log()
    });
    let end: &[&str] = &[
        "SelfManagedIoFlush",
        "SelfManagedIoCleanup",
        "[before device cleanup]",
        "DeviceCleanup",
        "DeviceDestroy",
        "Unload",
        "DriverCleanup",
    ];
    assert_eq!(log, joined(&[&["QueryRemove"], FROM_D0, end]));
}

#[test]
fn a_surprise_removal_powers_the_device_down_and_keeps_the_object_until_the_removal() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        with_everything();
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[0, 1])).unwrap();
        driver().take_log();
        device.surprise_remove();
        let first: &[&str] = &["[before SurpriseRemoval]", "SurpriseRemoval"];
        let torn_down = driver().take_log();
        assert_eq!(
            torn_down,
            joined(&[first, FROM_D0, &["SelfManagedIoFlush"]])
        );
        device.remove();
        let end: &[&str] = &[
            "SelfManagedIoCleanup",
            "[before device cleanup]",
            "DeviceCleanup",
            "DeviceDestroy",
        ];
        assert_eq!(driver().take_log(), joined(&[end]));
    });
}

#[test]
fn a_stopped_device_is_removed_without_touching_hardware_again() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        with_everything();
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[0, 1])).unwrap();
        assert_eq!(device.query_stop(), STATUS_SUCCESS);
        device.stop();
        driver().take_log();
        device.remove();
        let end: &[&str] = &[
            "SelfManagedIoFlush",
            "SelfManagedIoCleanup",
            "[before device cleanup]",
            "DeviceCleanup",
            "DeviceDestroy",
        ];
        assert_eq!(driver().take_log(), joined(&[end]));
    });
}

#[test]
fn a_device_is_deleted_when_device_add_fails_after_making_it() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let host = load(system).unwrap();
        driver().fail("DeviceAdd");
        driver().take_log();
        let refused = host.add_device(FakeNode::new()).err();
        assert_eq!(refused, Some(STATUS_UNSUCCESSFUL));
        assert_eq!(
            driver().take_log(),
            ["DeviceAdd", "DeviceCleanup", "DeviceDestroy"]
        );
    });
}

#[test]
fn a_failing_entry_gives_its_status() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        driver().fail("DriverEntry");
        assert_eq!(load(system).err(), Some(STATUS_UNSUCCESSFUL));
    });
}

#[test]
fn a_failed_power_down_goes_on_and_fails_the_device() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        with_everything();
        let (_driver, device, node) = add_device(system);
        device.start(messages(&[0, 1])).unwrap();
        driver().take_log();
        driver().fail("PreInterruptsDisabled");
        device.stop();
        assert_eq!(driver().take_log(), joined(&[FROM_D0]));
        assert_eq!(node.failures(), 1);
    });
}

#[test]
fn a_callback_that_returns_at_another_irql_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        *driver().in_prepare_hardware.lock() = Some(|_, _, _| {
            processor().raise_irql(DISPATCH_LEVEL);
        });
        let _ = device.start(messages(&[]));
    });
    assert_eq!(finding.rule, "WDF_VERIFIER_IRQL_MISMATCH");
    assert!(
        finding.detail.contains("EvtDevicePrepareHardware"),
        "{}",
        finding.detail
    );
}

#[test]
fn a_callback_that_stays_in_a_critical_region_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        *driver().in_prepare_hardware.lock() = Some(|_, _, _| disable_apcs());
        let _ = device.start(messages(&[]));
    });
    assert_eq!(finding.rule, "WDF_VERIFIER_CRITICAL_REGION_MISMATCH");
}

#[test]
fn a_query_stop_that_is_not_supported_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[])).unwrap();
        driver().fail_with("QueryStop", STATUS_NOT_SUPPORTED);
        device.query_stop();
    });
    assert_eq!(finding.rule, "WDF_STATUS_NOT_SUPPORTED");
}
