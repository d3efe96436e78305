//! How work is spread over queues and processors.

use super::{Imbalance, Parts, QueueRow};
use crate::trace::driver_events::{DriverEvent, Spread};
use crate::trace::measure::phase::{CpuTimes, PhaseTimes};
use crate::trace::measure::queues::Stretch;
use std::collections::BTreeSet;

/// What work is counted in: a name, and how much of it a processor did.
type Work = (&'static str, fn(&CpuTimes) -> u64);

const WORK: [Work; 3] = [
    ("packets", |cpu| cpu.packets),
    ("DPC count", |cpu| cpu.focus_dpc.count),
    ("DPC time", |cpu| cpu.focus_dpc.exclusive_ns),
];

/// Each queue on each processor.
pub(super) fn queues(parts: &Parts<'_>) -> Vec<QueueRow> {
    let mut stretches = parts.measured.queues.stretches().to_vec();
    stretches.sort_by_key(|row| (row.counted.transmit, row.counted.queue, row.from));
    // A queue that was counted once only says nothing.
    let counted = stretches.iter().filter(|row| row.to > row.from);
    counted.map(|row| queue(parts, row)).collect()
}

fn queue(parts: &Parts<'_>, row: &Stretch) -> QueueRow {
    let counted = &row.counted;
    let length_ns = row.to - row.from;
    QueueRow {
        queue: counted.queue,
        direction: if counted.transmit {
            "transmit"
        } else {
            "receive"
        },
        cpu: counted.processor,
        from_ns: row.from,
        length_ns,
        packets: counted.packets,
        packets_per_second: counted.packets as f64 * 1e9 / length_ns.max(1) as f64,
        bytes: counted.bytes,
        polls: counted.polls,
        empty_polls: counted.empty_polls,
        packets_per_poll: counted.packets as f64 / counted.polls.max(1) as f64,
        notifications: counted.notifications,
        dpcs: counted.dpcs,
        dpc_ns_per_packet: dpc_ns_per_packet(parts, row),
    }
}

/// DPC time of the module in focus on the queue's processor, per packet there, in the phase that
/// the stretch ended in.
fn dpc_ns_per_packet(parts: &Parts<'_>, row: &Stretch) -> Option<f64> {
    let phases = parts.phases.iter().zip(&parts.measured.phases);
    let mut phases = phases.rev();
    let (_, times) = phases.find(|(phase, _)| parts.since(phase.from) < row.to)?;
    let cpu = times
        .cpus
        .get(&u16::try_from(row.counted.processor).ok()?)?;
    let is_measured = cpu.packets > 0 && cpu.focus_dpc.count > 0;
    is_measured.then(|| cpu.focus_dpc.exclusive_ns as f64 / cpu.packets as f64)
}

/// How evenly packets, DPCs and DPC time are spread in each phase without change.
pub(super) fn imbalance(parts: &Parts<'_>) -> Vec<Imbalance> {
    let mut rows = Vec::new();
    for (phase, times, _) in parts.steady() {
        let cpus = targets(parts, phase.to, times);
        for (what, of) in WORK {
            let values = cpus
                .iter()
                .map(|cpu| times.cpus.get(cpu).map_or(0, of) as f64);
            let values: Vec<_> = values.collect();
            if let Some(row) = measure(&phase.name, what, &cpus, &values) {
                rows.push(row);
            }
        }
    }
    rows
}

/// The processors that queues were spread over when a phase ended: those that the driver names, or
/// those that ran DPCs of the module in focus.
fn targets(parts: &Parts<'_>, until: i64, times: &PhaseTimes) -> Vec<u16> {
    let told = last_spread(parts, until).map(|spread| {
        let targets = spread
            .targets
            .iter()
            .filter_map(|cpu| u16::try_from(*cpu).ok());
        targets.collect::<BTreeSet<_>>()
    });
    let seen = times.cpus.iter().filter(|(_, cpu)| cpu.focus_dpc.count > 0);
    let seen = seen.map(|(cpu, _)| *cpu);
    told.unwrap_or_else(|| seen.collect()).into_iter().collect()
}

/// How the driver said that queues are spread, last before a time.
pub(super) fn last_spread<'a>(parts: &'a Parts<'_>, until: i64) -> Option<&'a Spread> {
    let records = parts.survey.driver.iter().rev();
    let mut before = records.filter(|record| record.at < until);
    before.find_map(|record| match &record.event {
        DriverEvent::Spread(spread) => Some(spread),
        _ => None,
    })
}

fn measure(phase: &str, what: &'static str, cpus: &[u16], values: &[f64]) -> Option<Imbalance> {
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 {
        return None;
    }
    let count = values.len() as f64;
    let mean = sum / count;
    let max = values.iter().copied().fold(0.0, f64::max);
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count;
    Some(Imbalance {
        phase: phase.to_owned(),
        what,
        cpus: cpus.to_vec(),
        shares: values.iter().map(|value| value / sum).collect(),
        max_to_mean: max / mean,
        coefficient_of_variation: variance.sqrt() / mean,
    })
}

#[cfg(test)]
mod tests {
    use super::measure;

    #[test]
    fn equal_shares_have_no_imbalance() {
        let even = measure("p", "packets", &[0, 1], &[5.0, 5.0]).expect("there are some");
        assert!((even.max_to_mean - 1.0).abs() < 1e-9);
        assert!(even.coefficient_of_variation < 1e-9);
        let one = measure("p", "packets", &[0, 1], &[10.0, 0.0]).expect("there are some");
        assert!((one.max_to_mean - 2.0).abs() < 1e-9);
        assert!((one.coefficient_of_variation - 1.0).abs() < 1e-9);
        assert!(measure("p", "packets", &[0], &[0.0]).is_none());
    }
}
