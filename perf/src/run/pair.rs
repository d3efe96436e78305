//! Devices without hardware: one, or two that the driver links.

use super::account::Account;
use super::options::Options;
use super::patience::{self, Sight};
use super::report::Outcome;
use crate::failure::Failure;
use netadapter_host::executive::run_passive;
use netadapter_host::machine::{Machine, MachineBuilder, SoftwareAdapter};
use netadapter_host::upper_edge::UpperEdge;
use netadapter_nic::{Generator, GeneratorConfig};
use std::sync::Arc;

/// Frames that are handed to an adapter at a time.
const BURST: u64 = 64;
/// More frames are handed over when so few wait.
const ROOM_WHEN_WAITING: u64 = 512;
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
        options,
    };
    run.all()
}

/// What adapter `sender` sends.
fn account(options: &Options, sender: usize) -> Result<Account, Failure> {
    let generator = Generator::new(&GeneratorConfig {
        seed: options.frame_seed().wrapping_add(sender as u64),
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
struct Run<'a> {
    edges: Vec<Arc<UpperEdge>>,
    machine: Machine,
    accounts: Vec<Arc<Account>>,
    options: &'a Options,
}

impl Run<'_> {
    fn all(self) -> Result<(Outcome, Result<(), Failure>), Failure> {
        self.wait("the links of the adapters", || {
            let is_up =
                |edge: &Arc<UpperEdge>| edge.snapshot().link_state.MediaConnectState == CONNECTED;
            Sight {
                progress: 0,
                done: self.edges.iter().all(is_up),
            }
        })?;
        self.send()?;
        // If this stands still, a claim fails, and the report says which.
        let settled = patience::settle(&self.machine, self.options, "frames under way", || {
            let under_way = self.under_way();
            Sight {
                progress: under_way,
                done: under_way == 0,
            }
        })?;
        let is_pair = self.options.pair;
        let mut outcome = Outcome::of(&self.machine, &self.edges, &self.accounts, is_pair);
        let verdict = outcome.judge(self.options.packets);
        outcome.shut_down(self.machine, settled)?;
        Ok((outcome, verdict))
    }

    fn wait(&self, wanted: &str, look: impl FnMut() -> Sight) -> Result<(), Failure> {
        patience::wait(&self.machine, self.options, wanted, look)
    }

    /// Hands the adapters all frames, as fast as they take them.
    fn send(&self) -> Result<(), Failure> {
        let mut sent = vec![0; self.edges.len()];
        loop {
            self.burst(&mut sent);
            if sent.iter().all(|&sent| sent == self.options.packets) {
                return Ok(());
            }
            self.wait("room for more frames to send", || {
                let sends = self.edges.iter().map(|edge| edge.snapshot().sends);
                let waiting: Vec<u64> = sends.map(|s| s.submitted - s.completed).collect();
                let unfinished = waiting.iter().zip(&sent);
                Sight {
                    progress: waiting.iter().sum(),
                    done: unfinished
                        .filter(|&(_, &sent)| sent < self.options.packets)
                        .any(|(&waiting, _)| waiting <= ROOM_WHEN_WAITING),
                }
            })?;
        }
    }

    /// Hands each adapter as many frames as it takes now.
    fn burst(&self, sent: &mut Vec<u64>) {
        let pairs: Vec<_> = self
            .edges
            .iter()
            .cloned()
            .zip(self.accounts.iter().cloned())
            .zip(sent.iter().copied())
            .collect();
        let packets = self.options.packets;
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
    fn under_way(&self) -> u64 {
        let unsent = self.edges.iter().map(|edge| {
            let sends = edge.snapshot().sends;
            sends.submitted - sends.completed
        });
        let missing = self
            .accounts
            .iter()
            .filter(|_| self.options.pair)
            .map(|account| {
                let arrivals = account.arrivals();
                self.options.packets.saturating_sub(arrivals.intact)
            });
        unsent.chain(missing).sum()
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
