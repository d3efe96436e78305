//! Work items, timers, DPC objects and locks.

use super::fake_driver::{add_device, call, driver};
use crate::executive::{Event, EventKind, TestMachine, processor, system};
use crate::wdf::is_alive;
use crate::wdf::kind::ObjectKind;
use netadapter_abi::nt::{
    DISPATCH_LEVEL, PASSIVE_LEVEL, STATUS_INVALID_DEVICE_REQUEST, STATUS_SUCCESS, STATUS_TIMEOUT,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::*;
use std::ptr::null_mut;

/// What callbacks wait for and what they signal.
struct Signals {
    go_on: Event,
    begun: Event,
    ended: Event,
}

impl Default for Signals {
    fn default() -> Self {
        let event = || Event::new(EventKind::Synchronization, false);
        Self {
            go_on: event(),
            begun: event(),
            ended: event(),
        }
    }
}

fn signals() -> &'static Signals {
    system().subsystem()
}

nt_export! {
    unsafe fn slow_work(_item: WDFWORKITEM) {
        driver().note(format!("begun on {} at {}", processor().index(), processor().irql()));
        signals().begun.set();
        signals().go_on.wait();
        driver().note("ended");
        signals().ended.set();
    }

    unsafe fn work_that_deletes_itself(item: WDFWORKITEM) {
        call!(WdfObjectDelete: PFN_WDFOBJECTDELETE(item.cast()));
        driver().note("deleted");
        signals().ended.set();
    }

    unsafe fn dpc(_dpc: WDFDPC) {
        driver().note(format!("dpc at {}", processor().irql()));
        signals().ended.set();
    }

    unsafe fn timer(_timer: WDFTIMER) {
        driver().note(format!("timer at {}", processor().irql()));
        signals().ended.set();
    }
}

fn child_of(parent: WDFOBJECT) -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        ParentObject: parent,
        ..WDF_OBJECT_ATTRIBUTES::init()
    }
}

fn work_item(parent: WDFDEVICE, callback: PFN_WDF_WORKITEM) -> WDFWORKITEM {
    let mut config = WDF_WORKITEM_CONFIG::init(callback);
    let mut item = null_mut();
    let status = call!(WdfWorkItemCreate: PFN_WDFWORKITEMCREATE(
        &mut config, &mut child_of(parent.cast()), &mut item,
    ));
    assert_eq!(status, STATUS_SUCCESS);
    item
}

fn enqueue(item: WDFWORKITEM) {
    call!(WdfWorkItemEnqueue: PFN_WDFWORKITEMENQUEUE(item));
}

#[test]
fn a_work_item_is_queued_once_however_often_it_is_enqueued_before_it_runs() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let item = work_item(device.handle(), Some(slow_work));
        driver().take_log();
        let old = processor().raise_irql(DISPATCH_LEVEL);
        enqueue(item);
        enqueue(item);
        processor().lower_irql(old);
        signals().begun.wait();
        signals().go_on.set();
        call!(WdfWorkItemFlush: PFN_WDFWORKITEMFLUSH(item));
        assert_eq!(driver().take_log(), ["begun on 0 at 0", "ended"]);
    });
}

#[test]
fn the_deletion_of_a_parent_waits_for_a_running_work_item() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let item = work_item(device.handle(), Some(slow_work));
        enqueue(item);
        signals().begun.wait();
        driver().take_log();
        crate::executive::spawn(system, "release", 1, || {
            signals().go_on.set();
        });
        device.remove();
        assert_eq!(
            driver().take_log(),
            ["ended", "DeviceCleanup", "DeviceDestroy"]
        );
    });
}

#[test]
fn a_work_item_may_delete_itself() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let item = work_item(device.handle(), Some(work_that_deletes_itself));
        driver().take_log();
        enqueue(item);
        signals().ended.wait();
        assert_eq!(driver().take_log(), ["deleted"]);
        while is_alive(item.cast(), ObjectKind::WorkItem) {
            crate::executive::yield_now();
        }
    });
}

#[test]
fn a_dpc_object_runs_at_dispatch_level_unless_it_is_cancelled() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let create = |parent: WDFOBJECT| {
            let mut config = WDF_DPC_CONFIG::init(Some(dpc));
            let mut object = null_mut();
            let status = call!(WdfDpcCreate: PFN_WDFDPCCREATE(
                &mut config, &mut child_of(parent), &mut object,
            ));
            (status, object)
        };
        let driver_handle = call!(WdfDeviceGetDriver: PFN_WDFDEVICEGETDRIVER(device.handle()));
        assert_eq!(
            create(driver_handle.cast()).0,
            STATUS_INVALID_DEVICE_REQUEST
        );
        let (_, object) = create(device.handle().cast());
        driver().take_log();
        let old = processor().raise_irql(DISPATCH_LEVEL);
        let enqueue = || call!(WdfDpcEnqueue: PFN_WDFDPCENQUEUE(object));
        assert_eq!((enqueue(), enqueue()), (1, 0));
        assert_eq!(call!(WdfDpcCancel: PFN_WDFDPCCANCEL(object, 0)), 1);
        processor().lower_irql(old);
        assert!(driver().take_log().is_empty());
        assert_eq!(enqueue(), 1);
        signals().ended.wait();
        assert_eq!(driver().take_log(), ["dpc at 2"]);
    });
}

#[test]
fn a_timer_runs_once_and_not_after_it_was_stopped() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, _node) = add_device(system);
        let create = |level: WDF_EXECUTION_LEVEL| {
            let mut config = WDF_TIMER_CONFIG::init(Some(timer));
            let mut attributes = child_of(device.handle().cast());
            attributes.ExecutionLevel = level;
            let mut object = null_mut();
            let status = call!(WdfTimerCreate: PFN_WDFTIMERCREATE(
                &mut config, &mut attributes, &mut object,
            ));
            assert_eq!(status, STATUS_SUCCESS);
            object
        };
        let start = |object, due| call!(WdfTimerStart: PFN_WDFTIMERSTART(object, due));
        const AN_HOUR: i64 = -3600 * 10_000_000;
        driver().take_log();
        let dispatch = create(WdfExecutionLevelInheritFromParent);
        assert_eq!(start(dispatch, AN_HOUR), 0);
        assert_eq!(start(dispatch, AN_HOUR), 1, "it was armed");
        assert_eq!(call!(WdfTimerStop: PFN_WDFTIMERSTOP(dispatch, 1)), 1);
        assert_eq!(call!(WdfTimerStop: PFN_WDFTIMERSTOP(dispatch, 1)), 0);
        start(dispatch, -1);
        signals().ended.wait();
        assert_eq!(driver().take_log(), ["timer at 2"]);
        start(create(WdfExecutionLevelPassive), -1);
        signals().ended.wait();
        assert_eq!(driver().take_log(), ["timer at 0"]);
    });
}

fn spin_lock() -> WDFSPINLOCK {
    let mut lock = null_mut();
    let status = call!(WdfSpinLockCreate: PFN_WDFSPINLOCKCREATE(null_mut(), &mut lock));
    assert_eq!(status, STATUS_SUCCESS);
    lock
}

#[test]
fn a_spin_lock_holds_dispatch_level() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _added = add_device(system);
        let lock = spin_lock();
        call!(WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE(lock));
        assert_eq!(processor().irql(), DISPATCH_LEVEL);
        call!(WdfSpinLockRelease: PFN_WDFSPINLOCKRELEASE(lock));
        assert_eq!(processor().irql(), PASSIVE_LEVEL);
    });
}

#[test]
fn a_spin_lock_taken_twice_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _added = add_device(system);
        let lock = spin_lock();
        call!(WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE(lock));
        call!(WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE(lock));
    });
    assert_eq!(finding.rule, "WDF_RECURSIVE_LOCK");
}

#[test]
fn a_spin_lock_released_without_being_held_is_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _added = add_device(system);
        call!(WdfSpinLockRelease: PFN_WDFSPINLOCKRELEASE(spin_lock()));
    });
    assert_eq!(finding.rule, "WDF_INVALID_LOCK_OPERATION");
}

#[test]
fn a_wait_lock_that_is_held_times_out() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _added = add_device(system);
        let mut lock = null_mut();
        call!(WdfWaitLockCreate: PFN_WDFWAITLOCKCREATE(null_mut(), &mut lock));
        let acquire =
            |timeout: *mut i64| call!(WdfWaitLockAcquire: PFN_WDFWAITLOCKACQUIRE(lock, timeout));
        assert_eq!(acquire(null_mut()), STATUS_SUCCESS);
        assert_eq!(acquire(&mut 0), STATUS_TIMEOUT);
        assert_eq!(acquire(&mut -100), STATUS_TIMEOUT);
        call!(WdfWaitLockRelease: PFN_WDFWAITLOCKRELEASE(lock));
        assert_eq!(acquire(&mut 0), STATUS_SUCCESS);
    });
}

#[test]
fn a_memory_object_gives_its_pool_block_back() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _added = add_device(system);
        let before = system.pool().in_use();
        let (mut memory, mut buffer) = (null_mut(), null_mut());
        let status = call!(WdfMemoryCreate: PFN_WDFMEMORYCREATE(
            null_mut(), 512, 0x6574_7365, 100, &mut memory, &mut buffer,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        let mut bytes = 0;
        let same = call!(WdfMemoryGetBuffer: PFN_WDFMEMORYGETBUFFER(memory, &mut bytes));
        assert_eq!((same, bytes), (buffer, 100));
        call!(WdfObjectDelete: PFN_WDFOBJECTDELETE(memory.cast()));
        assert_eq!(system.pool().in_use(), before);
    });
}
