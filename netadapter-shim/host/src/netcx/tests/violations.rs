//! Drivers that break rules, and are caught.

use super::fake_driver::{Fault, add_device, net, nic, started};
use crate::executive::{TestMachine, processor, yield_now};
use crate::pnp::AssignedResources;
use netadapter_abi::net::{NETPACKETQUEUE, NETRECEIVEFILTER};
use netadapter_abi::nt::DISPATCH_LEVEL;
use std::sync::atomic::Ordering;

/// The rule that a driver with this fault breaks when it starts and receives a frame.
fn rule_of(fault: Fault) -> &'static str {
    let machine = TestMachine::new(2);
    let finding = machine.finding_of(move |system| {
        *nic().fault.lock() = Some(fault);
        let (_driver, device) = add_device(system);
        device.start(AssignedResources::default()).unwrap();
        nic().deliver(0, &[0; 60]);
        loop {
            yield_now();
        }
    });
    assert!(!finding.page.is_empty());
    finding.rule
}

/// The rule that a call breaks once the driver has started.
fn rule_of_call(call: fn()) -> &'static str {
    let machine = TestMachine::new(2);
    let finding = machine.finding_of(move |system| {
        let _started = started(system);
        call();
    });
    finding.rule
}

fn any_queue(receives: bool) -> NETPACKETQUEUE {
    let queues = nic().queues.lock();
    queues
        .values()
        .find(|queue| queue.receives == receives)
        .unwrap()
        .handle()
}

#[test]
fn rings_are_checked_after_every_advance() {
    assert_eq!(rule_of(Fault::MovesEnd), "INVALID_RING_IMMUTABLE");
    assert_eq!(
        rule_of(Fault::NamesForeignFragment),
        "INVALID_RING_RX_PACKET_FRAGMENT_INDEX_OUT_OF_POST_RANGE"
    );
}

#[test]
fn capabilities_are_set_before_the_start_only() {
    assert_eq!(
        rule_of(Fault::SetsCapabilitiesLate),
        "ADAPTER_ALREADY_STARTED"
    );
}

#[test]
fn a_creation_callback_makes_one_queue() {
    assert_eq!(rule_of(Fault::CreatesQueueTwice), "QUEUE_ALREADY_CREATED");
}

#[test]
fn an_evacuation_moves_all_entries_or_none() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        nic().scaling_queues.store(1, Ordering::Relaxed);
        let (_driver, _device, adapter) = started(system);
        *nic().fault.lock() = Some(Fault::MovesHalf);
        let mut moves = [0, 1].map(|entry| crate::netcx::EntryMove {
            entry,
            target: 0,
            status: 0,
        });
        adapter.scaling().move_entries(&adapter, &mut moves, true);
    });
    assert_eq!(finding.rule, "RECEIVE_SCALING_PARTIAL_MOVE");
}

#[test]
fn a_receive_filter_is_used_in_its_callback_only() {
    let rule = rule_of_call(|| {
        let filter = nic().filter.load(Ordering::Relaxed) as NETRECEIVEFILTER;
        net!(NetReceiveFilterGetPacketFilter: PFN_NETRECEIVEFILTERGETPACKETFILTER(filter));
    });
    assert_eq!(rule, "SET_RECEIVE_FILTER_FROM_WRONG_THREAD");
}

#[test]
fn most_functions_want_passive_level() {
    let rule = rule_of_call(|| {
        processor().raise_irql(DISPATCH_LEVEL);
        net!(NetAdapterStop: PFN_NETADAPTERSTOP(nic().adapter()));
    });
    assert_eq!(rule, "IRQL_IS_NOT_PASSIVE");
}

#[test]
fn transmit_functions_refuse_receive_queues() {
    let rule = rule_of_call(|| {
        net!(NetTxQueueGetRingCollection: PFN_NETTXQUEUEGETRINGCOLLECTION(any_queue(true)));
    });
    assert_eq!(rule, "INVALID_QUEUE_HANDLE");
}

#[test]
fn handles_of_other_kinds_are_refused() {
    let rule = rule_of_call(|| {
        net!(NetAdapterStop: PFN_NETADAPTERSTOP(any_queue(true).cast()));
    });
    assert_eq!(rule, "WDF_INVALID_HANDLE");
}

#[test]
fn a_queue_init_is_nothing_outside_of_its_callback() {
    let rule = rule_of_call(|| {
        let init = std::ptr::dangling_mut();
        net!(NetRxQueueInitGetQueueId: PFN_NETRXQUEUEINITGETQUEUEID(init));
    });
    assert_eq!(rule, "BAD_QUEUE_INIT_CONTEXT");
}

#[test]
fn functions_that_the_host_does_not_have_say_so_by_name() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _started = started(system);
        net!(NetExecutionContextNotify: PFN_NETEXECUTIONCONTEXTNOTIFY(std::ptr::null_mut()));
    });
    assert_eq!(finding.rule, "NOT_IMPLEMENTED_BY_HOST");
    assert!(finding.detail.contains("NetExecutionContextNotify"));
}
