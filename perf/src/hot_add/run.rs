//! Runs the measurement: boot, traffic, hot adds, accounts.

use super::json;
use super::measure::Measurement;
use super::options::Options;
use super::table::Table;
use super::traffic::Traffic;
use crate::bundled;
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use netadapter_host::executive::Milestone;
use netadapter_host::machine::{Machine, Snapshot};
use netadapter_host::pnp::Rebalance;
use netadapter_host::upper_edge;
use netadapter_nic::{CableHandle, VirtioNetConfig};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long no packet may arrive before the run is given up.
const STALL: Duration = Duration::from_secs(30);

/// How long something under way may take, after the traffic has ended, before it counts as lost.
const LAST_WORD: Duration = Duration::from_secs(5);

/// How often the machine is looked at.
const POLL: Duration = Duration::from_millis(2);

/// Packets that come before the first measurement, so that it does not measure the start.
const WARM_UP_PACKETS: u64 = 2_000;

/// Where the frames went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// The device put them into buffers of the driver.
    pub accepted: u64,
    /// They reached the protocols, byte for byte.
    pub delivered: u64,
    /// The device had accepted them, and they came out nowhere.
    pub lost: u64,
    /// The wire offered them while the device was reset or its queues were.
    pub dropped_by_device: u64,
    /// The driver handed them up while Windows was pausing the adapter, which drops them.
    pub discarded: u64,
    /// They were overtaken by another frame of their flow, with no change of RSS between them.
    pub misordered: u64,
    /// Their flow was on another queue before, with no change of RSS between them.
    pub on_second_queue: u64,
    /// They came out with other bytes.
    pub damaged: u64,
}

/// Frames that the protocols sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Handed to the adapter.
    pub submitted: u64,
    /// Seen on the wire.
    pub transmitted: u64,
}

/// Receive buffers that the device holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buffers {
    /// Before the first hot add.
    pub before: u64,
    /// After the last.
    pub after: u64,
}

/// Everything that a run found out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which driver image ran, for people.
    pub image: String,
    /// SHA-256 of the image, in hexadecimal.
    pub image_sha256: String,
    /// The seed.
    pub seed: u64,
    /// The rebalance policy.
    pub policy: &'static str,
    /// What traffic there was, for people.
    pub traffic: String,
    /// The measurement before, and one after each step.
    pub phases: Vec<Measurement>,
    /// What happened from the first hot add on.
    pub events: Vec<Milestone>,
    /// Devices that did not follow a rebalance.
    pub refusals: Vec<String>,
    /// The longest time without a packet because of a hot add.
    pub blackout_ns: Option<u64>,
    /// Entries of the indirection table that changed their processor.
    pub entries_moved: u64,
    /// Where received frames went.
    pub loss: Loss,
    /// Where sent frames went.
    pub sent: Sent,
    /// Receive buffers.
    pub buffers: Buffers,
}

/// Runs `dhpnic hot-add`.
///
/// # Errors
/// If the input cannot be used, the driver breaks a rule, or a packet is lost.
pub fn run(options: &Options) -> Result<(), Failure> {
    let nic = nic_config(options);
    options.validate(nic.mtu)?;
    let outcome = measure(options, nic)?;
    print!("{}", Table(&outcome));
    if let Some(path) = &options.json {
        crate::json::write(&json::value(&outcome), path)?;
    }
    judge(&outcome)
}

fn judge(outcome: &Outcome) -> Result<(), Failure> {
    let loss = &outcome.loss;
    let claims = [
        (loss.lost, "packets were lost"),
        (loss.damaged, "packets came out with other bytes"),
        (
            loss.misordered,
            "packets were overtaken by others of their flow",
        ),
        (
            loss.on_second_queue,
            "times a flow changed its queue without a change of RSS",
        ),
        (
            outcome.sent.submitted.abs_diff(outcome.sent.transmitted),
            "sent frames did not go out",
        ),
    ];
    match claims.into_iter().find(|(count, _)| *count > 0) {
        Some((count, what)) => Err(Failure::Claim(format!("{count} {what}"))),
        None => Ok(()),
    }
}

/// A function with a queue pair for each processor, as far as there can be.
fn nic_config(options: &Options) -> VirtioNetConfig {
    let mut nic = VirtioNetConfig::default();
    nic.queue_pairs = options.maximum().clamp(1, 64) as u16;
    nic.msix_vectors = nic.queue_pairs + 1;
    nic
}

fn measure(options: &Options, nic: VirtioNetConfig) -> Result<Outcome, Failure> {
    let traffic = Traffic::new(options, &nic)?;
    let (wire, cable) = traffic.cable();
    let image = read_or(options.image.as_deref(), "--image", bundled::IMAGE)?;
    let inf = read_or(options.inf.as_deref(), "--inf", bundled::INF)?;
    let mut builder = Machine::builder()
        .processors(options.processors)
        .maximum_processors(options.maximum())
        .driver(&image, &inf)
        .promiscuous(traffic.foreign)
        .wire(wire)
        .nic(nic);
    if options.image.is_none() {
        builder = builder.symbols(bundled::SYMBOLS);
    }
    if let Some(policy) = options.policy {
        builder = builder.policy(policy.for_machine());
    }
    let mut run = Run {
        machine: builder.boot()?,
        traffic,
        cable,
        packets: options.packets,
    };
    let outcome = run.all(options)?;
    run.machine.shut_down()?;
    Ok(outcome)
}

fn read_or(path: Option<&Path>, option: &str, bundled: &[u8]) -> Result<Vec<u8>, Failure> {
    match path {
        None => Ok(bundled.to_vec()),
        Some(path) => std::fs::read(path).map_err(|error| {
            Failure::Input(format!(
                "{option} {}: cannot be read: {error}",
                path.display()
            ))
        }),
    }
}

/// A machine under traffic.
struct Run {
    machine: Machine,
    traffic: Traffic,
    cable: CableHandle,
    packets: u64,
}

impl Run {
    fn all(&mut self, options: &Options) -> Result<Outcome, Failure> {
        let bar = progress(self.packets * (1 + options.steps().len() as u64));
        self.wait_for_packets(WARM_UP_PACKETS, &bar)?;
        let mut phases = vec![self.phase(&bar)?];
        let buffers_before = self.machine.nic().receive_buffers();
        let started_at = self.machine.system().clock().now_ns();
        let mut refusals = Vec::new();
        for step in options.steps() {
            for _ in 0..step {
                let added = self.machine.hot_add_processor()?;
                refusals.extend(
                    added
                        .rebalances
                        .iter()
                        .filter_map(|r| refusal(added.processor, r)),
                );
            }
            self.wait_for_packets(WARM_UP_PACKETS, &bar)?;
            phases.push(self.phase(&bar)?);
        }
        let buffers_after = self.machine.nic().receive_buffers();
        self.drain()?;
        bar.finish_and_clear();
        let edge = self.edge()?;
        let timeline = self.machine.system().timeline().snapshot();
        Ok(Outcome {
            image: self.describe_image(options),
            image_sha256: self.sha256(),
            seed: options.seed,
            policy: options
                .policy
                .map_or("as the INF says", |policy| policy.name()),
            traffic: self.traffic.description.clone(),
            phases,
            events: timeline
                .into_iter()
                .filter(|event| event.at_ns >= started_at)
                .collect(),
            refusals,
            blackout_ns: edge.blackout_ns,
            entries_moved: edge.entries_moved,
            loss: self.loss(),
            sent: Sent {
                submitted: edge.sends.submitted,
                transmitted: self.cable.transmitted().0,
            },
            buffers: Buffers {
                before: buffers_before,
                after: buffers_after,
            },
        })
    }

    fn describe_image(&self, options: &Options) -> String {
        let name = options.image.as_ref().map_or_else(
            || "dhpnic.sys, built with this command".to_owned(),
            |path| path.display().to_string(),
        );
        format!("{name}, SHA-256 {}…", &self.sha256()[..16])
    }

    fn sha256(&self) -> String {
        self.machine
            .image()
            .sha256()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn edge(&self) -> Result<upper_edge::Snapshot, Failure> {
        let edge = self.machine.upper_edge();
        edge.map(|edge| edge.snapshot())
            .ok_or_else(|| Failure::Claim("the driver has no adapter any more".into()))
    }

    fn loss(&self) -> Loss {
        let totals = self.machine.nic().ledger().totals();
        let counters = self.machine.nic().counters();
        Loss {
            accepted: totals.accepted,
            delivered: totals.delivered,
            lost: totals.lost,
            dropped_by_device: counters.dropped_while_paused,
            discarded: totals.discarded,
            misordered: totals.misordered,
            on_second_queue: totals.flow_changed_queue,
            damaged: totals.wrong_bytes,
        }
    }

    /// Measures over as many packets as were asked for.
    fn phase(&self, bar: &ProgressBar) -> Result<Measurement, Failure> {
        let start = self.machine.snapshot();
        let end = self.wait_for_packets(self.packets, bar)?;
        Ok(Measurement::between(&start, &end))
    }

    /// Waits until `count` more packets have been delivered.
    fn wait_for_packets(&self, count: u64, bar: &ProgressBar) -> Result<Snapshot, Failure> {
        let goal = self.machine.snapshot().packets + count;
        let mut last = (0, Instant::now());
        loop {
            if let Some(finding) = self.machine.finding() {
                return Err(Failure::Violation(finding.to_string()));
            }
            let snapshot = self.machine.snapshot();
            bar.set_position(snapshot.packets.min(bar.length().unwrap_or(u64::MAX)));
            if snapshot.packets >= goal {
                return Ok(snapshot);
            }
            if snapshot.packets != last.0 {
                last = (snapshot.packets, Instant::now());
            } else if last.1.elapsed() > STALL {
                return Err(Failure::Claim(format!(
                    "no packet has arrived for {} s; {} had arrived before",
                    STALL.as_secs(),
                    snapshot.packets
                )));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Stops the traffic and waits until everything that is under way has come out.
    fn drain(&self) -> Result<(), Failure> {
        self.cable.pause();
        let ledger = self.machine.nic().ledger();
        let mut last = (u64::MAX, Instant::now());
        loop {
            if let Some(finding) = self.machine.finding() {
                return Err(Failure::Violation(finding.to_string()));
            }
            let unsent = self.edge()?.sends.submitted - self.cable.transmitted().0;
            let under_way = self.machine.nic().frames_under_way() + unsent;
            if under_way != last.0 {
                last = (under_way, Instant::now());
            }
            if under_way == 0 || last.1.elapsed() > LAST_WORD {
                ledger.close();
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }
}

fn refusal(processor: u32, rebalance: &Rebalance) -> Option<String> {
    match rebalance {
        Rebalance::Done => None,
        Rebalance::Cancelled => Some(format!(
            "processor {processor}: another driver did not let the device stop"
        )),
        Rebalance::LeftOut => Some(format!(
            "processor {processor}: the device takes no part in the rebalance"
        )),
        Rebalance::RestartFailed(status) => Some(format!(
            "processor {processor}: the restart failed, status {status:#x}; the device is gone"
        )),
    }
}

fn progress(packets: u64) -> ProgressBar {
    let bar = ProgressBar::new(packets);
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} packets, {elapsed}");
    bar.set_style(style.expect("the template is valid"));
    bar
}
