//! The network function, with a generator at the other end of its cable.

use super::options::Options;
use super::report::Outcome;
use crate::failure::Failure;
use netadapter_host::machine::{Machine, MachineBuilder};
use netadapter_nic::{Cable, CableHandle, Generator, GeneratorConfig, VirtioNetConfig};
use std::sync::Arc;
use std::time::{Duration, Instant};

const STALL: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(1);
const FLOWS: u32 = 16;

/// Boots the function, receives and answers, and reports.
pub fn run(
    builder: MachineBuilder,
    options: &Options,
) -> Result<(Outcome, Result<(), Failure>), Failure> {
    let nic = VirtioNetConfig::default();
    let generator = Generator::new(&GeneratorConfig {
        seed: options.seed,
        flows: FLOWS,
        frame_size: options.frame_size,
        packets: Some(options.packets),
        destination: nic.mac,
        mtu: nic.mtu,
    });
    let generator = generator.map_err(|error| Failure::Input(error.to_string()))?;
    let (wire, cable) = Cable::new(Arc::new(generator));
    let machine = builder.nic(nic).wire(Box::new(wire)).boot()?;
    receive(&machine, &cable, options.packets)?;
    machine.nic().ledger().close();
    let edges = machine.upper_edges();
    let mut outcome = Outcome::of(&machine, &edges, &[], false);
    let verdict = judge(&machine, &cable, options.packets);
    outcome.shut_down(machine)?;
    Ok((outcome, verdict))
}

/// Until all has arrived and all answers are out, or nothing moves any more.
fn receive(machine: &Machine, cable: &CableHandle, packets: u64) -> Result<(), Failure> {
    let mut last = ((0, 0), Instant::now());
    loop {
        if let Some(finding) = machine.finding() {
            return Err(Failure::Violation(finding.to_string()));
        }
        let received = machine.snapshot().packets;
        let transmitted = cable.transmitted().0;
        if (received, transmitted) != last.0 {
            last = ((received, transmitted), Instant::now());
        }
        let is_done = received >= packets && transmitted >= submitted(machine);
        if is_done || last.1.elapsed() > STALL {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
}

fn submitted(machine: &Machine) -> u64 {
    let edge = machine.upper_edge();
    edge.map_or(0, |edge| edge.snapshot().sends.submitted)
}

fn judge(machine: &Machine, cable: &CableHandle, packets: u64) -> Result<(), Failure> {
    let totals = machine.nic().ledger().totals();
    let claims = [
        (
            packets - totals.delivered.min(packets),
            "packets did not arrive",
        ),
        (totals.wrong_bytes, "packets came out with other bytes"),
        (
            totals.misordered,
            "packets were overtaken by others of their flow",
        ),
        (
            submitted(machine).abs_diff(cable.transmitted().0),
            "sent frames did not go out",
        ),
    ];
    match claims.into_iter().find(|(count, _)| *count > 0) {
        Some((count, what)) => Err(Failure::Claim(format!("{count} {what}"))),
        None => Ok(()),
    }
}
