//! What a run found out, and as text.

use super::account::{Account, Arrivals};
use crate::failure::Failure;
use netadapter_host::kernel::DebugLog;
use netadapter_host::machine::Machine;
use netadapter_host::upper_edge::{Snapshot, UpperEdge};
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::Arc;

/// Width of a label.
const LABEL: usize = 28;

/// One receive queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueReport {
    /// Its id.
    pub queue: u32,
    /// Packets handed up.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets that the stack dropped because they break its rules.
    pub refused: u64,
}

/// One adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterReport {
    /// Its link-layer address.
    pub address: String,
    /// Its receive queues.
    pub receive_queues: Vec<QueueReport>,
    /// Frames handed to it.
    pub submitted: u64,
    /// Frames that it gave back.
    pub completed: u64,
    /// What became of the frames that it sent, at the adapter that should receive them; nothing
    /// for the network function.
    pub arrivals: Option<Arrivals>,
}

/// What a run found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// SHA-256 of the image, in hexadecimal.
    pub image_sha256: String,
    /// The adapters, in the order in which the driver made them.
    pub adapters: Vec<AdapterReport>,
    /// Whether what one adapter sends is meant for the other.
    pub is_pair: bool,
    /// How often each of the driver's callbacks was called.
    pub callbacks: BTreeMap<&'static str, u64>,
    /// What the driver printed.
    pub debug_output: Vec<String>,
}

impl Outcome {
    /// What the adapters of a machine show now. `accounts` has one for each adapter, or none.
    pub fn of(
        machine: &Machine,
        edges: &[Arc<UpperEdge>],
        accounts: &[Arc<Account>],
        is_pair: bool,
    ) -> Self {
        let adapters = edges.iter().enumerate().map(|(number, edge)| {
            let arrivals = accounts.get(number).map(|account| account.arrivals());
            adapter(&edge.snapshot(), arrivals)
        });
        let sha256 = machine.image().sha256();
        Self {
            image_sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            adapters: adapters.collect(),
            is_pair,
            callbacks: BTreeMap::new(),
            debug_output: Vec::new(),
        }
    }

    /// Shuts the machine down, if it still runs, and adds what the driver did until then.
    ///
    /// # Errors
    /// If the driver broke a rule.
    pub fn shut_down(&mut self, machine: Machine, runs: bool) -> Result<(), Failure> {
        let system = machine.system();
        if runs {
            machine.shut_down()?;
        }
        for processor in system.topology().active() {
            for (name, calls) in processor.counters().callbacks() {
                *self.callbacks.entry(name).or_insert(0) += calls;
            }
        }
        self.debug_output = system.subsystem::<DebugLog>().lines();
        Ok(())
    }

    /// Whether `packets` frames were sent by each adapter, and in a pair have arrived at the other.
    ///
    /// # Errors
    /// The first claim that does not hold.
    pub fn judge(&self, packets: u64) -> Result<(), Failure> {
        for adapter in &self.adapters {
            let arrivals = adapter.arrivals.unwrap_or_default();
            let lost = if self.is_pair {
                packets - arrivals.intact
            } else {
                0
            };
            let claims = [
                (
                    adapter.submitted - adapter.completed,
                    "frames were not given back",
                ),
                (lost, "packets did not arrive at the other adapter"),
                (arrivals.repeated, "packets arrived a second time"),
                (
                    arrivals.misordered,
                    "packets were overtaken by others of their flow",
                ),
            ];
            if let Some((count, what)) = claims.into_iter().find(|(count, _)| *count > 0) {
                return Err(Failure::Claim(format!(
                    "{}: {count} {what}",
                    adapter.address
                )));
            }
        }
        Ok(())
    }
}

fn adapter(snapshot: &Snapshot, arrivals: Option<Arrivals>) -> AdapterReport {
    let bytes: Vec<_> = snapshot
        .address
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let queues = snapshot.queues.iter().map(|queue| QueueReport {
        queue: queue.queue,
        packets: queue.packets,
        bytes: queue.bytes,
        refused: queue.refused,
    });
    AdapterReport {
        address: bytes.join(":"),
        receive_queues: queues.collect(),
        submitted: snapshot.sends.submitted,
        completed: snapshot.sends.completed,
        arrivals,
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:LABEL$}SHA-256 {}…",
            "driver",
            &self.image_sha256[..16]
        )?;
        for (number, adapter) in self.adapters.iter().enumerate() {
            writeln!(f, "\nadapter {number:<20}{}", adapter.address)?;
            adapter.fmt(f)?;
            if let Some(arrivals) = &adapter.arrivals {
                let whose = if self.is_pair {
                    "at the other"
                } else {
                    "came back"
                };
                arrived(f, whose, arrivals)?;
            }
        }
        writeln!(f, "\ncallbacks")?;
        for (name, calls) in &self.callbacks {
            writeln!(f, "  {name:<42}{calls:>10}")?;
        }
        if !self.debug_output.is_empty() {
            writeln!(f, "\nthe driver printed")?;
        }
        self.debug_output
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl Display for AdapterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, completed) = (self.submitted, self.completed);
        writeln!(f, "  {:26}{sent} frames, {completed} given back", "sent")?;
        for queue in &self.receive_queues {
            let (packets, bytes) = (queue.packets, queue.bytes);
            let label = format!("received on queue {}", queue.queue);
            write!(f, "  {label:26}{packets} packets, {bytes} bytes")?;
            match queue.refused {
                0 => writeln!(f)?,
                refused => writeln!(f, ", {refused} refused")?,
            }
        }
        Ok(())
    }
}

fn arrived(f: &mut fmt::Formatter<'_>, whose: &str, arrivals: &Arrivals) -> fmt::Result {
    write!(f, "  {whose:26}{} intact", arrivals.intact)?;
    let others = [
        (arrivals.repeated, "repeated"),
        (arrivals.misordered, "overtaken"),
        (arrivals.unknown, "that nobody sent"),
        (arrivals.discarded, "while pausing"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        write!(f, ", {count} {what}")?;
    }
    writeln!(f)
}
