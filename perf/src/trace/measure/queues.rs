//! What the driver counts per queue.

use crate::trace::driver_events::QueueCounters;
use std::collections::BTreeMap;

/// Stretches of queues on processors that are told apart.
const STRETCHES_MAX: usize = 4096;

/// A queue while its DPC ran on one processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it was first and last counted, in ns since the start.
    pub from: i64,
    /// See `from`.
    pub to: i64,
    /// The queue and its processor, and what was counted between the two times.
    pub counted: QueueCounters,
}

/// The queues of a trace.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    stretches: Vec<Stretch>,
    /// Of each queue (number, whether it sends): its stretch, and the counters as they last were.
    current: BTreeMap<(u32, bool), (usize, QueueCounters)>,
}

impl Queues {
    /// Takes counters, and gives what was counted since the last time.
    pub fn count(&mut self, at: i64, counters: &QueueCounters) -> QueueCounters {
        let key = (counters.queue, counters.transmit);
        let zero = QueueCounters {
            queue: counters.queue,
            transmit: counters.transmit,
            processor: counters.processor,
            ..QueueCounters::default()
        };
        let last = self.current.get(&key).copied();
        let (since, goes_on) = match last {
            // Of what was counted before the trace nobody knows when.
            None => (zero, None),
            // A queue that was created anew counts from 0.
            Some((_, last)) if counters.packets < last.packets || counters.polls < last.polls => {
                (*counters, None)
            }
            Some((number, last)) => {
                let moved = last.processor != counters.processor;
                (difference(counters, &last), (!moved).then_some(number))
            }
        };
        let number = match goes_on {
            Some(number) => number,
            None if self.stretches.len() == STRETCHES_MAX => return since,
            None => {
                let before = last.map(|(number, _)| self.stretches[number].to);
                self.stretches.push(Stretch {
                    from: before.unwrap_or(at),
                    to: at,
                    counted: zero,
                });
                self.stretches.len() - 1
            }
        };
        let stretch = &mut self.stretches[number];
        stretch.to = at;
        stretch.counted = sum(&stretch.counted, &since);
        self.current.insert(key, (number, *counters));
        since
    }

    /// The stretches, in the order of their starts.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }
}

fn difference(now: &QueueCounters, last: &QueueCounters) -> QueueCounters {
    QueueCounters {
        packets: now.packets.saturating_sub(last.packets),
        bytes: now.bytes.saturating_sub(last.bytes),
        notifications: now.notifications.saturating_sub(last.notifications),
        polls: now.polls.saturating_sub(last.polls),
        empty_polls: now.empty_polls.saturating_sub(last.empty_polls),
        dpcs: now.dpcs.saturating_sub(last.dpcs),
        ..*now
    }
}

fn sum(a: &QueueCounters, b: &QueueCounters) -> QueueCounters {
    QueueCounters {
        packets: a.packets.saturating_add(b.packets),
        bytes: a.bytes.saturating_add(b.bytes),
        notifications: a.notifications.saturating_add(b.notifications),
        polls: a.polls.saturating_add(b.polls),
        empty_polls: a.empty_polls.saturating_add(b.empty_polls),
        dpcs: a.dpcs.saturating_add(b.dpcs),
        ..*a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(processor: u32, packets: u64) -> QueueCounters {
        QueueCounters {
            queue: 1,
            processor,
            packets,
            polls: packets / 10,
            ..QueueCounters::default()
        }
    }

    #[test]
    fn a_queue_that_moves_has_a_row_on_each_processor() {
        let mut queues = Queues::default();
        let counts = [(10, 2, 500), (20, 2, 700), (30, 5, 900)];
        let since = counts.map(|(at, processor, packets)| {
            queues.count(at, &counters(processor, packets)).packets
        });
        assert_eq!(since, [0, 200, 200]);
        let rows: Vec<_> = queues
            .stretches()
            .iter()
            .map(|row| (row.counted.processor, row.from, row.to, row.counted.packets))
            .collect();
        assert_eq!(rows, [(2, 10, 20, 200), (5, 20, 30, 200)]);
    }

    #[test]
    fn a_queue_that_is_created_anew_counts_from_zero() {
        let mut queues = Queues::default();
        queues.count(10, &counters(2, 500));
        assert_eq!(queues.count(20, &counters(2, 40)).packets, 40);
        assert_eq!(queues.stretches().len(), 2);
    }
}
