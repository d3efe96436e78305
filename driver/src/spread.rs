//! How the queues of an adapter are spread over the processors: a pure function of what is there.
//!
//! [`plan`] answers three questions at once, so that they cannot disagree: how many receive queues, which message and
//! which processor serves each of them, and how many entries the device's indirection table needs.

use arrayvec::ArrayVec;
use netadapter::processor::ProcessorNumber;

/// The number of entries of the indirection table that NetAdapterCx keeps.
///
/// `NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES`: the documented minimum is 128, and the class extension hands over at
/// most 128 entries in one update; so this is the one size that always works.
pub const FRAMEWORK_TABLE_ENTRIES: u16 = 128;

/// An indirection table has at least this many entries for each queue, so that a busy flow shares its entry with few.
pub const ENTRIES_PER_QUEUE: u16 = 4;

/// No plan has more receive queues than this: the framework's table holds [`ENTRIES_PER_QUEUE`] entries for each.
pub const MAXIMUM_QUEUES: usize = (FRAMEWORK_TABLE_ENTRIES / ENTRIES_PER_QUEUE) as usize;

/// The standard INF keywords that bound receive side scaling (*Standardized INF Keywords for RSS*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// `*RSS`: whether receive side scaling is on at all.
    pub rss: bool,
    /// `*NumRSSQueues`: upper bound of the receive queues.
    pub queues_max: u32,
    /// `*MaxRssProcessors`: upper bound of the processors in use.
    pub processors_max: u32,
    /// `*RssBaseProcGroup`, `*RssBaseProcNumber`: the first processor to use.
    pub base: ProcessorNumber,
    /// `*RssMaxProcGroup`, `*RssMaxProcNumber`: the last processor to use.
    pub last: ProcessorNumber,
}

impl Default for Keywords {
    fn default() -> Self {
        Self {
            rss: true,
            queues_max: 16,
            processors_max: 16,
            base: ProcessorNumber {
                group: 0,
                number: 0,
            },
            last: ProcessorNumber {
                group: u16::MAX,
                number: u8::MAX,
            },
        }
    }
}

/// What the hardware and its present resources allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages left for queues, when one is kept for configuration changes. Queues share them when they are fewer.
    pub queue_messages: u16,
    /// Queue pairs of the device.
    pub device_pairs: u16,
    /// Entries that the device's indirection table can have.
    pub device_table_entries: u16,
    /// Processors for which queues are made at once, whether or not they are active: those that may come to a device
    /// which gets no chance to make queues for them later. Else 0.
    pub processors_to_come: usize,
}

/// Where one receive queue's interrupt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePlan {
    /// Which of the queue messages. Queue `n` has message `n`; where there are too few, all serve as many queues, but
    /// for one more or less.
    pub message: u16,
    /// The processor that runs the queue's DPC until the protocol stack chooses another one.
    pub processor: ProcessorNumber,
}

/// The answer of [`plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The receive queues, by queue number. Their count is a power of two.
    pub queues: ArrayVec<QueuePlan, MAXIMUM_QUEUES>,
    /// Entries of the device's indirection table: a power of two, at least [`ENTRIES_PER_QUEUE`] a queue where the
    /// device has them.
    pub table_entries: u16,
}

/// Spreads receive queues over the active processors.
///
/// `processors` are the active processors; numbers may have gaps and lie in several groups. `previous` holds the
/// processors of the queues in the plan before, by queue number: as few queues as possible change their processor.
/// When no active processor lies within the keywords' bounds, the first active one is used, for an interrupt has to go
/// somewhere.
pub fn plan<P>(
    processors: P,
    keywords: &Keywords,
    limits: &Limits,
    previous: &[ProcessorNumber],
) -> Plan
where
    P: Iterator<Item = ProcessorNumber> + Clone,
{
    let eligible = processors
        .clone()
        .filter(|processor| (keywords.base..=keywords.last).contains(processor))
        .take(keywords.processors_max.max(1) as usize);
    let bins = eligible.clone().count();
    let to_come = limits
        .processors_to_come
        .min(keywords.processors_max as usize);
    let count = queue_count(bins.max(to_come), keywords, limits);

    let mut was = [None; MAXIMUM_QUEUES];
    for (bin, processor) in was.iter_mut().zip(previous) {
        *bin = eligible
            .clone()
            .position(|candidate| candidate == *processor);
    }
    let mut bin_of = [0; MAXIMUM_QUEUES];
    distribute(&was, &mut bin_of[..count], bins.max(1));

    let queues = bin_of[..count]
        .iter()
        .enumerate()
        .map(|(queue, bin)| QueuePlan {
            message: queue as u16 % limits.queue_messages.max(1),
            processor: eligible
                .clone()
                .nth(*bin)
                .or_else(|| processors.clone().next())
                .unwrap_or(keywords.base),
        })
        .collect();
    Plan {
        queues,
        table_entries: table_entries(count as u16, limits),
    }
}

/// The largest power of two within every limit; at least 1.
fn queue_count(processors: usize, keywords: &Keywords, limits: &Limits) -> usize {
    if !keywords.rss {
        return 1;
    }
    let most = processors
        .min(keywords.queues_max as usize)
        .min(usize::from(limits.device_pairs))
        .min(usize::from(limits.device_table_entries / ENTRIES_PER_QUEUE))
        .min(MAXIMUM_QUEUES);
    power_of_two_within(most.max(1))
}

/// The number of table entries for so many queues.
fn table_entries(queues: u16, limits: &Limits) -> u16 {
    let device = power_of_two_within(usize::from(limits.device_table_entries.max(1))) as u16;
    (queues * ENTRIES_PER_QUEUE)
        .min(device)
        .min(FRAMEWORK_TABLE_ENTRIES)
}

/// The largest power of two that is not above `value`; `value` is not 0.
fn power_of_two_within(value: usize) -> usize {
    1 << value.ilog2()
}

/// Distributes slots over bins so that the bins' shares differ by at most one and as few slots as possible move.
///
/// `previous` names the bin each slot was in; slots beyond its end, slots with `None` and bins that no longer exist
/// have no claim. `assigned` receives a bin below `bins` for every slot; `bins` is not 0.
///
/// Every bin may keep the base share, and as many bins as there are slots left over may keep one more: no distribution
/// with equal shares keeps more slots in place.
pub fn distribute(previous: &[Option<usize>], assigned: &mut [usize], bins: usize) {
    const OPEN: usize = usize::MAX;
    let base = assigned.len() / bins;
    let mut larger_left = assigned.len() % bins;
    let load = |assigned: &[usize], bin| assigned.iter().filter(|held| **held == bin).count();

    assigned.fill(OPEN);
    for share in [base, base + 1] {
        for slot in 0..assigned.len() {
            let claim = previous
                .get(slot)
                .copied()
                .flatten()
                .filter(|bin| *bin < bins);
            let Some(bin) = claim.filter(|_| assigned[slot] == OPEN) else {
                continue;
            };
            let held = load(assigned, bin);
            if held < base {
                assigned[slot] = bin;
            } else if held < share && larger_left > 0 {
                assigned[slot] = bin;
                larger_left -= 1;
            }
        }
    }
    let mut bin = 0;
    let mut share = base;
    for slot in 0..assigned.len() {
        if assigned[slot] != OPEN {
            continue;
        }
        while load(assigned, bin) >= share {
            bin += 1;
            if bin == bins {
                (bin, share) = (0, base + 1);
            }
        }
        assigned[slot] = bin;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AMPLE: Limits = Limits {
        queue_messages: 2048,
        device_pairs: 256,
        device_table_entries: 128,
        processors_to_come: 0,
    };

    fn processor(index: usize) -> ProcessorNumber {
        ProcessorNumber {
            group: (index / 64) as u16,
            number: (index % 64) as u8,
        }
    }

    fn unbounded() -> Keywords {
        Keywords {
            queues_max: 128,
            processors_max: 2048,
            ..Keywords::default()
        }
    }

    fn loads(assigned: &[usize], bins: usize) -> Vec<usize> {
        (0..bins)
            .map(|bin| assigned.iter().filter(|held| **held == bin).count())
            .collect()
    }

    fn assign(previous: &[Option<usize>], slots: usize, bins: usize) -> Vec<usize> {
        let mut assigned = vec![0; slots];
        distribute(previous, &mut assigned, bins);
        assigned
    }

    /// The most slots that can stay, found without the algorithm under test: the best choice of larger shares.
    fn most_that_can_stay(previous: &[usize], slots: usize, bins: usize) -> usize {
        let base = slots / bins;
        let mut load = vec![0_usize; bins];
        previous
            .iter()
            .take(slots)
            .filter(|bin| **bin < bins)
            .for_each(|bin| load[*bin] += 1);
        let with_base: usize = load.iter().map(|held| (*held).min(base)).sum();
        with_base
            + load
                .iter()
                .filter(|held| **held > base)
                .count()
                .min(slots % bins)
    }

    proptest! {
        #[test]
        fn shares_differ_by_at_most_one(
            previous in prop::collection::vec(prop::option::of(0_usize..40), 0..130),
            slots in 1_usize..=128,
            bins in 1_usize..40,
        ) {
            let loads = loads(&assign(&previous, slots, bins), bins);
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{loads:?}");
            prop_assert_eq!(loads.iter().sum::<usize>(), slots);
        }

        #[test]
        fn no_fewer_slots_can_move(
            previous in prop::collection::vec(0_usize..40, 1..=128),
            bins in 1_usize..40,
        ) {
            let claims: Vec<_> = previous.iter().copied().map(Some).collect();
            let assigned = assign(&claims, previous.len(), bins);
            let stayed = assigned.iter().zip(&previous).filter(|(now, was)| now == was).count();
            prop_assert_eq!(stayed, most_that_can_stay(&previous, previous.len(), bins));
        }

        #[test]
        fn growth_from_n_to_m_queues_moves_one_minus_n_over_m_of_the_table(
            old in 0_u32..6, step in 1_u32..4,
        ) {
            let (n, m) = (1_usize << old, 1_usize << (old + step).min(7));
            let before = assign(&[], 128, n);
            let claims: Vec<_> = before.iter().copied().map(Some).collect();
            let after = assign(&claims, 128, m);
            let moved = before.iter().zip(&after).filter(|(was, now)| was != now).count();
            prop_assert_eq!(moved, 128 - 128 * n / m);
        }

        #[test]
        fn a_plan_stays_within_every_limit(
            active in prop::collection::btree_set(0_usize..300, 1..150),
            queues_max in 0_u32..40,
            processors_max in 0_u32..200,
            base in 0_usize..300,
            last in 0_usize..300,
            queue_messages in 0_u16..40,
            device_pairs in 1_u16..40,
            device_table_entries in prop::sample::select(vec![1_u16, 4, 16, 64, 128, 512]),
            processors_to_come in 0_usize..300,
        ) {
            let keywords = Keywords {
                rss: true, queues_max, processors_max, base: processor(base), last: processor(last),
            };
            let limits = Limits {
                queue_messages, device_pairs, device_table_entries, processors_to_come,
            };
            let active: Vec<_> = active.into_iter().map(processor).collect();
            let plan = plan(active.iter().copied(), &keywords, &limits, &[]);

            prop_assert!(plan.queues.len().is_power_of_two());
            prop_assert!(plan.queues.len() <= queues_max.max(1) as usize);
            prop_assert!(plan.queues.len() <= processors_max.max(1) as usize);
            prop_assert!(plan.queues.len() <= usize::from(device_pairs));
            prop_assert!(plan.table_entries.is_power_of_two());
            prop_assert!(plan.table_entries <= device_table_entries.min(FRAMEWORK_TABLE_ENTRIES));
            prop_assert!(
                plan.queues.len() == 1 || usize::from(plan.table_entries) >= 4 * plan.queues.len()
            );
            for (number, queue) in plan.queues.iter().enumerate() {
                prop_assert_eq!(usize::from(queue.message), number % usize::from(queue_messages.max(1)));
                prop_assert!(active.contains(&queue.processor));
                let within = |processor: &ProcessorNumber| (self::processor(base)..=self::processor(last)).contains(processor);
                prop_assert!(within(&queue.processor) || !active.iter().any(within));
            }
        }

        #[test]
        fn each_queue_of_a_plan_has_its_own_processor(
            active in prop::collection::btree_set(0_usize..300, 1..150),
        ) {
            let active = active.into_iter().collect::<Vec<_>>();
            let plan = plan(active.iter().copied().map(processor), &unbounded(), &AMPLE, &[]);
            for (number, queue) in plan.queues.iter().enumerate() {
                prop_assert!(plan.queues[..number].iter().all(|other| other.processor != queue.processor));
            }
        }

        #[test]
        fn arriving_processors_leave_every_planned_queue_where_it_is(
            active in prop::collection::btree_set(0_usize..300, 1..100),
            arrivals in prop::collection::btree_set(0_usize..300, 0..100),
        ) {
            let before = plan(active.iter().copied().map(processor), &unbounded(), &AMPLE, &[]);
            let targets: Vec<_> = before.queues.iter().map(|queue| queue.processor).collect();
            let grown = active.union(&arrivals).copied().map(processor);
            let after = plan(grown, &unbounded(), &AMPLE, &targets);
            prop_assert!(after.queues.len() >= before.queues.len());
            prop_assert_eq!(&after.queues[..targets.len()], &before.queues[..]);
        }
    }

    #[test]
    fn queues_share_messages_fairly_when_there_are_fewer() {
        for messages in 0..=9_u16 {
            let limits = Limits {
                queue_messages: messages,
                ..AMPLE
            };
            let plan = plan((0..8).map(processor), &unbounded(), &limits, &[]);
            assert_eq!(plan.queues.len(), 8);
            let messages = messages.clamp(1, 8);
            let served = |message| {
                let served = plan.queues.iter().filter(|queue| queue.message == message);
                served.count() as u16
            };
            assert!((0..messages).all(|message| {
                [8 / messages, 8_u16.div_ceil(messages)].contains(&served(message))
            }));
        }
    }

    #[test]
    fn queues_for_processors_to_come_are_spread_over_those_that_are_there() {
        let limits = Limits {
            processors_to_come: 64,
            ..AMPLE
        };
        let plan = |active: usize, previous: &[ProcessorNumber]| {
            plan((0..active).map(processor), &unbounded(), &limits, previous)
        };
        let before = plan(3, &[]);
        assert_eq!((before.queues.len(), before.table_entries), (32, 128));
        let targets: Vec<_> = before.queues.iter().map(|queue| queue.processor).collect();
        let after = plan(4, &targets);
        assert_eq!(after.queues.len(), 32);
        let moved = before
            .queues
            .iter()
            .zip(&after.queues)
            .filter(|(was, now)| was != now);
        assert_eq!(moved.count(), 8, "the share of the fourth processor");
    }

    #[test]
    fn one_processor_has_one_queue_and_the_smallest_table() {
        let plan = plan([processor(0)].into_iter(), &unbounded(), &AMPLE, &[]);
        assert_eq!(plan.queues.len(), 1);
        assert_eq!(plan.table_entries, 4);
    }

    #[test]
    fn processors_of_the_second_group_are_used() {
        let active = (60..68).map(processor);
        let plan = plan(active, &unbounded(), &AMPLE, &[]);
        assert_eq!(plan.queues.len(), 8);
        assert_eq!(
            plan.queues[7].processor,
            ProcessorNumber {
                group: 1,
                number: 3
            }
        );
    }

    #[test]
    fn gaps_in_the_numbers_do_not_matter() {
        let active = [3, 17, 40, 63].map(processor);
        let plan = plan(active.into_iter(), &unbounded(), &AMPLE, &[]);
        assert_eq!(
            plan.queues
                .iter()
                .map(|queue| queue.processor)
                .collect::<Vec<_>>(),
            active
        );
    }

    #[test]
    fn without_an_eligible_processor_the_first_active_one_serves() {
        let keywords = Keywords {
            base: processor(100),
            ..unbounded()
        };
        let plan = plan((2..6).map(processor), &keywords, &AMPLE, &[]);
        assert_eq!(
            plan.queues.as_slice(),
            [QueuePlan {
                message: 0,
                processor: processor(2)
            }]
        );
    }

    #[test]
    fn the_keyword_rss_off_leaves_one_queue() {
        let keywords = Keywords {
            rss: false,
            ..unbounded()
        };
        assert_eq!(
            plan((0..8).map(processor), &keywords, &AMPLE, &[])
                .queues
                .len(),
            1
        );
    }

    #[test]
    fn the_table_grows_with_the_queues_up_to_the_frameworks_size() {
        let entries =
            |count| plan((0..count).map(processor), &unbounded(), &AMPLE, &[]).table_entries;
        assert_eq!(
            [1, 2, 4, 8, 16, 32, 64].map(entries),
            [4, 8, 16, 32, 64, 128, 128]
        );
    }
}
