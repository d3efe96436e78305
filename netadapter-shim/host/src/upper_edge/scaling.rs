//! Receive side scaling from above: the table is spread over the processors and spread again when
//! they change.

use super::edge::UpperEdge;
use super::processors::{ProcessorLimits, active_processors};
use super::spread::{Move, entry_count, plan_repeated};
use crate::executive::{migrate, processor};
use crate::netcx::{Adapter, EntryMove, KEY_BYTES, Parameters};
use netadapter_abi::nt::{DISPATCH_LEVEL, STATUS_SUCCESS, nt_success};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The hash secret key: the one of *Verifying the RSS Hash Calculation*, so that every hash can be
/// checked against the published ones.
const HASH_KEY: [u8; KEY_BYTES] = [
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
    0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
    0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
];

/// How often moves are planned until the table is balanced. Entries that the driver did not take
/// are offered again, and a queue that left its processor may have taken entries along.
const ROUNDS: u32 = 4;

impl UpperEdge {
    /// Spreads the table over the processors that are active now. To be called when processors
    /// were added; an adapter that is stopped does it when it starts.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn processors_changed(&self) {
        let Some(adapter) = self.adapter() else {
            return;
        };
        let _guard = adapter.lock();
        if adapter.datapath().is_some() {
            self.set_receive_scaling(&adapter);
        }
    }

    /// Initialises receive side scaling, sets its parameters, and moves the fewest entries. All
    /// entries of the adapter's table are used; they repeat as many as the processors need.
    pub(super) fn set_receive_scaling(&self, adapter: &Arc<Adapter>) {
        let scaling = adapter.scaling();
        if !nt_success(scaling.initialise(adapter)) {
            return;
        }
        let Some(hash) = scaling.supported_hash() else {
            return;
        };
        let limits = ProcessorLimits::read(&adapter.keywords());
        let processors = limits.select(&active_processors(self.system()), scaling.queues());
        // A client of NetAdapterCx never learns how many entries are in use, so all are.
        let parameters = Parameters {
            entries: scaling.table_size(),
            enabled: true,
            key: HASH_KEY,
            hash,
        };
        let status = scaling.set_parameters(adapter, &parameters);
        if !nt_success(status) {
            // The stack goes on without receive side scaling, as on Windows.
            self.system().milestone("rss_refused", None);
            return;
        }
        let home = processor().index();
        let period = entry_count(processors.len() as u32, scaling.table_size());
        let before = self.current_processors(adapter);
        for _ in 0..ROUNDS {
            let current = self.current_processors(adapter);
            let moves = plan_repeated(&current, period, &processors);
            if moves.is_empty() {
                break;
            }
            self.apply(adapter, &current, &moves);
        }
        self.count_moved(adapter, period, &before);
        migrate(home);
        self.system().milestone("rss_set", None);
    }

    /// The processor of each entry. A queue that is bound nowhere is polled where it is notified;
    /// its entries count for the first processor.
    fn current_processors(&self, adapter: &Adapter) -> Vec<u32> {
        adapter
            .scaling()
            .processors()
            .into_iter()
            .map(|bound| bound.unwrap_or(0))
            .collect()
    }

    /// Moves entries, those of one processor at a time and on that processor
    /// (*OID_GEN_RSS_SET_INDIRECTION_TABLE_ENTRIES*).
    fn apply(&self, adapter: &Adapter, current: &[u32], moves: &[Move]) {
        let mut by_processor: BTreeMap<u32, Vec<EntryMove>> = BTreeMap::new();
        for &Move { entry, target } in moves {
            let step = EntryMove {
                entry,
                target,
                status: STATUS_SUCCESS,
            };
            by_processor
                .entry(current[entry as usize])
                .or_default()
                .push(step);
        }
        for (source, mut batch) in by_processor {
            let all = current
                .iter()
                .filter(|&&processor| processor == source)
                .count();
            for step in &batch {
                if self.is_new(current, step.target) {
                    self.processors.await_first(step.target);
                }
            }
            let evacuates = batch.len() == all;
            migrate(source);
            let here = processor();
            let old = here.raise_irql(DISPATCH_LEVEL);
            // What became of each entry is what counts; a failure as a whole says no more.
            let _ = adapter
                .scaling()
                .move_entries(adapter, &mut batch, evacuates);
            here.lower_irql(old);
        }
    }

    /// Counts the entries that moved, each once however often the table repeats it.
    fn count_moved(&self, adapter: &Adapter, period: u32, before: &[u32]) {
        let after = self.current_processors(adapter);
        let moved = before
            .iter()
            .zip(&after)
            .take(period as usize)
            .filter(|(was, is)| was != is);
        self.entries_moved
            .fetch_add(moved.count() as u64, Ordering::Relaxed);
        self.indirection_entries.store(period, Ordering::Relaxed);
    }

    fn is_new(&self, current: &[u32], target: u32) -> bool {
        !current.contains(&target)
    }
}
