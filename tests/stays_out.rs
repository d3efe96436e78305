//! Claim: a device that takes no part in the rebalance uses a new processor all the same, within the
//! messages and the queues that it has: the table is spread over it, and the DPCs follow.

mod support;

use netadapter_host::machine::RebalancePolicy;
use netadapter_host::pnp::Rebalance;
use netadapter_nic::VirtioNetConfig;
use support::{dhpnic, let_packets_pass, settle, traffic};

const PACKETS: u64 = 3_000;

fn new_processors_take_packets(policy: RebalancePolicy, nic: VirtioNetConfig) {
    let (cable, handle) = traffic(7, 96, 200);
    let builder = dhpnic().policy(policy).nic(nic).wire(Box::new(cable));
    let mut machine = builder.boot().unwrap();
    let before = let_packets_pass(&machine, PACKETS);
    for _ in 0..3 {
        let added = machine.hot_add_processor().unwrap();
        assert_eq!(added.rebalances, [Rebalance::LeftOut]);
    }
    let start = let_packets_pass(&machine, PACKETS);
    let after = let_packets_pass(&machine, PACKETS);
    assert_eq!(
        after.receive_queues, before.receive_queues,
        "no queue is made"
    );
    assert_eq!(after.indirection_entries, 16);
    for (new, old) in after.processors.iter().zip(&start.processors) {
        assert!(new.packets > old.packets, "{new:?}");
        assert!(new.dpcs > old.dpcs, "{new:?}");
    }
    let timeline = machine.system().timeline().snapshot();
    assert!(!timeline.iter().any(|event| event.name == "query_stop"));
    settle(machine, &handle);
}

#[test]
fn with_policy_1_new_processors_take_their_share() {
    new_processors_take_packets(RebalancePolicy::StayOut, VirtioNetConfig::default());
}

#[test]
fn without_a_policy_the_class_decides_and_new_processors_take_their_share() {
    new_processors_take_packets(RebalancePolicy::ClassDefault, VirtioNetConfig::default());
}

#[test]
fn one_message_for_everything_is_enough() {
    let nic = VirtioNetConfig {
        msix_vectors: 1,
        ..VirtioNetConfig::default()
    };
    new_processors_take_packets(RebalancePolicy::StayOut, nic);
}
