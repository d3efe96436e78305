//! What happened between two moments of a machine.

use netadapter_host::machine::{ProcessorSnapshot, Snapshot};

/// One processor's share of a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorShare {
    /// System-wide index.
    pub index: u32,
    /// Processor group.
    pub group: u16,
    /// Number within the group.
    pub number: u8,
    /// Packets delivered to the protocols on it.
    pub packets: u64,
    /// Processor time it used, in nanoseconds.
    pub busy_ns: u64,
    /// DPCs it ran.
    pub dpcs: u64,
}

/// A measured stretch of traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Active processors.
    pub processors: u32,
    /// Receive queues of the adapter.
    pub rx_queues: u32,
    /// Entries of the indirection table.
    pub indirection_entries: u32,
    /// Packets delivered to the protocols.
    pub packets: u64,
    /// Wall-clock time, in nanoseconds.
    pub elapsed_ns: u64,
    /// What each processor did.
    pub per_processor: Vec<ProcessorShare>,
}

impl Measurement {
    /// The stretch between two snapshots of one machine.
    pub fn between(start: &Snapshot, end: &Snapshot) -> Self {
        let per_processor: Vec<_> = end
            .processors
            .iter()
            .map(|after| {
                let before = start
                    .processors
                    .iter()
                    .find(|before| before.index == after.index);
                share(before, after)
            })
            .collect();
        Self {
            processors: end.processors.len() as u32,
            rx_queues: end.receive_queues,
            indirection_entries: end.indirection_entries,
            packets: end.packets - start.packets,
            elapsed_ns: end.at_ns - start.at_ns,
            per_processor,
        }
    }

    /// Packets a second by the wall clock.
    pub fn packets_per_second_wall(&self) -> f64 {
        per_second(self.packets, self.elapsed_ns)
    }

    /// Packets a second if every processor had a core of its own: all packets in the time of the
    /// busiest processor.
    pub fn packets_per_second_projected(&self) -> f64 {
        let busiest = self.per_processor.iter().map(|share| share.busy_ns).max();
        per_second(self.packets, busiest.unwrap_or(0))
    }
}

fn share(before: Option<&ProcessorSnapshot>, after: &ProcessorSnapshot) -> ProcessorShare {
    let since = |of: fn(&ProcessorSnapshot) -> u64| of(after) - before.map_or(0, of);
    ProcessorShare {
        index: after.index,
        group: after.group,
        number: after.number,
        packets: since(|processor| processor.packets),
        busy_ns: since(|processor| processor.busy_ns),
        dpcs: since(|processor| processor.dpcs),
    }
}

fn per_second(count: u64, elapsed_ns: u64) -> f64 {
    if elapsed_ns == 0 {
        0.0
    } else {
        count as f64 * 1e9 / elapsed_ns as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processor(index: u32, packets: u64, busy_ns: u64) -> ProcessorSnapshot {
        let number = index as u8;
        ProcessorSnapshot {
            index,
            group: 0,
            number,
            packets,
            dpcs: 0,
            interrupts: 0,
            busy_ns,
        }
    }

    fn snapshot(at_ns: u64, processors: Vec<ProcessorSnapshot>) -> Snapshot {
        let packets = processors.iter().map(|processor| processor.packets).sum();
        Snapshot {
            at_ns,
            processors,
            receive_queues: 2,
            indirection_entries: 8,
            packets,
        }
    }

    #[test]
    fn projected_throughput_is_all_packets_in_the_time_of_the_busiest_processor() {
        let start = snapshot(0, vec![processor(0, 100, 50)]);
        let end = snapshot(
            10_000,
            vec![processor(0, 400, 1_050), processor(1, 300, 500)],
        );
        let measured = Measurement::between(&start, &end);
        assert_eq!(measured.packets, 600);
        assert_eq!(measured.packets_per_second_projected(), 600e9 / 1_000.0);
        assert_eq!(measured.packets_per_second_wall(), 600e9 / 10_000.0);
    }

    #[test]
    fn a_processor_that_was_added_counts_from_zero() {
        let start = snapshot(0, vec![processor(0, 0, 0)]);
        let end = snapshot(1, vec![processor(0, 1, 1), processor(1, 7, 9)]);
        let added = &Measurement::between(&start, &end).per_processor[1];
        assert_eq!((added.packets, added.busy_ns), (7, 9));
    }
}
