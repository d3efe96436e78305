//! One block of counters for each processor, made before the scheduler uses the processor.
//!
//! The table of blocks has room for every processor that the machine can ever have, so it never moves: a processor is
//! added by publishing one pointer (*Changes to the Number of Processors*). Blocks are never freed before the driver is
//! unloaded, because processors are never removed.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;
use netadapter::Result;
use netadapter::memory::{try_box, try_slice};
use netadapter::processor::{self, ProcessorNumber, ProcessorObserver};
use netadapter::sync::{Once, SpinLock};

/// What happened on one processor.
#[derive(Debug, Default)]
pub struct Counters {
    packets: AtomicU64,
    dpcs: AtomicU64,
}

impl Counters {
    /// Counts received and sent packets.
    pub fn count_packets(&self, packets: usize) {
        self.packets.fetch_add(packets as u64, Ordering::Relaxed);
    }

    /// Counts one DPC.
    pub fn count_dpc(&self) {
        self.dpcs.fetch_add(1, Ordering::Relaxed);
    }

    /// Packets and DPCs so far.
    pub fn read(&self) -> (u64, u64) {
        (
            self.packets.load(Ordering::Relaxed),
            self.dpcs.load(Ordering::Relaxed),
        )
    }
}

type Block = CachePadded<Counters>;

/// The place of one processor.
#[derive(Default)]
struct Place {
    /// Made at the start notification, not used yet.
    staged: SpinLock<Option<Box<Block>>>,
    /// In use since the complete notification.
    published: Once<Box<Block>>,
}

/// The blocks of all processors, by processor index.
pub struct ProcessorTable {
    places: Box<[Place]>,
    /// Counts what a processor does between its first thread and its complete notification.
    early: Block,
}

impl ProcessorTable {
    /// A table for every processor that the machine can have, without blocks. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn try_new() -> Result<Self> {
        Self::with_places(processor::maximum_count())
    }

    pub(crate) fn with_places(count: usize) -> Result<Self> {
        Ok(Self {
            places: try_slice(count, |_| Place::default())?,
            early: Block::default(),
        })
    }

    /// The counters of the processor that runs this. IRQL: any.
    pub fn current(&self) -> &Counters {
        self.of(processor::current().1)
    }

    fn of(&self, index: usize) -> &Counters {
        self.places
            .get(index)
            .and_then(|place| place.published.get())
            .map_or(&self.early, |block| block)
    }
}

impl ProcessorObserver for ProcessorTable {
    fn add_start(&self, index: usize, _: ProcessorNumber) -> Result<()> {
        // Without its block a processor would be counted together with others for ever: that is no reason to veto, but
        // a driver that is copied from this one has more in its blocks, and must.
        let block = try_box(Block::default())?;
        if let Some(place) = self.places.get(index) {
            *place.staged.lock() = Some(block);
        }
        Ok(())
    }

    fn add_complete(&self, index: usize, _: ProcessorNumber) {
        let Some(place) = self.places.get(index) else {
            return;
        };
        let staged = place.staged.lock().take();
        if let Some(block) = staged {
            // A block that is there already stays.
            let _ = place.published.set(block);
        }
    }

    fn add_failure(&self, index: usize, _: ProcessorNumber) {
        if let Some(place) = self.places.get(index) {
            let staged = place.staged.lock().take();
            drop(staged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESSOR: ProcessorNumber = ProcessorNumber {
        group: 0,
        number: 1,
    };

    fn has_block(table: &ProcessorTable, index: usize) -> bool {
        !core::ptr::eq(table.of(index), &raw const *table.early)
    }

    #[test]
    fn a_block_is_used_from_the_complete_notification_on() {
        let table = ProcessorTable::with_places(4).unwrap();
        table.add_start(1, PROCESSOR).unwrap();
        assert!(!has_block(&table, 1));
        table.add_complete(1, PROCESSOR);
        assert!(has_block(&table, 1));
        table.of(1).count_packets(3);
        table.of(1).count_dpc();
        assert_eq!(table.of(1).read(), (3, 1));
        assert_eq!(table.of(0).read(), (0, 0));
    }

    #[test]
    fn the_block_of_a_processor_that_failed_is_freed_and_can_be_made_again() {
        let table = ProcessorTable::with_places(4).unwrap();
        table.add_start(2, PROCESSOR).unwrap();
        table.add_failure(2, PROCESSOR);
        table.add_complete(2, PROCESSOR);
        assert!(!has_block(&table, 2));
        table.add_start(2, PROCESSOR).unwrap();
        table.add_complete(2, PROCESSOR);
        assert!(has_block(&table, 2));
    }

    #[test]
    fn several_processors_may_be_between_start_and_complete() {
        let table = ProcessorTable::with_places(4).unwrap();
        (0..4).for_each(|index| table.add_start(index, PROCESSOR).unwrap());
        (0..4).for_each(|index| table.add_complete(index, PROCESSOR));
        assert!((0..4).all(|index| has_block(&table, index)));
    }

    #[test]
    fn an_index_beyond_the_table_is_counted_with_the_early_ones() {
        let table = ProcessorTable::with_places(1).unwrap();
        table.add_start(9, PROCESSOR).unwrap();
        table.add_complete(9, PROCESSOR);
        table.of(9).count_dpc();
        assert_eq!(table.early.read(), (0, 1));
    }
}
