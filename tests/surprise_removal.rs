//! Claim: a device that is pulled out under traffic is torn down without a broken rule, and works
//! again when it is plugged in; what it had not handed up is all that is gone.

mod support;

use netadapter_host::machine::{Machine, MachineBuilder};
use support::{dhpnic, traffic};

fn receive(machine: &Machine, packets: u64) {
    let edge = machine.upper_edge().expect("there is an adapter");
    let goal = edge.packets() + packets;
    let received = machine.run_until("packets", || edge.packets() >= goal);
    received.unwrap();
}

fn pull_and_plug(builder: MachineBuilder, seed: u64) {
    let (cable, handle) = traffic(seed, 16, 128);
    let mut machine = builder.processors(2).wire(Box::new(cable)).boot().unwrap();
    let nic = machine.nic().clone();
    receive(&machine, 100);
    machine.surprise_remove().unwrap();
    assert!(machine.upper_edge().is_none(), "the adapter is gone");
    machine.recover().unwrap();
    receive(&machine, 100);
    handle.pause();
    let drained = machine.run_until("frames under way", || nic.frames_under_way() == 0);
    drained.unwrap();
    let totals = nic.ledger().totals();
    assert!(totals.is_clean(), "seed {seed}: {totals:?}");
    machine.shut_down().unwrap();
}

#[test]
fn a_device_that_was_pulled_out_works_again_when_it_is_plugged_in() {
    pull_and_plug(dhpnic(), 0);
}

#[test]
fn the_same_holds_in_every_order_of_events() {
    for seed in 0..20 {
        pull_and_plug(dhpnic().memory(256 << 20).deterministic(seed), seed);
    }
}
