//! The network function, with a generator at the other end of its cable.

use super::options::Options;
use super::patience::{self, Sight};
use super::report::Outcome;
use crate::failure::Failure;
use netadapter_host::machine::{Machine, MachineBuilder};
use netadapter_nic::{Cable, CableHandle, Generator, GeneratorConfig, VirtioNetConfig};
use std::sync::Arc;

const FLOWS: u32 = 16;

/// Boots the function, receives and answers, and reports.
pub fn run(
    builder: MachineBuilder,
    options: &Options,
) -> Result<(Outcome, Result<(), Failure>), Failure> {
    let nic = VirtioNetConfig::default();
    let generator = Generator::new(&GeneratorConfig {
        seed: options.frame_seed(),
        flows: FLOWS,
        frame_size: options.frame_size,
        packets: Some(options.packets),
        destination: nic.mac,
        mtu: nic.mtu,
    });
    let generator = generator.map_err(|error| Failure::Input(error.to_string()))?;
    let (wire, cable) = Cable::new(Arc::new(generator));
    let machine = builder.nic(nic).wire(Box::new(wire)).boot()?;
    let settled = receive(&machine, &cable, options)?;
    machine.nic().ledger().close();
    let edges = machine.upper_edges();
    let mut outcome = Outcome::of(&machine, &edges, &[], false);
    let verdict = judge(&machine, &cable, options.packets);
    outcome.shut_down(machine, settled)?;
    Ok((outcome, verdict))
}

/// Until all has arrived and all answers are out, or nothing moves any more; whether it has.
fn receive(machine: &Machine, cable: &CableHandle, options: &Options) -> Result<bool, Failure> {
    patience::settle(machine, options, "frames under way", || {
        let received = machine.upper_edge().map_or(0, |edge| edge.packets());
        let transmitted = cable.transmitted().0;
        Sight {
            progress: received + transmitted,
            done: received >= options.packets && transmitted >= submitted(machine),
        }
    })
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
