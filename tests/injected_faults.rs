//! Claim: whatever goes wrong with a processor's arrival or with what the system grants, the
//! adapter goes on with what it has, and nothing is lost.

mod support;

use netadapter_host::fault_injection::Plan;
use netadapter_host::machine::{Machine, MachineError};
use support::{dhpnic, let_packets_pass, settle, traffic};

const PACKETS: u64 = 2_000;

/// Boots with `faults`, adds a processor, and checks that traffic goes on and everything comes
/// out; the machine's receive queues before and after, and what became of the addition.
fn hot_add_with(faults: &str) -> (u32, u32, Result<(), MachineError>) {
    let (cable, handle) = traffic(7, 96, 200);
    let plan: Plan = faults.parse().expect("the plan is valid");
    let builder = dhpnic().faults(7, plan).wire(Box::new(cable));
    let mut machine: Machine = builder.boot().expect("the machine boots");
    let before = let_packets_pass(&machine, PACKETS).receive_queues;
    let added = machine.hot_add_processor().map(drop);
    let after = let_packets_pass(&machine, PACKETS).receive_queues;
    settle(machine, &handle);
    (before, after, added)
}

#[test]
fn a_processor_that_another_driver_refuses_changes_nothing() {
    let (before, after, added) = hot_add_with("processor-veto=1");
    assert_eq!((before, after), (1, 1));
    assert!(added.is_err());
}

#[test]
fn a_processor_that_does_not_start_changes_nothing() {
    let (before, after, added) = hot_add_with("processor-start=1");
    assert_eq!((before, after), (1, 1));
    assert!(added.is_err());
}

#[test]
fn a_driver_lives_with_fewer_messages_than_it_asked_for() {
    let (before, after, added) = hot_add_with("fewer-messages=1");
    assert_eq!(before, 1);
    assert!(after >= 1);
    added.unwrap();
}

#[test]
fn a_driver_lives_with_messages_bound_elsewhere() {
    let (before, after, added) = hot_add_with("other-affinity=1");
    assert_eq!((before, after), (1, 2));
    added.unwrap();
}
