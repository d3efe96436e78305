//! What several tests share: machines with the bundled driver, and their traffic.

// Each test file uses the part that it needs.
#![allow(dead_code)]

use netadapter_host::machine::{Machine, MachineBuilder};
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
