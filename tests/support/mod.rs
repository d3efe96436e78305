//! What several tests share: machines with the bundled driver, and their traffic.

// Each test file uses the part that it needs.
#![allow(dead_code)]

use netadapter_host::machine::{Machine, MachineBuilder, Snapshot};
use netadapter_nic::{Cable, CableHandle, Generator, GeneratorConfig, VirtioNetConfig, Wire};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a test waits for traffic before it gives up; far above what any machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The rule-breaking driver of the tests.
pub fn rulebreaker() -> MachineBuilder {
    Machine::builder()
        .driver(
            include_bytes!(env!("RULEBREAKER_SYS")),
            dhpnic::bundled::INF,
        )
        .symbols(include_bytes!(env!("RULEBREAKER_PDB")))
}

/// The driver of this repository.
pub fn dhpnic() -> MachineBuilder {
    Machine::builder()
        .driver(dhpnic::bundled::IMAGE, dhpnic::bundled::INF)
        .symbols(dhpnic::bundled::SYMBOLS)
}

/// A wire with generated traffic.
pub fn generated_traffic(seed: u64) -> Box<dyn Wire> {
    Box::new(traffic(seed, 64, 256).0)
}

/// A wire with generated traffic, and the handle that governs it.
pub fn traffic(seed: u64, flows: u32, frame_size: usize) -> (Cable, CableHandle) {
    let VirtioNetConfig { mac, mtu, .. } = VirtioNetConfig::default();
    let config = GeneratorConfig {
        seed,
        flows,
        frame_size,
        packets: None,
        destination: mac,
        mtu,
    };
    Cable::new(Arc::new(
        Generator::new(&config).expect("the settings are valid"),
    ))
}

/// Waits until `done`.
///
/// # Panics
/// If a rule was broken meanwhile, or nothing happens for a long time.
pub fn wait_until(machine: &Machine, what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        if let Some(finding) = machine.finding() {
            panic!("{finding}");
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for so many packets more; the counters then.
pub fn let_packets_pass(machine: &Machine, count: u64) -> Snapshot {
    let goal = machine.snapshot().packets + count;
    wait_until(machine, "packets", || machine.snapshot().packets >= goal);
    machine.snapshot()
}

/// Stops the traffic, waits for what is under way, and checks that nothing was lost, damaged or
/// overtaken, received or sent; then shuts the machine down.
pub fn settle(machine: Machine, cable: &CableHandle) {
    cable.pause();
    let ledger = machine.nic().ledger();
    wait_until(&machine, "frames under way", || {
        machine.nic().frames_under_way() == 0
    });
    let edge = machine.upper_edge().expect("the adapter is still there");
    wait_until(&machine, "sends under way", || {
        edge.snapshot().sends.submitted == cable.transmitted().0
    });
    let totals = ledger.totals();
    assert!(totals.is_clean(), "{totals:?}");
    assert!(totals.delivered > 0);
    machine.shut_down().unwrap();
}
