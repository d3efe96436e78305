//! Devices without hardware: one, or two that the driver links.

use super::account::Account;
use super::options::Options;
use super::report::Outcome;
use crate::failure::Failure;
use netadapter_host::executive::run_passive;
use netadapter_host::machine::{Machine, MachineBuilder, SoftwareAdapter};
use netadapter_host::upper_edge::UpperEdge;
use netadapter_nic::{Generator, GeneratorConfig};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long nothing may move before the run is given up.
const STALL: Duration = Duration::from_secs(10);
/// How often the machine is looked at.
const POLL: Duration = Duration::from_millis(1);
/// Frames that are handed to an adapter at a time.
const BURST: u64 = 64;
const FLOWS: u32 = 16;
const MTU: u16 = 1500;
/// `MediaConnectStateConnected`.
const CONNECTED: i32 = 1;

/// Boots the devices, sends, and reports.
pub fn run(
    builder: MachineBuilder,
    hardware_id: &str,
    options: &Options,
) -> Result<(Outcome, Result<(), Failure>), Failure> {
    let devices = if options.pair { 2 } else { 1 };
    // Account n is of what adapter n sends; its sink is at the adapter that should receive it.
    let accounts = (0..devices)
        .map(|sender| account(options, sender).map(Arc::new))
        .collect::<Result<Vec<_>, _>>()?;
    let builder = (0..devices).fold(builder, |builder, number| {
        let is_peer = number == 1;
        builder.software_adapter(SoftwareAdapter {
            hardware_id: hardware_id.to_owned(),
            keywords: if is_peer {
                options.peer_keywords.clone()
            } else {
                Vec::new()
            },
            sink: accounts[devices - 1 - number].clone(),
        })
    });
    let machine = builder.boot()?;
    let run = Run {
        edges: adapters(&machine, devices)?,
        machine,
        accounts,
        is_pair: options.pair,
    };
    run.all(options)
}

fn account(options: &Options, sender: usize) -> Result<Account, Failure> {
    let generator = Generator::new(&GeneratorConfig {
        seed: options.seed.wrapping_add(sender as u64),
        flows: FLOWS,
        frame_size: options.frame_size,
        packets: None,
        // Broadcast: whatever address the other adapter has, its filter lets it through.
        destination: [0xff; 6],
        mtu: MTU,
    });
    let generator = generator.map_err(|error| Failure::Input(error.to_string()))?;
    Ok(Account::new(Arc::new(generator)))
}

fn adapters(machine: &Machine, devices: usize) -> Result<Vec<Arc<UpperEdge>>, Failure> {
    let edges = machine.upper_edges();
    if edges.len() == devices {
        Ok(edges)
    } else {
        Err(Failure::Claim(format!(
            "the driver made {} adapters for {devices} devices",
            edges.len()
        )))
    }
}

/// A machine with its adapters.
struct Run {
    edges: Vec<Arc<UpperEdge>>,
    machine: Machine,
    accounts: Vec<Arc<Account>>,
    is_pair: bool,
}

impl Run {
    fn all(self, options: &Options) -> Result<(Outcome, Result<(), Failure>), Failure> {
        self.wait("the link did not come up", |run| {
            let is_up =
                |edge: &Arc<UpperEdge>| edge.snapshot().link_state.MediaConnectState == CONNECTED;
            (0, run.edges.iter().all(is_up))
        })?;
        let mut sent = vec![0; self.edges.len()];
        self.wait("sending stopped", |run| {
            run.burst(&mut sent, options.packets);
            let total: u64 = sent.iter().sum();
            (total, sent.iter().all(|&sent| sent == options.packets))
        })?;
        // If this stalls, a claim fails, and the report says which.
        self.settle(|run| {
            let under_way = run.under_way(options.packets);
            (under_way, under_way == 0)
        })?;
        let mut outcome = Outcome::of(&self.machine, &self.edges, &self.accounts, self.is_pair);
        let verdict = outcome.judge(options.packets);
        outcome.shut_down(self.machine)?;
        Ok((outcome, verdict))
    }

    /// Hands each adapter as many frames as it takes now.
    fn burst(&self, sent: &mut Vec<u64>, packets: u64) {
        let pairs: Vec<_> = self
            .edges
            .iter()
            .cloned()
            .zip(self.accounts.iter().cloned())
            .zip(sent.iter().copied())
            .collect();
        let moved = run_passive(self.machine.system(), "transport", move || {
            pairs
                .iter()
                .map(|((edge, account), sent)| hand_over(edge, account, *sent, packets))
                .collect()
        });
        // Nothing comes back from a machine that has stopped; the caller sees that.
        *sent = moved.unwrap_or_else(|| sent.clone());
    }

    /// Frames that were handed over and of which nothing has been heard yet.
    fn under_way(&self, packets: u64) -> u64 {
        let unsent = self.edges.iter().map(|edge| {
            let sends = edge.snapshot().sends;
            sends.submitted - sends.completed
        });
        let missing = self
            .accounts
            .iter()
            .filter(|_| self.is_pair)
            .map(|account| {
                let arrivals = account.arrivals();
                packets.saturating_sub(arrivals.intact)
            });
        unsent.chain(missing).sum()
    }

    fn wait(&self, what: &str, look: impl FnMut(&Self) -> (u64, bool)) -> Result<(), Failure> {
        if self.settle(look)? {
            return Ok(());
        }
        Err(Failure::Claim(format!(
            "{what}: nothing has moved for {} s",
            STALL.as_secs()
        )))
    }

    /// Looks again and again until it is done, as long as its number changes; whether it is done.
    fn settle(&self, mut look: impl FnMut(&Self) -> (u64, bool)) -> Result<bool, Failure> {
        let mut last = (u64::MAX, Instant::now());
        loop {
            let (progress, done) = look(self);
            if let Some(finding) = self.machine.finding() {
                return Err(Failure::Violation(finding.to_string()));
            }
            if progress != last.0 {
                last = (progress, Instant::now());
            }
            if done || last.1.elapsed() > STALL {
                return Ok(done);
            }
            std::thread::sleep(POLL);
        }
    }
}

/// Sends frames from number `sent` on; how many have been sent then.
fn hand_over(edge: &UpperEdge, account: &Account, sent: u64, packets: u64) -> u64 {
    let end = packets.min(sent + BURST);
    (sent..end)
        .find(|&id| {
            let frame = account.frame(id);
            account.sending(id, &frame);
            let refused = edge.transmit(&frame).is_err();
            if refused {
                account.refused(&frame);
            }
            refused
        })
        .unwrap_or(end)
}
