//! Interrupts: creation, delivery, locks, information.

use super::fake_driver::{add_device, call, create_interrupt, driver, interrupt_config};
use super::fake_node::{DEVICE_IRQL, FIRST_VECTOR, messages};
use crate::executive::{Finding, TestMachine, processor};
use netadapter_abi::nt::{
    BOOLEAN, Latched, PASSIVE_LEVEL, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_STATE,
    STATUS_INVALID_PARAMETER, STATUS_SUCCESS, STATUS_UNSUCCESSFUL,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::*;
use std::ptr::null_mut;
use std::sync::atomic::Ordering;

fn interrupt(number: usize) -> WDFINTERRUPT {
    driver().interrupts.lock()[number] as WDFINTERRUPT
}

#[test]
fn a_message_reaches_the_service_routine_and_its_dpc_on_the_target_processor() {
    let machine = TestMachine::new(4);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(2, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        device.start(messages(&[3, 2])).unwrap();
        driver().take_log();
        assert!(node.raise(system, FIRST_VECTOR + 1));
        driver().dpc_done.wait();
        assert_eq!(driver().take_log(), ["Isr 1 on 2 at 8", "Dpc 1 on 2 at 2"]);
    });
}

#[test]
fn after_a_rebalance_a_message_goes_to_its_new_processor() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        device.start(messages(&[0])).unwrap();
        device.stop();
        assert!(
            !node.raise(system, FIRST_VECTOR),
            "nothing is connected while stopped"
        );
        device.start(messages(&[1])).unwrap();
        driver().take_log();
        assert!(node.raise(system, FIRST_VECTOR));
        driver().dpc_done.wait();
        assert_eq!(driver().take_log(), ["Isr 0 on 1 at 8", "Dpc 0 on 1 at 2"]);
    });
}

fn info(interrupt: WDFINTERRUPT) -> WDF_INTERRUPT_INFO {
    let mut info = WDF_INTERRUPT_INFO::init();
    call!(WdfInterruptGetInfo: PFN_WDFINTERRUPTGETINFO(interrupt, &mut info));
    info
}

#[test]
fn the_information_is_zero_while_the_device_is_stopped() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let (_driver, device, _node) = add_device(system);
        assert_eq!(info(interrupt(0)).Vector, 0);
        device.start(messages(&[1])).unwrap();
        let started = info(interrupt(0));
        assert_eq!((started.Vector, started.Irql), (FIRST_VECTOR, DEVICE_IRQL));
        assert_eq!((started.TargetProcessorSet, started.Group), (2, 0));
        assert_eq!((started.MessageSignaled, started.Mode), (1, Latched));
        device.stop();
        let stopped = info(interrupt(0));
        assert_eq!(
            (stopped.Vector, stopped.Irql, stopped.TargetProcessorSet),
            (0, 0, 0)
        );
    });
}

nt_export! {
    unsafe fn synchronized(_interrupt: WDFINTERRUPT, context: WDFCONTEXT) -> BOOLEAN {
        driver().note(format!("synchronized at {}", processor().irql()));
        (context as usize == 5).into()
    }

    unsafe fn isr(_interrupt: WDFINTERRUPT, _message: u32) -> BOOLEAN {
        1
    }

    unsafe fn work(_interrupt: WDFINTERRUPT, _object: WDFOBJECT) {}
}

#[test]
fn the_lock_raises_to_the_interrupts_irql() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[0])).unwrap();
        driver().take_log();
        call!(WdfInterruptAcquireLock: PFN_WDFINTERRUPTACQUIRELOCK(interrupt(0)));
        assert_eq!(processor().irql(), DEVICE_IRQL);
        call!(WdfInterruptReleaseLock: PFN_WDFINTERRUPTRELEASELOCK(interrupt(0)));
        assert_eq!(processor().irql(), PASSIVE_LEVEL);
        let result = call!(WdfInterruptSynchronize: PFN_WDFINTERRUPTSYNCHRONIZE(
            interrupt(0), Some(synchronized), 5 as WDFCONTEXT,
        ));
        assert_eq!(result, 1);
        assert_eq!(driver().take_log(), ["synchronized at 8"]);
    });
}

#[test]
fn an_interrupt_can_be_disabled_and_enabled_by_the_driver() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        device.start(messages(&[0])).unwrap();
        driver().take_log();
        call!(WdfInterruptDisable: PFN_WDFINTERRUPTDISABLE(interrupt(0)));
        assert!(node.connected().is_empty());
        call!(WdfInterruptEnable: PFN_WDFINTERRUPTENABLE(interrupt(0)));
        assert_eq!(node.connected(), [FIRST_VECTOR]);
        assert_eq!(driver().take_log(), ["Disable 0 at 8", "Enable 0 at 8"]);
    });
}

#[test]
fn configurations_that_break_a_rule_give_the_documented_status() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let handle = device.handle();
        let valid = interrupt_config();
        let refused = |config: WDF_INTERRUPT_CONFIG| create_interrupt(handle, &config);
        let short = WDF_INTERRUPT_CONFIG { Size: 96, ..valid };
        assert_eq!(refused(short), STATUS_INFO_LENGTH_MISMATCH);
        let without_isr = WDF_INTERRUPT_CONFIG {
            EvtInterruptIsr: None,
            ..valid
        };
        assert_eq!(refused(without_isr), STATUS_INVALID_PARAMETER);
        let both = WDF_INTERRUPT_CONFIG {
            EvtInterruptWorkItem: Some(work),
            ..valid
        };
        assert_eq!(refused(both), STATUS_INVALID_PARAMETER);
        let wait_lock = WDF_INTERRUPT_CONFIG {
            WaitLock: 8 as WDFWAITLOCK,
            ..valid
        };
        assert_eq!(refused(wait_lock), STATUS_INVALID_PARAMETER);
        let waking = WDF_INTERRUPT_CONFIG {
            CanWakeDevice: 1,
            ..valid
        };
        assert_eq!(refused(waking), STATUS_INVALID_PARAMETER);
        assert_eq!(refused(valid), STATUS_SUCCESS);
        device.start(messages(&[])).unwrap();
        assert_eq!(refused(valid), STATUS_INVALID_DEVICE_STATE);
    });
}

/// Makes an interrupt for the descriptors at two places of the lists.
fn create_for(device: WDFDEVICE, raw: (WDFCMRESLIST, u32), translated: (WDFCMRESLIST, u32)) -> i32 {
    let descriptor = |(list, index): (WDFCMRESLIST, u32)| {
        let descriptor =
            call!(WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR(list, index));
        assert!(!descriptor.is_null());
        descriptor
    };
    let config = WDF_INTERRUPT_CONFIG {
        InterruptRaw: descriptor(raw),
        InterruptTranslated: descriptor(translated),
        ..interrupt_config()
    };
    create_interrupt(device, &config)
}

#[test]
fn interrupts_made_in_prepare_hardware_go_newest_first_when_hardware_is_released() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        *driver().in_prepare_hardware.lock() = Some(|device, raw, translated| {
            driver().interrupts.lock().clear();
            for index in [1, 0] {
                let status = create_for(device, (raw, index), (translated, index));
                assert_eq!(status, STATUS_SUCCESS);
            }
        });
        let (_driver, device, node) = add_device(system);
        for _ in 0..2 {
            device.start(messages(&[0, 1])).unwrap();
            assert_eq!(info(interrupt(0)).Vector, FIRST_VECTOR + 1);
            assert_eq!(node.connected().len(), 2);
            device.stop();
            assert!(!crate::wdf::is_alive(
                interrupt(0).cast(),
                crate::wdf::ObjectKind::Interrupt
            ));
        }
    });
}

#[test]
fn raw_and_translated_descriptors_must_be_those_of_one_resource() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        *driver().in_prepare_hardware.lock() = Some(|device, raw, translated| {
            let mixed = create_for(device, (raw, 0), (translated, 1));
            assert_eq!(mixed, STATUS_INVALID_PARAMETER);
            let missing = create_interrupt(device, &interrupt_config());
            assert_eq!(missing, STATUS_INVALID_DEVICE_STATE);
        });
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[0, 1])).unwrap();
    });
}

fn finding_in_prepare_hardware(prepare: fn(WDFDEVICE, WDFCMRESLIST, WDFCMRESLIST)) -> Finding {
    let machine = TestMachine::new(2);
    machine.finding_of(move |system| {
        *driver().in_prepare_hardware.lock() = Some(prepare);
        let (_driver, device, _node) = add_device(system);
        assert_eq!(
            device.start(messages(&[0, 1])).err(),
            Some(STATUS_UNSUCCESSFUL)
        );
    })
}

#[test]
fn a_message_that_is_used_twice_is_found() {
    let finding = finding_in_prepare_hardware(|device, raw, translated| {
        create_for(device, (raw, 0), (translated, 0));
        create_for(device, (raw, 0), (translated, 0));
    });
    assert_eq!(finding.rule, "WDF_MESSAGE_REUSED");
}

#[test]
fn a_changed_descriptor_is_found() {
    let finding = finding_in_prepare_hardware(|device, raw, translated| {
        let descriptor =
            call!(WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR(raw, 0));
        // SAFETY: the descriptor is valid; writing it is what the driver must not do.
        unsafe { (*descriptor).ShareDisposition = 9 };
        create_for(device, (raw, 0), (translated, 0));
    });
    assert_eq!(finding.rule, "WDF_RESOURCE_TAMPERED");
}

#[test]
fn a_policy_for_an_interrupt_made_in_prepare_hardware_is_found() {
    let finding = finding_in_prepare_hardware(|device, raw, translated| {
        create_for(device, (raw, 0), (translated, 0));
        let policy = WdfIrqPolicySpecifiedProcessors;
        call!(WdfInterruptSetPolicy: PFN_WDFINTERRUPTSETPOLICY(
            interrupt(0), policy, WdfIrqPriorityNormal, 1,
        ));
    });
    assert_eq!(finding.rule, "WDF_POLICY_ON_PREPARED_INTERRUPT");
}

#[test]
fn the_lock_of_an_interrupt_that_is_not_connected_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let _added = add_device(system);
        call!(WdfInterruptAcquireLock: PFN_WDFINTERRUPTACQUIRELOCK(interrupt(0)));
    });
    assert_eq!(finding.rule, "WDF_LOCK_NOT_CONNECTED");
}

#[test]
fn a_dpc_of_an_interrupt_without_dpc_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        let config = WDF_INTERRUPT_CONFIG::init(Some(isr), None);
        let mut config = config;
        let mut interrupt = null_mut();
        call!(WdfInterruptCreate: PFN_WDFINTERRUPTCREATE(
            device.handle(), &mut config, null_mut(), &mut interrupt,
        ));
        call!(WdfInterruptQueueDpcForIsr: PFN_WDFINTERRUPTQUEUEDPCFORISR(interrupt));
    });
    assert_eq!(finding.rule, "WDF_INTERRUPT_WITHOUT_DPC");
}
