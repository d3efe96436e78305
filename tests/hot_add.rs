//! Claim: a processor that arrives under traffic gets its own receive queue and its share of the
//! packets, and no packet is lost; a device that takes no part loses nothing either.

mod support;

use netadapter_host::machine::{Machine, RebalancePolicy};
use netadapter_host::pnp::Rebalance;
use netadapter_nic::{Cable, CableHandle, Replay};
use std::sync::Arc;
use support::{dhpnic, let_packets_pass, settle, traffic};

/// Packets that must have come before a state counts as reached.
const PACKETS: u64 = 3_000;

fn boot(processors: u32, policy: RebalancePolicy) -> (Machine, CableHandle) {
    let (cable, handle) = traffic(7, 96, 200);
    let builder = dhpnic()
        .processors(processors)
        .policy(policy)
        .wire(Box::new(cable));
    (builder.boot().unwrap(), handle)
}

#[test]
fn a_new_processor_gets_a_queue_and_its_share_without_loss() {
    let (mut machine, cable) = boot(1, RebalancePolicy::Participate);
    let before = let_packets_pass(&machine, PACKETS);
    assert_eq!((before.receive_queues, before.indirection_entries), (1, 4));
    let added = machine.hot_add_processor().unwrap();
    assert_eq!(added.rebalances, [Rebalance::Done]);
    let start = machine.snapshot();
    let after = let_packets_pass(&machine, PACKETS);
    assert_eq!((after.receive_queues, after.indirection_entries), (2, 8));
    for (new, old) in after.processors.iter().zip(&start.processors) {
        assert!(
            new.packets > old.packets,
            "processor {} got nothing",
            new.index
        );
        assert!(new.dpcs > old.dpcs, "processor {} ran no DPC", new.index);
    }
    settle(machine, &cable);
}

#[test]
fn eight_processors_share_the_table_evenly_after_seven_hot_adds() {
    let (mut machine, cable) = boot(1, RebalancePolicy::Participate);
    let_packets_pass(&machine, PACKETS);
    for _ in 0..7 {
        machine.hot_add_processor().unwrap();
    }
    let_packets_pass(&machine, PACKETS);
    let edge = machine.upper_edge().unwrap().snapshot();
    assert_eq!(machine.snapshot().receive_queues, 8);
    let mut shares = [0; 8];
    for processor in edge.indirection.into_iter().flatten() {
        shares[processor as usize] += 1;
    }
    assert!(shares.iter().all(|&share| share == shares[0]), "{shares:?}");
    settle(machine, &cable);
}

#[test]
fn a_device_that_stays_out_keeps_its_queues_and_loses_nothing() {
    for policy in [RebalancePolicy::StayOut, RebalancePolicy::ClassDefault] {
        let (mut machine, cable) = boot(2, policy);
        let before = let_packets_pass(&machine, PACKETS);
        let added = machine.hot_add_processor().unwrap();
        assert_eq!(added.rebalances, [Rebalance::LeftOut]);
        let after = let_packets_pass(&machine, PACKETS);
        assert_eq!(after.receive_queues, before.receive_queues);
        let stopped = machine.system().timeline().snapshot();
        assert!(!stopped.iter().any(|event| event.name == "query_stop"));
        settle(machine, &cable);
    }
}

#[test]
fn the_entry_count_grows_by_replication_and_only_the_needed_entries_move() {
    let (mut machine, cable) = boot(2, RebalancePolicy::Participate);
    let_packets_pass(&machine, PACKETS);
    let before = machine.upper_edge().unwrap().snapshot();
    machine.hot_add_processor().unwrap();
    machine.hot_add_processor().unwrap();
    let after = machine.upper_edge().unwrap().snapshot();
    assert_eq!(
        (before.indirection_entries, after.indirection_entries),
        (8, 16)
    );
    let kept = (0..16)
        .filter(|&i| after.indirection[i] == before.indirection[i % 8])
        .count();
    assert_eq!(
        kept, 8,
        "half of the table moves for 2 to 4 processors: {:?}",
        after.indirection
    );
    settle(machine, &cable);
}

#[test]
fn every_frame_of_a_capture_is_delivered_byte_for_byte() {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/netadapter-shim/nic/tests/data/mixed-traffic-small.pcap"
    );
    let replay = Replay::open(capture.as_ref(), 1500, true).unwrap();
    let frames = replay.recorded_count();
    let (cable, handle) = Cable::new(Arc::new(replay));
    let builder = dhpnic().promiscuous(true).wire(Box::new(cable));
    let mut machine = builder.boot().unwrap();
    let_packets_pass(&machine, 3 * frames);
    machine.hot_add_processor().unwrap();
    let_packets_pass(&machine, 3 * frames);
    settle(machine, &handle);
}
