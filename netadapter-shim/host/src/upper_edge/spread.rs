//! Which indirection table entry goes to which processor: a pure function.

/// Entries for each processor that receives. With four, a processor more or less changes no
/// processor's share of traffic by more than a quarter of a share.
const ENTRIES_PER_PROCESSOR: u32 = 4;

/// The number of entries for a number of processors, a power of two up to the adapter's table.
pub(super) fn entry_count(processors: u32, table_size: u32) -> u32 {
    (processors.max(1) * ENTRIES_PER_PROCESSOR)
        .next_power_of_two()
        .min(table_size)
}

/// One entry that goes to another processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) entry: u32,
    pub(super) target: u32,
}

/// The moves after which `entries` (the processor of each entry) repeat their first `period`
/// entries, and these are spread by [`plan`].
///
/// NetAdapterCx tells a driver nothing of how many entries count, so an adapter steers by its
/// whole table: a shorter one must stand in it again and again. A hardware table may then be as
/// short as the period.
pub(super) fn plan_repeated(entries: &[u32], period: u32, processors: &[u32]) -> Vec<Move> {
    let mut wanted: Vec<u32> = entries.iter().copied().take(period as usize).collect();
    for Move { entry, target } in plan(&wanted, processors) {
        wanted[entry as usize] = target;
    }
    let everywhere = (0..).zip(entries.iter().zip(wanted.iter().cycle()));
    everywhere
        .filter(|(_, (current, target))| current != target)
        .map(|(entry, (_, &target))| Move { entry, target })
        .collect()
}

/// The fewest moves after which `entries` (the processor of each entry) are spread over
/// `processors` so that no two of these differ by more than one entry.
///
/// Processors are distinct. Without processors nothing moves.
fn plan(entries: &[u32], processors: &[u32]) -> Vec<Move> {
    if processors.is_empty() {
        return Vec::new();
    }
    let mut room = quotas(entries, processors);
    let stays: Vec<bool> = entries
        .iter()
        .map(|current| {
            let slot = room.iter_mut().find(|(processor, _)| processor == current);
            slot.is_some_and(|(_, left)| {
                let stays = *left > 0;
                *left -= u32::from(stays);
                stays
            })
        })
        .collect();
    // Entries that must go fill the processors in turn, so that neighbours go to different ones.
    let mut turn = 0;
    let mut moves = Vec::new();
    for (entry, _) in (0..).zip(&stays).filter(|(_, stays)| !**stays) {
        while room[turn % room.len()].1 == 0 {
            turn += 1;
        }
        let (target, left) = &mut room[turn % processors.len()];
        *left -= 1;
        moves.push(Move {
            entry,
            target: *target,
        });
        turn += 1;
    }
    moves
}

/// How many entries each processor shall have: equal shares, the rest to those that have most now.
fn quotas(entries: &[u32], processors: &[u32]) -> Vec<(u32, u32)> {
    let total = entries.len() as u32;
    let share = total / processors.len() as u32;
    let rest = total as usize % processors.len();
    let has = |processor: u32| {
        entries
            .iter()
            .filter(|&&current| current == processor)
            .count()
    };
    let mut richest: Vec<usize> = (0..processors.len()).collect();
    richest.sort_by_key(|&position| (std::cmp::Reverse(has(processors[position])), position));
    let mut quotas: Vec<(u32, u32)> = processors
        .iter()
        .map(|&processor| (processor, share))
        .collect();
    for &position in &richest[..rest] {
        quotas[position].1 += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn apply(entries: &[u32], moves: &[Move]) -> Vec<u32> {
        let mut after = entries.to_vec();
        for step in moves {
            after[step.entry as usize] = step.target;
        }
        after
    }

    fn counts(entries: &[u32]) -> HashMap<u32, usize> {
        let mut counts = HashMap::new();
        for &processor in entries {
            *counts.entry(processor).or_default() += 1;
        }
        counts
    }

    /// The fewest moves to balance, by definition: what exceeds the best quotas.
    fn fewest(entries: &[u32], processors: &[u32]) -> usize {
        let has = counts(entries);
        let (share, rest) = (
            entries.len() / processors.len(),
            entries.len() % processors.len(),
        );
        let mut kept: Vec<usize> = processors
            .iter()
            .map(|p| has.get(p).copied().unwrap_or(0))
            .collect();
        kept.sort_unstable_by(|a, b| b.cmp(a));
        let keeps = |(i, &count): (usize, &usize)| count.min(share + usize::from(i < rest));
        entries.len() - kept.iter().enumerate().map(keeps).sum::<usize>()
    }

    proptest! {
        #[test]
        fn processors_differ_by_one_entry_at_most_and_moves_are_the_fewest(
            entries in prop::collection::vec(0u32..12, 1..200),
            processors in prop::collection::btree_set(0u32..12, 1..12),
        ) {
            let processors: Vec<u32> = processors.into_iter().collect();
            let moves = plan(&entries, &processors);
            let after = apply(&entries, &moves);
            let counts = counts(&after);
            let of = |p: &u32| counts.get(p).copied().unwrap_or(0);
            let most = processors.iter().map(of).max().unwrap();
            let least = processors.iter().map(of).min().unwrap();
            prop_assert!(most - least <= 1);
            prop_assert!(after.iter().all(|p| processors.contains(p)));
            prop_assert!(moves.iter().all(|m| entries[m.entry as usize] != m.target));
            prop_assert_eq!(moves.len(), fewest(&entries, &processors));
            prop_assert!(plan(&after, &processors).is_empty());
        }

        #[test]
        fn a_whole_table_repeats_its_spread_beginning(
            table in prop::collection::vec(0u32..6, 64),
            shift in 0u32..7,
            processors in prop::collection::btree_set(0u32..8, 1..8),
        ) {
            let processors: Vec<u32> = processors.into_iter().collect();
            let period = 1_usize << shift;
            let moves = plan_repeated(&table, period as u32, &processors);
            let after = apply(&table, &moves);
            let begin = apply(&table[..period], &plan(&table[..period], &processors));
            prop_assert!(after.chunks(period).all(|chunk| chunk == begin));
            prop_assert!(moves.iter().all(|m| table[m.entry as usize] != m.target));
        }

        #[test]
        fn entry_counts_are_powers_of_two_within_the_table(
            processors in 0u32..1000,
            shift in 0u32..10,
        ) {
            let table = 1 << shift;
            let entries = entry_count(processors, table);
            prop_assert!(entries.is_power_of_two() && entries <= table);
            prop_assert!(entries == table || entries >= 4 * processors);
        }
    }

    #[test]
    fn growing_from_one_to_two_processors_moves_half_of_the_entries() {
        let moves = plan(&[0; 8], &[0, 1]);
        assert_eq!(moves.len(), 4);
        assert!(moves.iter().all(|step| step.target == 1));
    }

    #[test]
    fn a_table_repeats_its_first_entries_when_it_grows() {
        let mut entries = vec![0; 128];
        for (processors, period) in [(1, 4), (2, 8), (4, 16), (8, 32)] {
            let processors: Vec<u32> = (0..processors).collect();
            let moves = plan_repeated(&entries, period, &processors);
            let kept = entries.len() - moves.len();
            entries = apply(&entries, &moves);
            let (first, _) = entries.split_at(period as usize);
            assert!(entries.chunks(first.len()).all(|chunk| chunk == first));
            assert!(kept >= entries.len() / 2 || processors.len() == 1);
        }
    }

    #[test]
    fn without_processors_nothing_moves() {
        assert!(plan(&[0, 1], &[]).is_empty());
    }
}
