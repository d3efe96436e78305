//! Claim: one seed decides a whole run: equal seeds give equal event traces, byte for byte, and
//! other seeds give other runs, in all of which nothing is lost.

mod support;

use netadapter_host::executive::Trace;
use std::collections::BTreeSet;
use support::{dhpnic, traffic};

/// Packets that come before the processor is added, and after.
const PACKETS: u64 = 200;

/// Boots, receives, adds a processor, receives again, drains and unloads.
fn run(seed: u64) -> Trace {
    let (cable, handle) = traffic(seed, 16, 128);
    let builder = dhpnic().deterministic(seed).memory(256 << 20);
    let mut machine = builder.wire(Box::new(cable)).boot().unwrap();
    let edge = machine.upper_edge().expect("there is an adapter");
    let nic = machine.nic().clone();
    let goal = edge.packets() + PACKETS;
    let wait = machine.run_until("packets", || edge.packets() >= goal);
    wait.unwrap();
    machine.hot_add_processor().unwrap();
    let goal = edge.packets() + PACKETS;
    let wait = machine.run_until("packets", || edge.packets() >= goal);
    wait.unwrap();
    handle.pause();
    let drained = || nic.frames_under_way() == 0;
    machine.run_until("frames under way", drained).unwrap();
    let sent = || edge.snapshot().sends.submitted == handle.transmitted().0;
    machine.run_until("sends under way", sent).unwrap();
    let totals = nic.ledger().totals();
    assert!(totals.is_clean(), "seed {seed}: {totals:?}");
    let trace = machine.trace().expect("the machine is deterministic");
    machine.shut_down().unwrap();
    trace
}

#[test]
fn equal_seeds_give_equal_traces_and_other_seeds_other_ones() {
    let run_twice = |seed| {
        let (one, two) = (run(seed), run(seed));
        assert_eq!(one.bytes(), two.bytes(), "seed {seed}");
        one.digest()
    };
    let digests: BTreeSet<u64> = std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            scope.spawn(move || (half..100).step_by(2).map(run_twice).collect::<Vec<_>>())
        });
        let halves = halves.map(|half| half.join().expect("no run failed"));
        halves.into_iter().flatten().collect()
    });
    assert_eq!(digests.len(), 100, "no two seeds give the same run");
}
