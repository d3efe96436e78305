//! What a start undoes when one of its steps fails, step by step.

use super::fake_driver::{add_device, driver};
use super::fake_node::{FIRST_VECTOR, messages};
use crate::executive::TestMachine;
use crate::wdf::DeviceState;
use netadapter_abi::nt::{STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL};
use std::sync::atomic::Ordering;

/// Fails the start at `step`; the callbacks that come after it.
fn undone_after(step: &'static str) -> Vec<String> {
    let machine = TestMachine::new(2);
    machine.run(move |system| {
        driver()
            .interrupts_in_device_add
            .store(2, Ordering::Relaxed);
        driver().with_dma.store(true, Ordering::Relaxed);
        driver().with_class_extension.store(true, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        driver().fail(step);
        assert_eq!(
            device.start(messages(&[0, 1])).err(),
            Some(STATUS_UNSUCCESSFUL)
        );
        assert_eq!(device.state(), DeviceState::Failed);
        assert!(node.connected().is_empty());
        let log = driver().take_log();
        let failed = log
            .iter()
            .rposition(|entry| entry.starts_with(step))
            .unwrap();
        log[failed + 1..].to_vec()
    })
}

const DMA_DOWN: [&str; 3] = ["DmaStop", "DmaDisable", "DmaFlush"];
const INTERRUPTS_DOWN: [&str; 2] = ["Disable 1 at 8", "Disable 0 at 8"];
const RELEASED: [&str; 2] = ["[adapters halted]", "ReleaseHardware"];

#[test]
fn nothing_is_undone_when_the_class_extension_fails_before_prepare_hardware() {
    assert!(undone_after("[before PrepareHardware]").is_empty());
}

#[test]
fn a_failed_prepare_hardware_is_followed_by_release_hardware() {
    assert_eq!(undone_after("PrepareHardware"), RELEASED);
}

#[test]
fn a_failed_d0_entry_is_followed_by_release_hardware_alone() {
    assert_eq!(undone_after("D0Entry"), RELEASED);
}

#[test]
fn a_failed_interrupt_enable_disables_those_that_were_enabled() {
    let undone = undone_after("Enable 1");
    assert_eq!(
        undone,
        ["Disable 0 at 8", "D0Exit", RELEASED[0], RELEASED[1]]
    );
}

#[test]
fn a_failed_post_interrupts_enabled_disables_all_interrupts() {
    let expected = [&INTERRUPTS_DOWN[..], &["D0Exit"], &RELEASED].concat();
    assert_eq!(undone_after("PostInterruptsEnabled"), expected);
}

#[test]
fn a_failed_dma_enable_takes_dma_down_first() {
    let expected = [
        &DMA_DOWN[..],
        &["PreInterruptsDisabled"],
        &INTERRUPTS_DOWN,
        &["D0Exit"],
        &RELEASED,
    ];
    assert_eq!(undone_after("DmaEnable"), expected.concat());
}

#[test]
fn a_failed_self_managed_io_init_undoes_everything_and_is_flushed() {
    let expected = [
        &["[queues destroyed]"][..],
        &DMA_DOWN,
        &["PreInterruptsDisabled"],
        &INTERRUPTS_DOWN,
        &["D0Exit"],
        &RELEASED,
        &["SelfManagedIoFlush"],
    ];
    assert_eq!(undone_after("SelfManagedIoInit"), expected.concat());
}

#[test]
fn a_failed_queue_creation_fails_the_device_but_not_the_start() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        driver().with_class_extension.store(true, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        driver().fail("[queues made]");
        device.start(messages(&[])).unwrap();
        assert_eq!(node.failures(), 1);
    });
}

#[test]
fn a_message_that_cannot_be_connected_fails_the_start() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(2, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        node.refuse(FIRST_VECTOR + 1);
        driver().take_log();
        assert_eq!(
            device.start(messages(&[0, 1])).err(),
            Some(STATUS_INVALID_PARAMETER)
        );
        let expected = [
            "RemoveAddedResources",
            "PrepareHardware",
            "D0Entry",
            "Enable 0 at 8",
            "Disable 0 at 8",
            "D0Exit",
            "ReleaseHardware",
        ];
        assert_eq!(driver().take_log(), expected);
    });
}

#[test]
fn a_failed_restart_leaves_flush_and_cleanup_to_the_removal() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[])).unwrap();
        device.stop();
        driver().fail("D0Entry");
        driver().take_log();
        assert_eq!(device.start(messages(&[])).err(), Some(STATUS_UNSUCCESSFUL));
        let undone = [
            "RemoveAddedResources",
            "PrepareHardware",
            "D0Entry",
            "ReleaseHardware",
        ];
        assert_eq!(driver().take_log(), undone);
        device.surprise_remove();
        assert_eq!(
            driver().take_log(),
            ["SurpriseRemoval", "SelfManagedIoFlush"]
        );
        device.remove();
        let removed = ["SelfManagedIoCleanup", "DeviceCleanup", "DeviceDestroy"];
        assert_eq!(driver().take_log(), removed);
    });
}
