//! Rules that one wrong call breaks: each is found, by its name.

use super::fake_driver::{add_device, call, create_interrupt, driver, interrupt_config, load};
use super::fake_node::{FIRST_VECTOR, FakeNode, messages};
use crate::executive::{TestMachine, processor};
use crate::pnp::{AssignedResources, ResourceRequirements};
use crate::wdf::DeviceHost;
use netadapter_abi::nt::{
    CM_PARTIAL_RESOURCE_DESCRIPTOR, CmResourceTypeMemory, DISPATCH_LEVEL, STATUS_SUCCESS,
};
use netadapter_abi::wdf::*;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The rule that `wrong` breaks with a device that was added, and that has one interrupt.
fn rule_broken_by(wrong: fn(&Arc<DeviceHost>, &FakeNode)) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        driver()
            .interrupts_in_device_add
            .store(1, Ordering::Relaxed);
        let (_driver, device, node) = add_device(system);
        wrong(&device, &node);
    });
    finding.rule
}

fn interrupt() -> WDFINTERRUPT {
    driver().interrupts.lock()[0] as WDFINTERRUPT
}

#[test]
fn a_required_pointer_that_is_null() {
    let rule = rule_broken_by(|_, _| {
        call!(WdfSpinLockCreate: PFN_WDFSPINLOCKCREATE(null_mut(), null_mut()));
    });
    assert_eq!(rule, "WDF_REQUIRED_PARAMETER_IS_NULL");
}

#[test]
fn a_structure_of_another_version_where_there_is_no_status() {
    let rule = rule_broken_by(|_, _| {
        let mut info = WDF_INTERRUPT_INFO {
            Size: 40,
            ..WDF_INTERRUPT_INFO::init()
        };
        call!(WdfInterruptGetInfo: PFN_WDFINTERRUPTGETINFO(interrupt(), &mut info));
    });
    assert_eq!(rule, "WDF_STRUCT_SIZE");
}

#[test]
fn a_function_for_passive_level_at_dispatch_level() {
    let rule = rule_broken_by(|device, _| {
        processor().raise_irql(DISPATCH_LEVEL);
        create_interrupt(device.handle(), &interrupt_config());
    });
    assert_eq!(rule, "IRQL_TOO_HIGH");
}

#[test]
fn a_bug_check_of_the_driver() {
    let rule = rule_broken_by(|_, _| {
        call!(WdfVerifierKeBugCheck: PFN_WDFVERIFIERKEBUGCHECK(0xE2, 1, 2, 3, 4));
    });
    assert_eq!(rule, "DRIVER_BUG_CHECK");
}

#[test]
fn a_device_init_that_nobody_gave() {
    let rule = rule_broken_by(|_, _| {
        let mut callbacks = WDF_FDO_EVENT_CALLBACKS::init();
        let init = 64 as *mut WDFDEVICE_INIT;
        call!(WdfFdoInitSetEventCallbacks: PFN_WDFFDOINITSETEVENTCALLBACKS(init, &mut callbacks));
    });
    assert_eq!(rule, "WDF_INVALID_DEVICE_INIT");
}

#[test]
fn a_setting_that_netadaptercx_makes_itself() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let host = load(system).unwrap();
        driver().with_class_extension.store(true, Ordering::Relaxed);
        driver().sets_io_type.store(true, Ordering::Relaxed);
        let _ = host.add_device(FakeNode::new());
    });
    assert_eq!(finding.rule, "SETTING_RESERVED_FOR_NETADAPTERCX");
}

#[test]
fn a_place_that_a_requirement_list_does_not_have() {
    let rule = rule_broken_by(|device, _| {
        *driver().in_filter.lock() = Some(|list| {
            let list = call!(WdfIoResourceRequirementsListGetIoResList:
                PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST(list, 0));
            call!(WdfIoResourceListRemove: PFN_WDFIORESOURCELISTREMOVE(list, 0));
        });
        let empty = ResourceRequirements {
            configurations: vec![Vec::new()],
        };
        let _ = device.filter_requirements(empty);
    });
    assert_eq!(rule, "WDF_RESOURCE_LIST_RANGE");
}

#[test]
fn an_interrupt_for_a_memory_resource() {
    let rule = rule_broken_by(|device, _| {
        *driver().in_prepare_hardware.lock() = Some(|device, raw, translated| {
            let first = |list| call!(WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR(list, 0));
            let config = WDF_INTERRUPT_CONFIG {
                InterruptRaw: first(raw),
                InterruptTranslated: first(translated),
                ..interrupt_config()
            };
            create_interrupt(device, &config);
        });
        let memory = CM_PARTIAL_RESOURCE_DESCRIPTOR {
            Type: CmResourceTypeMemory,
            ..CM_PARTIAL_RESOURCE_DESCRIPTOR::zeroed()
        };
        let resources = AssignedResources {
            raw: vec![memory],
            translated: vec![memory],
        };
        let _ = device.start(resources);
    });
    assert_eq!(rule, "WDF_NOT_INTERRUPT_RESOURCE");
}

#[test]
fn an_interrupt_lock_released_without_being_held() {
    let rule = rule_broken_by(|device, _| {
        device.start(messages(&[0])).unwrap();
        call!(WdfInterruptReleaseLock: PFN_WDFINTERRUPTRELEASELOCK(interrupt()));
    });
    assert_eq!(rule, "WDF_INTERRUPT_LOCK_NOT_HELD");
}

#[test]
fn an_interrupt_lock_taken_twice() {
    let rule = rule_broken_by(|device, _| {
        device.start(messages(&[0])).unwrap();
        call!(WdfInterruptAcquireLock: PFN_WDFINTERRUPTACQUIRELOCK(interrupt()));
        call!(WdfInterruptAcquireLock: PFN_WDFINTERRUPTACQUIRELOCK(interrupt()));
    });
    assert_eq!(rule, "WDF_RECURSIVE_LOCK");
}

#[test]
fn an_interrupt_policy_that_does_not_exist() {
    let rule = rule_broken_by(|_, _| {
        call!(WdfInterruptSetPolicy: PFN_WDFINTERRUPTSETPOLICY(
            interrupt(), 77, WdfIrqPriorityNormal, 1,
        ));
    });
    assert_eq!(rule, "WDF_POLICY_OUT_OF_RANGE");
}

#[test]
fn an_interrupt_that_cannot_be_enabled_again() {
    let rule = rule_broken_by(|device, node| {
        device.start(messages(&[0])).unwrap();
        call!(WdfInterruptDisable: PFN_WDFINTERRUPTDISABLE(interrupt()));
        node.refuse(FIRST_VECTOR);
        call!(WdfInterruptEnable: PFN_WDFINTERRUPTENABLE(interrupt()));
    });
    assert_eq!(rule, "WDF_INVALID_INTERRUPT");
}

#[test]
fn an_action_for_a_failed_device_that_does_not_exist() {
    let rule = rule_broken_by(|device, node| {
        let fail = |action| {
            call!(WdfDeviceSetFailed: PFN_WDFDEVICESETFAILED(device.handle(), action));
        };
        fail(WdfDeviceFailedNoRestart);
        assert_eq!(node.failures(), 1);
        fail(WdfDeviceFailedUndefined);
    });
    assert_eq!(rule, "WDF_FAILED_ACTION_OUT_OF_RANGE");
}

#[test]
fn stop_and_removal_allowed_without_having_been_forbidden() {
    let rule = rule_broken_by(|device, _| {
        call!(WdfDeviceSetStaticStopRemove: PFN_WDFDEVICESETSTATICSTOPREMOVE(device.handle(), 1));
    });
    assert_eq!(rule, "WDF_UNMATCHED_STOP_REMOVE");
}

#[test]
fn a_wait_lock_released_without_being_held() {
    let rule = rule_broken_by(|_, _| {
        let mut lock = null_mut();
        let status = call!(WdfWaitLockCreate: PFN_WDFWAITLOCKCREATE(null_mut(), &mut lock));
        assert_eq!(status, STATUS_SUCCESS);
        call!(WdfWaitLockRelease: PFN_WDFWAITLOCKRELEASE(lock));
    });
    assert_eq!(rule, "WDF_INVALID_LOCK_OPERATION");
}
